"""An installation and a mail server for each test of the docket."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller as SmtpServer
from docket_world import CONTROLLER_YAML, KillingMailbox, Mailbox
from pytest_django import Settings

from demur.ledger.keys import KeyRole, create_missing_keys, load_signer
from demur.ledger.log import Log


@pytest.fixture
def home(settings: Settings, tmp_path: Path) -> Path:
    """An installation of its own for one test: keys, controller, an empty log."""
    settings.DEMUR_HOME = tmp_path
    settings.DEMUR_ACCOUNT_DIRECTORY = "docket_world.open_directory"
    create_missing_keys(tmp_path / "keys", "lumen.example")
    (tmp_path / "controller.yaml").write_text(CONTROLLER_YAML)
    with Log(tmp_path / "log", load_signer(tmp_path / "keys", KeyRole.LOG)):
        pass
    return tmp_path


@pytest.fixture
def mailbox(settings: Settings, request: pytest.FixtureRequest) -> Iterator[Mailbox]:
    """A mail server on a loopback port, to which Django's SMTP backend talks; its parameter is where it kills."""
    box = KillingMailbox(request.param) if hasattr(request, "param") else Mailbox()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = SmtpServer(box, hostname="127.0.0.1", port=port)
    server.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    yield box
    server.stop()

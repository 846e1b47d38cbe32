"""Ada objects, Bo and Bea work the desk, Cy must see nothing; a controller, a directory, and a mailbox."""

import os
import re
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from aiosmtpd.smtp import SMTP, Envelope, Session
from django.conf import settings
from django.db import connection, connections
from django.utils import timezone

from demur.core.account import Account
from demur.core.errors import DemurError
from demur.core.objection import Capacity
from demur.core.suppression_list import verify_list
from demur.docket import publishing
from demur.docket.duties import all_duties
from demur.docket.lodging import ConfirmedCase, Lodging
from demur.docket.mail_text import MailText, parse_mail_text
from demur.docket.models import Mail, MailKind, PublishedList
from demur.docket.secret import token_digest, unseal_mail
from demur.docket.services import confirm_code, lodge_objection
from demur.gate.suppression_list import SuppressionList, load_suppression_list
from demur.ledger.keys import KeyRole, SecretName, load_secret, load_signer

if TYPE_CHECKING:
    from subprocess import Popen

NOW = datetime.now(UTC).replace(microsecond=0)
"""Tasks look at the real clock, so the tests begin at its time and count from there."""

DUBLIN = ZoneInfo("Europe/Dublin")
CONTROLLER_YAML = """\
name: lumen.example
legal_name: Lumen Platforms Limited
postal_address: [1 Quay Street, Dublin, Ireland]
country: IE
time_zone: Europe/Dublin
contact_email: privacy@lumen.example
data_protection_officer: dpo@lumen.example
languages: [en, de]
appeal_days: 30
policy:
  reasons: optional
  answer_days: 30
  where_no_law: We treat every objection alike.
campaigns:
  - {id: winter, name: Training of Muse, training_starts_on: 2026-12-15}
products:
  - id: lumen
    name: Lumen
    description: a photo-sharing app
    namespace: lumen
    sign_in_claim: lumen_account
    colour: "#0b5d66"
    text_colour: "#ffffff"
    menu_path: [Profile, Menu, About]
collected:
  - id: posts
    name: Posts
    description: What you post.
    purpose: To train language models.
    legal_basis: Legitimate interests.
    kinds: [post]
    products: [lumen]
    audiences: [public]
    kept_for: as long as the account exists
    used_for_training: true
"""
WORKER = """
import threading

import django

django.setup()
from demur.docket.worker import run_worker

run_worker(threading.Event())
"""
ADA = Lodging(
    country="AT",
    email="ada@mail.example",
    handles=("@Ada.Paints",),
    effect="My pictures are how I live.",
    language="en",
    capacity=Capacity.ACCOUNT_HOLDER,
    name="Ada",
)
CY = replace(ADA, email="cy@mail.example", handles=("cy",), name="Cy")


class SampleDirectory:
    """A directory that knows Ada's two accounts by either handle."""

    def find_accounts(self, handle: str) -> list[Account]:
        known = [Account("lumen:p1", "lumen", "ada.paints"), Account("agora:q9", "agora", "ada_talks")]
        return known if handle in {"ada.paints", "ada_talks"} else []


def open_directory() -> SampleDirectory:
    return SampleDirectory()


class Mailbox:
    """The handler of a real SMTP server: keeps what it took, and can be told to refuse."""

    def __init__(self) -> None:
        self.raw: list[bytes] = []
        self.recipients: list[list[str]] = []
        self.answer = "250 taken"
        self.refused = ""
        self.choke_on = ""
        self.connections = 0
        self._arrived = threading.Condition()

    async def handle_RCPT(  # noqa: N802
        self,
        server: SMTP,
        session: Session,  # noqa: ARG002
        envelope: Envelope,
        address: str,
        options: list[str],  # noqa: ARG002
    ) -> str:
        if address == self.choke_on:
            server.transport.close()
        if not self.refused:
            envelope.rcpt_tos.append(address)
        return self.refused or "250 known"

    async def handle_EHLO(  # noqa: N802
        self,
        server: SMTP,  # noqa: ARG002
        session: Session,
        envelope: Envelope,  # noqa: ARG002
        hostname: str,
        responses: list[str],
    ) -> list[str]:
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: ARG002, N802  (the names that aiosmtpd asks for)
        if self.answer.startswith("250"):
            with self._arrived:
                self.raw.append(bytes(envelope.content or b""))
                self.recipients.append(envelope.rcpt_tos)
                self._arrived.notify_all()
        return self.answer

    def wait_for(self, mails: int) -> bool:
        """Wait until so many mails have arrived; tell whether they did within a minute."""
        with self._arrived:
            return self._arrived.wait_for(lambda: len(self.raw) >= mails, timeout=60)

    @property
    def mails(self) -> list[EmailMessage]:
        return [message_from_bytes(raw, policy=policy.default) for raw in self.raw]

    def newest_text(self) -> str:
        part = self.mails[-1].get_body(("plain",))
        assert part is not None
        return str(part.get_content())

    def newest_code(self) -> str:
        found = re.search(r"\d{6}", str(self.mails[-1]["Subject"]))
        assert found
        return found[0]


def run_tasks() -> None:
    """Do what the worker would do now, until nothing waits; a duty that fails is an error."""
    while any(duty.act(timezone.now()) for duty in all_duties()):
        pass


def mail_text(mail: Mail) -> MailText:
    """Open a mail that waits in the outbox."""
    return parse_mail_text(unseal_mail(bytes(mail.sealed_body or b""), bytes(mail.salt)))


def code_of(token: str) -> str:
    """Return the code of the newest mail of a case, without sending it."""
    mails = Mail.objects.filter(case__continue_token_sha256_hex=token_digest(token), kind=MailKind.CODE)
    return mail_text(mails.order_by("-pk")[0]).subject.removeprefix("Your code: ")


def wrong(code: str) -> str:
    """Return another code."""
    return f"{(int(code) + 1) % 1_000_000:06}"


def confirm(lodging: Lodging = ADA, now: datetime = NOW) -> ConfirmedCase:
    """Take a person through form and code, without a mail server."""
    token = lodge_objection(lodging, now).continue_token
    return confirm_code(token, code_of(token), now)


def confirm_by_mail(mailbox: Mailbox, lodging: Lodging = ADA) -> ConfirmedCase:
    """Take a person through form, mail and code."""
    token = lodge_objection(lodging, NOW).continue_token
    run_tasks()
    return confirm_code(token, mailbox.newest_code(), NOW)


class KillingMailbox(Mailbox):
    """Kills the worker at a step of the SMTP talk, as a power cut would."""

    def __init__(self, step: str) -> None:
        super().__init__()
        self.step = step
        self.worker: Popen[bytes] | None = None

    def _kill(self, step: str) -> None:
        if self.worker and self.step == step and len(self.raw) == 2:
            self.worker.send_signal(signal.SIGKILL)
            self.worker.wait()
            self.worker = None

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        answer = await super().handle_DATA(server, session, envelope)
        self._kill("DATA")
        return answer

    async def handle_QUIT(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: ARG002, N802
        self._kill("QUIT")
        return "221 Bye"


def load_latest(home: Path) -> SuppressionList:
    """Return the newest list as a gate reads it."""
    raw = (home / "lists" / "latest.list").read_bytes()
    key = load_signer(home / "keys", KeyRole.LIST).verifier_key
    issued_at = verify_list(raw, key).header.issued_at
    return load_suppression_list(raw, key, load_secret(home / "keys", SecretName.LIST_SEAL), issued_at)


def entries_in_force(now: datetime) -> int:
    """Publish a list as of an instant and return how many entries it carries."""
    publishing.publish(now, lambda _: None, even_if_unchanged=True)
    return PublishedList.objects.order_by("-number")[0].entries


def at_once(*calls: Callable[[], object]) -> list[object]:
    """Make calls in threads that start together; return what each returned or raised."""
    barrier = threading.Barrier(len(calls))

    def run(call: Callable[[], object]) -> object:
        barrier.wait(timeout=10)
        try:
            return call()
        except DemurError as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def worker_environment(home: Path) -> dict[str, str]:
    """Return the environment of a worker process that shares this test's database, home and mail server."""
    settings_of = connection.settings_dict
    environment = {
        **os.environ,
        "DEMUR_HOME": str(home),
        "DEMUR_SMTP": f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}",
        "DEMUR_ACCOUNT_DIRECTORY": settings.DEMUR_ACCOUNT_DIRECTORY,
        "DJANGO_SETTINGS_MODULE": "demur.web.settings",
        "PYTHONPATH": str(Path(__file__).parent),
    }
    if connection.vendor == "postgresql":
        address = f"{settings_of['HOST']}:{settings_of['PORT']}"
        environment["DEMUR_DATABASE_URL"] = f"postgresql://{settings_of['USER']}@{address}/{settings_of['NAME']}"
    else:
        (home / "docket.sqlite3").symlink_to(settings_of["NAME"])
    return environment

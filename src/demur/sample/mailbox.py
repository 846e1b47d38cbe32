"""A mail catcher: an SMTP server and a page on which its mails can be read, both on the loopback interface only.

It stands where a platform's mail server would: mails to it travel over real SMTP, and go nowhere else. "250" is
answered only when a mail is on the disk; so whoever was told that a mail left can rely on finding it, even if the
catcher is killed at that instant.
"""

import asyncio
import logging
import signal
import socket
import threading
from collections.abc import Awaitable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from demur.sample.loopback import HOST, listen
from demur.sample.mail_page import MailPage
from demur.sample.mail_store import MailStore

_log = logging.getLogger(__name__)

_LOOK_FOR_STOP_SECONDS = 0.1


class Mailbox:
    """A running catcher, as a context manager; port 0 takes any free one."""

    def __init__(self, folder: Path, smtp_port: int, page_port: int) -> None:
        with ExitStack() as undo:
            self.store = MailStore(folder)
            undo.callback(self.store.close)
            smtp_socket = undo.enter_context(listen(smtp_port))
            page_socket = undo.enter_context(listen(page_port))
            undo.pop_all()
        self.smtp_port = int(smtp_socket.getsockname()[1])
        self.page_port = int(page_socket.getsockname()[1])
        self._smtp = _SmtpThread(_Catcher(self.store), smtp_socket)
        self._page = MailPage(self.store, page_socket)
        self._page_thread = threading.Thread(
            target=self._page.serve_forever, args=(_LOOK_FOR_STOP_SECONDS,), name="mail-page", daemon=True
        )

    def __enter__(self) -> Self:
        """Begin to listen; when this returns, mails are taken in and the page is there."""
        self._smtp.start()
        self._page_thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop both; a mail that was answered with 250 is on the disk."""
        self._smtp.stop()
        self._page.shutdown()
        self._page_thread.join()
        self._page.server_close()
        self.store.close()


def serve_mailbox(folder: Path, smtp_port: int, page_port: int) -> None:
    """Catch mails in a folder until SIGTERM or SIGINT; call it from the main thread.

    Raises:
        PortTakenError: another program listens on one of the ports.
    """
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with Mailbox(folder, smtp_port, page_port) as mailbox:
        _log.info("mails to %s:%d can be read on http://%s:%d/", HOST, mailbox.smtp_port, HOST, mailbox.page_port)
        stop.wait()


class _Catcher:
    """What aiosmtpd asks when a mail has come."""

    def __init__(self, store: MailStore) -> None:
        self._store = store

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: ARG002, N802
        content = envelope.content
        raw = content.encode() if isinstance(content, str) else content or b""
        try:
            number = await asyncio.to_thread(self._store.save, raw)
        except OSError:
            return "452 4.3.1 The mail could not be stored, try again later"
        return f"250 2.0.0 Caught as mail {number}"


class _SmtpThread(Controller):
    """aiosmtpd's server in a thread of its own, on a socket that is already bound."""

    def __init__(self, catcher: _Catcher, listening: socket.socket) -> None:
        port = listening.getsockname()[1]
        super().__init__(
            catcher, hostname=HOST, port=port, server_hostname="mail-catcher.example", enable_SMTPUTF8=True
        )
        self._listening = listening

    def _create_server(self) -> Awaitable[asyncio.AbstractServer]:
        return self.loop.create_server(self._factory_invoker, sock=self._listening)

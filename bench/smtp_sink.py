"""A mail server that takes every mail and keeps of each what its reader needs: the code, and the private link.

It speaks as much SMTP (RFC 5321) as a client needs that sends plain mail, and as little work as possible, since it
shares the cores with what is measured. It runs in the process of the people who wait for the mails.
"""

import asyncio
import re
from dataclasses import dataclass, field

_SUBJECT_CODE = re.compile(rb"^Subject:[^\n]*?(?<![0-9])([0-9]{6})(?![0-9])", re.MULTILINE)
_CODE_LINK = re.compile(rb"/privacy/genai/code/([A-Za-z0-9_-]{20,128})")
_STATUS_LINK = re.compile(rb"/privacy/genai/status/([A-Za-z0-9_-]{20,128})")
_TO = re.compile(rb"^To: <?([^>\r\n]+)", re.MULTILINE)
_END = b"\r\n.\r\n"


@dataclass
class Mailboxes:
    """What has arrived.

    Attributes:
        mails: how many were taken.
        sessions: how many connections were opened for them.
        links: the private link of each address that a confirmation was sent to.
    """

    mails: int = 0
    sessions: int = 0
    links: dict[str, str] = field(default_factory=dict)
    _codes: dict[str, asyncio.Future[str]] = field(default_factory=dict)

    async def wait_for_code(self, token: str, seconds: float) -> str:
        """Return the newest code mailed for a code page, waiting for it; each is given out once.

        Raises:
            TimeoutError: none arrived in time.
        """
        try:
            return await asyncio.wait_for(asyncio.shield(self._code(token)), seconds)
        finally:
            self._codes.pop(token, None)

    def take(self, raw: bytes) -> None:
        """Take in one mail."""
        self.mails += 1
        code, page = _SUBJECT_CODE.search(raw), _CODE_LINK.search(raw)
        if code and page:
            waiting = self._code(page[1].decode())
            if not waiting.done():
                waiting.set_result(code[1].decode())
        link, to = _STATUS_LINK.search(raw), _TO.search(raw)
        if link and to:
            self.links[to[1].decode()] = link[1].decode()

    def _code(self, token: str) -> asyncio.Future[str]:
        if token not in self._codes:
            self._codes[token] = asyncio.get_running_loop().create_future()
        return self._codes[token]


class SmtpSession(asyncio.Protocol):
    """One connection of a mail client."""

    def __init__(self, mailboxes: Mailboxes) -> None:
        self._mailboxes = mailboxes
        self._buffer = b""
        self._in_data = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._mailboxes.sessions += 1
        transport.write(b"220 sink.example ESMTP\r\n")

    def data_received(self, data: bytes) -> None:
        """Answer every complete line, and every complete mail."""
        self._buffer += data
        while True:
            end = _END if self._in_data else b"\r\n"
            head, found, rest = self._buffer.partition(end)
            if not found:
                return
            self._buffer = rest
            if self._in_data:
                self._in_data = False
                self._mailboxes.take(head)
                self._transport.write(b"250 taken\r\n")
            else:
                self._command(head[:4].upper())

    def _command(self, verb: bytes) -> None:
        if verb == b"QUIT":
            self._transport.write(b"221 bye\r\n")
            self._transport.close()
        elif verb == b"DATA":
            self._in_data = True
            self._transport.write(b"354 go on\r\n")
        elif verb == b"EHLO":
            self._transport.write(b"250-sink.example\r\n250-PIPELINING\r\n250 8BITMIME\r\n")
        else:
            self._transport.write(b"250 ok\r\n")


async def start_sink(mailboxes: Mailboxes, port: int) -> asyncio.Server:
    """Listen for mail clients on loopback."""
    return await asyncio.get_running_loop().create_server(lambda: SmtpSession(mailboxes), "127.0.0.1", port)

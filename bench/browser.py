"""A browser as lean as one can be: one connection that is kept, cookies, redirects, and the hidden fields of forms."""

import asyncio
import re
import time
from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

_HIDDEN = re.compile(rb'<input type="hidden" name="([^"]+)" value="([^"]*)"')
_COOKIE = re.compile(rb"^set-cookie: ([^=\r\n]+)=([^;\r\n]*)", re.MULTILINE | re.IGNORECASE)
_LENGTH = re.compile(rb"^content-length: ([0-9]+)", re.MULTILINE | re.IGNORECASE)
_LOCATION = re.compile(rb"^location: ([^\r\n]+)", re.MULTILINE | re.IGNORECASE)
_CLOSES = re.compile(rb"^connection: close", re.MULTILINE | re.IGNORECASE)
_TAG = re.compile(r"<[^>]*>")
_SHOWN_CHARS = 600
_SERVER_FAULT = 500
_OK, _REDIRECTS = 200, frozenset({301, 302, 303})
_STATUS = slice(9, 12)  # of "HTTP/1.1 200 OK"

Latencies = dict[str, "array[float]"]
"""Seconds of every answer, by kind of page."""


@dataclass(frozen=True)
class Answer:
    """What came back: status, the address that a redirect names (empty without one), and the body."""

    status: int
    location: str
    body: bytes


class UnexpectedPageError(Exception):
    """The server answered, and not with the page that a person would need."""

    def __init__(self, asked: str, answer: Answer) -> None:
        text = " ".join(_TAG.sub(" ", answer.body.decode(errors="replace")).split())
        super().__init__(f"{asked}: {answer.status} {text[:_SHOWN_CHARS]}")
        self.is_fault_of_server = answer.status >= _SERVER_FAULT


@dataclass
class Browser:
    """One person's browser.

    Attributes:
        base: scheme, host and port of the site.
        source: the loopback address it comes from; Linux has sixteen million, so everybody can have their own.
        language: its Accept-Language.
        latencies: where the seconds of every answer are noted.
    """

    base: str
    port: int
    source: str
    language: str
    latencies: Latencies
    cookies: dict[str, str] = field(default_factory=dict)
    _streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def get(self, kind: str, path: str) -> bytes:
        """Return a page."""
        answer = await self._ask(kind, "GET", path)
        if answer.status != _OK:
            raise UnexpectedPageError(f"GET {kind}", answer)
        return answer.body

    async def post(self, kind: str, path: str, page: bytes, fields: Mapping[str, str]) -> str:
        """Send the form of a page; return the path to which the answer leads."""
        hidden = {name.decode(): value.decode() for name, value in _HIDDEN.findall(page)}
        answer = await self._ask(kind, "POST", path, urlencode({**hidden, **fields}))
        if answer.status not in _REDIRECTS:
            raise UnexpectedPageError(f"POST {kind}", answer)
        return answer.location.removeprefix(self.base)

    def close(self) -> None:
        """End the connection."""
        if self._streams:
            self._streams[1].close()
            self._streams = None

    async def _ask(self, kind: str, method: str, path: str, body: str = "") -> Answer:
        began = time.perf_counter()
        try:
            answer = await self._exchange(self._request(method, path, body))
        except (OSError, asyncio.IncompleteReadError):
            self.close()
            raise
        self.latencies.setdefault(f"{method} {kind}", array("d")).append(time.perf_counter() - began)
        return answer

    def _request(self, method: str, path: str, body: str) -> bytes:
        lines = [
            f"{method} {path} HTTP/1.1",
            f"Host: {self.base.partition('//')[2]}",
            "User-Agent: Mozilla/5.0 (bench)",
            f"Accept-Language: {self.language}",
        ]
        if self.cookies:
            lines.append("Cookie: " + "; ".join(f"{name}={value}" for name, value in self.cookies.items()))
        if method == "POST":
            lines += [
                f"Origin: {self.base}",
                "Content-Type: application/x-www-form-urlencoded",
                f"Content-Length: {len(body)}",
            ]
        return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()

    async def _exchange(self, request: bytes) -> Answer:
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self.port, local_addr=(self.source, 0))
        reader, writer = self._streams
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length, location = _LENGTH.search(head), _LOCATION.search(head)
        body = await reader.readexactly(int(length[1])) if length else b""
        for name, value in _COOKIE.findall(head):
            self.cookies[name.decode()] = value.decode()
        if _CLOSES.search(head):
            self.close()
        return Answer(int(head[_STATUS]), location[1].decode() if location else "", body)

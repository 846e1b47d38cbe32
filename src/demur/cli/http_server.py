"""HTTP for the centre and the live check: uvicorn, and limits on what the other end of a connection may leave undone.

uvicorn by itself waits for ever for the head of a request and for somebody to read an answer, and takes a head of any
length.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import Final

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEAD_BYTES: Final = 32_768
_SILENT_SECONDS: Final = 60
"""So long an answer may lie unread, and the head of a request may take, the idle time before it included."""

_STOP_SECONDS: Final = 8
_HEAD_TOO_LARGE: Final = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
)
_silent: Final[dict["_Connection", None]] = {}
"""The connections of which a request is awaited, longest first."""


def serve_asgi(application: Callable[..., Awaitable[None]], listening: socket.socket, connections: int) -> None:
    """Serve an ASGI application from this process and thread until SIGTERM or SIGINT.

    Args:
        application: answers HTTP requests, each in one piece; of a lifespan it need not know.
        listening: a socket; other processes may listen on it too.
        connections: so many may be open at once. One more takes the place of the one that was silent for longest; its
            requests are answered with 503 if none is silent.
    """
    config = uvicorn.Config(
        application,
        http=_Connection,
        loop="uvloop",
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        access_log=False,  # nothing of who asks what is kept
        server_header=False,  # which server it is helps nobody but an attacker
        proxy_headers=False,  # the centre reads of them what DEMUR_TRUSTED_PROXIES says, and nothing else
        limit_concurrency=connections + 1,
        timeout_keep_alive=_SILENT_SECONDS,
        timeout_graceful_shutdown=_STOP_SECONDS,
    )
    uvicorn.Server(config).run(sockets=[listening])


class _Connection(HttpToolsProtocol):
    _deadline: asyncio.TimerHandle | None = None
    _head_bytes: int | None = None
    """How much has come of the head that is under way; None between a head and the next."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._await_request()
        longest = next(iter(_silent))
        too_many = self.limit_concurrency is not None and len(self.connections) >= self.limit_concurrency
        if too_many and longest is not self:
            longest.make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._head_bytes is not None and not self.transport.is_closing():
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD_BYTES:
                self.transport.write(_HEAD_TOO_LARGE)
                self.transport.close()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._head_bytes = 0
        if self not in _silent:
            self._await_request()

    def on_headers_complete(self) -> None:
        self._head_bytes = None
        self._stop_waiting()
        super().on_headers_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.cycle.response_complete:  # if not, the next request has arrived already
            self._await_request()

    def make_room(self) -> None:
        """End the connection, and count it no longer."""
        self._stop_waiting()
        self.connections.discard(self)
        self.transport.abort()

    def _await_request(self) -> None:
        self._stop_waiting()
        _silent[self] = None
        self._deadline = self.loop.call_later(_SILENT_SECONDS, self.transport.abort)

    def _stop_waiting(self) -> None:
        _silent.pop(self, None)
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

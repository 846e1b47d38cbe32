"""A WSGI application under an ASGI server: each request is there as a whole before a thread begins with it.

Whoever sends slowly, or stops in the middle, then costs a little memory or disk and no thread; of those there are few.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from tempfile import SpooledTemporaryFile
from typing import IO, Any, Final
from urllib.parse import unquote_to_bytes
from wsgiref.types import WSGIApplication

from demur.cli.http_server import MAX_HEAD_BYTES

_IN_MEMORY_BYTES: Final = 65_536
"""A larger body is kept in the folder for temporary files while it arrives."""

_BODY_SECONDS, _LEAST_BYTES_A_SECOND = 30.0, 10_000
"""So long may a body take to arrive, and longer by its size at this rate."""

Receive = Callable[[], Awaitable[Mapping[str, Any]]]
_Response = tuple[int, list[tuple[bytes, bytes]], bytes]


class _RefusedError(Exception):
    """A request that the application does not get to see.

    Attributes:
        status: of the response.
    """

    def __init__(self, status: HTTPStatus) -> None:
        super().__init__()
        self.status = status


class _GoneError(Exception):
    """The sender hung up in the middle of a request."""


class WholeRequests:
    """The ASGI function."""

    def __init__(self, application: WSGIApplication, threads: int, scheme: str, max_body_bytes: int) -> None:
        """Answer by this application.

        Args:
            application: answers in pages, not in endless streams: an answer is sent when it is whole too.
            threads: so many requests are answered at once; others wait.
            scheme: how the public reaches it, through the proxy.
            max_body_bytes: a larger body is cut off while it arrives.
        """
        self._application = application
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="request")
        self._scheme = scheme
        self._max_body_bytes = max_body_bytes

    async def __call__(
        self,
        scope: Mapping[str, Any],
        receive: Receive,
        send: Callable[[Mapping[str, object]], Awaitable[None]],
    ) -> None:
        """Answer one HTTP request."""
        with SpooledTemporaryFile(_IN_MEMORY_BYTES) as body:
            try:
                size = await self._take_body(scope, receive, body)
            except _GoneError:
                return
            except _RefusedError as refused:
                # What is still under way of its body is not read, so nothing can follow on this connection.
                status, headers, content = int(refused.status), [(b"connection", b"close")], b""
            else:
                environ = _environ(scope)
                environ |= {"CONTENT_LENGTH": str(size), "wsgi.input": body, "wsgi.url_scheme": self._scheme}
                loop = asyncio.get_running_loop()
                status, headers, content = await loop.run_in_executor(self._threads, self._answer, environ)
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": content})

    async def _take_body(self, scope: Mapping[str, Any], receive: Receive, body: IO[bytes]) -> int:
        """Write the request's body to a file, and return its size in bytes."""
        headers = scope["headers"]
        if sum(len(name) + len(value) for name, value in headers) > MAX_HEAD_BYTES:
            raise _RefusedError(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        stated = next((int(value) for name, value in headers if name == b"content-length"), None)
        most = self._max_body_bytes if stated is None else stated
        if most > self._max_body_bytes:
            raise _RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        size = 0
        try:
            async with asyncio.timeout(_BODY_SECONDS + most / _LEAST_BYTES_A_SECOND):
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise _GoneError
                    size += body.write(message["body"])
                    if size > most:  # it came in chunks, and did not say its size
                        raise _RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
                    if not message["more_body"]:
                        break
        except TimeoutError:
            raise _RefusedError(HTTPStatus.REQUEST_TIMEOUT) from None
        body.seek(0)
        return size

    def _answer(self, environ: dict[str, Any]) -> _Response:
        """Ask the application, in a thread."""
        begun: list[tuple[str, list[tuple[str, str]]]] = []
        written: list[bytes] = []  # what older applications hand over, before the parts that they return (PEP 3333)

        def start_response(status: str, headers: list[tuple[str, str]], _error: object = None) -> Callable[..., None]:
            begun.append((status, headers))
            return written.append

        parts = self._application(environ, start_response)
        try:
            returned = b"".join(parts)
        finally:
            if hasattr(parts, "close"):
                parts.close()
        status, headers = begun[-1]
        encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        return int(status[:3]), encoded, b"".join([*written, returned])


def _environ(scope: Mapping[str, Any]) -> dict[str, Any]:
    """Return what WSGI tells of a request but its body (PEP 3333): text is bytes as ISO 8859-1."""
    server, client = scope["server"], scope["client"]
    environ = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(scope["raw_path"]).decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_NAME": server[0],
        "SERVER_PORT": str(server[1]),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "REMOTE_ADDR": client[0],
        "wsgi.version": (1, 0),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for name, value in scope["headers"]:
        if b"_" in name:
            continue  # it would pass for the one with a hyphen, which the proxy may vouch for
        key = name.decode("latin-1").upper().replace("-", "_")
        key = key if key == "CONTENT_TYPE" else f"HTTP_{key}"
        text = value.decode("latin-1")
        # What stands twice counts as one (RFC 9110 section 5.3; RFC 9113 section 8.2.3 for cookies).
        environ[key] = f"{environ[key]}{'; ' if key == 'HTTP_COOKIE' else ', '}{text}" if key in environ else text
    return environ

"""An S3 server on loopback, and a line to it that a test can cut, starve or answer on.

    s3fs ---- Line (this machine, own port) ---- moto's S3 server

The server is moto's: it keeps objects in memory and speaks the protocol. The line passes bytes on, so what a test does
to it happens to a real client in the middle of a real request.
"""

import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Thread
from typing import Any

import fsspec
import s3fs
from moto.server import ThreadedMotoServer

ACCESS_KEY, SECRET = "AKIAADASACCESSKEY", "hush-this-is-the-secret"
_DENIED = f"<Error><Code>AccessDenied</Code><Message>no</Message><AWSAccessKeyId>{ACCESS_KEY}</AWSAccessKeyId></Error>"
_GO_ON = b"HTTP/1.1 100 "
"""A server says so before it has the whole request."""
_PART_BYTES = 1 << 14


class Line:
    """Passes connections on to a server.

    Attributes:
        port: where it listens.
        is_down: whether every connection is closed at once, those under way too.
        cut_after_bytes: after how many bytes of answers a connection is closed; None for never.
        denied: requests that begin so are answered with "access denied", and not passed on; None for none.
        lost: of requests that begin so the answer is lost, once it has been made; None for none.
        seen: the first line of every request.
    """

    def __init__(self, server: tuple[str, int]) -> None:
        self._server, self._listener = server, socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.mend()
        self.seen: list[bytes] = []
        Thread(target=self._accept, daemon=True).start()

    def mend(self) -> None:
        """Pass everything on again."""
        self.is_down = False
        self.cut_after_bytes: int | None = None
        self.denied: bytes | None = None
        self.lost: bytes | None = None

    def close(self) -> None:
        """Listen no longer."""
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                Thread(target=self._pass_on, args=(client,), daemon=True).start()

    def _pass_on(self, client: socket.socket) -> None:
        with client, socket.create_connection(self._server) as server, suppress(OSError):
            Thread(target=self._answer, args=(client, server), daemon=True).start()
            while (part := client.recv(_PART_BYTES)) and not self.is_down:
                request = part.partition(b"\r\n")[0]
                if request.endswith(b"HTTP/1.1"):
                    self.seen.append(request)
                if self.denied is not None and request.startswith(self.denied):
                    head = f"HTTP/1.1 403 Forbidden\r\nContent-Length: {len(_DENIED)}\r\nConnection: close\r\n\r\n"
                    client.sendall((head + _DENIED).encode())
                    return
                server.sendall(part)

    def _answer(self, client: socket.socket, server: socket.socket) -> None:
        passed = 0
        with suppress(OSError):
            while part := server.recv(_PART_BYTES):
                passed += len(part)
                is_cut = self.cut_after_bytes is not None and passed > self.cut_after_bytes
                is_lost = self.lost is not None and self.seen[-1].startswith(self.lost)
                if self.is_down or is_cut or (is_lost and not part.startswith(_GO_ON)):
                    break
                client.sendall(part)
        with suppress(OSError):
            client.shutdown(socket.SHUT_RDWR)


@contextmanager
def serving_s3() -> Iterator[Line]:
    """Run a server, and give the line to it."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    line = Line(server.get_host_and_port())
    try:
        yield line
    finally:
        line.close()
        server.stop()


def environment(line: Line) -> dict[str, str]:
    """Return what leads every S3 client to the line."""
    return {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{line.port}",
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_MAX_ATTEMPTS": "1",
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def files() -> Any:
    """Return the store as a test looks at it."""
    found = fsspec.filesystem("s3", use_listings_cache=False)
    assert isinstance(found, s3fs.S3FileSystem)
    return found

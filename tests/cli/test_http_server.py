"""The server's limits: what the other end of a connection may leave undone."""

import select
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from http.client import HTTPResponse

import pytest

pytestmark = pytest.mark.slow
ASK = b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"
ANSWER_BYTES = 30_000_000
CONNECTIONS = 5
SCRIPT = f"""
import socket
from demur.cli import http_server

http_server._SILENT_SECONDS = 1

async def answer(scope, receive, send):
    while scope["path"] != "/early" and (await receive()).get("more_body"):
        pass
    body = {{"/large": b"a" * {ANSWER_BYTES}, "/open": b"%d" % len(http_server._silent)}}.get(scope["path"], b"aaa")
    length = (b"content-length", str(len(body)).encode())
    await send({{"type": "http.response.start", "status": 200, "headers": [length]}})
    await send({{"type": "http.response.body", "body": body}})

listening = socket.create_server(("127.0.0.1", 0))
print(listening.getsockname()[1], flush=True)
http_server.serve_asgi(answer, listening, {CONNECTIONS})
"""


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with subprocess.Popen([sys.executable, "-c", SCRIPT], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        yield int(process.stdout.readline())
        process.terminate()
        assert process.wait(20) in {0, -15}


def connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=20)


def read(connection: socket.socket) -> tuple[int, bytes]:
    answer = HTTPResponse(connection)
    answer.begin()
    return answer.status, answer.read()


def status(connection: socket.socket) -> int:
    return read(connection)[0]


def wait_until_closed(connection: socket.socket) -> None:
    assert select.select([connection], [], [], 20)[0], "the connection is still open"
    with suppress(ConnectionResetError):
        assert connection.recv(1) == b""


def test_a_connection_serves_one_request_after_the_other(port: int) -> None:
    with connect(port) as connection:
        for _ in range(3):
            connection.sendall(ASK)
            assert status(connection) == 200
        connection.sendall(ASK + ASK)  # the second before the first is answered
        answers = b""
        while answers.count(b"aaa") < 2:
            answers += connection.recv(1_000)


def test_who_says_nothing_or_half_a_head_or_nothing_more_is_hung_up_on(port: int) -> None:
    for beginning in (b"", b"GET / HTTP/1.1\r\nHo", ASK + ASK[:9]):
        with connect(port) as connection:
            connection.sendall(beginning)
            if beginning.startswith(ASK):
                assert status(connection) == 200
            wait_until_closed(connection)


def test_a_head_that_drips_gets_no_more_time_with_each_drop(port: int) -> None:
    give_up_at = time.monotonic() + 20
    with connect(port) as connection, suppress(BrokenPipeError, ConnectionResetError):
        connection.sendall(ASK[:20])
        while not select.select([connection], [], [], 0.1)[0]:
            assert time.monotonic() < give_up_at, "the connection is still open"
            connection.sendall(b"a")


def test_a_body_that_was_refused_before_it_was_read_is_not_taken_for_the_next_head(port: int) -> None:
    with connect(port) as connection:
        connection.sendall(b"POST /early HTTP/1.1\r\nHost: a.example\r\nContent-Length: 100000\r\n\r\n")
        assert status(connection) == 200
        for _ in range(10):
            connection.sendall(b"a" * 10_000)
        connection.sendall(ASK)
        assert status(connection) == 200


def test_a_head_without_end_is_refused(port: int) -> None:
    with connect(port) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nX-Long: ")
        for _ in range(5):
            connection.sendall(b"a" * 8_000)
        assert status(connection) == 431


def test_an_answer_that_nobody_reads_is_not_kept_for_ever(port: int) -> None:
    with connect(port) as connection, connect(port) as other:
        connection.sendall(ASK.replace(b"/", b"/large", 1))
        assert connection.recv(1)
        give_up_at = time.monotonic() + 20
        while time.monotonic() < give_up_at:
            other.sendall(ASK.replace(b"/", b"/open", 1))
            if read(other)[1] == b"0":
                break
        received = 1
        while part := connection.recv(1 << 20):
            received += len(part)
        assert received < ANSWER_BYTES


def test_more_connections_than_allowed_take_the_place_of_silent_ones(port: int) -> None:
    with ExitStack() as open_ones:
        silent = [open_ones.enter_context(connect(port)) for _ in range(CONNECTIONS * 3)]
        last = open_ones.enter_context(connect(port))
        last.sendall(ASK)
        assert status(last) == 200
        wait_until_closed(silent[0])


def test_while_all_connections_are_busy_a_new_one_is_told_so(port: int) -> None:
    unfinished = b"POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 9\r\n\r\nhalf"
    with ExitStack() as open_ones:
        for _ in range(CONNECTIONS):
            busy = open_ones.enter_context(connect(port))
            busy.sendall(unfinished)
        last = open_ones.enter_context(connect(port))
        last.sendall(ASK)
        assert status(last) == 503


@pytest.mark.parametrize(
    "said",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # TLS
        b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX-A : b\r\n\r\n",
        b"GET / HTTP/1.1\nHost: a\r\r\n",
    ],
)
def test_what_is_not_http_is_refused(said: bytes, port: int) -> None:
    with connect(port) as connection:
        connection.sendall(said)
        assert status(connection) == 400

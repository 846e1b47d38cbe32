"""Requests that are whole before a thread begins with them: what the application is told, and what it never sees."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Any
from wsgiref.validate import validator

import pytest

from demur.cli import whole_requests
from demur.cli.http_server import MAX_HEAD_BYTES
from demur.cli.whole_requests import WholeRequests

SCOPE = {
    "type": "http",
    "http_version": "1.1",
    "method": "POST",
    "path": "/a",
    "raw_path": b"/a",
    "query_string": b"",
    "headers": [],
    "server": ("127.0.0.1", 8000),
    "client": ("192.0.2.7", 4711),
}
GONE = {"type": "http.disconnect"}


def part(body: bytes, *, more: bool = False) -> dict[str, Any]:
    return {"type": "http.request", "body": body, "more_body": more}


class Seen:
    """An application that remembers what it was told, and says the body again."""

    def __init__(self) -> None:
        self.environ: dict[str, Any] = {}

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
        self.environ = dict(environ)
        start_response("201 Created", [("X-Seen", "yes")])
        return [environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])), b"."]


def ask(application: Any, *messages: dict[str, Any], most: int = 1_000, **scope: Any) -> list[dict[str, Any]]:
    coming = iter(messages or (part(b""),))
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        try:
            return next(coming)
        except StopIteration:
            return await asyncio.Future()

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(WholeRequests(application, 1, "https", most)({**SCOPE, **scope}, receive, send))
    return sent


def refused(sent: list[dict[str, Any]]) -> int:
    start, end = sent
    assert (b"connection", b"close") in start["headers"]
    assert end["body"] == b""
    return int(start["status"])


def test_the_application_is_told_of_the_request_and_its_answer_is_sent_whole() -> None:
    seen = Seen()
    headers = [(b"content-type", b"text/plain"), (b"x-name", b"M\xfcller"), (b"content-length", b"4")]
    path = {"raw_path": b"/caf%C3%A9/x", "query_string": b"q=%41"}
    sent = ask(seen, part(b"ab", more=True), part(b"cd"), headers=headers, **path)
    assert sent == [
        {"type": "http.response.start", "status": 201, "headers": [(b"X-Seen", b"yes")]},
        {"type": "http.response.body", "body": b"abcd."},
    ]
    told = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/café/x".encode().decode("latin-1"),
        "QUERY_STRING": "q=%41",
        "REMOTE_ADDR": "192.0.2.7",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_LENGTH": "4",
        "CONTENT_TYPE": "text/plain",
        "HTTP_X_NAME": "Müller",
        "wsgi.url_scheme": "https",
    }
    assert {name: seen.environ.get(name) for name in told} == told


def test_what_it_is_told_is_what_wsgi_asks_for() -> None:
    def application(_environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"yes"]

    sent = ask(validator(application), headers=[(b"host", b"a.example"), (b"cookie", b"a=1"), (b"cookie", b"b=2")])
    assert sent[1]["body"] == b"yes"


def test_what_an_older_application_writes_comes_before_what_it_returns() -> None:
    def application(_environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        write = start_response("200 OK", [])
        write(b"first, ")
        write(b"second, ")
        return [b"last"]

    assert ask(application)[1]["body"] == b"first, second, last"


def test_headers_that_stand_twice_are_told_as_one() -> None:
    seen = Seen()
    ask(seen, headers=[(b"cookie", b"a=1"), (b"cookie", b"b=2"), (b"accept", b"x"), (b"accept", b"y")])
    assert (seen.environ["HTTP_COOKIE"], seen.environ["HTTP_ACCEPT"]) == ("a=1; b=2", "x, y")


def test_a_header_with_an_underscore_does_not_pass_for_the_one_of_the_proxy() -> None:
    seen = Seen()
    ask(seen, headers=[(b"x_forwarded_for", b"192.0.2.99"), (b"x-forwarded-for", b"192.0.2.1")])
    assert seen.environ["HTTP_X_FORWARDED_FOR"] == "192.0.2.1"


def test_a_sender_who_hangs_up_in_the_middle_is_not_answered_and_nothing_is_done() -> None:
    seen = Seen()
    assert ask(seen, part(b"half", more=True), GONE) == []
    assert seen.environ == {}


def test_a_body_that_stops_in_the_middle_never_reaches_the_application(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whole_requests, "_BODY_SECONDS", 0.0)
    seen = Seen()
    assert refused(ask(seen, part(b"half", more=True), headers=[(b"content-length", b"8")])) == 408
    assert seen.environ == {}


def test_a_large_body_has_longer_to_arrive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whole_requests, "_BODY_SECONDS", 0.0)
    monkeypatch.setattr(whole_requests, "_LEAST_BYTES_A_SECOND", 1)
    sent = ask(Seen(), part(b"a" * 500, more=True), part(b"b" * 500), headers=[(b"content-length", b"1000")])
    assert sent[0]["status"] == 201


def test_a_body_that_says_it_is_too_large_is_refused_before_a_byte_of_it_is_read() -> None:
    seen = Seen()
    assert refused(ask(seen, GONE, most=10, headers=[(b"content-length", b"11")])) == 413
    assert seen.environ == {}


def test_a_body_that_does_not_say_its_size_is_cut_off_where_the_limit_is() -> None:
    seen = Seen()
    assert refused(ask(seen, part(b"a" * 6, more=True), part(b"a" * 6, more=True), most=10)) == 413
    assert seen.environ == {}
    assert ask(seen, part(b"a" * 5, more=True), part(b"a" * 5), most=10)[0]["status"] == 201
    assert seen.environ["CONTENT_LENGTH"] == "10"


def test_a_body_larger_than_memory_should_hold_arrives_whole() -> None:
    body = bytes(range(256)) * 1_000
    assert ask(Seen(), part(body[:100_000], more=True), part(body[100_000:]), most=1 << 20)[1]["body"] == body + b"."


def test_a_head_that_is_too_large_is_refused() -> None:
    assert refused(ask(Seen(), headers=[(b"x-long", b"a" * MAX_HEAD_BYTES)])) == 431


def test_what_the_application_holds_open_is_closed_even_if_it_fails_in_the_middle() -> None:
    closed = []

    class Parts:
        def __iter__(self) -> Any:
            raise LookupError

        def close(self) -> None:
            closed.append(True)

    def application(_environ: dict[str, Any], start_response: Callable[..., object]) -> Any:
        start_response("200 OK", [])
        return Parts()

    with pytest.raises(LookupError):
        ask(application)
    assert closed

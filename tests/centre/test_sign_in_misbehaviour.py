"""An identity provider that is down, slow or answers nonsense: one plain sentence, and the way without it is open."""

import gzip
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import jwt
import pytest
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from centre_world import ADA_EMAIL, submit
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from django.http import HttpResponse
from django.test import Client
from provider_world import (
    ANOTHER_KEY,
    ITS_KEY,
    START,
    Provider,
    begin,
    come_back,
    is_signed_in,
    offer_sign_in,
    press_sign_in,
    provider_on_loopback,
    send,
    sign_in,
)

from demur.centre import json_answer

DISCOVERY = "/.well-known/openid-configuration"
SECONDS = 0.4


@pytest.fixture
def provider(home: Path) -> Iterator[Provider]:
    with provider_on_loopback() as provider:
        offer_sign_in(home, provider.issuer)
        yield provider


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    assert json_answer.SECONDS == 5
    monkeypatch.setattr(json_answer, "SECONDS", SECONDS)


def assert_the_way_without_is_open(client: Client, response: HttpResponse) -> None:
    """The person lands on the start page with one sentence, and can object without signing in."""
    assert response.status_code == 302
    page = client.get(response["Location"])
    assert page.status_code == 200
    told = page.content.decode()
    assert "Signing in does not work at the moment." in told or "We could not make sure who signed in" in told
    assert "allauth" not in told
    assert not is_signed_in(client)
    sent = submit(client, f"{START}/own", country="PT", email=ADA_EMAIL, handles="@ada")
    assert "/code/" in sent["Location"]


def says(body: bytes, status: int = 200, **headers: str) -> Callable[[BaseHTTPRequestHandler], None]:
    return lambda request: send(request, body, status, **headers)


def says_nothing(request: BaseHTTPRequestHandler) -> None:
    request.connection.settimeout(10)
    request.rfile.read(1)  # until whoever asked has gone


def drips(request: BaseHTTPRequestHandler) -> None:
    request.send_response(200)
    request.end_headers()
    gone = threading.Event()
    while not gone.wait(SECONDS / 8):
        request.wfile.write(b" ")


def never_ends(request: BaseHTTPRequestHandler) -> None:
    request.send_response(200)
    request.end_headers()
    while True:
        request.wfile.write(b" " * 65_536)


def hangs_up(request: BaseHTTPRequestHandler) -> None:
    request.connection.shutdown(socket.SHUT_RDWR)


def breaks_off(request: BaseHTTPRequestHandler) -> None:
    request.send_response(200)
    request.send_header("Content-Length", "5000")
    request.end_headers()
    request.wfile.write(b'{"issuer": ')
    request.close_connection = True


def does_not_speak_http(request: BaseHTTPRequestHandler) -> None:
    request.wfile.write(b"220 mail.example ESMTP\r\n\r\n")
    request.close_connection = True


def leads_in_a_circle(request: BaseHTTPRequestHandler) -> None:
    send(request, b"", 302, Location=request.path)


def leads_to_an_endless_body(request: BaseHTTPRequestHandler) -> None:
    request.send_response(302)
    request.send_header("Location", "/elsewhere")
    request.end_headers()
    while True:
        request.wfile.write(b" " * 65_536)


NONSENSE = {
    "nothing at all": says_nothing,
    "a byte now and then": drips,
    "an endless body": never_ends,
    "hanging up": hangs_up,
    "half an answer": breaks_off,
    "another protocol": does_not_speak_http,
    "a redirect in a circle": leads_in_a_circle,
    "a redirect with an endless body": leads_to_an_endless_body,
    "500": says(b'{"issuer": "x"}', 500),
    "400": says(b'{"error": "invalid_grant", "error_description": "Ada"}', 400),
    "204": says(b"", 204),
    "HTML": says(b"<!doctype html><title>Sign in to Lumen</title>", Content_Type="text/html"),
    "an empty body": says(b""),
    "a list": says(b"[]"),
    "a text": says(b'"access_token"'),
    "a number": says(b"5"),
    "null": says(b"null"),
    "an empty object": says(b"{}"),
    "other types": says(b'{"access_token": {}, "keys": 5, "issuer": [], "sub": {}, "token_type": []}'),
    "strange keys": says(b'{"keys": [5, null, {"kty": "RSA"}, {"kty": "oct", "k": "AAAA", "kid": "key-1"}]}'),
    "deep nesting": says(b'{"a":' * 20_000),
    "no UTF-8": says(b'{"issuer": "\xff\xfe"}'),
    "a form": says(b"access_token=a&token_type=bearer", Content_Type="application/x-www-form-urlencoded"),
    "compressed": says(gzip.compress(b" " * 10_000_000), Content_Encoding="gzip"),
}


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize("answer", NONSENSE.values(), ids=NONSENSE)
def test_nonsense_before_the_way_out_leaves_the_way_without_open(
    ada: Client, provider: Provider, answer: Callable[[BaseHTTPRequestHandler], None]
) -> None:
    provider.raw[DISCOVERY] = answer
    began = time.monotonic()
    assert_the_way_without_is_open(ada, press_sign_in(ada))
    assert time.monotonic() - began < 20 * SECONDS


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize("path", ["/token", "/jwks", "/userinfo"])
@pytest.mark.parametrize("answer", NONSENSE.values(), ids=NONSENSE)
def test_nonsense_on_the_way_back_leaves_the_way_without_open(
    ada: Client, provider: Provider, path: str, answer: Callable[[BaseHTTPRequestHandler], None]
) -> None:
    provider.raw[path] = answer
    assert_the_way_without_is_open(ada, sign_in(ada, provider))


def test_a_provider_that_is_down_leaves_the_way_without_open(ada: Client, home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    offer_sign_in(home, f"http://127.0.0.1:{port}")
    assert_the_way_without_is_open(ada, press_sign_in(ada))


def test_a_provider_that_goes_down_on_the_way_leaves_the_way_without_open(ada: Client, home: Path) -> None:
    with provider_on_loopback() as provider:
        offer_sign_in(home, provider.issuer)
        state = begin(ada, provider)["state"]
    assert_the_way_without_is_open(ada, come_back(ada, code="a-code", state=state))


def test_the_library_asks_nothing_itself_since_it_knows_no_limits(
    ada: Client, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(DefaultSocialAccountAdapter, "get_requests_session")
    sign_in(ada, provider)
    assert is_signed_in(ada)


@pytest.mark.parametrize("error", ["server_error", "temporarily_unavailable", "<script>", ""])
def test_a_provider_that_sends_people_back_with_an_error_leaves_the_way_without_open(
    ada: Client, provider: Provider, error: str
) -> None:
    state = begin(ada, provider)["state"]
    assert_the_way_without_is_open(ada, come_back(ada, error=error, state=state))


def test_nobody_is_sent_to_a_provider_that_went_down_a_moment_ago(ada: Client, provider: Provider) -> None:
    sign_in(ada, provider)
    provider.raw[DISCOVERY] = says(b"", 503)
    assert press_sign_in(ada)["Location"] == f"{START}?sign-in=no-answer"


def test_a_provider_that_recovers_signs_people_in_again(ada: Client, provider: Provider) -> None:
    provider.raw[DISCOVERY] = says(b"", 503)
    press_sign_in(ada)
    provider.raw.clear()
    sign_in(ada, provider)
    assert is_signed_in(ada)


def test_a_slow_provider_leaves_threads_for_everybody_else(
    ada: Client, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So many wait for it at most; the next is told at once."""
    monkeypatch.setattr(json_answer, "_WAIT_SECONDS", 0)
    waiting, enough = threading.Barrier(json_answer.MOST_AT_ONCE + 1), threading.Event()

    def is_slow(request: BaseHTTPRequestHandler) -> None:
        waiting.wait(5)
        enough.wait(5)
        send(request, b"{}")

    provider.raw["/slow"] = is_slow
    threads = [
        threading.Thread(target=_ask, args=(f"{provider.issuer}/slow",)) for _ in range(json_answer.MOST_AT_ONCE)
    ]
    for thread in threads:
        thread.start()
    waiting.wait(5)
    began = time.monotonic()
    assert_the_way_without_is_open(ada, press_sign_in(ada))
    assert time.monotonic() - began < json_answer.SECONDS
    enough.set()
    for thread in threads:
        thread.join()
    sign_in(ada, provider)
    assert is_signed_in(ada)


def _ask(url: str) -> None:
    json_answer.fetch_json(url)


def jwk(key: Any, **fields: str) -> dict[str, str]:
    algorithm = {
        rsa.RSAPublicKey: jwt.algorithms.RSAAlgorithm,
        ec.EllipticCurvePublicKey: jwt.algorithms.ECAlgorithm,
        ed25519.Ed25519PublicKey: jwt.algorithms.OKPAlgorithm,
    }
    public = key.public_key()
    made = next(one for kind, one in algorithm.items() if isinstance(public, kind)).to_jwk(public)
    return {**json.loads(made), **fields}


def test_a_key_that_is_new_is_fetched(ada: Client, provider: Provider) -> None:
    sign_in(ada, provider)
    provider.raw["/jwks"] = says(json.dumps({"keys": [jwk(ANOTHER_KEY, kid="key-2")]}).encode())
    provider.key, provider.header = ANOTHER_KEY, {"kid": "key-2"}
    assert sign_in(ada, provider)["Location"] == f"{START}/own"


def test_a_key_that_was_taken_back_signs_nobody_in_any_more(ada: Client, provider: Provider) -> None:
    sign_in(ada, provider)
    provider.raw["/jwks"] = says(json.dumps({"keys": [jwk(ANOTHER_KEY, kid="key-2")]}).encode())
    assert sign_in(ada, provider)["Location"] == f"{START}?sign-in=not-sure"


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [
        (ec.generate_private_key(ec.SECP256R1()), "ES256"),
        (ed25519.Ed25519PrivateKey.generate(), "EdDSA"),
        (ANOTHER_KEY, "RS256"),
    ],
    ids=["ES256", "EdDSA", "RS256"],
)
def test_keys_of_the_usual_kinds_do_even_without_an_id(
    ada: Client, provider: Provider, key: Any, algorithm: str
) -> None:
    provider.raw["/jwks"] = says(json.dumps({"keys": [jwk(key)]}).encode())
    provider.make_token = lambda claims, _header: jwt.encode(claims, key, algorithm)
    assert sign_in(ada, provider)["Location"] == f"{START}/own"


@pytest.mark.parametrize(
    "keys",
    [
        [jwk(ITS_KEY), jwk(ANOTHER_KEY)],
        [jwk(ITS_KEY, kid="key-1"), jwk(ANOTHER_KEY, kid="key-1")],
        [jwk(rsa.generate_private_key(65_537, 1_024), kid="key-1")],
        [jwk(ITS_KEY, kid="key-1", alg="RS384")],
    ],
    ids=["two without an id", "two of one id", "short", "of another algorithm"],
)
def test_keys_that_leave_a_doubt_sign_nobody_in(ada: Client, provider: Provider, keys: list[dict[str, str]]) -> None:
    provider.raw["/jwks"] = says(json.dumps({"keys": keys}).encode())
    if keys[0].get("kid") is None:
        provider.make_token = lambda claims, _header: jwt.encode(claims, ITS_KEY, "RS256")
    assert_the_way_without_is_open(ada, sign_in(ada, provider))

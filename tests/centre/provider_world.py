"""An identity provider over real HTTP that does as it is told: tells the truth, lies, is slow, or answers nonsense."""

import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import jwt
from centre_world import csrf_token
from cryptography.hazmat.primitives.asymmetric import rsa
from django.http import HttpResponse
from django.test import Client

CLIENT_ID = "the-privacy-centre"
START = "/privacy/genai/object"
ADA_CLAIMS: dict[str, Any] = {
    "sub": "person-1",
    "name": "Ada Lisbon",
    "preferred_username": "ada",
    "email": "Ada@people.example",
    "email_verified": True,
    "address": {"country": "PT"},
    "lumen_account": "p0000001",
    "agora_account": "p0000001",
}
Answer = Callable[[BaseHTTPRequestHandler], None]
ITS_KEY, ANOTHER_KEY = (rsa.generate_private_key(65_537, 2_048) for _ in "ab")


class Provider:
    """What it answers; a test changes what it wants to be different.

    Attributes:
        described: what differs in the discovery document; None leaves a field out.
        id_token: what differs in the ID token's claims; None leaves one out.
        header: what differs in the ID token's header.
        key: signs ID tokens.
        make_token: makes an ID token of claims and header instead.
        tokens: what differs in the token endpoint's answer.
        userinfo: what the person's claims are.
        raw: whole answers by path, instead of all that.
        asked: forms that came to the token endpoint, with their Authorization header as "authorization".
    """

    def __init__(self, port: int) -> None:
        self.issuer = f"http://127.0.0.1:{port}"
        self.described: dict[str, Any] = {}
        self.id_token: dict[str, Any] = {}
        self.header: dict[str, Any] = {}
        self.key: Any = ITS_KEY
        self.make_token: Callable[[dict[str, Any], dict[str, Any]], str] | None = None
        self.tokens: dict[str, Any] = {}
        self.userinfo: dict[str, Any] = dict(ADA_CLAIMS)
        self.raw: dict[str, Answer] = {}
        self.asked: list[dict[str, str]] = []
        self.nonce = ""

    def discovery(self) -> dict[str, Any]:
        names = {"authorization_endpoint": "authorize", "token_endpoint": "token", "userinfo_endpoint": "userinfo"}
        document = {name: f"{self.issuer}/{path}" for name, path in names.items()}
        document |= {"issuer": self.issuer, "jwks_uri": f"{self.issuer}/jwks", **self.described}
        return {name: value for name, value in document.items() if value is not None}

    def jwks(self) -> dict[str, Any]:
        key = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(ITS_KEY.public_key()))
        return {"keys": [{**key, "kid": "key-1", "use": "sig", "alg": "RS256"}]}

    def token(self) -> dict[str, Any]:
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": CLIENT_ID, "sub": "person-1", "iat": now, "exp": now + 300}
        claims |= {"nonce": self.nonce, **self.id_token}
        claims = {name: value for name, value in claims.items() if value is not None}
        header = {"kid": "key-1", **self.header}
        encoded = (
            self.make_token(claims, header)
            if self.make_token
            else jwt.encode(claims, self.key, "RS256", headers=header)
        )
        answer = {"access_token": "a-token", "token_type": "Bearer", "id_token": encoded, **self.tokens}
        return {name: value for name, value in answer.items() if value is not None}

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        path = urlsplit(request.path).path
        if request.command == "POST":
            length = int(request.headers.get("Content-Length", "0"))
            form = dict(parse_qsl(request.rfile.read(length).decode()))
            self.asked.append({**form, "authorization": request.headers.get("Authorization", "")})
        if path in self.raw:
            self.raw[path](request)
            return
        answers = {
            "/.well-known/openid-configuration": self.discovery,
            "/jwks": self.jwks,
            "/token": self.token,
            "/userinfo": lambda: self.userinfo,
        }
        send(request, json.dumps(answers[path]()).encode())


def send(request: BaseHTTPRequestHandler, body: bytes, status: int = 200, **headers: str) -> None:
    """Send a whole answer."""
    request.send_response(status)
    for name, value in {"Content-Type": "application/json", "Content-Length": str(len(body)), **headers}.items():
        request.send_header(name.replace("_", "-"), value)
    request.end_headers()
    request.wfile.write(body)


@contextmanager
def provider_on_loopback() -> Iterator[Provider]:
    """Give a provider that answers on a free port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            try:
                provider.answer(self)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True  # whoever asked has gone

        do_POST = do_GET  # noqa: N815  (the library's names)

        def log_message(self, *_arguments: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        provider = Provider(server.server_port)
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield provider
        finally:
            server.shutdown()
            thread.join()


def offer_sign_in(home: Path, issuer: str) -> None:
    """Write a provider into the controller's configuration."""
    file = home / "controller.yaml"
    file.write_text(file.read_text() + f"sign_in:\n  issuer: {issuer}\n  client_id: {CLIENT_ID}\n")


def press_sign_in(client: Client) -> HttpResponse:
    return client.post("/privacy/sign-in", {"csrfmiddlewaretoken": csrf_token(client, START)})


def begin(client: Client, provider: Provider) -> dict[str, str]:
    """Press "Sign in"; return what the browser brings to the provider, which keeps the nonce."""
    page = press_sign_in(client).content.decode()
    match = re.search(r'http-equiv="refresh" content="0; url=([^"]+)"', page)
    assert match is not None, page
    asked = parse_qs(urlsplit(match[1].replace("&amp;", "&")).query)
    assert all(len(values) == 1 for values in asked.values())
    provider.nonce = asked["nonce"][0]
    return {name: values[0] for name, values in asked.items()}


def come_back(client: Client, **query: str) -> HttpResponse:
    return client.get("/privacy/sign-in/callback", query)


def sign_in(client: Client, provider: Provider) -> HttpResponse:
    """Go to the provider and come back."""
    return come_back(client, code="a-code", state=begin(client, provider)["state"])


def is_signed_in(client: Client) -> bool:
    return "You are signed in" in client.get(START).content.decode()

"""The OpenID Connect side of the sample's identity provider: Authlib, told who its client is and what it hands out.

Codes and tokens live in memory for a few minutes; a provider that starts again has none, and people sign in again.
"""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from authlib.integrations.flask_oauth2 import AuthorizationServer, ResourceProtector
from authlib.oauth2 import OAuth2Request
from authlib.oauth2.rfc6749 import ClientMixin, TokenMixin, list_to_scope, scope_to_list
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant
from authlib.oauth2.rfc6750 import BearerTokenValidator
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core import AuthorizationCodeMixin, OpenIDCode, UserInfo, UserInfoEndpoint
from flask import Flask
from joserfc.jwk import RSAKey

from demur.sample.members import Member, Members

CLIENT_ID = "privacy-centre"
SCOPES = ("openid", "profile", "email", "address")
CODE_SECONDS, TOKEN_SECONDS = 60, 300
_CALLBACK_PATH = "/privacy/sign-in/callback"
_LOOPBACK = frozenset({"127.0.0.1", "localhost"})


def make_server(app: Flask, members: Members, key: RSAKey, issuer: str) -> AuthorizationServer:
    """Return the server of an application's /authorize, /token and /userinfo.

    Args:
        app: is told how long tokens live.
        members: who can sign in.
        key: signs ID tokens.
        issuer: the provider's own address, as ID tokens state it.
    """
    app.config["OAUTH2_TOKEN_EXPIRES_IN"] = {"authorization_code": TOKEN_SECONDS}
    app.config["OAUTH2_SCOPES_SUPPORTED"] = list(SCOPES)
    issued = _Issued()
    client = _Client()

    def find_client(client_id: str) -> _Client | None:
        return client if client_id == CLIENT_ID else None

    def save_token(token: Mapping[str, Any], request: OAuth2Request) -> None:
        issued.add_token(token["access_token"], _Token(request.user, token.get("scope", ""), client, int(time.time())))

    server = AuthorizationServer(app, find_client, save_token)
    grant = type("_Grant", (_Grant,), {"issued": issued, "members": members})
    server.register_grant(grant, [_OpenIDCode(key, issuer), _OnlyS256(required=True)])
    protector = ResourceProtector()
    protector.register_token_validator(_TokenValidator(issued))
    server.register_endpoint(_UserInfo(resource_protector=protector))
    return server


class _Client(ClientMixin):  # type: ignore[misc]  # the library has no types
    """The privacy centre: a public client, which PKCE protects, on any port of this machine (RFC 8252, section 7.3)."""

    client_id = CLIENT_ID
    client_metadata: Mapping[str, str] = {}

    def get_client_id(self) -> str:
        return self.client_id

    def get_default_redirect_uri(self) -> None:
        return None

    def get_allowed_scope(self, scope: str | None) -> str:
        return str(list_to_scope([one for one in scope_to_list(scope or "") if one in SCOPES]))

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        parts = urlsplit(redirect_uri)
        return parts.scheme == "http" and parts.hostname in _LOOPBACK and parts.path == _CALLBACK_PATH

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:  # noqa: ARG002  (the library's signature)
        return method == "none"

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "authorization_code"


@dataclass(frozen=True)
class _Code(AuthorizationCodeMixin):  # type: ignore[misc]
    """What a code stands for, until it is used."""

    account: str
    redirect_uri: str
    scope: str
    nonce: str
    code_challenge: str
    code_challenge_method: str
    made_at: int

    def get_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_scope(self) -> str:
        return self.scope

    def get_nonce(self) -> str:
        return self.nonce

    def get_auth_time(self) -> int:
        return self.made_at

    def has_ended(self) -> bool:
        return time.time() > self.made_at + CODE_SECONDS


@dataclass(frozen=True)
class _Token(TokenMixin):  # type: ignore[misc]
    """What an access token lets its holder read."""

    member: Member
    scope: str
    client: _Client
    made_at: int

    def get_scope(self) -> str:
        return self.scope

    def get_client(self) -> _Client:
        return self.client

    def get_user(self) -> Member:
        return self.member

    def is_expired(self) -> bool:
        return time.time() > self.made_at + TOKEN_SECONDS

    def is_revoked(self) -> bool:
        return False


class _Issued:
    """The codes and tokens that were handed out and have not ended."""

    def __init__(self) -> None:
        self._codes: dict[str, _Code] = {}
        self._tokens: dict[str, _Token] = {}
        self._lock = threading.Lock()

    def add_code(self, text: str, code: _Code) -> None:
        with self._lock:
            self._codes = {one: kept for one, kept in self._codes.items() if not kept.has_ended()}
            self._codes[text] = code

    def take_code(self, text: str) -> _Code | None:
        """Return what a code stands for, once."""
        with self._lock:
            code = self._codes.pop(text, None)
        return None if code is None or code.has_ended() else code

    def add_token(self, text: str, token: _Token) -> None:
        with self._lock:
            self._tokens = {one: kept for one, kept in self._tokens.items() if not kept.is_expired()}
            self._tokens[text] = token

    def find_token(self, text: str) -> _Token | None:
        with self._lock:
            return self._tokens.get(text)


class _Grant(AuthorizationCodeGrant):  # type: ignore[misc]
    TOKEN_ENDPOINT_AUTH_METHODS = ("none",)
    issued: _Issued
    members: Members

    def save_authorization_code(self, code: str, request: OAuth2Request) -> None:
        asked = request.payload.data
        self.issued.add_code(
            code,
            _Code(
                account=request.user.account,
                redirect_uri=request.payload.redirect_uri,
                scope=request.scope,
                nonce=asked.get("nonce", ""),
                code_challenge=asked.get("code_challenge", ""),
                code_challenge_method=asked.get("code_challenge_method", ""),
                made_at=int(time.time()),
            ),
        )

    def query_authorization_code(self, code: str, client: _Client) -> _Code | None:  # noqa: ARG002  (there is one)
        return self.issued.take_code(code)

    def delete_authorization_code(self, authorization_code: _Code) -> None:
        """Do nothing: a code is gone as soon as somebody asks for it."""

    def authenticate_user(self, authorization_code: _Code) -> Member | None:
        return self.members.find_member(authorization_code.account)


class _OnlyS256(CodeChallenge):  # type: ignore[misc]
    SUPPORTED_CODE_CHALLENGE_METHOD = ("S256",)


class _OpenIDCode(OpenIDCode):  # type: ignore[misc]
    """ID tokens say who; everything else of a person is told at /userinfo."""

    def __init__(self, key: RSAKey, issuer: str) -> None:
        super().__init__()
        self._key = key
        self._issuer = issuer

    def exists_nonce(self, nonce: str, request: OAuth2Request) -> bool:  # noqa: ARG002
        return False  # the client compares it; a code is used once

    def resolve_client_private_key(self, client: _Client) -> RSAKey:  # noqa: ARG002
        return self._key

    def get_client_claims(self, client: _Client) -> dict[str, Any]:
        return {"iss": self._issuer, "aud": client.client_id, "exp": int(time.time()) + TOKEN_SECONDS}

    def get_encode_header(self, client: _Client) -> dict[str, Any]:  # noqa: ARG002
        return {"alg": "RS256", "kid": self._key.kid}

    def generate_user_info(self, user: Member, scope: str) -> UserInfo:  # noqa: ARG002
        return UserInfo(sub=user.subject)


class _TokenValidator(BearerTokenValidator):  # type: ignore[misc]
    def __init__(self, issued: _Issued) -> None:
        super().__init__()
        self._issued = issued

    def authenticate_token(self, token_string: str) -> _Token | None:
        return self._issued.find_token(token_string)


class _UserInfo(UserInfoEndpoint):  # type: ignore[misc]
    def generate_user_info(self, user: Member, scope: str) -> UserInfo:
        told = UserInfo(
            sub=user.subject,
            name=user.name,
            preferred_username=user.handle,
            email=user.email,
            email_verified=user.email_is_verified,
            address={"country": user.country},
        ).filter(scope)
        return UserInfo({**told, **user.account_claims})

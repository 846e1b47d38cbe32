"""The controller's identity provider: what it says of itself, its keys, and whether an ID token is its own.

Stricter than the library that leads people there and back, which trusts a token for the channel that it came by and
takes the issuer from the same document that it is to be compared with. Source: OpenID Connect Core 1.0, sections
3.1.3.7 and 5.3.2; OpenID Connect Discovery 1.0, section 4.3.
"""

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import jwt

from demur.centre.json_answer import fetch_json
from demur.core.errors import DemurError

_DISCOVERY = "/.well-known/openid-configuration"
_ALGORITHMS = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}
)  # signed by a private key; never "none", nor a secret that both sides share
_REQUIRED_CLAIMS = ("iss", "sub", "aud", "exp", "iat", "nonce")
_CLOCK_SECONDS = 60
_REMEMBER_SECONDS = 300.0
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_MOST_SUBJECT_CHARS = 255  # OpenID Connect Core 1.0, section 2


class ProviderRefusedError(DemurError):
    """What the provider sent cannot be relied on. The sentence holds nothing of it."""


@dataclass(frozen=True)
class Description:
    """What the provider says of itself; each address is https, or on this machine.

    Attributes:
        authorization_endpoint: where the person's browser is sent.
        token_endpoint: where a code is changed into tokens.
        jwks_uri: its keys.
        userinfo_endpoint: where it tells more of the person; empty if it has none.
        scopes: that it knows; empty if it does not say.
        client_authentications: how a client with a secret may show it.
    """

    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str
    scopes: frozenset[str]
    client_authentications: frozenset[str]


class IdentityProvider:
    """One provider, with what it said last of itself and of its keys."""

    def __init__(self, issuer: str) -> None:
        self.issuer = issuer
        self._described: tuple[float, Description] | None = None
        self._keys: tuple[jwt.PyJWK, ...] = ()

    def describe(self) -> Description:
        """Return what the provider says of itself; what it said in the last minutes will do.

        Raises:
            NoAnswerError: it does not answer.
            ProviderRefusedError: it names another issuer, or an address that is none.
        """
        described = self._described
        if described is None or time.monotonic() - described[0] > _REMEMBER_SECONDS:
            return self.describe_now()
        return described[1]

    def describe_now(self) -> Description:
        """Return what the provider says of itself now, so that nobody is sent to one that is away.

        Raises:
            NoAnswerError: it does not answer.
            ProviderRefusedError: it names another issuer, or an address that is none.
        """
        said = fetch_json(self.issuer.rstrip("/") + _DISCOVERY)
        if said.get("issuer") != self.issuer:
            raise ProviderRefusedError("the identity provider names another issuer than the configuration does")
        description = _read_description(said)
        self._described, self._keys = (time.monotonic(), description), ()  # keys that it took back must not last
        return description

    def verify_id_token(self, token: object, client_id: str) -> dict[str, Any]:
        """Return the claims of an ID token that this provider made for this client, now. Its nonce is not compared.

        Raises:
            NoAnswerError: the keys cannot be fetched.
            ProviderRefusedError: anything else that is wrong with it.
        """
        if not isinstance(token, str):
            raise ProviderRefusedError("there is no ID token")
        try:
            key = self._find_key(jwt.get_unverified_header(token).get("kid"))
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=[key.algorithm_name],
                issuer=self.issuer,
                audience=client_id,
                leeway=_CLOCK_SECONDS,
                options={"require": list(_REQUIRED_CLAIMS), "enforce_minimum_key_length": True},
            )
        except (jwt.PyJWTError, OverflowError, RecursionError) as error:  # the last two: of numbers and nesting
            raise ProviderRefusedError(f"the ID token is refused ({type(error).__name__})") from error
        is_only_ours = claims["aud"] in (client_id, [client_id])
        if claims.get("azp", client_id if is_only_ours else None) != client_id:
            raise ProviderRefusedError("the ID token was made for another client")
        if not 0 < len(claims["sub"]) <= _MOST_SUBJECT_CHARS:
            raise ProviderRefusedError("the ID token names nobody")
        return claims

    def fetch_claims(self, access_token: str, subject: str) -> dict[str, Any]:
        """Return what the provider tells of a person; empty if it has no place to ask.

        Raises:
            NoAnswerError: it does not answer.
            ProviderRefusedError: it tells of somebody else.
        """
        endpoint = self.describe().userinfo_endpoint
        if not endpoint:
            return {}
        claims = fetch_json(endpoint, authorization=f"Bearer {access_token}")
        if claims.get("sub") != subject:
            raise ProviderRefusedError("the identity provider tells of another person than of who signed in")
        return claims

    def _find_key(self, key_id: object) -> jwt.PyJWK:
        key = _only_key(self._keys, key_id) or _only_key(self._fetch_keys(), key_id)  # maybe it has a new one
        if key is None:
            raise ProviderRefusedError("the ID token is signed by no key that the identity provider names")
        return key

    def _fetch_keys(self) -> tuple[jwt.PyJWK, ...]:
        try:
            keys: list[jwt.PyJWK] = jwt.PyJWKSet(fetch_json(self.describe().jwks_uri).get("keys", [])).keys
        except (jwt.PyJWTError, AttributeError, TypeError, ValueError) as error:  # of a set that is of another shape
            raise ProviderRefusedError("the identity provider's keys cannot be read") from error
        self._keys = tuple(key for key in keys if key.algorithm_name in _ALGORITHMS)
        return self._keys


@cache
def identity_provider(issuer: str) -> IdentityProvider:
    """Return the provider of an issuer, the same one for every request of this process."""
    return IdentityProvider(issuer)


def check_nonce(claims: Mapping[str, Any], wanted: object) -> None:
    """Refuse an ID token that answers another request than this session's.

    Raises:
        ProviderRefusedError: its nonce is not the one that was sent.
    """
    nonce = claims.get("nonce")
    if not isinstance(wanted, str) or not isinstance(nonce, str):
        raise ProviderRefusedError("the ID token has no nonce")
    if not secrets.compare_digest(nonce.encode(), wanted.encode()):
        raise ProviderRefusedError("the ID token answers another request")


def _only_key(keys: tuple[jwt.PyJWK, ...], key_id: object) -> jwt.PyJWK | None:
    """Return the one key of an id; a token without an id means the only key that there is."""
    fitting = [key for key in keys if key_id is None or key.key_id == key_id]
    return fitting[0] if len(fitting) == 1 else None


def _read_description(said: Mapping[str, Any]) -> Description:
    has_userinfo = said.get("userinfo_endpoint") is not None
    return Description(
        authorization_endpoint=_address(said, "authorization_endpoint"),
        token_endpoint=_address(said, "token_endpoint"),
        jwks_uri=_address(said, "jwks_uri"),
        userinfo_endpoint=_address(said, "userinfo_endpoint") if has_userinfo else "",
        scopes=_texts(said.get("scopes_supported")),
        # Where a provider does not say, it is this one: OpenID Connect Discovery 1.0, section 3.
        client_authentications=_texts(said.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])),
    )


def _address(said: Mapping[str, Any], name: str) -> str:
    value = said.get(name)
    if not isinstance(value, str) or not _is_safe_address(value):
        raise ProviderRefusedError(f'the identity provider\'s "{name}" is missing, or is no https address')
    return value


def _texts(value: object) -> frozenset[str]:
    return frozenset(one for one in value if isinstance(one, str)) if isinstance(value, list) else frozenset()


def _is_safe_address(value: str) -> bool:
    """Tell whether something is a web address that tells nothing to who listens on the way."""
    try:
        parts = urlsplit(value)
        host = parts.hostname
    except ValueError:
        return False
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK))

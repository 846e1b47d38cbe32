"""The variables of the environment that settings are made of: read here, and refused in one sentence when mistyped.

A sentence names the variable and never repeats its value, since one of them holds a password.
"""

import os
from importlib import import_module
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from demur.core.errors import DemurError

_MOST_PROXIES = 9
_TLS_OPTIONS = frozenset({"sslmode", "sslrootcert"})


class SettingError(DemurError):
    """A variable of the environment cannot be used."""


def read_base_url(default: str) -> SplitResult:
    """Return DEMUR_BASE_URL: scheme, host and maybe a port, without a slash at the end.

    Raises:
        SettingError: anything else, since links in mails would lead nowhere.
    """
    parts = _split("DEMUR_BASE_URL", default, "https://privacy.example.org")
    rest = parts.path.strip("/") or parts.query or parts.fragment or parts.username
    if parts.scheme not in {"http", "https"} or not parts.hostname or rest:
        raise _mistyped("DEMUR_BASE_URL", "https://privacy.example.org")
    return parts._replace(path="")


def read_smtp(default: str) -> tuple[str, int]:
    """Return the host and port of DEMUR_SMTP.

    Raises:
        SettingError: not host:port.
    """
    host, _, port = (os.environ.get("DEMUR_SMTP") or default).rpartition(":")
    if not host or not (port.isascii() and port.isdecimal()) or not 0 < int(port) < 1 << 16:
        raise _mistyped("DEMUR_SMTP", "mail.example.org:25")
    return host.strip("[]"), int(port)


def read_issuer() -> str:
    """Return DEMUR_SIGN_IN_ISSUER, the address of an identity provider; empty without one.

    Raises:
        SettingError: not https, except on this machine.
    """
    example = "https://login.example.org"
    parts = _split("DEMUR_SIGN_IN_ISSUER", "", example)
    if parts.geturl() and not (parts.hostname and (parts.scheme == "https" or _is_here(parts))):
        raise _mistyped("DEMUR_SIGN_IN_ISSUER", example)
    return parts.geturl()


def read_database() -> dict[str, object] | None:
    """Return Django's settings of the PostgreSQL that DEMUR_DATABASE_URL names; None without one.

    The address is written as libpq writes it, with a socket's folder as `?host=`, and maybe `sslmode`, `sslrootcert`.

    Raises:
        SettingError: not the address of a PostgreSQL database, or the client for it is not installed.
    """
    example = "postgresql://user:password@host:5432/name, or postgresql://user@/name?host=/run/postgresql"
    if not os.environ.get("DEMUR_DATABASE_URL"):
        return None
    parts = _split("DEMUR_DATABASE_URL", "", example)
    if parts.scheme not in {"postgresql", "postgres"} or not parts.path.strip("/"):
        raise _mistyped("DEMUR_DATABASE_URL", example)
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    host = options.pop("host", "") or parts.hostname or ""
    # One that is passed over in silence could be the one that asks for encryption.
    if not options.keys() <= _TLS_OPTIONS or (parts.hostname and host != parts.hostname):
        raise _mistyped("DEMUR_DATABASE_URL", example)
    try:
        import_module("psycopg")
    except ImportError as error:
        raise SettingError(
            "the environment variable DEMUR_DATABASE_URL asks for PostgreSQL, whose client is not installed",
            hint='in the clone: pip install ".[postgres]"',
        ) from error
    return {
        "ENGINE": "demur.docket.postgresql",
        "NAME": parts.path.lstrip("/"),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": None,  # connecting for each page takes longer than most pages do
        # A query that comes again and again is planned once: a third of the database's work is planning.
        "OPTIONS": {"server_side_binding": True, "prepare_threshold": 5, **options},
        "CONN_HEALTH_CHECKS": True,  # so nobody sees an error because the database was started anew
    }


def read_trusted_proxies() -> int:
    """Return DEMUR_TRUSTED_PROXIES: how many proxies of ours a request passes; 0 where it is not set.

    Raises:
        SettingError: not a small number, since a wrong one lets anybody write whose address a request came from.
    """
    typed = os.environ.get("DEMUR_TRUSTED_PROXIES") or "0"
    if not (typed.isascii() and typed.isdecimal()) or int(typed) > _MOST_PROXIES:
        raise _mistyped("DEMUR_TRUSTED_PROXIES", "1")
    return int(typed)


def _is_here(parts: SplitResult) -> bool:
    return parts.scheme == "http" and parts.hostname in {"127.0.0.1", "::1", "localhost"}


def _split(name: str, default: str, example: str) -> SplitResult:
    try:
        parts = urlsplit(os.environ.get(name) or default)
        _ = parts.port  # reading it checks it
    except ValueError as error:
        raise _mistyped(name, example) from error
    return parts


def _mistyped(name: str, example: str) -> SettingError:
    return SettingError(f"the environment variable {name} cannot be used as it is", hint=f"write it like {example}")

"""Secrets of a case: its reference, the code that is mailed, and the tokens in private links.

All come from the operating system's CSPRNG. A code is short, so its digest is keyed with docket.secret: who reads the
table alone cannot find it by trying all million. A token has 192 bits, so its SHA-256 is enough.
"""

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64encode
from datetime import timedelta
from functools import cache
from pathlib import Path

from django.conf import settings

from demur.core.sealing import SALT_BYTES, seal, unseal
from demur.ledger.keys import SecretName, load_secret

CODE_DIGITS = 6
CODE_LIFETIME = timedelta(minutes=60)
CODE_TRIES = 5

_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # without 0 O, 1 I L, and U, which is taken for V
_GROUP_CHARS = 4
_TOKEN_BYTES = 24
_MAIL_PURPOSE = b"demur-mail-body/v1"
_FORM_PURPOSE = b"demur-form/v1"
_FACE_PURPOSE = b"demur-face/v1"


def new_reference() -> str:
    """Return a reference such as `DMR-7K3F-9Q2M`: 39 bits, so that nobody finds another's by counting."""
    first, second = ("".join(secrets.choice(_ALPHABET) for _ in range(_GROUP_CHARS)) for _ in "ab")
    return f"DMR-{first}-{second}"


def new_code() -> str:
    """Return six digits, each value equally likely."""
    return f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"


def new_token() -> str:
    """Return the secret part of a private link."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


def sending_token(sending: str) -> str:
    """Return the secret part of the code page's address for one sending of a form: the same whenever it comes again."""
    return urlsafe_b64encode(bytes.fromhex(_keyed_digest(f"demur-sending/v1\n{sending}"))[:_TOKEN_BYTES]).decode()


def token_digest(token: str) -> str:
    """Return what is stored of a token: its SHA-256 as hexadecimal text."""
    return hashlib.sha256(token.encode()).hexdigest()


def code_digest(case_id: int, code: str) -> str:
    """Return what is stored of a code: HMAC-SHA-256 of case and code, as hexadecimal text."""
    return _keyed_digest(f"demur-code/v1\n{case_id}\n{code}")


def allowance_digest(subject: str) -> str:
    """Return what is stored of an address, or of a case, whose code mails are counted."""
    return _keyed_digest(f"demur-allowance/v1\n{subject}")


def proof_keys() -> tuple[str, str]:
    """Return the keys by which challenges, and the answers to them, are signed."""
    return _keyed_digest("demur-proof-challenge/v1"), _keyed_digest("demur-proof-answer/v1")


def seal_mail(plaintext: bytes) -> tuple[bytes, bytes]:
    """Return the sealed body of a waiting mail, and the salt of its sealing."""
    salt = secrets.token_bytes(SALT_BYTES)
    return seal(plaintext, _docket_secret(settings.DEMUR_HOME), salt, _MAIL_PURPOSE), salt


def unseal_mail(sealed: bytes, salt: bytes) -> bytes:
    """Return what `seal_mail` sealed.

    Raises:
        UnsealError: docket.secret was replaced, or the row was changed.
    """
    return unseal(sealed, _docket_secret(settings.DEMUR_HOME), salt, _MAIL_PURPOSE)


def seal_form(plaintext: bytes) -> tuple[bytes, bytes]:
    """Return what somebody sent with a form (fields, a photo), sealed, and the salt of the sealing."""
    salt = secrets.token_bytes(SALT_BYTES)
    return seal(plaintext, _docket_secret(settings.DEMUR_HOME), salt, _FORM_PURPOSE), salt


def unseal_form(sealed: bytes, salt: bytes) -> bytes:
    """Return what `seal_form` sealed.

    Raises:
        UnsealError: docket.secret was replaced, or the row was changed.
    """
    return unseal(sealed, _docket_secret(settings.DEMUR_HOME), salt, _FORM_PURPOSE)


def seal_face(value: str) -> tuple[bytes, bytes]:
    """Return the value of a face, sealed, and the salt of the sealing."""
    salt = secrets.token_bytes(SALT_BYTES)
    return seal(value.encode(), _docket_secret(settings.DEMUR_HOME), salt, _FACE_PURPOSE), salt


def unseal_face(sealed: bytes, salt: bytes) -> str:
    """Return what `seal_face` sealed.

    Raises:
        UnsealError: docket.secret was replaced, or the row was changed.
    """
    return unseal(sealed, _docket_secret(settings.DEMUR_HOME), salt, _FACE_PURPOSE).decode()


def _keyed_digest(text: str) -> str:
    return hmac.new(_docket_secret(settings.DEMUR_HOME), text.encode(), hashlib.sha256).hexdigest()


@cache
def _docket_secret(home: Path) -> bytes:
    return load_secret(Path(home) / "keys", SecretName.DOCKET)

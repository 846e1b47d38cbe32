"""Signed notes: a text that people can read, and signatures below it (C2SP signed-note).

    demur.example/log            <- the text, one line or many
    42
    qINS1GRFgWHwdkUeqLEoP4yEMkTBBzxBkGwGQlVlVcs=

    — demur.example/log wFwUzQ...   <- name, then Base64 of key id (4 bytes) and Ed25519 signature (64 bytes)

Every signed file of Demur is such a note, so one function checks them all, and what is signed are the bytes that
one sees. Source: https://c2sp.org/signed-note (Ed25519 signatures are type 0x01).
"""

import base64
import hashlib
import re
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from demur.core.errors import FormatError, SignatureMismatchError
from demur.core.fields import parse_base64

ED25519 = b"\x01"
"""The signature type of Ed25519 in key ids and verifier keys."""

_KEY_ID_BYTES, _PUBLIC_KEY_BYTES = 4, 32
_SIGNATURE_LINE = re.compile(r"— ([^\s+]+) ([A-Za-z0-9+/=]+)\n")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
_NAME = re.compile(r"[^\s+\x00-\x1f\x7f]+\Z")


@dataclass(frozen=True)
class VerifierKey:
    """A name and an Ed25519 public key (32 bytes): whom a signature is believed from."""

    name: str
    public_key: bytes

    @property
    def key_id(self) -> bytes:
        """The first four bytes of SHA-256(name || newline || type || public key)."""
        return hashlib.sha256(self.name.encode() + b"\n" + ED25519 + self.public_key).digest()[:_KEY_ID_BYTES]

    def __str__(self) -> str:
        """Return the C2SP text form: name+keyid+Base64 of type and key."""
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(ED25519 + self.public_key).decode()}"


@dataclass(frozen=True)
class Signer:
    """A name and an Ed25519 private key as its 32-byte seed. Never printed, never logged."""

    name: str
    seed: bytes = field(repr=False)

    @property
    def verifier_key(self) -> VerifierKey:
        """The public half."""
        return VerifierKey(self.name, Ed25519PrivateKey.from_private_bytes(self.seed).public_key().public_bytes_raw())

    def sign(self, message: bytes) -> bytes:
        """Return the 64-byte signature, which is deterministic (RFC 8032)."""
        return Ed25519PrivateKey.from_private_bytes(self.seed).sign(message)


@dataclass(frozen=True)
class UnverifiedNote:
    """A parsed note that nobody has checked: its text, and (name, key id, signature) for each signature line."""

    text: str
    signatures: tuple[tuple[str, bytes, bytes], ...]


def parse_verifier_key(text: str) -> VerifierKey:
    """Parse the C2SP text form of a verifier key.

    Raises:
        FormatError: another form, another signature type, or a key id that does not belong to the key.
    """
    parts = text.split("+", 2)
    if len(parts) != len(("name", "key id", "key")) or not _NAME.match(parts[0]):
        raise FormatError("this is not a verifier key: wanted name+keyid+key")
    raw = parse_base64(parts[2], 1 + _PUBLIC_KEY_BYTES)
    key = VerifierKey(parts[0], raw[1:])
    if raw[:1] != ED25519 or parts[1] != key.key_id.hex():
        raise FormatError("the verifier key is damaged: its id does not belong to it")
    return key


def sign_note(text: str, signer: Signer) -> bytes:
    """Return the note: the text, which must end in a newline, an empty line and one signature."""
    if not text.endswith("\n") or _CONTROL.search(text):
        raise FormatError("the text of a note must end in a newline and hold no other control character")
    stamp = base64.b64encode(signer.verifier_key.key_id + signer.sign(text.encode())).decode()
    return f"{text}\n— {signer.name} {stamp}\n".encode()


def parse_note(raw: bytes) -> UnverifiedNote:
    """Split a note into its text and its signatures, checking the form only.

    Raises:
        FormatError: not UTF-8, no signature, or a signature line of another form.
    """
    try:
        whole = raw.decode()
    except UnicodeDecodeError as error:
        raise FormatError("the signed note is damaged: it is not UTF-8 text") from error
    body, found, lines = whole.rpartition("\n\n")
    if not found or not lines:
        raise FormatError("the signed note has no signature")
    if _CONTROL.search(body):
        raise FormatError("the signed note is damaged: its text holds control characters")
    signatures = []
    for line in lines.splitlines(keepends=True):
        match = _SIGNATURE_LINE.fullmatch(line)
        if match is None:
            raise FormatError("the signed note has a damaged signature line")
        stamp = parse_base64(match[2])  # of any length: a witness signs in a longer form (C2SP tlog-cosignature)
        signatures.append((match[1], stamp[:_KEY_ID_BYTES], stamp[_KEY_ID_BYTES:]))
    return UnverifiedNote(body + "\n", tuple(signatures))


def verify_note(raw: bytes, key: VerifierKey) -> str:
    """Return the text of a note that this key has signed.

    A note may carry signatures of others (witnesses); they are neither needed nor checked here.

    Raises:
        FormatError: not a note.
        SignatureMismatchError: no signature of this key, or one that does not fit the text.
    """
    note = parse_note(raw)
    mine = [s for name, key_id, s in note.signatures if name == key.name and key_id == key.key_id]
    if not mine:
        raise SignatureMismatchError(f'this is not signed by "{key.name}" (key {key.key_id.hex()})')
    for signature in mine:
        try:
            Ed25519PublicKey.from_public_bytes(key.public_key).verify(signature, note.text.encode())
        except InvalidSignature as error:
            raise SignatureMismatchError(f'the signature by "{key.name}" does not fit: it was changed') from error
    return note.text

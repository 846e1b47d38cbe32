r"""The suppression list's outside: a signed header before sealed columns.

    demur-suppression-list/v1 612\n      <- format, and the header's length in bytes
    demur-suppression-list-header/v1      <- a signed statement
    {"entries": 2, "number": 7, ...}

    — demur.example/list wFwUzQ...
    <sealed payload>

Whoever holds the public key can check who published it, when it ends and that it is whole. Only who holds the list
key can read entries; the gate does that (`demur.gate.suppression_list`). Specified in docs/spec/suppression-list.md.
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime

from demur.core.canonical import JsonObject, instant_text
from demur.core.errors import DigestMismatchError, ExpiredError, FormatError
from demur.core.fields import Fields
from demur.core.note import Signer, VerifierKey
from demur.core.sealing import SALT_BYTES, seal, unseal
from demur.core.statement import sign_statement, verify_statement

FORM = "demur-suppression-list/v1"
HEADER_FORM = "demur-suppression-list-header/v1"
SEALING_PURPOSE = b"demur-suppression-list/v1"
_FIRST_LINE = re.compile(FORM.encode() + rb" ([1-9][0-9]{0,6})\n")
_SHA256_BYTES = 32


@dataclass(frozen=True)
class SuppressionListHeader:
    """What a list says of itself, readable without the list key.

    Attributes:
        controller: whose list it is.
        number: counts from 1; the publisher never goes back to a smaller one. A gate keeps no memory of what it used.
        issued_at: when it was published.
        expires_at: from this instant on no gate may use it.
        log_origin: the log to which `tree_size` refers.
        tree_size: every objection logged below this position is taken into account.
        entries: how many entries are sealed inside.
        payload_sha256: SHA-256 of the sealed payload (32 bytes).
        salt: of the sealing (32 bytes).
    """

    controller: str
    number: int
    issued_at: datetime
    expires_at: datetime
    log_origin: str
    tree_size: int
    entries: int
    payload_sha256: bytes
    salt: bytes

    def to_body(self) -> JsonObject:
        """Return the header as a statement's body."""
        return {
            "controller": self.controller,
            "entries": self.entries,
            "expires_at": instant_text(self.expires_at),
            "issued_at": instant_text(self.issued_at),
            "log_origin": self.log_origin,
            "number": self.number,
            "payload_sha256": self.payload_sha256.hex(),
            "salt": self.salt.hex(),
            "tree_size": self.tree_size,
        }


@dataclass(frozen=True)
class VerifiedList:
    """A list whose signature, wholeness and dates were checked; its payload is still sealed."""

    header: SuppressionListHeader
    header_sha256: bytes
    sealed_payload: memoryview

    def unseal_payload(self, list_key: bytes) -> bytes:
        """Return the columns' bytes (an Arrow IPC stream).

        Raises:
            UnsealError: another key.
        """
        return unseal(self.sealed_payload, list_key, self.header.salt, SEALING_PURPOSE)


def seal_list(header: SuppressionListHeader, payload: bytes, list_key: bytes, signer: Signer) -> bytes:
    """Return the list file's bytes.

    Args:
        header: everything but `payload_sha256`, which is computed here and replaced.
        payload: the columns as an Arrow IPC stream.
        list_key: 32 secret bytes.
        signer: the key that publishes lists.
    """
    sealed = seal(payload, list_key, header.salt, SEALING_PURPOSE)
    body = {**header.to_body(), "payload_sha256": hashlib.sha256(sealed).hexdigest()}
    note = sign_statement(HEADER_FORM, body, signer)
    return b"".join((FORM.encode(), b" ", str(len(note)).encode(), b"\n", note, sealed))


def verify_list(raw: bytes | memoryview, key: VerifierKey) -> VerifiedList:
    """Check a list file's signature and wholeness. The dates are checked by `check_current`.

    Raises:
        FormatError: not a suppression list.
        SignatureMismatchError: the header is not signed by this key.
        DigestMismatchError: the sealed payload is not the one that the header names.
    """
    view = memoryview(raw)
    first = _FIRST_LINE.match(bytes(view[:64]))
    if first is None:
        raise FormatError("this is not a suppression list: its first line is not that of the format")
    note = bytes(view[first.end() : first.end() + int(first[1])])
    header = _parse_header(verify_statement(note, HEADER_FORM, key))
    payload = view[first.end() + len(note) :]
    if hashlib.sha256(payload).digest() != header.payload_sha256:
        raise DigestMismatchError("the suppression list was changed or cut off: its payload is not what was signed")
    return VerifiedList(header, hashlib.sha256(note).digest(), payload)


def check_current(header: SuppressionListHeader, now: datetime) -> None:
    """Refuse a list that has expired, or that comes from the future (a clock set back).

    Raises:
        ExpiredError: `now` is not within the list's dates.
    """
    if now >= header.expires_at:
        raise ExpiredError(
            f"suppression list {header.number} expired on {instant_text(header.expires_at)}",
            hint="fetch the newest list and run again",
        )
    if now < header.issued_at:
        raise ExpiredError(
            f"suppression list {header.number} was issued on {instant_text(header.issued_at)}, after this clock's time",
            hint="set this machine's clock right and run again",
        )


def _parse_header(body: JsonObject) -> SuppressionListHeader:
    fields = Fields(body, "the suppression list's header")
    header = SuppressionListHeader(
        controller=fields.text("controller"),
        number=fields.count("number"),
        issued_at=fields.instant("issued_at"),
        expires_at=fields.instant("expires_at"),
        log_origin=fields.text("log_origin"),
        tree_size=fields.count("tree_size"),
        entries=fields.count("entries"),
        payload_sha256=fields.hex_bytes("payload_sha256", _SHA256_BYTES),
        salt=fields.hex_bytes("salt", SALT_BYTES),
    )
    fields.end()
    return header

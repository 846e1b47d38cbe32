r"""Log entries: commitments, so that the log can be public while nobody can list who objected.

An entry holds an event's name and SHA-256("demur-commitment/v1\n" || salt || canonical statement). Whoever holds the
statement and its salt (the person, in the receipt) can show that it was logged; nobody else can tell what was.
Specified in docs/spec/log.md.
"""

import hashlib
from dataclasses import dataclass
from enum import StrEnum

from demur.core.canonical import JsonObject, canonical_json
from demur.core.errors import FormatError

SALT_BYTES = 32
_CONTEXT = b"demur-commitment/v1\n"


class Event(StrEnum):
    """What can be logged."""

    OBJECTION_RECEIVED = "objection-received"
    OBJECTION_WITHDRAWN = "objection-withdrawn"
    DECISION = "decision"
    LIST_PUBLISHED = "list-published"
    GATE_MANIFEST = "gate-manifest"
    SNAPSHOT_DELETED = "snapshot-deleted"


@dataclass(frozen=True)
class Entry:
    """One entry of the log: an event and the commitment to its statement (32 bytes)."""

    event: Event
    commitment: bytes

    def to_bytes(self) -> bytes:
        """Return the bytes that the log hashes."""
        return canonical_json({"commitment": self.commitment.hex(), "event": self.event, "form": "demur-entry/v1"})


def make_entry(event: Event, statement: JsonObject, salt: bytes) -> Entry:
    """Commit to a statement.

    Args:
        event: what happened.
        statement: what is stated about it.
        salt: 32 bytes from a CSPRNG, used for this statement only. Without it a short statement could be guessed.
    """
    if len(salt) != SALT_BYTES:
        raise FormatError(f"a salt is {SALT_BYTES} bytes")
    return Entry(event, hashlib.sha256(_CONTEXT + salt + canonical_json(statement)).digest())

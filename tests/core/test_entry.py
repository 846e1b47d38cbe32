import hashlib

import pytest

from demur.core.entry import Entry, Event, make_entry
from demur.core.errors import FormatError

SALT = b"\x05" * 32


def test_an_entry_is_an_event_and_a_salted_hash() -> None:
    entry = make_entry(Event.OBJECTION_RECEIVED, {"b": 1, "a": 2}, SALT)
    assert entry.commitment == hashlib.sha256(b"demur-commitment/v1\n" + SALT + b'{"a":2,"b":1}').digest()
    assert entry.to_bytes() == (
        f'{{"commitment":"{entry.commitment.hex()}","event":"objection-received","form":"demur-entry/v1"}}'.encode()
    )


def test_the_same_statement_under_another_salt_cannot_be_recognised() -> None:
    statement = {"email": "ada@example.org"}
    first, second = (make_entry(Event.OBJECTION_RECEIVED, statement, bytes([n]) * 32) for n in (1, 2))
    assert first.commitment != second.commitment
    assert b"ada" not in first.to_bytes()


def test_the_event_is_part_of_what_is_logged() -> None:
    commitment = make_entry(Event.DECISION, {}, SALT).commitment
    assert Entry(Event.DECISION, commitment).to_bytes() != Entry(Event.LIST_PUBLISHED, commitment).to_bytes()


@pytest.mark.parametrize("length", [0, 16, 31, 33])
def test_a_salt_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(FormatError, match="a salt is 32 bytes"):
        make_entry(Event.DECISION, {}, bytes(length))

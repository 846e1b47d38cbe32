"""The outside of a suppression list: signature, wholeness, dates. Its inside is the gate's."""

import dataclasses
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from demur.core.errors import (
    DemurError,
    DigestMismatchError,
    ExpiredError,
    FormatError,
    SignatureMismatchError,
    UnsealError,
)
from demur.core.note import Signer
from demur.core.statement import sign_statement
from demur.core.suppression_list import (
    FORM,
    HEADER_FORM,
    SuppressionListHeader,
    check_current,
    seal_list,
    verify_list,
)

Damage = Callable[[bytes], Iterator[bytes]]
ISSUED_AT = datetime(2026, 11, 23, 10, tzinfo=UTC)
LIST_KEY = b"\x07" * 32
HEADER = SuppressionListHeader(
    controller="lumen.example",
    number=7,
    issued_at=ISSUED_AT,
    expires_at=ISSUED_AT + timedelta(hours=24),
    log_origin="lumen.example/log",
    tree_size=42,
    entries=2,
    payload_sha256=bytes(32),
    salt=b"\x08" * 32,
)
PAYLOAD = b"columns"


@pytest.fixture
def raw(list_signer: Signer) -> bytes:
    return seal_list(HEADER, PAYLOAD, LIST_KEY, list_signer)


def test_a_list_shows_its_header_to_all_and_its_entries_to_the_holder_of_the_list_key(
    raw: bytes, list_signer: Signer
) -> None:
    verified = verify_list(memoryview(raw), list_signer.verifier_key)
    assert dataclasses.replace(verified.header, payload_sha256=bytes(32)) == HEADER
    assert verified.unseal_payload(LIST_KEY) == PAYLOAD
    assert PAYLOAD not in raw
    with pytest.raises(UnsealError):
        verified.unseal_payload(bytes(32))


def test_one_flipped_bit_anywhere_in_a_list_is_refused(raw: bytes, list_signer: Signer, every_flip: Damage) -> None:
    for flipped in every_flip(raw):
        with pytest.raises(DemurError):
            verify_list(flipped, list_signer.verifier_key)


def test_truncated_or_extended_list_is_refused(
    raw: bytes, list_signer: Signer, every_cut: Damage, every_insertion: Damage
) -> None:
    for damaged in (*every_cut(raw), *every_insertion(raw)):
        with pytest.raises(DemurError):
            verify_list(damaged, list_signer.verifier_key)


def test_list_signed_by_another_role_of_the_same_controller_is_refused(raw: bytes, log_signer: Signer) -> None:
    with pytest.raises(SignatureMismatchError):
        verify_list(raw, log_signer.verifier_key)


def test_payload_of_another_list_is_refused(raw: bytes, list_signer: Signer) -> None:
    other = seal_list(dataclasses.replace(HEADER, number=6), b"COLUMNS", LIST_KEY, list_signer)
    size = len(PAYLOAD) + 16
    with pytest.raises(DigestMismatchError, match="its payload is not what was signed"):
        verify_list(raw[:-size] + other[-size:], list_signer.verifier_key)


def test_list_with_an_unknown_field_is_refused(list_signer: Signer) -> None:
    note = sign_statement(HEADER_FORM, {**HEADER.to_body(), "scope": "some"}, list_signer)
    with pytest.raises(FormatError, match='unknown field "scope"'):
        verify_list(f"{FORM} {len(note)}\n".encode() + note, list_signer.verifier_key)


@pytest.mark.parametrize("first", ["", FORM, f"{FORM} 0\n", f"{FORM} 0100\n", f"{FORM} x\n", "demur-receipt/v1 9\n"])
def test_another_first_line_is_no_list(first: str, raw: bytes, list_signer: Signer) -> None:
    with pytest.raises(FormatError, match="its first line"):
        verify_list(first.encode() + raw.partition(b"\n")[2], list_signer.verifier_key)


def test_a_list_is_used_from_its_issue_until_just_before_its_expiry() -> None:
    check_current(HEADER, HEADER.issued_at)
    check_current(HEADER, HEADER.expires_at - timedelta(microseconds=1))


def test_expired_list_is_refused_from_the_very_instant() -> None:
    with pytest.raises(ExpiredError, match="list 7 expired on 2026-11-24T10:00:00Z") as caught:
        check_current(HEADER, HEADER.expires_at)
    assert "newest list" in caught.value.hint


def test_future_list_is_refused_since_a_clock_must_be_wrong() -> None:
    with pytest.raises(ExpiredError, match="after this clock's time") as caught:
        check_current(HEADER, HEADER.issued_at - timedelta(seconds=1))
    assert "clock" in caught.value.hint

import dataclasses
import json
from collections.abc import Callable, Iterator

import pytest

from demur.core.checkpoint import Checkpoint
from demur.core.entry import Event, make_entry
from demur.core.errors import CommitmentMismatchError, DemurError, FormatError, SignatureMismatchError
from demur.core.merkle import inclusion_proof, leaf_hash, root_hash
from demur.core.note import Signer, sign_note
from demur.core.receipt import Receipt, parse_receipt, verify_receipt

Damage = Callable[[bytes], Iterator[bytes]]
STATEMENT = {"email": "ada@example.org", "handles": ["ada.m"], "received_at": "2026-11-23T10:00:00Z"}
SALT = b"\x05" * 32


@pytest.fixture
def receipt(log_signer: Signer) -> Receipt:
    """The third of five entries."""
    entries = [b"one", b"two", make_entry(Event.OBJECTION_RECEIVED, STATEMENT, SALT).to_bytes(), b"four", b"five"]
    return receipt_over(entries, 2, log_signer)


def receipt_over(entries: list[bytes], index: int, signer: Signer) -> Receipt:
    leaves = [leaf_hash(entry) for entry in entries]
    proof = inclusion_proof(index, len(leaves), lambda level, at: root_hash(leaves[at << level : (at + 1) << level]))
    note = Checkpoint(signer.name, len(leaves), root_hash(leaves)).sign(signer).decode()
    return Receipt(Event.OBJECTION_RECEIVED, STATEMENT, SALT, index, tuple(proof), note, signer.verifier_key)


def edited(receipt: Receipt, **fields: object) -> bytes:
    """Give the receipt file with other fields, in the one form that receipts have; None takes a field out."""
    body = {**json.loads(receipt.to_bytes()), **fields}
    left = {name: value for name, value in body.items() if value is not None}
    return (json.dumps(left, ensure_ascii=False, sort_keys=True, indent=2) + "\n").encode()


def test_a_receipt_survives_the_way_to_disk_and_back(receipt: Receipt, log_signer: Signer) -> None:
    read = parse_receipt(receipt.to_bytes())
    assert read == receipt
    assert verify_receipt(read, log_signer.verifier_key) == Checkpoint(
        "lumen.example/log", 5, verify_receipt(receipt, log_signer.verifier_key).root_hash
    )


def test_one_flipped_bit_anywhere_in_a_receipt_is_refused(
    receipt: Receipt, log_signer: Signer, every_flip: Damage
) -> None:
    for flipped in every_flip(receipt.to_bytes()):
        with pytest.raises(DemurError):
            verify_receipt(parse_receipt(flipped), log_signer.verifier_key)


def test_truncated_or_extended_receipt_is_refused(
    receipt: Receipt, log_signer: Signer, every_cut: Damage, every_insertion: Damage
) -> None:
    raw = receipt.to_bytes()
    for damaged in (*every_cut(raw), *every_insertion(raw)):
        with pytest.raises(DemurError):
            verify_receipt(parse_receipt(damaged), log_signer.verifier_key)


def test_receipt_with_another_statement_is_refused(receipt: Receipt, log_signer: Signer) -> None:
    other = parse_receipt(edited(receipt, statement={**STATEMENT, "received_at": "2026-11-22T10:00:00Z"}))
    with pytest.raises(CommitmentMismatchError, match="the receipt was changed"):
        verify_receipt(other, log_signer.verifier_key)


def test_receipt_with_another_event_is_refused(receipt: Receipt, log_signer: Signer) -> None:
    with pytest.raises(CommitmentMismatchError):
        verify_receipt(dataclasses.replace(receipt, event=Event.DECISION), log_signer.verifier_key)


def test_receipt_with_another_salt_is_refused(receipt: Receipt, log_signer: Signer) -> None:
    with pytest.raises(CommitmentMismatchError):
        verify_receipt(dataclasses.replace(receipt, salt=bytes(32)), log_signer.verifier_key)


def test_receipt_at_another_place_is_refused(receipt: Receipt, log_signer: Signer) -> None:
    for index in (0, 1, 3, 4, 5, 2 + 8):
        with pytest.raises(CommitmentMismatchError):
            verify_receipt(dataclasses.replace(receipt, leaf_index=index), log_signer.verifier_key)


def test_receipt_under_the_checkpoint_of_another_tree_is_refused(receipt: Receipt, log_signer: Signer) -> None:
    other = Checkpoint(log_signer.name, 5, bytes(32)).sign(log_signer).decode()
    with pytest.raises(CommitmentMismatchError):
        verify_receipt(dataclasses.replace(receipt, checkpoint=other), log_signer.verifier_key)


def test_receipt_by_a_stranger_who_names_a_key_of_their_own_is_refused(
    receipt: Receipt, log_signer: Signer, stranger: Signer
) -> None:
    entries = [make_entry(Event.OBJECTION_RECEIVED, STATEMENT, SALT).to_bytes()]
    forged = receipt_over(entries, 0, stranger)
    verify_receipt(forged, forged.log_key)
    with pytest.raises(SignatureMismatchError, match="names another key"):
        verify_receipt(forged, log_signer.verifier_key)
    posing = dataclasses.replace(forged, log_key=log_signer.verifier_key)
    with pytest.raises(SignatureMismatchError, match="not signed by"):
        verify_receipt(posing, log_signer.verifier_key)


def test_a_genuine_receipt_that_was_made_to_name_a_strangers_key_is_refused(
    receipt: Receipt, log_signer: Signer, stranger: Signer
) -> None:
    swapped = dataclasses.replace(receipt, log_key=stranger.verifier_key)
    with pytest.raises(SignatureMismatchError):
        verify_receipt(swapped, log_signer.verifier_key)


def test_a_signed_note_that_is_no_checkpoint_carries_no_receipt(receipt: Receipt, log_signer: Signer) -> None:
    note = sign_note("hello\n", log_signer).decode()
    with pytest.raises(FormatError):
        verify_receipt(dataclasses.replace(receipt, checkpoint=note), log_signer.verifier_key)


@pytest.mark.parametrize(
    "fields",
    [
        {"form": "demur-receipt/v2"},
        {"form": None},
        {"event": "celebration"},
        {"event": None},
        {"leaf_index": -1},
        {"leaf_index": True},
        {"leaf_index": "2"},
        {"salt": "05"},
        {"salt": "AB" * 32},
        {"inclusion_proof": ["AAAA"]},
        {"inclusion_proof": [5]},
        {"inclusion_proof": {}},
        {"log_key": "lumen.example/log"},
        {"statement": []},
        {"note_to_self": "unknown fields are not passed over"},
    ],
    ids=str,
)
def test_receipt_with_a_wrong_field_is_refused(fields: dict, receipt: Receipt) -> None:
    with pytest.raises(FormatError):
        parse_receipt(edited(receipt, **fields))


def test_bytes_that_are_not_text_are_no_receipt() -> None:
    with pytest.raises(FormatError, match="not UTF-8"):
        parse_receipt(b"\xff\xfe")

import base64
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demur.core.errors import DemurError, FormatError, SignatureMismatchError
from demur.core.note import Signer, VerifierKey, parse_note, parse_verifier_key, sign_note, verify_note

Damage = Callable[[bytes], Iterator[bytes]]
VECTOR = json.loads((Path(__file__).parents[1] / "vectors" / "signed-note.json").read_text())
PETER = Signer("PeterNeumann", base64.b64decode(VECTOR["seed_b64"]))
NOTE = VECTOR["note"].encode()
TEXT = "first line\n\nlast line, with an em dash — and ümläute\n"


def test_the_published_note_verifies_and_is_made_again_byte_for_byte() -> None:
    key = parse_verifier_key(VECTOR["verifier_key"])
    assert verify_note(NOTE, key) == VECTOR["text"]
    assert PETER.verifier_key == key
    assert str(key) == VECTOR["verifier_key"]
    assert sign_note(VECTOR["text"], PETER) == NOTE


def test_every_part_and_every_changed_character_of_a_verifier_key_is_refused() -> None:
    text = VECTOR["verifier_key"]
    parts = [text[start:end] for start in range(len(text)) for end in range(start + 1, len(text) + 1)]
    changed = [text[:at] + chr(ord(text[at]) + 1) + text[at + 1 :] for at in range(len(text))]
    spaced = [f" {text}", f"{text} ", f"{text}\n", text.replace("+", " +", 1)]
    for wrong in {*parts, *changed, *spaced} - {text}:
        with pytest.raises(FormatError):
            parse_verifier_key(wrong)


@pytest.mark.parametrize("fault", VECTOR["refused_verifier_keys"])
def test_verifier_key_is_refused(fault: str) -> None:
    with pytest.raises(FormatError):
        parse_verifier_key(VECTOR["refused_verifier_keys"][fault])


@given(st.text(st.characters(blacklist_categories=("Cc", "Cs"))), st.binary(min_size=32, max_size=32))
def test_what_is_signed_is_what_is_read(text: str, seed: bytes) -> None:
    signer = Signer("lumen.example/gate", seed)
    assert verify_note(sign_note(f"{text}\n", signer), signer.verifier_key) == f"{text}\n"
    assert parse_verifier_key(str(signer.verifier_key)) == signer.verifier_key


def test_one_flipped_bit_anywhere_in_a_note_is_refused(log_signer: Signer, every_flip: Damage) -> None:
    for flipped in every_flip(sign_note(TEXT, log_signer)):
        with pytest.raises(DemurError):
            verify_note(flipped, log_signer.verifier_key)


def test_truncated_or_extended_note_is_refused(log_signer: Signer, every_cut: Damage, every_insertion: Damage) -> None:
    note = sign_note(TEXT, log_signer)
    for cut in (*every_cut(note), *every_insertion(note)):
        with pytest.raises(DemurError):
            verify_note(cut, log_signer.verifier_key)


def test_note_by_another_key_of_the_same_name_is_refused(log_signer: Signer, stranger: Signer) -> None:
    with pytest.raises(SignatureMismatchError, match=r'not signed by "lumen\.example/log"'):
        verify_note(sign_note(TEXT, stranger), log_signer.verifier_key)


def test_note_by_the_same_key_under_another_name_is_refused(log_signer: Signer) -> None:
    other = Signer("agora.example/log", log_signer.seed)
    with pytest.raises(SignatureMismatchError):
        verify_note(sign_note(TEXT, other), log_signer.verifier_key)


def test_signature_of_another_text_is_refused(log_signer: Signer) -> None:
    other = sign_note("another text\n", log_signer).decode().rpartition("\n\n")[2]
    with pytest.raises(SignatureMismatchError, match="does not fit"):
        verify_note(f"{TEXT}\n{other}".encode(), log_signer.verifier_key)


def test_one_bad_signature_of_the_key_beside_a_good_one_is_refused(log_signer: Signer) -> None:
    good = sign_note(TEXT, log_signer)
    bad = sign_note("another text\n", log_signer).decode().rpartition("\n\n")[2]
    with pytest.raises(SignatureMismatchError):
        verify_note(good + bad.encode(), log_signer.verifier_key)


def test_signatures_of_others_are_neither_needed_nor_checked(log_signer: Signer) -> None:
    """A witness's cosignature is longer: it holds a time too (C2SP tlog-cosignature)."""
    cosignature = base64.b64encode(b"\x01\x02\x03\x04" + bytes(8) + bytes(64)).decode()
    note = sign_note(TEXT, log_signer) + f"— witness.example/w1 {cosignature}\n".encode()
    assert verify_note(note, log_signer.verifier_key) == TEXT
    assert [name for name, _, _ in parse_note(note).signatures] == ["lumen.example/log", "witness.example/w1"]


def test_signature_of_our_key_with_another_length_is_refused(log_signer: Signer) -> None:
    short = base64.b64encode(log_signer.verifier_key.key_id + bytes(63)).decode()
    with pytest.raises(SignatureMismatchError):
        verify_note(f"{TEXT}\n— {log_signer.name} {short}\n".encode(), log_signer.verifier_key)


@pytest.mark.parametrize("text", ["", "no newline", "a\tb\n", "a\rb\n", "a\x00\n", "\x1f\n"])
def test_a_text_that_no_verifier_would_take_is_not_signed(text: str, log_signer: Signer) -> None:
    with pytest.raises(FormatError, match="must end in a newline"):
        sign_note(text, log_signer)


def test_control_characters_in_a_signed_text_are_refused(log_signer: Signer) -> None:
    stamp = base64.b64encode(log_signer.verifier_key.key_id + log_signer.sign(b"a\tb\n")).decode()
    with pytest.raises(FormatError, match="control characters"):
        verify_note(f"a\tb\n\n— {log_signer.name} {stamp}\n".encode(), log_signer.verifier_key)


@pytest.mark.parametrize(
    "raw",
    [b"", b"\n", b"\n\n", b"text\n", b"text\n\n", b"text\n\nno signature\n", b"\xff\n\n", b"text\n\n- n AAAAAA==\n"],
    ids=["empty", "newline", "two newlines", "no signature", "no line", "no dash", "not UTF-8", "hyphen for dash"],
)
def test_bytes_that_are_no_note_are_refused(raw: bytes) -> None:
    with pytest.raises(FormatError):
        parse_note(raw)


def test_a_signer_never_shows_its_seed() -> None:
    assert PETER.seed.hex() not in repr(PETER)
    assert repr(PETER.seed) not in repr(PETER)


def test_two_keys_with_one_id_are_still_two(log_signer: Signer) -> None:
    """A key id is an identifier, not a hash to rely on: the signature decides."""
    note = sign_note(TEXT, log_signer)
    other = VerifierKey(log_signer.name, bytes(32))
    forged = note.decode().replace(note.decode().split()[-1], base64.b64encode(other.key_id + bytes(64)).decode())
    with pytest.raises(SignatureMismatchError):
        verify_note(forged.encode(), log_signer.verifier_key)

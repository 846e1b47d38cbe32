"""The examples of docs/spec are what the code writes: these tests fail when the pages lag."""

import re
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from demur.core.entry import Event
from demur.core.note import Signer, parse_verifier_key
from demur.core.receipt import parse_receipt, verify_receipt
from demur.core.sealing import seal, unseal
from demur.core.statement import sign_statement, verify_statement
from demur.ledger.log import Log, verify_log

SPEC = Path(__file__).parents[2] / "docs" / "spec"
SEEDS = {"lumen.example/log": b"\x11" * 32, "lumen.example/list": b"\x22" * 32}


def examples(page: str) -> list[str]:
    return re.findall(r"^```\w+\n(.*?)^```$", (SPEC / page).read_text(), re.DOTALL | re.MULTILINE)


def signer(name: str) -> Signer:
    return Signer(name, SEEDS[name])


def test_the_signed_statement_verifies_and_is_written_again_byte_for_byte() -> None:
    note, published = (example.encode() for example in examples("signed-statement.md"))
    key = parse_verifier_key(published.decode().strip())
    form = "demur-suppression-list-header/v1"
    assert sign_statement(form, verify_statement(note, form, key), signer(key.name)) == note


def test_the_log_is_written_again_file_by_file(tmp_path: Path) -> None:
    entries, files, checkpoint, published = examples("log.md")
    key = parse_verifier_key(published.strip())
    with Log(tmp_path / "log", signer(key.name)) as log:
        log.append([line.encode() for line in entries.splitlines()])
        assert log.reader.checkpoint_note().decode() == checkpoint
    verify_log(tmp_path / "log", key)
    found = sorted(path.relative_to(tmp_path / "log").as_posix() for path in tmp_path.rglob("*") if path.is_file())
    assert found == files.splitlines()


def test_the_receipt_verifies_with_the_key_and_belongs_to_the_example_log() -> None:
    (raw,) = examples("receipt.md")
    _, _, checkpoint, published = examples("log.md")
    receipt = parse_receipt(raw.encode())
    assert verify_receipt(receipt, parse_verifier_key(published.strip())).tree_size == 3
    assert receipt.checkpoint == checkpoint
    assert receipt.to_bytes() == raw.encode()


def test_the_sealed_bytes_are_sealed_again_and_open() -> None:
    rows = dict(re.findall(r"^\| ([a-z ]+) \| `([0-9a-f]+)`", (SPEC / "sealing.md").read_text(), re.MULTILINE))
    key, salt, purpose, plaintext, sealed = (
        bytes.fromhex(rows[name]) for name in ("key", "salt", "purpose", "plaintext", "sealed")
    )
    assert seal(plaintext, key, salt, purpose) == sealed
    assert unseal(sealed, key, salt, purpose) == plaintext
    file_key = HKDF(algorithm=SHA256(), length=32, salt=salt, info=purpose).derive(key)
    assert file_key.hex() == rows["file key"]
    assert AESGCM(file_key).decrypt(bytes(11) + b"\x01", sealed, None) == plaintext


def test_every_event_that_can_be_logged_is_named() -> None:
    row = next(line for line in (SPEC / "log.md").read_text().splitlines() if line.startswith("| `event`"))
    assert re.findall(r"`([a-z-]+)`", row)[1:] == list(Event)


@pytest.mark.parametrize("page", ["signed-statement.md", "log.md", "receipt.md", "sealing.md"])
def test_every_page_begins_with_an_example_and_ends_with_the_version(page: str) -> None:
    headings = re.findall(r"^#+ (.+)$", (SPEC / page).read_text(), re.MULTILINE)
    assert headings[0].endswith(", version 1")
    assert headings[1] == "Example"
    assert headings[-1] == "Version"

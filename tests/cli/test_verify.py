import errno
import hashlib
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import typer
from click.testing import Result
from typer.testing import CliRunner

from demur.cli.verify import verify
from demur.core.entry import Event, make_entry
from demur.core.gate_manifest import GateManifest, GateMode, ManifestFile
from demur.core.note import sign_note
from demur.core.suppression_list import SuppressionListHeader, seal_list, verify_list
from demur.ledger.keys import KeyRole, create_missing_keys, load_signer, load_verifier_keys
from demur.ledger.log import Log

app = typer.Typer()
app.command()(verify)
SALT = b"\x05" * 32
STATEMENT = {
    "capacity": "account_holder",
    "email": "ada@example.org",
    "handles": [],
    "received_at": "2026-11-23T10:00:00Z",
    "reference": "DMR-7K3F-9Q2M",
    "scope": "all-ai-training",
}


@dataclass(frozen=True)
class Given:
    """One of each thing that can be verified, all of one controller."""

    folder: Path

    @property
    def keys(self) -> Path:
        return self.folder / "keys" / "public.keys"

    def __getattr__(self, name: str) -> Path:
        return self.folder / {"receipt": "receipt.json", "list": "7.list", "manifest": "run/manifest.note"}.get(
            name, name
        )


def make_list(given: Given, issued_at: datetime, lifetime: timedelta = timedelta(hours=24)) -> bytes:
    header = SuppressionListHeader(
        controller="lumen.example",
        number=7,
        issued_at=issued_at,
        expires_at=issued_at + lifetime,
        log_origin="lumen.example/log",
        tree_size=301,
        entries=2,
        payload_sha256=bytes(32),
        salt=SALT,
    )
    return seal_list(header, b"columns" * 100, bytes(32), load_signer(given.folder / "keys", KeyRole.LIST))


def make_manifest(run: Path, outputs: dict[str, bytes]) -> GateManifest:
    for name, raw in outputs.items():
        (run / name).parent.mkdir(parents=True, exist_ok=True)
        (run / name).write_bytes(raw)
    return GateManifest(
        list_number=7,
        list_header_sha256=bytes(32),
        list_kinds={"account": 2, "face": 1},
        kinds_not_applied=("face",),
        mapping_sha256=bytes(32),
        catalogue_sha256=None,
        rules={"author-objected": 1},
        mode=GateMode.REWRITE,
        inputs=(ManifestFile("a.parquet", bytes(32), 1_200),),
        outputs=tuple(ManifestFile(name, hashlib.sha256(raw).digest(), 600) for name, raw in outputs.items()),
        linked=(),
        kept_rows=1_100,
        withheld_rows=100,
        withheld_by_reason={"author-objected": 100},
    )


@pytest.fixture
def given(tmp_path: Path) -> Given:
    given = Given(tmp_path)
    create_missing_keys(tmp_path / "keys", "lumen.example")
    with Log(given.log, load_signer(tmp_path / "keys", KeyRole.LOG)) as log:
        log.append([b"entry %d" % number for number in range(300)])
        index = log.append([make_entry(Event.OBJECTION_RECEIVED, STATEMENT, SALT).to_bytes()])
        receipt = log.reader.make_receipt(Event.OBJECTION_RECEIVED, STATEMENT, SALT, index)
    given.receipt.write_bytes(receipt.to_bytes())
    given.list.write_bytes(make_list(given, datetime.now(UTC)))
    manifest = make_manifest(tmp_path / "run", {"kept/a.parquet": b"kept", "withheld/a.parquet": b"withheld"})
    given.manifest.write_bytes(manifest.sign(load_signer(tmp_path / "keys", KeyRole.GATE)))
    return given


def run(*arguments: object) -> Result:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def test_all_kinds_of_files_verify_and_say_what_is_shown_and_what_not(given: Given) -> None:
    result = run(given.receipt, given.list, given.manifest, given.log, given.log / "checkpoint", "--keys", given.keys)
    assert result.exit_code == 0, result.output
    for kind in ("receipt", "suppression list", "gate manifest", "log", "checkpoint"):
        assert f": {kind}, verified\n" in result.stdout
    assert result.stdout.count("\n  shown\n") == result.stdout.count("\n  not shown\n") == 5
    assert result.stderr == ""


def test_a_receipt_says_what_was_stated_in_words(given: Given) -> None:
    words = " ".join(run(given.receipt, "--keys", given.keys).stdout.split())
    assert "stated an objection was received" in words
    assert "position entry 300, counted from 0" in words
    assert "e-mail ada@example.org" in words
    assert "handles, as typed none" in words
    assert "scope all training of AI" in words
    assert "no later than its checkpoint of 301 entries" in words
    assert "not shown - that any row is absent from a training set" in words
    assert "no witness has signed this checkpoint" in words


def test_a_receipt_without_keys_fits_only_the_key_that_it_names_and_says_so(given: Given) -> None:
    result = run(given.receipt)
    assert result.exit_code == 6
    assert "verified" not in result.stdout
    assert "signer not known" in result.stdout
    assert "Anybody can make such a receipt" in result.stdout
    assert str(load_signer(given.folder / "keys", KeyRole.LOG).verifier_key) in result.stdout


@pytest.mark.parametrize("what", ["list", "manifest", "log", "log/checkpoint"])
def test_nothing_else_is_verified_without_keys(what: str, given: Given) -> None:
    result = run(getattr(given, what))
    assert result.exit_code == 6
    assert result.stdout == ""
    assert "cannot be verified without the controller's public keys" in result.stderr
    assert "give it with --keys" in result.stderr


@pytest.mark.parametrize("what", ["receipt", "list", "manifest", "log", "log/checkpoint"])
def test_the_keys_of_another_controller_verify_nothing(what: str, given: Given, tmp_path: Path) -> None:
    create_missing_keys(tmp_path / "stranger", "lumen.example")
    result = run(getattr(given, what), "--keys", tmp_path / "stranger" / "public.keys")
    assert result.exit_code == 3
    assert "not verified" in result.stderr


def test_a_changed_statement_is_refused_with_the_file_and_the_check_named(given: Given) -> None:
    copy = given.folder / "copy.json"
    copy.write_bytes(given.receipt.read_bytes().replace(b"ada@example.org", b"eve@example.org"))
    result = run(copy, "--keys", given.keys)
    assert result.exit_code == 3
    assert result.stderr.startswith(
        f"✗ {copy}: receipt, not verified; the check of the statement and its proof failed: "
    )
    assert "eve" not in result.output


@pytest.mark.parametrize("what", ["receipt", "list", "manifest", "log/checkpoint"])
def test_one_flipped_byte_anywhere_is_refused(what: str, given: Given) -> None:
    """Every 7th byte: the core's own tests do every bit."""
    path: Path = getattr(given, what)
    raw = path.read_bytes()
    copies = []
    for at in range(0, len(raw), 7):
        copies.append(path.with_name(f"{at}-{path.name}"))
        copies[-1].write_bytes(raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :])
    result = run(*copies, "--keys", given.keys)
    assert result.exit_code == 3
    assert result.stdout == ""
    assert all(str(copy) in result.stderr for copy in copies)


def test_a_changed_log_file_is_refused_by_name(given: Given) -> None:
    path = given.log / "tile/entries/000"
    path.write_bytes(path.read_bytes().replace(b"entry 7", b"entry X", 1))
    result = run(given.log, "--keys", given.keys)
    assert result.exit_code == 3
    assert "the check of the log's files failed" in result.stderr
    assert "tile/entries/000" in result.stderr


def test_the_other_files_are_checked_after_one_has_failed_and_the_worst_code_counts(given: Given) -> None:
    damaged = given.folder / "damaged.json"
    damaged.write_bytes(given.receipt.read_bytes()[:-9])
    result = run(given.folder / "absent", damaged, given.receipt, "--keys", given.keys)
    assert result.exit_code == 5
    assert f"✓ {given.receipt}: receipt, verified" in result.stdout
    assert "no such file or directory" in result.stderr
    forged = given.folder / "forged.json"
    forged.write_bytes(given.receipt.read_bytes().replace(b"ada@", b"eve@"))
    assert run(damaged, forged, given.receipt, "--keys", given.keys).exit_code == 3


@pytest.mark.parametrize(("days", "words"), [(-2, "expired on"), (2, "after this clock's time")])
def test_an_expired_or_future_list_is_refused(days: int, words: str, given: Given) -> None:
    given.list.write_bytes(make_list(given, datetime.now(UTC) + timedelta(days=days)))
    result = run(given.list, "--keys", given.keys)
    assert result.exit_code == 4
    assert "the check of the dates failed" in result.stderr
    assert words in result.stderr


def test_a_changed_output_beside_a_manifest_is_refused(given: Given) -> None:
    (given.manifest.parent / "kept/a.parquet").write_bytes(b"Kept")
    result = run(given.manifest, "--keys", given.keys)
    assert result.exit_code == 3
    assert 'the file "kept/a.parquet" is not the one that the manifest names' in result.stderr


def test_an_output_that_the_manifest_does_not_name_is_refused(given: Given) -> None:
    """Who trains on the folder would train on it."""
    kept = given.manifest.parent / "kept"
    for passed_over in (".hidden", "_SUCCESS"):
        (kept / passed_over).write_bytes(b"")
    (kept / "deeper").mkdir()
    assert run(given.manifest, "--keys", given.keys).exit_code == 0
    (kept / "deeper" / "extra.parquet").write_bytes(b"smuggled")
    result = run(given.manifest, "--keys", given.keys)
    assert result.exit_code == 3
    assert 'does not name the file "kept/deeper/extra.parquet"' in result.stderr


@pytest.mark.parametrize("name", ["_more.parquet", ".more.parquet", "_hidden/a.parquet", "linked", "dangling.parquet"])
def test_nothing_can_be_smuggled_among_the_outputs(name: str, given: Given) -> None:
    """Those who read `kept/*.parquet` or `kept/**` read hidden names too, and follow links."""
    added = given.manifest.parent / "kept" / name
    added.parent.mkdir(exist_ok=True)
    if name == "linked":
        (given.folder / "elsewhere").mkdir()
        (given.folder / "elsewhere" / "b.parquet").write_bytes(b"smuggled")
        added.symlink_to(given.folder / "elsewhere")
    elif name == "dangling.parquet":
        added.symlink_to(given.folder / "tomorrow.parquet")
    else:
        added.write_bytes(b"smuggled")
    result = run(given.manifest, "--keys", given.keys)
    assert result.exit_code == 3
    assert f'does not name the file "kept/{name}"' in result.stderr


def test_a_folder_among_the_outputs_that_cannot_be_read_is_not_passed_over(
    given: Given, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = given.manifest.parent / "kept" / "closed"
    closed.mkdir()
    scandir = os.scandir

    def refuse(path: str) -> object:
        if Path(path) == closed:
            raise PermissionError(errno.EACCES, "Permission denied")
        return scandir(path)

    monkeypatch.setattr("os.scandir", refuse)
    result = run(given.manifest, "--keys", given.keys)
    assert result.exit_code == 5
    assert "cannot be read: permission denied" in result.stderr


def test_a_manifest_can_be_told_from_others_by_what_receipt_and_list_say_of_it(given: Given) -> None:
    """A receipt of another run's manifest, or another list of the same number, verifies too."""
    logged = {"manifest_sha256": hashlib.sha256(given.manifest.read_bytes()).hexdigest()}
    with Log(given.log, load_signer(given.folder / "keys", KeyRole.LOG)) as log:
        index = log.append([make_entry(Event.GATE_MANIFEST, logged, SALT).to_bytes()])
        receipt = log.reader.make_receipt(Event.GATE_MANIFEST, logged, SALT, index)
    given.receipt.write_bytes(receipt.to_bytes())
    facts = [line.split() for line in run(given.manifest, given.list, "--keys", given.keys).stdout.splitlines()]
    assert ["SHA-256", logged["manifest_sha256"]] in facts
    assert ["its", "header", bytes(32).hex()] in facts
    assert "compare its SHA-256" in run(given.receipt, "--keys", given.keys).stdout
    list_key = load_verifier_keys(given.keys)["lumen.example/list"]
    header_sha256 = verify_list(given.list.read_bytes(), list_key).header_sha256
    assert ["SHA-256", "of", "header", header_sha256.hex()] in facts


def test_outputs_that_are_not_there_are_not_claimed(given: Given) -> None:
    shutil.rmtree(given.manifest.parent / "withheld")
    some = run(given.manifest, "--keys", given.keys)
    assert some.exit_code == 0
    assert "the outputs beside the manifest (1) are, byte for byte, those that it names" in some.stdout
    assert 'what is in the outputs not beside the manifest (1), e.g. "withheld/a.parquet"' in some.stdout
    shutil.rmtree(given.manifest.parent / "kept")
    none = run(given.manifest, "--keys", given.keys)
    assert none.exit_code == 0
    assert "byte for byte, those" not in none.stdout


@pytest.mark.parametrize("name", ["../outside", "/etc/hostname", "kept/../../outside"])
def test_a_manifest_that_points_outside_its_folder_is_refused(name: str, given: Given) -> None:
    manifest = replace(make_manifest(given.manifest.parent, {}), outputs=(ManifestFile(name, bytes(32), 1),))
    given.manifest.write_bytes(manifest.sign(load_signer(given.folder / "keys", KeyRole.GATE)))
    result = run(given.manifest, "--keys", given.keys)
    assert result.exit_code == 5
    assert "outside its own folder" in result.stderr


@pytest.mark.parametrize(
    "raw",
    [b"", b"hello\n", b"\x00\xff", b"{}\n", b"{", b'{\n  "form": "other/v1"\n}\n', b"demur-suppression-list/v1 5\nx"],
    ids=["empty", "text", "binary", "object", "half an object", "another form", "half a list"],
)
def test_what_is_none_of_ours_is_refused(raw: bytes, given: Given) -> None:
    path = given.folder / "file"
    path.write_bytes(raw)
    result = run(path, "--keys", given.keys)
    assert result.exit_code == 5
    assert "the check of the format failed" in result.stderr


@pytest.mark.parametrize("text", ["hello\n", "\n", "a\nb\nc\n", "demur-other/v1\n{}\n"])
def test_a_signed_note_of_another_kind_is_refused(text: str, given: Given) -> None:
    path = given.folder / "file.note"
    path.write_bytes(sign_note(text, load_signer(given.folder / "keys", KeyRole.GATE)))
    result = run(path, "--keys", given.keys)
    assert result.exit_code == 5
    assert "no manifest or checkpoint that this version knows" in result.stderr


def test_an_output_is_checked_by_its_folder_and_is_none_without_its_manifest(given: Given) -> None:
    folder = given.manifest.parent
    assert run(folder, "--keys", given.keys).exit_code == 0
    given.manifest.unlink()
    for left in ("withheld", "kept"):
        result = run(folder, "--keys", given.keys)
        assert result.exit_code == 5
        assert "no manifest.note: it is no output of a gate, or not the whole of one" in result.stderr
        shutil.rmtree(folder / left)


def test_a_folder_that_is_no_log_is_refused(given: Given) -> None:
    result = run(given.folder, "--keys", given.keys)
    assert result.exit_code == 5
    assert "this folder is not a log" in result.stderr


def test_a_key_file_without_the_role_is_refused(given: Given) -> None:
    given.keys.write_text(given.keys.read_text().splitlines(keepends=True)[0])
    result = run(given.list, "--keys", given.keys)
    assert result.exit_code == 1
    assert "the check of the keys failed" in result.stderr


def test_an_unchecked_cosignature_is_not_passed_off_as_a_witness(given: Given) -> None:
    note = given.log / "checkpoint"
    note.write_bytes(note.read_bytes() + f"— witness.example/w1 {'A' * 104}\n".encode())
    result = run(given.log, "--keys", given.keys)
    assert result.exit_code == 0
    assert "others have signed this checkpoint too, unchecked here" in result.stdout


def test_a_statement_cannot_move_the_terminals_cursor(given: Given) -> None:
    statement = {"handles": ["\x1b[2J\u202eada"], "nested": {"a": None}, "count": 3}
    with Log(given.log, load_signer(given.folder / "keys", KeyRole.LOG)) as log:
        index = log.append([make_entry(Event.DECISION, statement, SALT).to_bytes()])
        receipt = log.reader.make_receipt(Event.DECISION, statement, SALT, index)
    given.receipt.write_bytes(receipt.to_bytes())
    result = run(given.receipt, "--keys", given.keys)
    assert result.exit_code == 0
    assert "\x1b[2J" not in result.stdout
    assert "\u202e" not in result.stdout
    assert '{"a": null}' in result.stdout


def test_neither_django_nor_arrow_is_loaded(given: Given) -> None:
    code = (
        "import sys, typer; from demur.cli.verify import verify; app = typer.Typer(); app.command()(verify);"
        "app(standalone_mode=False);"
        "sys.exit(bool({'django', 'pyarrow', 'numpy', 'yaml'} & set(sys.modules)))"
    )
    arguments = [given.receipt, given.list, given.manifest, given.log, "--keys", given.keys]
    done = subprocess.run([sys.executable, "-c", code, *map(str, arguments)], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_receipt_file_is_recognised_whatever_its_name(given: Given) -> None:
    shutil.copy(given.receipt, given.folder / "holiday.jpg")
    assert "holiday.jpg: receipt, verified" in run(given.folder / "holiday.jpg", "--keys", given.keys).stdout

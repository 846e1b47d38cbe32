"""`demur gate` as a data engineer types it."""

import os
import re
import shutil
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import Result
from deltalake import DeltaTable, write_deltalake
from typer.testing import CliRunner

from demur.cli.gate import gate_app
from demur.cli.gate_summary import gate_progress
from demur.cli.verify import check_file
from demur.controller.errors import ControllerFileError
from demur.core.errors import DemurError, DigestMismatchError, ExpiredError, SignatureMismatchError
from demur.core.gate_manifest import verify_manifest
from demur.core.identifier import IdentifierKind
from demur.core.suppression_list import SuppressionListHeader, seal_list
from demur.gate.errors import ColumnMissingError, MappingError, OutputWriteError
from demur.gate.mapping import parse_mapping
from demur.gate.staging import Staging
from demur.gate.suppression_list import ListEntry, encode_entries
from demur.ledger.keys import (
    KeyRole,
    SecretName,
    create_missing_keys,
    load_secret,
    load_signer,
    load_verifier_keys,
)

ROWS = [
    {"record_id": "r1", "kind": "post", "audience": "public", "author_account": "lumen:ada"},
    {"record_id": "r2", "kind": "post", "audience": "public", "author_account": "lumen:cy"},
    {"record_id": "r3", "kind": "message", "audience": "private", "author_account": "lumen:cy"},
    {"record_id": "r4", "kind": "post", "audience": "public", "author_account": "lumen:cy"},
]
SCHEMA = pa.schema(
    {
        "record_id": pa.string(),
        "kind": pa.string(),
        "audience": pa.string(),
        "author_account": pa.string(),
        "author_is_minor": pa.bool_(),
        "tagged_accounts": pa.list_(pa.string()),
    },
)


def save_list(home: Path, *entries: ListEntry, hours: int = 24) -> Path:
    now = datetime.now(UTC)
    keys = home / "keys"
    header = SuppressionListHeader(
        controller="lumen.example",
        number=3,
        issued_at=now - timedelta(hours=25),
        expires_at=now + timedelta(hours=hours),
        log_origin="lumen.example/log",
        tree_size=5,
        entries=len(entries),
        payload_sha256=bytes(32),
        salt=b"s" * 32,
    )
    seal_key = load_secret(keys, SecretName.LIST_SEAL)
    path = home / "latest.list"
    path.write_bytes(seal_list(header, encode_entries(entries), seal_key, load_signer(keys, KeyRole.LIST)))
    return path


def entry(value: str, kind: IdentifierKind = IdentifierKind.ACCOUNT) -> ListEntry:
    return ListEntry(os.urandom(16), kind, value, datetime.now(UTC))


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with keys and a list in which Ada objects, a lake of four rows, and the mapping that inspect proposes."""
    monkeypatch.setenv("DEMUR_HOME", str(tmp_path / "home"))
    create_missing_keys(tmp_path / "home" / "keys", "lumen.example")
    save_list(tmp_path / "home", entry("lumen:ada"))
    rows = [{**each, "author_is_minor": False, "tagged_accounts": []} for each in ROWS]
    (tmp_path / "lake").mkdir()
    pq.write_table(pa.Table.from_pylist(rows, schema=SCHEMA), tmp_path / "lake" / "a.parquet")
    (tmp_path / "mapping.yaml").write_text(demur("inspect", tmp_path / "lake").stdout)
    return tmp_path


def demur(*arguments: str | Path) -> Result:
    return CliRunner().invoke(gate_app, [str(each) for each in arguments])


def mapping_and_list(world: Path) -> list[str | Path]:
    return ["--mapping", world / "mapping.yaml", "--list", world / "home" / "latest.list"]


def run(world: Path, *more: str | Path) -> Result:
    return demur("run", world / "lake", *mapping_and_list(world), "--out", world / "out", *more)


def error_of(result: Result) -> DemurError:
    assert isinstance(result.exception, DemurError)
    return result.exception


def test_inspect_then_run_keeps_what_may_train(world: Path) -> None:
    result = run(world)
    assert result.exit_code == 0, result.output
    words = result.stdout.split()
    for line in (["kept", "2", "50.00%"], ["withheld", "2", "50.00%"], ["author-objected", "1", "25.00%"]):
        at = words.index(line[0])
        assert words[at : at + 3] == line
    assert "minor" not in words
    assert "A row with two reasons counts in both." in result.stdout
    kept = pq.read_table(world / "out" / "kept" / "a.parquet")
    assert kept.column("record_id").to_pylist() == ["r2", "r4"]
    gate_key = load_signer(world / "home" / "keys", KeyRole.GATE).verifier_key
    assert verify_manifest((world / "out" / "manifest.note").read_bytes(), gate_key).list_number == 3


def test_a_folder_with_brackets_in_its_name_is_said_as_it_is(world: Path) -> None:
    """Taken for markup, it would end a run that is complete with an error."""
    result = run(world, "--out", world / "a[/b]")
    assert result.exit_code == 0, result.exception
    assert "a[/b]/manifest.note" in result.stdout


def files_in(world: Path) -> list[Path]:
    return sorted(path for path in world.rglob("*") if path.is_file())


def test_a_dry_run_says_what_a_run_would_and_writes_nothing(world: Path) -> None:
    options = ["--mapping", world / "mapping.yaml", "--list", world / "home" / "latest.list"]
    before = files_in(world)
    dry = demur("run", world / "lake", *options, "--dry-run")
    assert dry.exit_code == 0, dry.output
    assert files_in(world) == before
    table, last = dry.stdout.rstrip().rsplit("\n", 1)
    assert last == "list 3; nothing was written"
    assert run(world).stdout.startswith(table)


def test_a_dry_run_needs_no_key_to_sign_with(world: Path) -> None:
    (world / "home" / "keys" / "gate.seed").unlink()
    options = ["--mapping", world / "mapping.yaml", "--list", world / "home" / "latest.list"]
    assert demur("run", world / "lake", *options, "--dry-run").exit_code == 0


def test_a_run_is_either_dry_or_has_an_output(world: Path) -> None:
    options = ["--mapping", world / "mapping.yaml", "--list", world / "home" / "latest.list"]
    assert demur("run", world / "lake", *options).exit_code == 2
    assert run(world, "--dry-run").exit_code == 2
    assert not (world / "out").exists()


def test_what_a_run_that_died_had_finished_is_taken_over_and_said(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def die(staging: Staging) -> None:
        shutil.copytree(staging.folder.parent, world / "died")
        raise OutputWriteError

    with monkeypatch.context() as patch:
        patch.setattr(Staging, "publish", die)
        run(world)
    (world / "died").rename(world / ".out.partial-0123")
    assert "Files taken over from a run that died: 1 of 1." in run(world).stdout


def test_a_run_goes_on_from_an_earlier_output_and_says_so(world: Path) -> None:
    mapping = world / "mapping.yaml"
    mapping.write_text(re.sub(r"^text:.*\n", "", mapping.read_text(), flags=re.MULTILINE))
    assert run(world, "--note-accounts").exit_code == 0
    after = run(world, "--after", world / "out", "--out", world / "out2")
    assert "Files unaffected since the earlier output: 1 of 1." in after.stdout
    assert (world / "out2" / "manifest.note").read_bytes() == (world / "out" / "manifest.note").read_bytes()
    assert run(world, "--after", world / "lake", "--out", world / "out3").exit_code != 0
    options = ["--mapping", mapping, "--list", world / "home" / "latest.list"]
    for option in (["--note-accounts"], ["--after", world / "out"]):
        assert demur("run", world / "lake", *options, "--dry-run", *option).exit_code == 2


def test_progress_is_not_mixed_into_the_summary(world: Path) -> None:
    result = run(world)
    assert "gating with list 3" in result.stderr
    assert "gating" not in result.stdout


def test_reasons_so_far_stand_below_the_bar_as_long_as_it_moves() -> None:
    with gate_progress("list 3") as bar:
        bar(10, None)
        assert len(list(bar.get_renderables())) == 1
        bar.tell_reasons({"minor": 2, "author-objected": 1_200, "not-public": 2})
        [*_, words] = bar.get_renderables()
        assert str(words) == "withheld so far: author-objected 1,200, minor 2, not-public 2"
    assert len(list(bar.get_renderables())) == 1


def test_the_keys_folder_can_be_named(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DEMUR_HOME")
    monkeypatch.chdir(world)
    assert "public.keys" in str(error_of(run(world)))
    assert run(world, "--keys-folder", world / "home" / "keys").exit_code == 0


def test_entries_that_no_rule_looks_for_are_said(world: Path) -> None:
    save_list(world / "home", entry("ada@mail.example", IdentifierKind.EMAIL))
    assert "no rule of this version looks for: email" in run(world).stdout


@pytest.mark.parametrize("namespace", ["lumen", "lumne"])
def test_a_namespace_of_which_the_list_holds_nobody_is_said(namespace: str, world: Path) -> None:
    """A misspelt namespace would keep everybody's rows in silence."""
    rows = [{**ROWS[1], "author_account": "cy", "author_is_minor": False, "tagged_accounts": []}]
    pq.write_table(pa.Table.from_pylist(rows, schema=SCHEMA), world / "lake" / "a.parquet")
    path = world / "mapping.yaml"
    column = f"author_account: {{column: author_account, namespace: {namespace}}}\n#"
    path.write_text(path.read_text().replace("author_account: author_account", column))
    result = run(world)
    assert result.exit_code == 0, result.output
    is_said = 'No account on the list is of the namespace "lumne"' in result.stdout
    assert is_said == (namespace == "lumne")


def test_the_catalogue_is_taken_from_the_controllers_file(world: Path) -> None:
    """The sample controller trains on the public posts of Agora, and Muse has prompts only."""
    rows = [
        {**ROWS[1], "record_id": product, "author_is_minor": False, "tagged_accounts": [], "product": product}
        for product in ("agora", "muse", "elsewhere")
    ]
    schema = SCHEMA.append(pa.field("product", pa.string()))
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), world / "lake" / "a.parquet")
    controller = files("demur.sample") / "data" / "controller.yaml"
    result = run(world, "--controller", str(controller))
    assert isinstance(result.exception, MappingError)
    assert '"product"' in str(result.exception)
    (world / "mapping.yaml").write_text(demur("inspect", world / "lake").stdout)
    result = run(world, "--controller", str(controller))
    assert result.exit_code == 0, result.exception
    assert "not-in-catalogue" in result.stdout
    assert pq.read_table(world / "out" / "kept" / "a.parquet").column("record_id").to_pylist() == ["agora"]


def test_a_controllers_file_that_cannot_be_used_stops_the_run(world: Path) -> None:
    (world / "controller.yaml").write_text("name: lumen.example\n")
    assert isinstance(error_of(run(world, "--controller", world / "controller.yaml")), ControllerFileError)
    assert not (world / "out").exists()


def test_an_empty_dataset_has_no_shares(world: Path) -> None:
    pq.write_table(SCHEMA.empty_table(), world / "lake" / "a.parquet")
    result = run(world)
    assert result.exit_code == 0
    assert "0.00%" in result.stdout
    assert "two reasons" not in result.stdout


def test_an_expired_list_stops_the_run(world: Path) -> None:
    save_list(world / "home", entry("lumen:ada"), hours=-1)
    assert isinstance(error_of(run(world)), ExpiredError)
    assert not (world / "out").exists()


def test_a_tampered_list_stops_the_run(world: Path) -> None:
    path = world / "home" / "latest.list"
    raw = bytearray(path.read_bytes())
    raw[-1] ^= 1
    path.write_bytes(raw)
    assert isinstance(error_of(run(world)), DigestMismatchError)
    assert not (world / "out").exists()


def test_a_mapping_that_does_not_fit_stops_the_run(world: Path) -> None:
    path = world / "mapping.yaml"
    path.write_text(path.read_text().replace("audience:\n  column: audience", "audience:\n  column: visibility"))
    error = error_of(run(world))
    assert isinstance(error, ColumnMissingError)
    assert error.exit_code == 11
    assert "inspect" in error.hint


@pytest.mark.parametrize("missing", ["lake", "mapping.yaml", "home/latest.list"])
def test_a_file_that_is_not_there_is_a_matter_of_usage(missing: str, world: Path) -> None:
    (world / missing).rename(world / "elsewhere")
    assert run(world).exit_code == 2
    assert not (world / "out").exists()


def test_inspect_reads_a_single_file_and_its_proposal_is_a_mapping(world: Path) -> None:
    result = demur("inspect", world / "lake" / "a.parquet")
    assert parse_mapping(result.stdout.encode()).row_id == "record_id"


def test_a_report_is_drawn_of_a_verified_manifest(world: Path) -> None:
    assert run(world).exit_code == 0
    page = world / "report.html"
    page.write_text("an older one")
    result = demur("report", world / "out" / "manifest.note", "--out", page)
    assert result.exit_code == 0, result.exception
    assert "Its author has objected." in page.read_text()
    assert "Kept before" not in page.read_text()
    assert f"The report is in {page}" in result.stdout


def test_a_report_compares_two_runs(world: Path) -> None:
    run(world)
    save_list(world / "home")
    assert run(world, "--out", world / "later").exit_code == 0
    page = world / "report.html"
    manifests = [world / "later" / "manifest.note", "--before", world / "out" / "manifest.note"]
    assert demur("report", *manifests, "--out", page).exit_code == 0
    assert "Kept before, by list 3" in page.read_text()


@pytest.mark.parametrize("place", ["first", "before"])
def test_no_report_is_drawn_of_a_manifest_that_somebody_changed(place: str, world: Path) -> None:
    run(world)
    good, changed, page = world / "out" / "manifest.note", world / "changed.note", world / "report.html"
    changed.write_bytes(good.read_bytes().replace(b'"kept_rows": 2', b'"kept_rows": 3'))
    assert changed.read_bytes() != good.read_bytes()
    files = [changed] if place == "first" else [good, "--before", changed]
    assert isinstance(error_of(demur("report", *files, "--out", page)), SignatureMismatchError)
    assert not page.exists()


def test_a_report_that_cannot_be_written_leaves_nothing(world: Path) -> None:
    run(world)
    (world / "report.html").mkdir()
    assert isinstance(
        demur("report", world / "out" / "manifest.note", "--out", world / "report.html").exception, OSError
    )
    assert not [path for path in world.iterdir() if path.name.startswith(".report")]


def explain(world: Path, row_id: str) -> Result:
    files = ["--mapping", world / "mapping.yaml", "--list", world / "home" / "latest.list"]
    return demur("explain", row_id, "--data", world / "lake", *files)


def test_a_row_is_explained_without_naming_whom_the_list_holds(world: Path) -> None:
    ada = entry("lumen:ada")
    save_list(world / "home", ada)
    result = explain(world, "r1")
    assert result.stdout.splitlines() == [
        "a.parquet, row group 0: withheld by list 3",
        "  author-objected: Its author has objected.",
        f"    entry {ada.entry_id.hex()}",
    ]
    assert explain(world, "r2").stdout == "a.parquet, row group 0: kept by list 3\n"


def test_a_row_that_is_not_there_is_said(world: Path) -> None:
    error = error_of(explain(world, "lumen:ada"))
    assert "no row" in str(error)
    assert "lumen" not in str(error)


def test_without_the_lists_key_nothing_is_explained(world: Path) -> None:
    (world / "home" / "keys" / "list-seal.secret").unlink()
    assert "list-seal.secret" in str(error_of(explain(world, "r1")))


def test_help_shows_examples() -> None:
    for command in ("run", "inspect"):
        assert "demur gate inspect lake/ > mapping.yaml" in " ".join(demur(command, "--help").stdout.split())


def test_every_command_takes_addresses_and_patterns(world: Path) -> None:
    store = fsspec.filesystem("memory")
    store.put(str(world / "lake"), "/b/lake", recursive=True)
    assert demur("inspect", "memory://b/lake/*.parquet").stdout == demur("inspect", world / "lake").stdout
    sealed = ["--mapping", world / "mapping.yaml", "--list", world / "home" / "latest.list"]
    tried = demur("run", "memory://b/lake", *sealed, "--dry-run")
    assert "nothing was written" in tried.stdout
    done = demur("run", "memory://b/lake", *sealed, "--out", "memory://b/training/")
    assert done.exit_code == 0, done.output
    assert "manifest: memory://b/training/manifest.note" in done.stdout
    explained = demur("explain", "r1", "--data", f"{world}/l*", *sealed)
    assert "author-objected" in explained.stdout
    assert store.exists("/b/training/kept/a.parquet")
    missing = demur("run", "none", *sealed, "--dry-run")
    assert missing.exit_code == 2
    assert "does not exist" in missing.output


@pytest.mark.parametrize("mode", ["rewrite", "deletes"])
def test_a_table_is_gated_at_the_version_asked_for_and_verified_with_its_log(world: Path, mode: str) -> None:
    rows = pq.read_table(world / "lake" / "a.parquet")
    write_deltalake(world / "posts", rows, partition_by=["kind"])
    DeltaTable(world / "posts").delete("record_id = 'r4'")
    (world / "mapping.yaml").write_text(demur("inspect", world / "posts").stdout)
    options = ("--out", world / "out", "--mode", mode, "--table-version", "0")
    shown = demur("run", world / "posts", *mapping_and_list(world), *options)
    assert shown.exit_code == 0
    assert ("All 2 files are linked" in shown.stdout) == (mode == "deletes")
    scanned = pa.table(DeltaTable(world / "out" / "kept").scan())
    assert sorted(scanned["record_id"].to_pylist()) == ["r2", "r4"]
    keys = load_verifier_keys(world / "home" / "keys" / "public.keys")
    finding = check_file(world / "out" / "manifest.note", keys)
    assert ", version 0" in dict(finding.facts)["table"]
    log = world / "out" / "kept" / "_delta_log" / f"{0:020}.json"
    log.write_bytes(log.read_bytes().replace(b"cardinality", b"Cardinality") + b"\n")
    with pytest.raises(DigestMismatchError):
        check_file(world / "out" / "manifest.note", keys)


def test_a_version_of_what_is_no_table_is_refused_even_when_nothing_is_written(world: Path) -> None:
    refused = demur("run", world / "lake", *mapping_and_list(world), "--dry-run", "--table-version", "3")
    assert "no table" in str(refused.exception)

"""Iceberg tables in and out: one snapshot, its removed rows, its partition columns, and row deletes of its own."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from gate_world import GATE_SIGNER, MAPPING, SCHEMA, mapping, row
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.manifest import DataFileContent, FileFormat, ManifestContent
from pyiceberg.table import StaticTable, Table
from pyiceberg.transforms import IdentityTransform
from pyiceberg.types import StringType
from table_world import ADA_OBJECTS, TABLE_MODES, arrow_rows, gate, may_train, metadata_of, read_iceberg, write_iceberg

from demur.core.gate_manifest import GateMode, TableVersion, verify_manifest
from demur.gate.dry_run import decide_only
from demur.gate.errors import OutputExistsError, OutputWriteError, UnreadableInputError
from demur.gate.run import GateRequest, run_gate
from demur.gate.stores.address import Address
from demur.gate.tables import iceberg, iceberg_manifests, iceberg_output
from demur.gate.tables.table_input import load_input_schema

METADATA = "metadata/v1.metadata.json"


@pytest.fixture
def table(tmp_path: Path) -> Table:
    (tmp_path / "warehouse").mkdir()
    return write_iceberg(tmp_path / "warehouse")


@pytest.fixture
def kept(table: Table, tmp_path: Path) -> Path:
    """A small table that says itself which metadata count: what the gate has made, with rows deleted by position."""
    gate(metadata_of(table), tmp_path / "first", GateMode.DELETES)
    return tmp_path / "first" / "kept"


@pytest.mark.parametrize("mode", TABLE_MODES)
@pytest.mark.parametrize("place", [0, 1, None])
def test_what_the_library_reads_again_is_what_may_train(
    table: Table, tmp_path: Path, mode: GateMode, place: int | None
) -> None:
    before = {path: path.read_bytes() for path in (tmp_path / "warehouse").rglob("*.*")}
    snapshot_id = None if place is None else table.snapshots()[place].snapshot_id
    manifest = gate(metadata_of(table), tmp_path / "out", mode, snapshot_id)
    assert read_iceberg(tmp_path / "out" / "kept") == may_train(read_iceberg(metadata_of(table), snapshot_id))
    snapshot = table.current_snapshot()
    assert snapshot is not None
    shown = snapshot.snapshot_id if snapshot_id is None else snapshot_id
    assert manifest.table == TableVersion("iceberg", str(table.metadata.table_uuid), str(shown))
    raw = (tmp_path / "out" / "manifest.note").read_bytes()
    assert verify_manifest(raw, GATE_SIGNER.verifier_key) == manifest
    assert {path: path.read_bytes() for path in (tmp_path / "warehouse").rglob("*.*")} == before


@pytest.mark.filterwarnings("ignore:Iceberg scan planning")  # a part of Polars that is not needed
@pytest.mark.parametrize("mode", [GateMode.REWRITE, GateMode.DELETES])
def test_another_reader_and_a_catalog_find_the_same_rows(table: Table, tmp_path: Path, mode: GateMode) -> None:
    manifest = gate(metadata_of(table), tmp_path / "out", mode)
    metadata = tmp_path / "out" / "kept" / METADATA
    assert pl.scan_iceberg(str(metadata), reader_override="native").collect().height == manifest.kept_rows
    catalog = SqlCatalog("other", uri="sqlite:///:memory:", warehouse=f"file://{tmp_path}/other")
    catalog.create_namespace("ns")
    registered = catalog.register_table("ns.kept", f"file://{metadata}")
    assert registered.scan().to_arrow().num_rows == manifest.kept_rows
    catalog.close()


def test_the_same_table_gives_the_same_bytes_and_each_is_in_the_manifest(table: Table, tmp_path: Path) -> None:
    first = gate(metadata_of(table), tmp_path / "out", GateMode.DELETES)
    files = {path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*.*")}
    files = {name for name in files if (tmp_path / "out" / name).is_file()}
    assert files - {"manifest.note"} == {file.path for file in first.outputs}
    (tmp_path / "out").rename(tmp_path / "moved")
    assert gate(metadata_of(table), tmp_path / "out", GateMode.DELETES).sign(GATE_SIGNER) == first.sign(GATE_SIGNER)
    read = [file.path for file in first.inputs]
    assert metadata_of(table).relative_to(tmp_path / "warehouse" / "ns" / "posts").as_posix() in read
    assert len([name for name in read if name.endswith(".avro")]) >= 2


@pytest.mark.parametrize("mode", [*TABLE_MODES, GateMode.IDS])
def test_rows_that_a_table_has_deleted_by_position_stay_deleted(
    table: Table, kept: Path, tmp_path: Path, mode: GateMode
) -> None:
    again = gate(kept, tmp_path / "again", mode)
    assert again.withheld_rows == 0
    assert again.kept_rows == len(may_train(read_iceberg(metadata_of(table))))
    assert any(file.path.endswith("-deletes.parquet") for file in again.inputs)
    if mode is not GateMode.IDS:
        assert read_iceberg(tmp_path / "again" / "kept") == may_train(read_iceberg(metadata_of(table)))


def test_nothing_of_a_withheld_row_is_in_a_table_that_is_written_again(table: Table, tmp_path: Path) -> None:
    gate(metadata_of(table), tmp_path / "out")
    for path in (tmp_path / "out" / "kept").rglob("*.*"):
        if path.is_file():
            assert b"lumen:ada" not in path.read_bytes()


@pytest.mark.parametrize("mode", TABLE_MODES)
def test_renamed_and_added_columns_are_found_by_their_ids(table: Table, tmp_path: Path, mode: GateMode) -> None:
    with table.update_schema() as update:
        update.rename_column("audience", "seen_by")
        update.rename_column("text", "said")
    with table.update_schema() as update:
        update.add_column("audience", StringType())
    changed = MAPPING.replace("column: audience", "column: seen_by").replace("text: text", "text: said")
    manifest = gate(metadata_of(table), tmp_path / "out", mode, None, mapping(changed))
    assert manifest.kept_rows == len(may_train(read_iceberg(metadata_of(table))))
    assert read_iceberg(tmp_path / "out" / "kept") == may_train(read_iceberg(metadata_of(table)))
    nowhere = gate(metadata_of(table), tmp_path / "nowhere", mode, None, mapping(MAPPING.replace("text: text\n", "")))
    assert nowhere.kept_rows == 0  # the younger column of an old name is in no file
    assert "seen_by" in load_input_schema(metadata_of(table)).names


def test_files_without_ids_are_read_by_the_names_that_the_table_gives(table: Table, tmp_path: Path) -> None:
    pq.write_table(arrow_rows(30, 900), tmp_path / "warehouse" / "ns" / "posts" / "data" / "added.parquet")
    with table.update_spec() as update:
        update.remove_field("kind")
        update.remove_field("author_is_minor")
    with pytest.raises(UnreadableInputError, match="no field ids"):
        gate(_with_file_without_ids(table, tmp_path, named=False), tmp_path / "out")
    manifest = gate(_with_file_without_ids(table, tmp_path, named=True), tmp_path / "out", GateMode.DELETES)
    assert manifest.kept_rows == len(may_train(read_iceberg(tmp_path / "warehouse" / "named.metadata.json")))
    assert read_iceberg(tmp_path / "out" / "kept") == may_train(
        read_iceberg(tmp_path / "warehouse" / "named.metadata.json")
    )


def _with_file_without_ids(table: Table, tmp_path: Path, *, named: bool) -> Path:
    """Return metadata of a table with a file that has no field ids; the table gives names to ids, or has lost them."""
    added = tmp_path / "warehouse" / "ns" / "posts" / "data" / "added.parquet"
    if named is False:
        table.add_files([f"file://{added}"])
    metadata = json.loads(metadata_of(table).read_text())
    if not named:
        metadata["properties"] = {}
    path = tmp_path / "warehouse" / "ns" / "posts" / "metadata" / f"{'named' if named else 'lost'}.metadata.json"
    path.write_text(json.dumps(metadata))
    (tmp_path / "warehouse" / path.name).write_text(json.dumps(metadata))
    return path


def test_who_writes_to_the_table_meanwhile_changes_nothing(table: Table) -> None:
    before = may_train(read_iceberg(metadata_of(table)))
    place = metadata_of(table)
    told = []

    def write(done: int, _total: int | None) -> None:
        if not told:
            told.append(done)
            table.delete("kind = 'post'")

    assert decide_only(place, mapping(), ADA_OBJECTS, None, write).kept_rows == len(before)


def test_a_table_behind_a_link_is_the_same_table(table: Table, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "warehouse")
    place = tmp_path / "link" / metadata_of(table).relative_to(tmp_path / "warehouse")
    assert gate(place, tmp_path / "out").kept_rows == len(may_train(read_iceberg(place)))


def test_columns_that_only_the_metadata_know_decide_null_and_odd_values_included(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "odd").mkdir()
    catalog = SqlCatalog("odd", uri="sqlite:///:memory:", warehouse=f"file://{tmp_path}/odd")
    catalog.create_namespace("ns")
    odd = catalog.create_table("ns.posts", schema=SCHEMA)
    with odd.update_spec() as update:
        update.add_field("audience", IdentityTransform(), "audience")
    values = ["public", "world", None, "frïends/ %#=x"]
    rows = [row(record_id=f"r{place}", audience=value) for place, value in enumerate(values)]
    odd.append(pa.Table.from_pylist(rows, schema=SCHEMA))
    for path in (tmp_path / "odd").rglob("*.parquet"):  # as files are that were taken over from Hive
        pq.write_table(pq.ParquetFile(path).read().drop_columns("audience"), path)
    look = iceberg.look_at_data
    monkeypatch.setattr(
        iceberg,
        "look_at_data",
        lambda folder, name, _size, *more: look(folder, name, (folder / name).stat().st_size, *more),
    )
    for mode in TABLE_MODES:
        manifest = gate(metadata_of(odd), tmp_path / mode, mode)
        assert (manifest.kept_rows, manifest.withheld_by_reason["audience-missing"]) == (2, 1)
        assert [each["audience"] for each in read_iceberg(tmp_path / mode / "kept")] == ["public", "world"]
    catalog.close()


def test_no_metadata_are_guessed(table: Table, tmp_path: Path) -> None:
    with pytest.raises(UnreadableInputError, match="says which of its metadata files counts"):
        gate(metadata_of(table).parent.parent, tmp_path / "out")


@pytest.mark.parametrize("hint", ["1", "v1", "v1.metadata.json\n"])
def test_a_hint_says_which_metadata_count(kept: Path, tmp_path: Path, hint: str) -> None:
    raw = (kept / METADATA).read_bytes()
    (kept / "metadata" / "v2.metadata.json").write_bytes(raw.replace(b"current-schema-id", b"of a failed write"))
    (kept / "metadata" / "version-hint.text").write_text(hint)
    assert gate(kept, tmp_path / "again").withheld_rows == 0


def test_a_single_metadata_file_needs_no_hint(kept: Path, tmp_path: Path) -> None:
    (kept / "metadata" / "version-hint.text").unlink()
    assert gate(kept, tmp_path / "again").withheld_rows == 0


def _put(**values: Any) -> Callable[[Path], None]:
    def put(kept: Path) -> None:
        body = json.loads((kept / METADATA).read_text())
        body.update({name.replace("_", "-"): value for name, value in values.items()})
        (kept / METADATA).write_text(json.dumps(body))

    return put


def _lose(pattern: str) -> Callable[[Path], None]:
    return lambda kept: next(kept.glob(pattern)).unlink()


FAULTS: dict[str, tuple[Callable[[Path], None], str]] = {
    "format version 3": (_put(format_version=3, next_row_id=0), "format version 3"),
    "no snapshot": (_put(current_snapshot_id=None, snapshots=[], refs={}), "no snapshot yet"),
    "place elsewhere": (_put(location="s3://bucket/posts"), "in another place"),
    "outside": (_put(location="file:///nowhere"), "outside its own folder"),
    "no json": (lambda kept: (kept / METADATA).unlink() or (kept / METADATA).touch(), "cannot be read by its library"),
    "no list": (_lose("metadata/snapshot.avro"), "cannot be read by its library"),
    "no manifest": (_lose("metadata/data-*.avro"), "cannot be read by its library"),
    "no deletes": (_lose("data/**/*-deletes.parquet"), "could not be opened"),
    "no data": (_lose("data/**/00000-?-*[0-9a-f].parquet"), "is not there"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_table_that_is_not_whole_or_not_understood_is_refused(kept: Path, tmp_path: Path, fault: str) -> None:
    damage, words = FAULTS[fault]
    damage(kept)
    with pytest.raises(UnreadableInputError, match=words):
        gate(kept, tmp_path / "again")
    assert not (tmp_path / "again").exists()


def test_a_snapshot_that_never_was_is_refused(kept: Path, tmp_path: Path) -> None:
    with pytest.raises(UnreadableInputError, match="no such snapshot"):
        gate(kept, tmp_path / "again", version=7)


@pytest.mark.parametrize(
    ("changes", "of", "words"),
    [
        ({"content": DataFileContent.EQUALITY_DELETES}, ManifestContent.DELETES, "equality deletes"),
        ({"file_format": FileFormat.ORC}, ManifestContent.DELETES, "row deletes in ORC"),
        ({"file_format": FileFormat.ORC}, ManifestContent.DATA, "data files in ORC"),
        ({"file_path": "file:///tmp/elsewhere.parquet"}, ManifestContent.DATA, "outside its own folder"),
    ],
)
def test_what_the_library_or_the_gate_cannot_read_is_refused_by_its_name(
    table: Table,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    changes: dict[str, Any],
    of: ManifestContent,
    words: str,
) -> None:
    add = (
        iceberg_manifests.Manifests.add_deletes
        if of is ManifestContent.DELETES
        else iceberg_manifests.Manifests.add_data
    )

    def add_other(self: iceberg_manifests.Manifests, file: Any) -> None:
        fields = ["content", "file_path", "file_format"]
        for name, value in changes.items():
            file[fields.index(name)] = value
        add(self, file)

    with monkeypatch.context() as patch:
        patch.setattr(iceberg_manifests.Manifests, add.__name__, add_other)
        patch.setattr(iceberg_output.IcebergOutput, "_check", lambda *_: None)
        gate(metadata_of(table), tmp_path / "odd", GateMode.DELETES)
    with pytest.raises(UnreadableInputError, match=words):
        gate(tmp_path / "odd" / "kept", tmp_path / "again")


def test_a_file_that_is_named_twice_is_refused(table: Table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add = iceberg_manifests.Manifests.add_data

    def add_twice(self: iceberg_manifests.Manifests, file: Any) -> None:
        add(self, file)
        add(self, file)

    with monkeypatch.context() as patch:
        patch.setattr(iceberg_manifests.Manifests, "add_data", add_twice)
        with pytest.raises(OutputWriteError, match="not the rows that were kept"):
            gate(metadata_of(table), tmp_path / "odd")
        patch.setattr(iceberg_output.IcebergOutput, "_check", lambda *_: None)
        gate(metadata_of(table), tmp_path / "odd")
    with pytest.raises(UnreadableInputError, match="twice"):
        gate(tmp_path / "odd" / "kept", tmp_path / "again")


def test_a_position_that_the_file_does_not_have_is_refused(kept: Path, tmp_path: Path) -> None:
    deletes = next(kept.glob("data/**/*-deletes.parquet"))
    rows = pq.ParquetFile(deletes).read()
    deletes.unlink()
    pq.write_table(rows.set_column(1, rows.schema.field(1), pa.array([10**6] * len(rows))), deletes)
    with pytest.raises(UnreadableInputError, match="fewer rows"):
        gate(kept, tmp_path / "again")


def test_a_table_that_its_library_cannot_read_is_not_given_out(
    table: Table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(iceberg_output, "_METADATA", "metadata/v0.json")
    with pytest.raises(OutputWriteError, match="cannot be read by its library"):
        gate(metadata_of(table), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_table_of_the_first_version_of_the_format_is_read(table: Table, tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    catalog = SqlCatalog("old", uri="sqlite:///:memory:", warehouse=f"file://{tmp_path}/old")
    catalog.create_namespace("ns")
    old = catalog.create_table("ns.posts", schema=SCHEMA, properties={"format-version": "1"})
    old.append(arrow_rows(50))
    manifest = gate(metadata_of(old), tmp_path / "out", GateMode.DELETES)
    assert manifest.kept_rows == len(may_train(read_iceberg(metadata_of(old))))
    assert read_iceberg(tmp_path / "out" / "kept") == may_train(read_iceberg(metadata_of(old)))
    assert StaticTable.from_metadata(str(tmp_path / "out" / "kept")).metadata.format_version == 2
    catalog.close()


def test_an_output_that_its_readers_would_not_find_is_refused(table: Table, tmp_path: Path) -> None:
    with pytest.raises(OutputWriteError, match="%, "):
        gate(metadata_of(table), tmp_path / "90% of it")
    request = GateRequest(metadata_of(table), mapping(), Address("s3://bucket/out"))
    with pytest.raises(OutputWriteError, match="object store"):
        run_gate(request, ADA_OBJECTS, GATE_SIGNER, lambda _done, _total: None)
    with pytest.raises(OutputExistsError):
        gate(metadata_of(table), metadata_of(table).parent.parent / "out")

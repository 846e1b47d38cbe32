"""Delta Lake tables in and out: one version, its removed rows, its partition columns, and row deletes of its own."""

import json
import pickle
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable, write_deltalake
from gate_world import GATE_SIGNER, MAPPING, SCHEMA, mapping, row
from table_world import ADA_OBJECTS, TABLE_MODES, arrow_rows, gate, may_train, read_delta, write_delta

from demur.core.gate_manifest import GateMode, TableVersion, verify_manifest
from demur.gate.dry_run import decide_only
from demur.gate.errors import InputChangedError, OutputExistsError, OutputWriteError, UnreadableInputError
from demur.gate.file_gate import Advance, FileGate, FileResult
from demur.gate.run import GateRequest, run_gate
from demur.gate.source import InputFile
from demur.gate.tables import delta, delta_output
from demur.gate.tables.table_input import load_input_schema

LOG = "_delta_log"
FIRST, SECOND = f"{LOG}/{0:020}.json", f"{LOG}/{1:020}.json"
Change = Callable[[list[dict[str, Any]]], None]


@pytest.fixture
def table(tmp_path: Path) -> Path:
    return write_delta(tmp_path / "posts")


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    """A table of one version and one file, without partitions."""
    write_deltalake(tmp_path / "posts", arrow_rows(40))
    return tmp_path / "posts"


def change_log(folder: Path, change: Change, name: str = FIRST) -> None:
    path = folder / name
    actions = [json.loads(line) for line in path.read_text().splitlines()]
    change(actions)
    path.write_text("".join(json.dumps(action) + "\n" for action in actions))


def action_of(actions: list[dict[str, Any]], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(action[name] for action in actions if name in action)
    return found


def put(name: str, **values: Any) -> Change:
    return lambda actions: action_of(actions, name).update(values)


@pytest.mark.parametrize("mode", TABLE_MODES)
@pytest.mark.parametrize("version", [0, 1, None])
def test_what_the_library_reads_again_is_what_may_train(
    table: Path, tmp_path: Path, mode: GateMode, version: int | None
) -> None:
    before = {path: path.read_bytes() for path in table.rglob("*") if path.is_file()}
    manifest = gate(table, tmp_path / "out", mode, version)
    kept = may_train(read_delta(table, version))
    assert read_delta(tmp_path / "out" / "kept") == kept
    assert pl.scan_delta(str(tmp_path / "out" / "kept")).collect().height == len(kept) == manifest.kept_rows
    table_id = str(DeltaTable(table).metadata().id)
    assert manifest.table == TableVersion("delta", table_id, str(2 if version is None else version))
    raw = (tmp_path / "out" / "manifest.note").read_bytes()
    assert verify_manifest(raw, GATE_SIGNER.verifier_key) == manifest
    assert {path: path.read_bytes() for path in table.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("mode", TABLE_MODES)
def test_the_same_table_gives_the_same_bytes_and_each_is_in_the_manifest(
    table: Path, tmp_path: Path, mode: GateMode
) -> None:
    first = gate(table, tmp_path / "first", mode, 1)
    assert gate(table, tmp_path / "second", mode, 1).sign(GATE_SIGNER) == first.sign(GATE_SIGNER)
    found = {path.relative_to(tmp_path / "first").as_posix() for path in (tmp_path / "first").rglob("*.*")}
    assert {name for name in found if (tmp_path / "first" / name).is_file()} - {"manifest.note"} == {
        file.path for file in first.outputs
    }
    assert [file.path for file in first.inputs if file.path.startswith(LOG)] == [FIRST, SECOND]


def test_row_deletes_leave_the_files_as_they_are(table: Path, tmp_path: Path) -> None:
    manifest = gate(table, tmp_path / "out", GateMode.DELETES)
    for path in manifest.linked:
        assert (tmp_path / "out" / path).samefile(table / path.removeprefix("kept/"))
    vectors = [file for file in manifest.outputs if file.path.startswith("kept/deletion_vector_")]
    assert sum(file.rows for file in vectors) == manifest.withheld_rows


@pytest.mark.parametrize("mode", [*TABLE_MODES, GateMode.IDS])
def test_rows_that_deletion_vectors_have_removed_stay_removed(table: Path, tmp_path: Path, mode: GateMode) -> None:
    first = gate(table, tmp_path / "first", GateMode.DELETES)
    again = gate(tmp_path / "first" / "kept", tmp_path / "again", mode)
    assert (again.kept_rows, again.withheld_rows) == (first.kept_rows, 0)
    read = {file.path for file in again.inputs}
    assert {file.path.removeprefix("kept/") for file in first.outputs if file.path.endswith(".bin")} < read
    if mode is not GateMode.IDS:
        assert read_delta(tmp_path / "again" / "kept") == may_train(read_delta(table))


def test_nothing_of_a_withheld_row_is_in_a_table_that_is_written_again(plain: Path, tmp_path: Path) -> None:
    gate(plain, tmp_path / "out")
    for path in (tmp_path / "out" / "kept").rglob("*.*"):
        raw = path.read_bytes()
        assert b"lumen:ada" not in raw
        assert b"r000000" not in raw  # the smallest id, of which the log of the input speaks


def test_columns_that_only_the_log_knows_decide_null_and_odd_values_included(tmp_path: Path) -> None:
    values = ["public", "world", None, "", "frïends/ %#=x"]
    rows = [row(record_id=f"r{place}", audience=value) for place, value in enumerate(values)]
    write_deltalake(tmp_path / "posts", pa.Table.from_pylist(rows, schema=SCHEMA), partition_by=["audience"])
    manifest = gate(tmp_path / "posts", tmp_path / "out", GateMode.DELETES)
    assert [each["record_id"] for each in read_delta(tmp_path / "out" / "kept")] == ["r0", "r1"]
    assert manifest.withheld_by_reason["audience-missing"] == 2
    again = gate(tmp_path / "out" / "kept", tmp_path / "again")  # vectors are found by names of all kinds
    assert (again.kept_rows, again.withheld_rows) == (2, 0)


@pytest.mark.parametrize("by", ["name", "id"])
@pytest.mark.parametrize("mode", TABLE_MODES)
def test_renamed_and_added_columns_are_found_by_what_the_log_says(tmp_path: Path, by: str, mode: GateMode) -> None:
    folder = _write_renamed(tmp_path / "posts", by)
    text = MAPPING.replace("text: text", "text: said")
    manifest = gate(folder, tmp_path / "out", mode, None, mapping(text))
    kept = read_delta(tmp_path / "out" / "kept")
    assert {each["record_id"] for each in kept} == {"r000001", "r000002", "r000003", "r000004"}
    assert {each["said"] for each in kept} == {None}
    assert manifest.withheld_rows == 1
    assert load_input_schema(folder).names == [*SCHEMA.names[:-1], "said"]


def _write_renamed(folder: Path, by: str) -> Path:
    """Write a table whose files have other names than the table, and whose column `said` is younger than its file."""
    (folder / LOG).mkdir(parents=True)
    fields, inside = [], []
    for place, field in enumerate(SCHEMA, start=1):
        kind: object = {pa.string(): "string", pa.bool_(): "boolean"}.get(field.type)
        kind = kind or {"type": "array", "elementType": "string", "containsNull": True}
        known = {"delta.columnMapping.id": place, "delta.columnMapping.physicalName": f"col-{place}"}
        name = "said" if field.name == "text" else field.name
        fields.append({"name": name, "type": kind, "nullable": True, "metadata": known})
        inside.append(pa.field(f"col-{place}", field.type, metadata={"PARQUET:field_id": str(place)}))
    rows = arrow_rows(5).rename_columns([field.name for field in inside]).cast(pa.schema(inside))
    pq.write_table(rows.drop_columns(["col-7", "col-3"]), folder / "a.parquet")
    metadata = {
        "id": "92af7c59-8bfa-4fab-9343-a82fd191d543",
        "format": {"provider": "parquet", "options": {}},
        "schemaString": json.dumps({"type": "struct", "fields": fields}),
        "partitionColumns": ["audience"],
        "configuration": {"delta.columnMapping.mode": by, "delta.columnMapping.maxColumnId": "7"},
    }
    add = {
        "path": "a.parquet",
        "partitionValues": {"col-3": "public"},
        "size": (folder / "a.parquet").stat().st_size,
        "modificationTime": 1,
        "dataChange": True,
    }
    actions = [{"protocol": {"minReaderVersion": 2, "minWriterVersion": 5}}, {"metaData": metadata}, {"add": add}]
    (folder / FIRST).write_text("".join(json.dumps(action) + "\n" for action in actions))
    return folder


def test_who_writes_to_the_table_meanwhile_changes_nothing(table: Path, tmp_path: Path) -> None:
    before = read_delta(table)
    told = []

    def write(done: int, _total: int | None) -> None:
        if not told:
            told.append(done)
            DeltaTable(table).delete("kind = 'post'")

    counted = decide_only(table, mapping(), ADA_OBJECTS, None, write)
    assert counted.kept_rows == len(may_train(before))
    assert gate(table, tmp_path / "out").kept_rows == 0
    assert gate(table, tmp_path / "earlier", GateMode.IDS, 2).kept_rows == len(may_train(before))


def test_a_log_that_changes_meanwhile_stops_the_run(table: Path) -> None:
    def clean_up(_done: int, _total: int | None) -> None:
        (table / FIRST).unlink(missing_ok=True)

    with pytest.raises(InputChangedError, match="went away"):
        decide_only(table, mapping(), ADA_OBJECTS, None, clean_up)


def test_a_file_of_a_table_can_go_to_a_worker_of_another_process(table: Path, tmp_path: Path) -> None:
    def gate_elsewhere(files: Sequence[InputFile], gate: FileGate, advance: Advance) -> list[FileResult]:
        sent = [pickle.loads(pickle.dumps(file)) for file in files]
        return [pickle.loads(pickle.dumps(gate.run(file, advance))) for file in sent]

    gate(table, tmp_path / "first", GateMode.DELETES)
    here = gate(tmp_path / "first" / "kept", tmp_path / "here", GateMode.DELETES)
    request = GateRequest(tmp_path / "first" / "kept", mapping(), tmp_path / "there", mode=GateMode.DELETES)
    there = run_gate(request, ADA_OBJECTS, GATE_SIGNER, lambda _done, _total: None, gate_elsewhere)
    assert there == here


@pytest.mark.parametrize("mode", TABLE_MODES)
def test_a_run_that_is_stopped_half_way_leaves_no_table_and_the_next_one_is_whole(
    table: Path, tmp_path: Path, mode: GateMode
) -> None:
    def stop(_done: int, _total: int | None) -> None:
        raise KeyboardInterrupt

    request = GateRequest(table, mapping(), tmp_path / "out", mode=mode)
    with pytest.raises(KeyboardInterrupt):
        run_gate(request, ADA_OBJECTS, GATE_SIGNER, stop)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["posts"]
    gate(table, tmp_path / "out", mode)
    assert read_delta(tmp_path / "out" / "kept") == may_train(read_delta(table))


def test_a_table_is_begun_anew_after_a_dead_run(table: Path, tmp_path: Path) -> None:
    dead = tmp_path / ".out.partial-00ff"
    (dead / "output" / "kept").mkdir(parents=True)
    (dead / "lock").touch()
    (dead / "finished").mkdir()
    (dead / "finished" / "note.note").write_bytes(b"of a file that was done")
    (dead / "output" / "kept" / "left.parquet").write_bytes(b"of no version")
    manifest = gate(table, tmp_path / "out", GateMode.DELETES)
    assert read_delta(tmp_path / "out" / "kept") == may_train(read_delta(table))
    assert not (tmp_path / "out" / "kept" / "left.parquet").exists()
    assert len(manifest.linked) == len(DeltaTable(table).file_uris())


def test_a_log_with_checkpoints_is_read_from_the_last_one(table: Path, tmp_path: Path) -> None:
    DeltaTable(table).create_checkpoint()
    for name in (FIRST, SECOND):
        (table / name).unlink()
    write_deltalake(table, arrow_rows(20, 400), mode="append")
    manifest = gate(table, tmp_path / "out")
    assert read_delta(tmp_path / "out" / "kept") == may_train(read_delta(table))
    names = [file.path for file in manifest.inputs if file.path.startswith(LOG)]
    assert names == [f"{LOG}/{2:020}.checkpoint.parquet", f"{LOG}/{3:020}.json"]


def _lose_checkpoint(folder: Path) -> None:
    DeltaTable(folder).create_checkpoint()
    (folder / f"{LOG}/{0:020}.checkpoint.parquet").unlink()


def _lose_commit(folder: Path) -> None:
    write_deltalake(folder, arrow_rows(3), mode="append")
    (folder / FIRST).unlink()


def _lose_part(folder: Path) -> None:
    DeltaTable(folder).create_checkpoint()
    whole = folder / f"{LOG}/{0:020}.checkpoint.parquet"
    whole.rename(folder / f"{LOG}/{0:020}.checkpoint.{1:010}.{2:010}.parquet")


def _lose_data(folder: Path) -> None:
    next(folder.glob("*.parquet")).unlink()


def _exchange_data(folder: Path) -> None:
    pq.write_table(arrow_rows(40), next(folder.glob("*.parquet")))


def _empty_log(folder: Path) -> None:
    (folder / FIRST).unlink()


def _add_sidecar(folder: Path) -> None:
    change_log(folder, lambda actions: actions.append({"sidecar": {"path": "x", "sizeInBytes": 1}}))


def _name_twice(folder: Path) -> None:
    def again(actions: list[dict[str, Any]]) -> None:
        vector = {"storageType": "i", "pathOrInlineDv": "x", "cardinality": 1}
        actions.append({"add": {**action_of(actions, "add"), "deletionVector": vector}})

    change_log(folder, again)


def _vector(kind: str, text: str) -> Change:
    vector = {"storageType": kind, "pathOrInlineDv": text, "offset": 1, "sizeInBytes": 34, "cardinality": 1}
    return put("add", deletionVector=vector)


FEATURES = {"minReaderVersion": 3, "minWriterVersion": 7, "writerFeatures": ["typeWidening"]}
FAULTS: dict[str, tuple[Callable[[Path], None] | Change, str]] = {
    "checkpoint missing": (_lose_checkpoint, "lacks the checkpoint of version 0"),
    "commit missing": (_lose_commit, f"lacks {0:020}.json"),
    "part of a checkpoint missing": (_lose_part, "lacks the checkpoint"),
    "data missing": (_lose_data, "is not there"),
    "data exchanged": (_exchange_data, "another size"),
    "log empty": (_empty_log, "log of the table is empty"),
    "sidecar": (_add_sidecar, "sidecars"),
    "named twice": (_name_twice, "twice"),
    "feature": (put("protocol", **FEATURES, readerFeatures=["typeWidening"]), "cannot read: typeWidening"),
    "version of readers": (put("protocol", minReaderVersion=4), "reader version 4"),
    "not parquet": (put("metaData", format={"provider": "orc", "options": {}}), "not Parquet"),
    "no metadata": (lambda actions: action_of(actions, "metaData").clear(), "damaged"),
    "path elsewhere": (put("add", path="/etc/passwd"), "outside its own folder"),
    "address elsewhere": (put("add", path="s3://bucket/a.parquet"), "outside its own folder"),
    "path above": (put("add", path="../a.parquet"), "cannot be written in a manifest"),
    "path not printable": (put("add", path="a%07.parquet"), "cannot be written in a manifest"),
    "vector elsewhere": (_vector("p", "file:///tmp/x.bin"), "outside its own folder"),
    "vector missing": (_vector("u", "ab^-aqEH.-t@S}K{vb[*k^"), "could not be opened"),
    "vector damaged": (_vector("i", "no vector"), "cannot be read by its library"),
    "vector of no name": (_vector("u", "'" * 20), "cannot be read"),
    "vector of too large a name": (_vector("u", "#" * 20), "cannot be read"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_table_that_is_not_whole_or_not_understood_is_refused(plain: Path, tmp_path: Path, fault: str) -> None:
    damage, words = FAULTS[fault]
    if damage.__name__.startswith("_"):
        damage(plain)  # type: ignore[arg-type]
    else:
        change_log(plain, damage)  # type: ignore[arg-type]
    with pytest.raises(UnreadableInputError, match=words):
        gate(plain, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("values", [{}, {"author_is_minor": "perhaps"}])
def test_a_partition_without_a_value_that_can_be_read_is_refused(
    table: Path, tmp_path: Path, values: dict[str, str]
) -> None:
    change_log(table, put("add", partitionValues=values))
    with pytest.raises(UnreadableInputError, match=r"no value for a partition column|cannot be read by its library"):
        gate(table, tmp_path / "out", version=0)


def test_a_version_that_never_was_is_refused(plain: Path, tmp_path: Path) -> None:
    with pytest.raises(UnreadableInputError, match="says nothing of a version 1"):
        gate(plain, tmp_path / "out", version=1)


def test_a_vector_that_says_more_than_the_log_promises_is_refused(table: Path, tmp_path: Path) -> None:
    gate(table, tmp_path / "out", GateMode.DELETES)
    kept = tmp_path / "out" / "kept"

    def promise(actions: list[dict[str, Any]]) -> None:
        add = next(action["add"] for action in actions if "deletionVector" in action.get("add", {}))
        add["deletionVector"]["cardinality"] -= 1

    change_log(kept, promise)
    with pytest.raises(UnreadableInputError, match=r"deletion vectors|cannot be read by its library"):
        gate(kept, tmp_path / "again")


def test_a_flipped_bit_in_a_deletion_vector_brings_no_row_back(table: Path, tmp_path: Path) -> None:
    gate(table, tmp_path / "out", GateMode.DELETES)
    vector = next((tmp_path / "out" / "kept").glob("*.bin"))
    raw = bytearray(vector.read_bytes())
    raw[-9] ^= 1
    vector.unlink()
    vector.write_bytes(raw)
    with pytest.raises(UnreadableInputError):
        gate(tmp_path / "out" / "kept", tmp_path / "again")


def test_where_library_and_log_name_other_files_nobody_guesses(
    plain: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = delta.read_delta_log

    def read_less(folder: Path, version: int) -> Any:
        log = read(folder, version)
        log.adds.clear()
        return log

    monkeypatch.setattr(delta, "read_delta_log", read_less)
    with pytest.raises(UnreadableInputError, match="other files"):
        gate(plain, tmp_path / "out")


@pytest.mark.parametrize("counts", [["select 1 as rows"], ["no query"]])
def test_a_table_that_its_library_reads_otherwise_is_not_given_out(
    plain: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, counts: list[str]
) -> None:
    class Other(delta_output.QueryBuilder):  # type: ignore[misc]
        def execute(self, _query: str) -> Any:
            return super().execute(counts[0])

        def register(self, *names: Any) -> Any:
            super().register(*names)
            return self

    monkeypatch.setattr(delta_output, "QueryBuilder", Other)
    with pytest.raises(OutputWriteError, match=r"not the rows that were kept|cannot be read"):
        gate(plain, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_no_output_is_written_into_the_table(plain: Path) -> None:
    with pytest.raises(OutputExistsError):
        gate(plain, plain / "out")

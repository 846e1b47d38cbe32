"""A whole run: what comes out, and that it is what went in, less what is withheld."""

import hashlib
import os
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from gate_world import (
    GATE_SIGNER,
    MAPPING,
    SCHEMA,
    entry,
    lake_rows,
    list_of,
    mapping,
    row,
    write_parquet,
)

from demur.core.gate_manifest import GateManifest, verify_manifest
from demur.core.identifier import IdentifierKind, face_value
from demur.gate.errors import (
    ColumnMissingError,
    ColumnTypeError,
    InputChangedError,
    MappingError,
    OutputExistsError,
    OutputWriteError,
    RowIdMissingError,
    UnreadableInputError,
)
from demur.gate.formats import parquet
from demur.gate.output import layout_of
from demur.gate.run import GateRequest, run_gate

ADA_OBJECTS = list_of("lumen:ada")


def gate(inputs: Path, out: Path, text: str = MAPPING) -> GateManifest:
    return run_gate(GateRequest(inputs, mapping(text), out), ADA_OBJECTS, GATE_SIGNER, lambda _done, _total: None)


def files_below(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def leftovers(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if "partial" in path.name]


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    """Three files in folders of their own, 3,000 rows, several row groups."""
    write_parquet(tmp_path / "lake" / "year=2024" / "b.parquet", lake_rows(1000), row_group_size=300)
    write_parquet(tmp_path / "lake" / "year=2024" / "a.parquet", lake_rows(1000, 1000), row_group_size=1000)
    write_parquet(tmp_path / "lake" / "year=2025" / "c.parquet", lake_rows(1000, 2000), compression="zstd")
    return tmp_path / "lake"


def test_every_row_is_kept_or_withheld_with_its_reasons(lake: Path, tmp_path: Path) -> None:
    manifest = gate(lake, tmp_path / "out")
    source = {each["record_id"]: each for each in lake_rows(3000)}
    for name in ("year=2024/a.parquet", "year=2024/b.parquet", "year=2025/c.parquet"):
        rows = pq.ParquetFile(lake / name).read().to_pylist()
        kept = pq.ParquetFile(tmp_path / "out" / "kept" / name).read().to_pylist()
        withheld = pq.ParquetFile(tmp_path / "out" / "withheld" / name).read().to_pylist()
        reasons = {each["record_id"]: each["reasons"] for each in withheld}
        assert kept == [each for each in rows if each["record_id"] not in reasons]
        assert list(reasons) == [each["record_id"] for each in rows if each["record_id"] in reasons]
        for record_id, codes in reasons.items():
            number = int(record_id.removeprefix("r"))
            expected = [
                *(["private-message"] if number % 7 == 0 else []),
                *(["author-objected"] if number % 10 == 0 else []),
                *(["tagged-person-objected"] if number % 5 == 0 else []),
            ]
            assert codes == expected
            assert source.pop(record_id)
        assert all(source.pop(each["record_id"]) == each for each in kept)
    assert source == {}
    assert manifest.kept_rows + manifest.withheld_rows == 3000
    assert manifest.withheld_by_reason["author-objected"] == 300
    assert manifest.withheld_by_reason["tagged-person-objected"] == 600
    assert manifest.withheld_by_reason["minor"] == 0


def test_the_manifest_names_and_hashes_every_file(lake: Path, tmp_path: Path) -> None:
    manifest = gate(lake, tmp_path / "out")
    assert verify_manifest((tmp_path / "out" / "manifest.note").read_bytes(), GATE_SIGNER.verifier_key) == manifest
    names = ["year=2024/a.parquet", "year=2024/b.parquet", "year=2025/c.parquet"]
    assert [file.path for file in manifest.inputs] == names
    outputs = [f"kept/{n}" for n in names] + [f"withheld/{n}" for n in names] + ["withheld-by-entry.parquet"]
    assert [file.path for file in manifest.outputs] == outputs
    for file in manifest.inputs:
        assert file.sha256 == hashlib.sha256((lake / file.path).read_bytes()).digest()
    for file in manifest.outputs:
        written = tmp_path / "out" / file.path
        assert file.sha256 == hashlib.sha256(written.read_bytes()).digest()
        assert file.rows == pq.read_metadata(written).num_rows
    assert set(files_below(tmp_path / "out")) == {file.path for file in manifest.outputs} | {"manifest.note"}
    assert manifest.list_number == 7
    assert manifest.list_header_sha256 == ADA_OBJECTS.header_sha256
    assert manifest.mapping_sha256 == hashlib.sha256(MAPPING.encode()).digest()
    assert manifest.list_kinds == {"account": 1}


def test_the_manifest_says_which_entries_no_rule_looked_for(lake: Path, tmp_path: Path) -> None:
    others = [entry("ada@mail.example", IdentifierKind.EMAIL), entry(face_value([0.1] * 128), IdentifierKind.FACE)]
    suppressions = list_of("lumen:ada", others=others)
    request = GateRequest(lake, mapping(), tmp_path / "out")
    assert run_gate(request, suppressions, GATE_SIGNER, lambda _done, _total: None).kinds_not_applied == ("face",)
    silent = GateRequest(lake, mapping(MAPPING.replace("text: text", "")), tmp_path / "silent")
    manifest = run_gate(silent, suppressions, GATE_SIGNER, lambda _done, _total: None)
    assert manifest.kinds_not_applied == ("email", "face")


def test_rules_that_did_not_run_are_not_in_the_manifest(lake: Path, tmp_path: Path) -> None:
    text = MAPPING.replace("tagged_accounts: tagged_accounts", "tagged_accounts: none")
    manifest = gate(lake, tmp_path / "out", text)
    assert "tagged-person-objected" not in manifest.rules
    assert "tagged-person-objected" not in manifest.withheld_by_reason
    assert manifest.rules["author-objected"] == 1


def test_the_same_input_and_list_give_the_same_bytes(lake: Path, tmp_path: Path) -> None:
    gate(lake, tmp_path / "first")
    gate(lake, tmp_path / "second")
    assert files_below(tmp_path / "first") == files_below(tmp_path / "second")


def test_a_single_file_keeps_its_name(tmp_path: Path) -> None:
    path = write_parquet(tmp_path / "rows.data", lake_rows(30))
    gate(path, tmp_path / "a" / "new" / "out")
    written = {"kept/rows.data", "withheld/rows.data", "withheld-by-entry.parquet", "manifest.note"}
    assert set(files_below(tmp_path / "a" / "new" / "out")) == written


def test_a_name_that_looks_like_an_address_is_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_parquet(tmp_path / "a.parquet", lake_rows(3)).rename("s3:rows.parquet")
    assert gate(Path("s3:rows.parquet"), Path("out")).inputs[0].path == "s3:rows.parquet"
    assert (tmp_path / "out" / "manifest.note").exists()


def test_an_empty_folder_may_be_the_output(lake: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    gate(lake, tmp_path / "out")
    assert (tmp_path / "out" / "manifest.note").exists()


def test_row_groups_are_kept_apart_and_empty_ones_left_out(tmp_path: Path) -> None:
    rows = [*lake_rows(300, 1), *(row(record_id=f"m{n}", kind="dm") for n in range(300)), *lake_rows(100, 1)]
    path = write_parquet(tmp_path / "a.parquet", rows, row_group_size=300)
    manifest = gate(path, tmp_path / "out")
    kept = pq.read_metadata(tmp_path / "out" / "kept" / "a.parquet")
    first = sum(1 for n in range(1, 301) if n % 7 and n % 5)
    assert [kept.row_group(n).num_rows for n in range(kept.num_row_groups)] == [first, manifest.kept_rows - first]


def test_a_row_group_too_large_for_memory_is_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("demur.gate.output._ROW_GROUP_BYTES", 1000)
    monkeypatch.setattr("demur.gate.formats.parquet.BATCH_ROWS", 100)
    path = write_parquet(tmp_path / "a.parquet", lake_rows(1000))
    gate(path, tmp_path / "out")
    kept = pq.ParquetFile(tmp_path / "out" / "kept" / "a.parquet")
    assert kept.metadata.num_row_groups == 10
    assert kept.read().num_rows == sum(1 for n in range(1000) if n % 7 and n % 5)


@pytest.mark.parametrize("codec", ["none", "snappy", "gzip", "zstd", "lz4", "brotli"])
def test_codec_and_dictionaries_are_those_of_the_input(codec: str, tmp_path: Path) -> None:
    options = {"compression": {"text": codec, "tagged_accounts.list.element": codec}, "use_dictionary": ["kind"]}
    path = write_parquet(tmp_path / "a.parquet", lake_rows(100), **options)
    gate(path, tmp_path / "out")
    before = pq.read_metadata(path).row_group(0)
    after = pq.read_metadata(tmp_path / "out" / "kept" / "a.parquet").row_group(0)
    for leaf in range(before.num_columns):
        assert after.column(leaf).compression == before.column(leaf).compression
        assert after.column(leaf).has_dictionary_page == before.column(leaf).has_dictionary_page


def wide_table() -> pa.Table:
    table = pa.Table.from_pylist(lake_rows(50), schema=SCHEMA)
    count = table.num_rows
    extra = {
        "amount": pa.array([Decimal("1.25")] * count, pa.decimal128(12, 2)),
        "when": pa.array(range(count), pa.timestamp("us", tz="Europe/Brussels")),
        "when_ns": pa.array(range(count), pa.timestamp("ns")),
        "day": pa.array(range(count), pa.date32()),
        "lasted": pa.array(range(count), pa.duration("ms")),
        "place": pa.array([{"lat": 1.5, "names": ["a", None]}] * count),
        "counts": pa.array([[("a", 1)]] * count, pa.map_(pa.string(), pa.int32())),
        "raw": pa.array([b"\0\xff"] * count, pa.large_binary()),
        "category": pa.array(["x", "y"] * (count // 2)).dictionary_encode(),
        "nothing": pa.nulls(count),
        "half": pa.array([0.5] * count, pa.float32()),
    }
    for name, values in extra.items():
        table = table.append_column(pa.field(name, values.type, metadata={"note": name}), values)
    return table.replace_schema_metadata({"pandas": '{"columns": []}', "owner": "platform"})


def test_schema_with_all_its_metadata_comes_back(tmp_path: Path) -> None:
    table = wide_table()
    pq.write_table(table, tmp_path / "a.parquet")
    gate(tmp_path / "a.parquet", tmp_path / "out")
    before, after = pq.ParquetFile(tmp_path / "a.parquet"), pq.ParquetFile(tmp_path / "out" / "kept" / "a.parquet")
    assert after.schema_arrow.equals(before.schema_arrow, check_metadata=True)
    assert after.schema.equals(before.schema)
    ids = set(after.read().column("record_id").to_pylist())
    whole = before.read()
    assert after.read().equals(whole.filter(pa.array([each.as_py() in ids for each in whole.column("record_id")])))


def test_a_file_without_arrow_schema_gets_none(tmp_path: Path) -> None:
    pq.write_table(pa.Table.from_pylist(lake_rows(20), schema=SCHEMA), tmp_path / "a.parquet", store_schema=False)
    gate(tmp_path / "a.parquet", tmp_path / "out")
    assert not pq.read_metadata(tmp_path / "out" / "kept" / "a.parquet").metadata


def test_dictionaries_that_differ_between_row_groups_come_back(tmp_path: Path) -> None:
    schema = SCHEMA.set(3, pa.field("author_account", pa.dictionary(pa.int32(), pa.string())))
    with pq.ParquetWriter(tmp_path / "a.parquet", schema) as writer:
        for start in (0, 100, 200):
            rows = [{**each, "author_account": f"lumen:p{start + n}"} for n, each in enumerate(lake_rows(100, start))]
            table = pa.Table.from_pylist(rows, schema=SCHEMA)
            words = table.column("author_account").dictionary_encode()
            writer.write_table(table.set_column(3, schema.field(3), words))
    gate(tmp_path / "a.parquet", tmp_path / "out")
    kept = pq.ParquetFile(tmp_path / "out" / "kept" / "a.parquet").read()
    assert kept.schema.field("author_account").type == schema.field("author_account").type
    for each in kept.to_pylist():
        assert each["author_account"].removeprefix("lumen:p") == str(int(each["record_id"][1:]))


@pytest.mark.parametrize("options", [{}, {"row_group_size": 10}])
def test_files_without_rows_come_out_without_rows(tmp_path: Path, options: dict[str, int]) -> None:
    with pq.ParquetWriter(tmp_path / "a.parquet", SCHEMA) as writer:
        if options:
            writer.write_table(SCHEMA.empty_table())
    manifest = gate(tmp_path / "a.parquet", tmp_path / "out")
    assert (manifest.kept_rows, manifest.withheld_rows) == (0, 0)
    assert pq.ParquetFile(tmp_path / "out" / "kept" / "a.parquet").schema_arrow.equals(SCHEMA)
    assert pq.read_metadata(tmp_path / "out" / "withheld" / "a.parquet").num_rows == 0


def test_a_number_as_row_id_stays_one_in_the_withheld_file(tmp_path: Path) -> None:
    schema = SCHEMA.set(0, pa.field("record_id", pa.int64(), metadata={"note": "id"}))
    rows = [{**each, "record_id": number} for number, each in enumerate(lake_rows(20))]
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), tmp_path / "a.parquet")
    gate(tmp_path / "a.parquet", tmp_path / "out")
    withheld = pq.ParquetFile(tmp_path / "out" / "withheld" / "a.parquet").read()
    assert withheld.column("record_id").to_pylist() == [n for n in range(20) if n % 7 == 0 or n % 5 == 0]
    assert withheld.schema.field("record_id").type == pa.int64()
    assert withheld.column_names == ["record_id", "reasons"]


def test_progress_counts_every_row_once(lake: Path, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    request = GateRequest(lake, mapping(), tmp_path / "out")
    run_gate(request, ADA_OBJECTS, GATE_SIGNER, lambda done, total: told.append((done, total)))
    assert told[-1] == (3000, 3000)
    assert [done for done, _ in told] == sorted({done for done, _ in told})


def test_reasons_so_far_end_as_the_manifest_counts_them(lake: Path, tmp_path: Path) -> None:
    told: list[dict[str, int]] = []
    request = GateRequest(lake, mapping(), tmp_path / "out")
    manifest = run_gate(
        request, ADA_OBJECTS, GATE_SIGNER, lambda *_: None, tell_reasons=lambda rows: told.append(dict(rows))
    )
    assert told[-1] == {code: rows for code, rows in manifest.withheld_by_reason.items() if rows}
    assert len(told) > 1
    for before, after in pairwise(told):
        assert all(before[code] <= after[code] for code in before)


def test_marks_of_engines_are_left_out(lake: Path, tmp_path: Path) -> None:
    (lake / "_SUCCESS").touch()
    (lake / ".a.parquet.crc").write_bytes(b"crc")
    (lake / "_temporary").mkdir()
    assert len(gate(lake, tmp_path / "out").inputs) == 3


@pytest.mark.parametrize("name", ["rows.csv", "rows.parquet.gz", "README", "part-1"])
def test_a_folder_with_other_data_is_refused(name: str, lake: Path, tmp_path: Path) -> None:
    (lake / "year=2024" / name).write_bytes(b"rows that would have been passed over")
    with pytest.raises(UnreadableInputError, match=name):
        gate(lake, tmp_path / "out")


def test_a_link_to_a_folder_is_not_passed_over(lake: Path, tmp_path: Path) -> None:
    (lake / "more.parquet").symlink_to(tmp_path)
    with pytest.raises(UnreadableInputError, match="more"):
        gate(lake, tmp_path / "out")


def test_a_folder_with_nothing_to_gate_is_refused(tmp_path: Path) -> None:
    (tmp_path / "lake" / "sub").mkdir(parents=True)
    with pytest.raises(UnreadableInputError, match="nothing to gate"):
        gate(tmp_path / "lake", tmp_path / "out")
    with pytest.raises(UnreadableInputError, match="could not be opened"):
        gate(tmp_path / "absent.parquet", tmp_path / "out")


@pytest.mark.parametrize("name", [b"bad\xff.parquet", b"bad\n.parquet"])
def test_a_name_that_no_manifest_can_hold_is_refused(name: bytes, tmp_path: Path) -> None:
    path = write_parquet(tmp_path / "lake" / "a.parquet", lake_rows(3))
    path.rename(path.parent / os.fsdecode(name))
    with pytest.raises(UnreadableInputError, match="file name"):
        gate(tmp_path / "lake", tmp_path / "out")


@pytest.mark.parametrize("place", ["", "inside", "."])
def test_output_and_input_are_never_one_inside_the_other(place: str, lake: Path) -> None:
    for inputs, out in ((lake, lake / place), (lake / "year=2024" / "a.parquet", lake)):
        with pytest.raises(OutputExistsError):
            gate(inputs, out)


@pytest.mark.parametrize("what", ["file", "folder"])
def test_an_output_that_is_there_is_never_written_to(what: str, lake: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    if what == "file":
        out.write_text("mine")
    else:
        out.mkdir()
        (out / "mine").touch()
    with pytest.raises(OutputExistsError):
        gate(lake, out)
    assert out.is_file() or [path.name for path in out.iterdir()] == ["mine"]
    assert not leftovers(tmp_path)


def test_an_output_that_appears_meanwhile_is_not_written_to(lake: Path, tmp_path: Path) -> None:
    def somebody_else(_done: int, _total: int) -> None:
        (tmp_path / "out").mkdir(exist_ok=True)
        (tmp_path / "out" / "mine").touch()

    with pytest.raises(OutputExistsError):
        run_gate(GateRequest(lake, mapping(), tmp_path / "out"), ADA_OBJECTS, GATE_SIGNER, somebody_else)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["mine"]
    assert not leftovers(tmp_path)


def test_a_row_id_column_called_reasons_is_refused(lake: Path, tmp_path: Path) -> None:
    with pytest.raises(MappingError, match="reasons"):
        gate(lake, tmp_path / "out", MAPPING.replace("row_id: record_id", "row_id: reasons"))


def test_one_file_that_does_not_fit_stops_the_run_before_the_first_row(lake: Path, tmp_path: Path) -> None:
    told: list[int] = []
    for column, change, error in (
        ("audience", pa.field("visibility", pa.string()), ColumnMissingError),
        ("author_is_minor", pa.field("author_is_minor", pa.string()), ColumnTypeError),
    ):
        schema = SCHEMA.set(SCHEMA.get_field_index(column), change)
        pq.write_table(schema.empty_table(), lake / "z.parquet")
        request = GateRequest(lake, mapping(), tmp_path / "out")
        with pytest.raises(error, match=r"z\.parquet"):
            run_gate(request, ADA_OBJECTS, GATE_SIGNER, lambda done, _total: told.append(done))
    assert not told
    assert not (tmp_path / "out").exists()


def test_a_row_without_id_is_named_by_file_and_row_group(lake: Path, tmp_path: Path) -> None:
    schema = SCHEMA.set(0, pa.field("record_id", pa.string()))
    rows = [*lake_rows(20), row(record_id=None)]
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), lake / "z.parquet", row_group_size=10)
    with pytest.raises(RowIdMissingError, match=r"z\.parquet, row group 2"):
        gate(lake, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert not leftovers(tmp_path)


@pytest.mark.parametrize("change", ["append", "overwrite", "replace", "remove", "touch"])
def test_an_input_that_changes_while_it_is_read_is_refused(change: str, lake: Path, tmp_path: Path) -> None:
    path = lake / "year=2025" / "c.parquet"
    changed: list[str] = []

    def meanwhile(_done: int, _total: int) -> None:
        if changed:
            return
        changed.append(change)
        if change == "append":
            with path.open("ab") as stream:
                stream.write(b"x")
        elif change == "overwrite":
            stat = path.stat()
            with path.open("r+b") as stream:
                stream.seek(-20, os.SEEK_END)
                stream.write(b"x")
            os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
        elif change == "replace":
            write_parquet(tmp_path / "new.parquet", lake_rows(1000, 2000)).rename(path)
        elif change == "remove":
            path.unlink()
        else:
            os.utime(path, ns=(1, 1))

    request = GateRequest(path, mapping(), tmp_path / "out")
    with pytest.raises(InputChangedError, match=r"c\.parquet"):
        run_gate(request, ADA_OBJECTS, GATE_SIGNER, meanwhile)
    assert not (tmp_path / "out").exists()
    assert not leftovers(tmp_path)


class InterruptedByTestError(Exception):
    pass


def test_an_interrupted_run_leaves_nothing(lake: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("demur.gate.formats.parquet.BATCH_ROWS", 1)  # so that the other thread is still at work
    told: list[int] = []

    def interrupt(done: int, _total: int) -> None:
        told.append(done)
        if len(told) == 20:
            raise InterruptedByTestError

    with pytest.raises(InterruptedByTestError):
        run_gate(GateRequest(lake, mapping(), tmp_path / "out"), ADA_OBJECTS, GATE_SIGNER, interrupt)
    assert len(told) < 500  # the other thread's file alone has twice as many
    assert [path.name for path in tmp_path.iterdir()] == ["lake"]


@pytest.mark.parametrize("writer", ["polars", "duckdb", "lists named the old way"])
def test_files_of_other_writers_come_back_with_their_schema(writer: str, tmp_path: Path) -> None:
    table = pa.Table.from_pylist(lake_rows(200), schema=SCHEMA)
    path = tmp_path / "a.parquet"
    if writer == "polars":
        frame = pl.from_arrow(table)
        assert isinstance(frame, pl.DataFrame)
        frame.with_columns(pl.col("kind").cast(pl.Categorical)).write_parquet(path)
    elif writer == "duckdb":
        duckdb.sql(f"copy (select *, timestamp '2024-06-26' as at from \"table\") to '{path}' (format parquet)")
    else:
        named = pa.list_(pa.field("array_element", pa.string()))
        named_table = table.set_column(5, "tagged_accounts", table.column("tagged_accounts").cast(named))
        pq.write_table(named_table, path, store_schema=False, use_compliant_nested_type=False)
    gate(path, tmp_path / "out")
    before, after = pq.ParquetFile(path), pq.ParquetFile(tmp_path / "out" / "kept" / "a.parquet")
    assert after.schema_arrow.equals(before.schema_arrow, check_metadata=True)
    for leaf in range(len(before.schema)):
        assert after.schema.column(leaf).path == before.schema.column(leaf).path
        assert (
            after.metadata.row_group(0).column(leaf).compression
            == before.metadata.row_group(0).column(leaf).compression
        )
    assert after.metadata.num_rows == sum(1 for n in range(200) if n % 7 and n % 5)


def test_a_file_whose_types_would_be_others_after_writing_is_refused() -> None:
    seconds = pa.schema({"at": pa.time32("s")})  # Parquet has none, and no Arrow schema tells
    file = SimpleNamespace(schema_arrow=seconds, metadata=SimpleNamespace(metadata=None), num_row_groups=0)
    with pytest.raises(UnreadableInputError, match=r"a\.parquet"):
        layout_of(file, "a.parquet")


def test_a_file_whose_types_cannot_be_written_is_refused() -> None:
    schema = pa.schema({"of": pa.dense_union([pa.field("a", pa.string())])})
    file = SimpleNamespace(schema_arrow=schema, metadata=SimpleNamespace(metadata=None), num_row_groups=0)
    with pytest.raises(OutputWriteError):
        layout_of(file, "a.parquet")


@pytest.mark.parametrize("columns", ["one", "several"])
def test_a_row_of_parquet_that_is_too_large_stops_the_run_and_a_batch_of_many_does_not(
    columns: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Written again it takes nine times as much memory."""
    monkeypatch.setattr(parquet, "_MOST_ROW_BYTES", 1 << 16)
    many = tmp_path / "many"
    write_parquet(many / "a.parquet", [row(record_id=str(number), text="a" * 1000) for number in range(200)])
    assert gate(many, tmp_path / "1").kept_rows == 200
    large = (
        {"text": "a" * (1 << 16)} if columns == "one" else {"text": "a" * (1 << 15), "author_account": "b" * (1 << 15)}
    )
    write_parquet(tmp_path / "one" / "a.parquet", [row(), row(**large), row()])
    with pytest.raises(UnreadableInputError, match=r"a.parquet, row group 0, has a row of more than 0 MiB"):
        gate(tmp_path / "one", tmp_path / "2")
    assert not (tmp_path / "2").exists()

"""What lies in the folder of a table is never taken for plain files: it may hold rows that the table has removed."""

import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from gate_world import SCHEMA, lake_rows, mapping, write_parquet
from table_world import gate

from demur.core.gate_manifest import GateMode
from demur.gate import tables
from demur.gate.errors import UnreadableInputError
from demur.gate.source import find_inputs, load_schema
from demur.gate.tables import open_table
from demur.gate.tables.plain_types import without_views
from demur.gate.tables.table_input import load_input_schema, open_input
from demur.gate.tables.table_parquet import TableColumn, TableParquet

MARKS = ("_delta_log/00000000000000000000.json", ".hoodie/hoodie.properties", "metadata/v1.metadata.json")


@pytest.fixture(params=MARKS)
def table(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A table of a kind, below other folders; what its log says is not even looked at."""
    write_parquet(tmp_path / "lake" / "table" / "data" / "kind=post" / "removed.parquet", lake_rows(3))
    mark = tmp_path / "lake" / "table" / request.param
    mark.parent.mkdir()
    mark.touch()
    return tmp_path / "lake" / "table"


@pytest.mark.parametrize(
    "part", ["..", "data", "data/kind=post", "data/kind=post/removed.parquet", "*/*/*.parquet", "**"]
)
def test_removed_rows_cannot_be_read_around_the_log_of_a_table(table: Path, part: str) -> None:
    with pytest.raises(UnreadableInputError, match=r'table of|"v1.metadata.json" in the input folder'):
        find_inputs(table / part, mapping())
    with pytest.raises(UnreadableInputError, match=r'table of|"v1.metadata.json" in the input folder'):
        load_schema(table / part)


@pytest.mark.parametrize("linked", ["data", "data/kind=post/removed.parquet"])
def test_nor_by_a_link_that_leads_into_a_table(table: Path, linked: str, tmp_path: Path) -> None:
    link = tmp_path / "elsewhere" / Path(linked).name
    link.parent.mkdir()
    link.symlink_to(table / linked)
    with pytest.raises(UnreadableInputError, match="table of"):
        find_inputs(link, mapping())
    if link.is_file():
        with pytest.raises(UnreadableInputError, match="table of"):
            find_inputs(link.parent, mapping())


def test_a_table_that_no_library_here_reads_is_refused_by_its_name(tmp_path: Path) -> None:
    write_parquet(tmp_path / "posts" / "a.parquet", lake_rows(3))
    (tmp_path / "posts" / ".hoodie").mkdir()
    with pytest.raises(UnreadableInputError, match='"posts" is a table of Hudi'):
        find_inputs(tmp_path / "posts", mapping())


def test_plain_files_have_neither_row_deletes_nor_versions(tmp_path: Path) -> None:
    write_parquet(tmp_path / "lake" / "a.parquet", lake_rows(3))
    with pytest.raises(UnreadableInputError, match="only tables"):
        gate(tmp_path / "lake", tmp_path / "out", GateMode.DELETES)
    with pytest.raises(UnreadableInputError, match="it has no version"):
        gate(tmp_path / "lake", tmp_path / "out", version=3)
    assert not (tmp_path / "out").exists()
    assert len(open_input(tmp_path / "lake", mapping(), None).files) == 1
    assert load_input_schema(tmp_path / "lake").names == SCHEMA.names


def test_a_folder_that_cannot_be_looked_into_is_not_taken_for_plain_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_folder: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(open_table, "find_table_kind", refuse)
    with pytest.raises(UnreadableInputError, match="permission denied"):
        gate(tmp_path, tmp_path.parent / "out")


@pytest.mark.parametrize(("mark", "library"), [(MARKS[0], "deltalake"), (MARKS[2], "pyiceberg")])
def test_without_its_library_a_table_is_no_plain_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mark: str, library: str
) -> None:
    write_parquet(tmp_path / "posts" / "a.parquet", lake_rows(3))
    (tmp_path / "posts" / mark).parent.mkdir()
    (tmp_path / "posts" / mark).touch()
    for module in [
        name
        for name in sys.modules
        if name.startswith((library, "demur.gate.tables.delta", "demur.gate.tables.iceberg"))
    ]:
        monkeypatch.delitem(sys.modules, module)
    for module in ("delta", "iceberg"):
        monkeypatch.delattr(tables, module, raising=False)
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(UnreadableInputError, match=f"{library}.* is not installed"):
        open_table.find_table(tmp_path / "posts", None)


def test_two_columns_that_could_be_the_same_are_refused(tmp_path: Path) -> None:
    write_parquet(tmp_path / "a.parquet", lake_rows(3))
    twice = TableColumn("kind", pa.string(), None, ("kind", "audience"), None)
    with pytest.raises(UnreadableInputError, match='could be "kind"'):
        TableParquet((twice,), np.zeros(0, np.int64), None).load_schema(tmp_path / "a.parquet", "a.parquet")


def test_views_become_plain_at_any_depth() -> None:
    view, field = pa.string_view(), pa.field("field", pa.binary_view(), metadata={"id": "1"})
    schema = pa.schema(
        [("a", view), ("b", pa.list_(view)), ("c", pa.struct([field])), ("d", pa.map_(view, view)), ("e", pa.int64())]
    )
    text = pa.large_string()
    plain = pa.struct([field.with_type(pa.large_binary())])
    expected = [("a", text), ("b", pa.list_(text)), ("c", plain), ("d", pa.map_(text, text)), ("e", pa.int64())]
    assert without_views(schema).equals(pa.schema(expected), check_metadata=True)
    lists, plain_lists = ([pa.large_list(kind), pa.list_(kind, 2)] for kind in (view, text))
    for kind, plain in zip(lists, plain_lists, strict=True):
        assert without_views(pa.schema([("f", kind)])).field("f").type == plain

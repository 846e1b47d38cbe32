"""What lies in the folder of a table is never taken for plain files: it may hold rows that the table has removed."""

from pathlib import Path

import pytest
from gate_world import lake_rows, mapping, write_parquet

from demur.gate.errors import UnreadableInputError
from demur.gate.source import find_inputs, load_schema

MARKS = ("_delta_log/00000000000000000000.json", ".hoodie/hoodie.properties", "metadata/v1.metadata.json")


@pytest.fixture(params=MARKS)
def table(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A table of a kind, below other folders; what its log says is not even looked at."""
    write_parquet(tmp_path / "lake" / "table" / "data" / "kind=post" / "removed.parquet", lake_rows(3))
    mark = tmp_path / "lake" / "table" / request.param
    mark.parent.mkdir()
    mark.touch()
    return tmp_path / "lake" / "table"


@pytest.mark.parametrize("part", ["..", "data", "data/kind=post", "data/kind=post/removed.parquet"])
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

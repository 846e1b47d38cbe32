"""Why one row is withheld: the reasons of the decision, and the entries behind them."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from gate_world import MAPPING, SCHEMA, catalogue_of, entry, list_of, mapping, row, write_parquet

from demur.core.identifier import IdentifierKind
from demur.gate.errors import MappingError
from demur.gate.explanation import Explanation, explain_rows
from demur.gate.suppression_list import ListEntry, SuppressionList

ADA, BO = entry("lumen:ada"), entry("lumen:bo")
ADA_AGAIN = ListEntry(bytes(16), ADA.kind, ADA.value, ADA.in_force_from)
LIST = list_of(others=[ADA, ADA_AGAIN, BO, entry("cy", IdentifierKind.HANDLE)])


def explain(path: Path, row_id: str = "r1", suppressions: SuppressionList = LIST) -> list[Explanation]:
    return explain_rows(path, row_id, mapping(), suppressions, None)


def test_every_reason_comes_with_the_entries_behind_it(tmp_path: Path) -> None:
    rows = [
        row(record_id="r0", author_account="lumen:bo"),
        row(author_account="lumen:ada", tagged_accounts=["lumen:cy", "lumen:bo", "lumen:bo"], kind="dm"),
    ]
    (found,) = explain(write_parquet(tmp_path / "a.parquet", rows, row_group_size=1))
    assert found.where == "a.parquet, row group 1"
    assert found.reasons == ("private-message", "author-objected", "tagged-person-objected")
    assert set(found.entry_ids["author-objected"]) == {ADA.entry_id, ADA_AGAIN.entry_id}
    assert found.entry_ids["tagged-person-objected"] == (BO.entry_id,)
    assert "private-message" not in found.entry_ids


def test_a_kept_row_has_no_reason(tmp_path: Path) -> None:
    path = write_parquet(tmp_path / "a.parquet", [row()])
    assert explain(path) == [Explanation("a.parquet, row group 0", (), {})]
    assert explain(path, suppressions=list_of())[0].reasons == ()


def test_an_id_that_is_there_twice_is_explained_twice_and_one_that_is_not_there_not_at_all(tmp_path: Path) -> None:
    write_parquet(tmp_path / "a.parquet", [row(author_account="lumen:ada"), row(record_id="r2")])
    write_parquet(tmp_path / "b.parquet", [row()])
    assert [bool(each.reasons) for each in explain(tmp_path)] == [True, False]
    assert explain(tmp_path, "r") == []


def test_the_catalogue_counts(tmp_path: Path) -> None:
    path = write_parquet(tmp_path / "a.parquet", [row()])
    with pytest.raises(MappingError):
        explain_rows(path, "r1", mapping(), LIST, catalogue_of())
    product = mapping(f"{MAPPING}product: text\n")
    assert explain_rows(path, "r1", product, LIST, catalogue_of())[0].reasons == ("not-in-catalogue",)


def test_a_line_of_json_is_explained_too(tmp_path: Path) -> None:
    lines = [row(record_id="r0"), row(author_account="lumen:ada")]
    (tmp_path / "a.jsonl").write_text("".join(f"{json.dumps(each)}\n" for each in lines))
    (found,) = explain(tmp_path)
    assert found.where.startswith("a.jsonl")
    assert found.reasons == ("author-objected",)


@pytest.mark.parametrize(
    ("ids", "row_id", "others"),
    [
        (pa.array(["r1", "r2"]), "r1", ["R1", "r1 ", ""]),
        (pa.array(["r1", "r2"]).dictionary_encode(), "r1", ["r"]),
        (pa.array(["r1", "r2"], pa.large_string()), "r1", ["r"]),
        (pa.array([7, -1], pa.int16()), "7", ["07", "7.0", "99999999999999999999", "r"]),
        (pa.array([2**64 - 1, 0], pa.uint64()), str(2**64 - 1), ["-1"]),
        (pa.array([b"\xab\x01", b""]), "ab01", ["ab", "r1", "zz"]),
        (pa.array([b"\xab\x01", b"\x00\x00"], pa.binary(2)), "AB01", ["ab0100"]),
    ],
)
def test_ids_of_every_type_are_found(ids: pa.Array, row_id: str, others: list[str], tmp_path: Path) -> None:
    rows = pa.Table.from_pylist([row(), row(author_account="lumen:ada")], schema=SCHEMA)
    pq.write_table(rows.set_column(0, "record_id", ids), tmp_path / "a.parquet")
    assert [each.reasons for each in explain(tmp_path / "a.parquet", row_id)] == [()]
    assert [explain(tmp_path / "a.parquet", other) for other in others] == [[]] * len(others)

"""A dry run decides as a run does, and is stopped by the same faults."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from gate_oracle import ADA_OBJECTS, ROWS, reasons_by_hand
from gate_world import (
    GATE_SIGNER,
    MAPPING,
    SCHEMA,
    catalogue_of,
    entry,
    lake_rows,
    list_of,
    mapping,
    row,
    write_parquet,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from demur.core.identifier import IdentifierKind
from demur.gate.dry_run import decide_only
from demur.gate.errors import (
    ColumnMissingError,
    InputChangedError,
    MappingError,
    RowIdMissingError,
    UnreadableInputError,
)
from demur.gate.formats.parquet import Parquet
from demur.gate.run import GateRequest, run_gate

LIST = list_of("lumen:ada", others=[entry("ada@mail.example", IdentifierKind.EMAIL)])


def test_it_counts_what_a_run_counts(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    write_parquet(lake / "a.parquet", lake_rows(3_000), row_group_size=1_000)
    write_parquet(lake / "b" / "b.parquet", [])
    told: list[tuple[int, int]] = []
    reasons: list[dict[str, int]] = []
    dry = decide_only(
        lake,
        mapping(),
        LIST,
        None,
        lambda done, total: told.append((done, total)),
        tell_reasons=lambda rows: reasons.append(dict(rows)),
    )
    manifest = run_gate(GateRequest(lake, mapping(), tmp_path / "out"), LIST, GATE_SIGNER, lambda _done, _total: None)
    assert (dry.kept_rows, dry.withheld_rows) == (manifest.kept_rows, manifest.withheld_rows)
    assert dry.withheld_by_reason == manifest.withheld_by_reason
    assert (dry.list_number, dry.kinds_not_applied) == (manifest.list_number, manifest.kinds_not_applied)
    assert told == [(1_000, 3_000), (2_000, 3_000), (3_000, 3_000)]
    assert len(reasons) == 3
    assert reasons[-1] == {code: rows for code, rows in dry.withheld_by_reason.items() if rows}


def decide(path: Path, text: str = MAPPING) -> None:
    decide_only(path, mapping(text), LIST, None, lambda _done, _total: None)


def test_a_row_without_id_stops_it_and_the_file_is_named(tmp_path: Path) -> None:
    nullable = SCHEMA.set(0, SCHEMA.field(0).with_nullable(nullable=True))
    path = tmp_path / "a.parquet"
    pq.write_table(pa.Table.from_pylist([row(), row(record_id=None)], schema=nullable), path)
    with pytest.raises(RowIdMissingError, match=r"a\.parquet, row group 0"):
        decide(path)


def test_a_column_that_is_not_there_stops_it(tmp_path: Path) -> None:
    path = write_parquet(tmp_path / "a.parquet", [row()])
    with pytest.raises(ColumnMissingError):
        decide(path, MAPPING.replace("text: text", "text: words"))


def test_a_column_that_went_away_since_the_file_was_found_is_no_traceback(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": [1]}), tmp_path / "a.parquet")
    with pytest.raises(UnreadableInputError, match=r"a\.parquet"):
        list(Parquet().read(tmp_path / "a.parquet", "a.parquet", mapping(), whole=False))


def test_ids_that_a_file_cannot_lack_are_not_read_unless_a_rule_reads_them_too(tmp_path: Path) -> None:
    path = write_parquet(tmp_path / "a.parquet", [row(), row(author_account="lumen:ada")])
    counted = replace(mapping(), needs_ids=False)
    [block] = Parquet().read(path, path.name, counted, whole=False)
    assert block.batch.column("record_id").to_pylist() == [0, 0]
    [both] = Parquet().read(path, path.name, replace(counted, others={"text": "record_id"}), whole=False)
    assert both.batch.column("record_id").to_pylist() == ["r1", "r1"]


@given(rows=ROWS, is_numbered=st.booleans())
@settings(max_examples=60)
def test_words_that_a_file_spells_out_and_words_that_it_numbers_mean_the_same(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, object]], *, is_numbered: bool
) -> None:
    lake = tmp_path_factory.mktemp("words")
    write_parquet(lake / "a.parquet", rows, row_group_size=7, use_dictionary=is_numbered)
    dry = decide_only(lake, mapping(), ADA_OBJECTS, None, lambda _done, _total: None)
    by_hand = Counter(reason for one in rows for reason in reasons_by_hand(one))
    assert {reason: found for reason, found in dry.withheld_by_reason.items() if found} == by_hand


def test_a_catalogue_wants_a_product(tmp_path: Path) -> None:
    path = write_parquet(tmp_path / "a.parquet", [row()])
    with pytest.raises(MappingError):
        decide_only(path, mapping(), LIST, catalogue_of(), lambda _done, _total: None)


def test_an_input_that_changes_meanwhile_stops_it(tmp_path: Path) -> None:
    path = write_parquet(tmp_path / "a.parquet", [row()])
    with pytest.raises(InputChangedError):
        decide_only(path, mapping(), LIST, None, lambda _done, _total: path.touch())


def test_an_input_that_goes_away_meanwhile_stops_it(tmp_path: Path) -> None:
    path = write_parquet(tmp_path / "a.parquet", lake_rows(10))
    with pytest.raises(InputChangedError, match="went away"):
        decide_only(tmp_path, mapping(), LIST, None, lambda _done, _total: path.unlink())

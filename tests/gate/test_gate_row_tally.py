"""Rows by product and by month: what a manifest counts, and what never gets into it."""

import json
from collections import Counter
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from gate_world import GATE_SIGNER, MAPPING, catalogue_of, list_of, mapping, row, write_parquet
from hypothesis import given
from hypothesis import strategies as st

from demur.controller.catalogue import Audience, Catalogue, Kind
from demur.core.gate_manifest import GateMode, KeptAndWithheld
from demur.gate.row_tally import RowTally
from demur.gate.run import GateRequest, run_gate

DATED = mapping(MAPPING + "created_at: made\n")
NOVEMBER = datetime(2026, 11, 30, 23, 30, tzinfo=UTC)
LISBON_ISLANDS = timezone(-timedelta(hours=1))


def write_lines(path: Path, rows: list[dict[str, object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def months_of(made: pa.Array, kept: list[bool]) -> dict[str, tuple[int, int]]:
    tally = RowTally(DATED, None)
    tally.add(pa.RecordBatch.from_arrays([made], ["made"]), np.array(kept))
    return {month: (rows.kept, rows.withheld) for month, rows in tally.by_month.items()}


@pytest.mark.parametrize(
    "made",
    [
        pa.array([NOVEMBER, datetime(2026, 12, 1, tzinfo=UTC), None], pa.timestamp("us", tz="Asia/Tokyo")),
        pa.array([NOVEMBER.replace(tzinfo=None), datetime(2026, 12, 1), None], pa.timestamp("s")),  # noqa: DTZ001
        pa.array([date(2026, 11, 30), date(2026, 12, 1), None], pa.date32()),
        pa.array(["2026-11-30T23:30:00Z", "2026-12-01", "long ago"]),
        pa.array(["2026-11", "2026-12-01T00:00:00+00:00", "2026-13-01"], pa.string_view()),
        pa.array(["2026-11", "2026-12", None]).dictionary_encode(),
    ],
)
def test_rows_are_counted_by_the_month_they_are_of(made: pa.Array) -> None:
    assert months_of(made, [True, False, False]) == {"2026-11": (1, 0), "2026-12": (0, 1), "unknown": (0, 1)}


def test_a_month_is_that_of_utc_wherever_the_reader_is() -> None:
    made = pa.array([NOVEMBER.astimezone(LISBON_ISLANDS)], pa.timestamp("ms", tz="Pacific/Auckland"))
    assert months_of(made, [True]) == {"2026-11": (1, 0)}


@given(
    made=st.lists(st.none() | st.datetimes(datetime(1900, 1, 1), datetime(2260, 1, 1)), min_size=1, max_size=20),  # noqa: DTZ001
    of=st.sampled_from(
        [
            pa.date32(),
            pa.date64(),
            *(pa.timestamp(unit, tz) for unit in ("s", "ms", "us", "ns") for tz in (None, "UTC")),
        ]
    ),
)
def test_every_instant_is_counted_in_the_month_of_the_calendar(made: list[datetime | None], of: pa.DataType) -> None:
    column = pa.array(made, pa.timestamp("us")).cast(of, safe=False)
    is_ours = [instant is not None and 1970 <= instant.year < 2200 for instant in made]
    expected = Counter(
        f"{each:%Y-%m}" if ours and each else "unknown" for each, ours in zip(made, is_ours, strict=True)
    )
    assert months_of(column, [True] * len(made)) == {month: (rows, 0) for month, rows in expected.items()}


@pytest.mark.parametrize(
    "made",
    [
        pa.array([1_700_000_000]),
        pa.array(["1969-12-31"]),
        pa.array([date(2200, 1, 1)]),
        pa.array([1]).dictionary_encode(),
        pa.array(["ada@people.example"]),
    ],
)
def test_what_is_no_month_of_ours_is_unknown(made: pa.Array) -> None:
    assert months_of(made, [True]) == {"unknown": (1, 0)}


def products_of(values: str, catalogue: Catalogue | None) -> dict[str, KeptAndWithheld]:
    tally = RowTally(mapping(MAPPING + f"product:\n  column: app\n{values}"), catalogue)
    batch = pa.RecordBatch.from_pydict({"app": ["lm", "lumen", "lm", "ada@people.example", None]})
    for kept in (True, False):
        other = RowTally(mapping(MAPPING + f"product:\n  column: app\n{values}"), catalogue)
        other.add(batch, np.array([kept] * 5))
        tally.merge(other)
    return dict(tally.by_product)


def test_rows_are_counted_by_the_product_that_a_value_means() -> None:
    found = products_of("  values: {lm: lumen, lumen: lumen, chat: chat}\n", None)
    assert found == {"lumen": KeptAndWithheld(3, 3), "unknown": KeptAndWithheld(2, 2)}


def test_a_value_that_nobody_named_never_gets_into_a_manifest() -> None:
    catalogue = catalogue_of((Kind.POST, "lumen", Audience.PUBLIC))
    assert products_of("", catalogue) == {"lumen": KeptAndWithheld(1, 1), "unknown": KeptAndWithheld(4, 4)}
    assert products_of("", None) == {}


def test_nothing_is_counted_where_the_mapping_names_no_column() -> None:
    tally = RowTally(mapping(), None)
    tally.add(pa.RecordBatch.from_pydict({"record_id": ["r1"]}), np.array([True]))
    assert (dict(tally.by_product), dict(tally.by_month)) == ({}, {})


@pytest.mark.parametrize("mode", [GateMode.REWRITE, GateMode.LINK, GateMode.IDS])
def test_a_manifest_counts_every_row_once_in_each_table_whatever_the_mode(tmp_path: Path, mode: GateMode) -> None:
    dated = mapping(MAPPING + "created_at: text\nproduct:\n  column: audience\n  values: {public: lumen}\n")
    rows = [row(text="2026-11-02"), row(text="2026-10", author_account="lumen:ada"), row(audience="friends")]
    write_parquet(tmp_path / "lake" / "a.parquet", rows)
    write_lines(tmp_path / "lake" / "b.jsonl", [*rows, {**row(), "text": None}])
    request = GateRequest(tmp_path / "lake", dated, tmp_path / "out", None, mode)
    manifest = run_gate(request, list_of("lumen:ada"), GATE_SIGNER, lambda _done, _total: None)
    assert manifest.rows_by_product == {"lumen": KeptAndWithheld(3, 2), "unknown": KeptAndWithheld(0, 2)}
    assert manifest.rows_by_month == {
        "2026-10": KeptAndWithheld(0, 2),
        "2026-11": KeptAndWithheld(2, 0),
        "unknown": KeptAndWithheld(1, 2),
    }


def test_dates_that_are_numbers_in_json_lines_stop_nobody(tmp_path: Path) -> None:
    write_lines(tmp_path / "lake" / "a.jsonl", [{**row(), "made": 1_763_900_000}])
    request = GateRequest(tmp_path / "lake", DATED, tmp_path / "out")
    manifest = run_gate(request, list_of("lumen:ada"), GATE_SIGNER, lambda _done, _total: None)
    assert manifest.rows_by_month == {"unknown": KeptAndWithheld(1, 0)}

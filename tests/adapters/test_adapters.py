"""Every adapter, with its real library: the same rows as the kernel keeps, and no row where it cannot decide."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from adapter_world import ADAPTERS, LIFETIME, Adapter, kept_ids, lake

from demur.adapters import batch_gate
from demur.adapters.batch_gate import BatchGate

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")

each_adapter = pytest.mark.parametrize("adapter", ADAPTERS.values(), ids=ADAPTERS.keys())
NO_STREAM_OF_NOTHING = {"datasets_generator", "datasets_stream"}
"""Adapters of a library that makes no stream without rows."""

MISSING = [
    pytest.param(adapter, column, id=f"{name}-{column}")
    for name, adapter in ADAPTERS.items()
    for column in ("id", "author", "tagged", "author_is_minor", "text")
    if adapter.__name__ != "datatrove_step" or column not in {"id", "text"}  # every document has those two
]


def with_column(table: pa.Table, name: str, values: pa.Array | pa.ChunkedArray) -> pa.Table:
    return table.set_column(table.schema.get_field_index(name), name, values)


def refused(adapter: Adapter, table: pa.Table, gate: BatchGate) -> str:
    """Return the class and words of all errors that came out, through whatever the library made of the gate's own."""
    with pytest.raises(Exception) as caught:  # noqa: PT011  (a library has errors of its own)
        adapter(table, gate)
    words = []
    error: BaseException | None = caught.value
    while error is not None:
        words.append(f"{type(error).__name__}: {error}")
        error = error.__cause__ or error.__context__
    return "\n".join(words)


@each_adapter
def test_the_rows_that_may_train_are_kept_in_their_order(adapter: Adapter, gate: BatchGate) -> None:
    assert adapter(lake(200), gate) == kept_ids(200)


@each_adapter
def test_chunks_and_slices_lose_no_row(adapter: Adapter, gate: BatchGate) -> None:
    table = pa.concat_tables([lake(50).slice(10, 30), lake(0), lake(40, 40).slice(0, 20)])
    assert adapter(table, gate) == kept_ids(50, 10)


@pytest.mark.parametrize(
    "adapter", [adapter for adapter in ADAPTERS.values() if adapter.__name__ not in NO_STREAM_OF_NOTHING]
)
def test_nothing_is_kept_of_nothing(adapter: Adapter, gate: BatchGate) -> None:
    assert adapter(lake(0), gate) == []


@each_adapter
def test_batch_in_which_nobody_is_tagged_is_decided_about(adapter: Adapter, gate: BatchGate) -> None:
    table = lake(50)
    nobody = with_column(table, "tagged", pa.array([[]] * 50, pa.list_(pa.string())))
    expected = [found["id"] for found in table.to_pylist() if found["id"] in adapter(nobody, gate)]
    assert len(expected) > len(kept_ids(50))
    assert adapter(nobody, gate) == expected


@each_adapter
def test_batch_that_says_nothing_of_its_authors_is_withheld_whole(adapter: Adapter, gate: BatchGate) -> None:
    assert adapter(with_column(lake(20), "author", pa.nulls(20, pa.string())), gate) == []


@pytest.mark.parametrize(("adapter", "column"), MISSING)
def test_missing_column_stops_the_job(adapter: Adapter, column: str, gate: BatchGate) -> None:
    table = lake(20).rename_columns({column: "another"})
    words = refused(adapter, table, gate)
    assert "ColumnMissingError" in words or "ColumnNotFound" in words or "KeyError" in words
    assert column in words


WRONG: dict[str, tuple[str, Callable[[pa.Table], pa.Array]]] = {
    "authors are numbers": ("author", lambda table: pa.array(range(len(table)))),
    "tagged people are one text": ("tagged", lambda table: pa.array(["ada"] * len(table))),
    "tagged people are numbers": ("tagged", lambda table: pa.array([[1]] * len(table))),
    "minors are numbers": ("author_is_minor", lambda table: pa.array([0.0] * len(table))),
    "kinds are numbers": ("kind", lambda table: pa.array([1] * len(table))),
    "ids are fractions": ("id", lambda table: pa.array([0.5] * len(table))),
}


@each_adapter
@pytest.mark.parametrize("fault", WRONG)
def test_column_of_another_type_stops_the_job(adapter: Adapter, fault: str, gate: BatchGate) -> None:
    column, values = WRONG[fault]
    table = lake(20)
    words = refused(adapter, with_column(table, column, values(table)), gate)
    assert "ColumnTypeError" in words or "must be" in words
    assert column in words


@each_adapter
def test_row_without_id_stops_the_job(adapter: Adapter, gate: BatchGate) -> None:
    table = lake(20)
    ids = pc.if_else(pc.equal(table["likes"], 7), None, table["id"])  # row 7 is withheld for its kind already
    words = refused(adapter, with_column(table, "id", ids), gate)
    assert "a row has no id" in words


@each_adapter
def test_expired_list_stops_the_job(adapter: Adapter, gate: BatchGate, monkeypatch: pytest.MonkeyPatch) -> None:
    adapter(lake(20), gate)
    monkeypatch.setattr(batch_gate, "_now", lambda: datetime.now(UTC) + LIFETIME)
    assert "ExpiredError" in refused(adapter, lake(20), gate)


@each_adapter
def test_another_list_than_the_job_began_with_stops_it(adapter: Adapter, gate: BatchGate) -> None:
    assert "InputChangedError" in refused(adapter, lake(20), replace(gate, list_sha256=bytes(32)))


@each_adapter
def test_list_that_is_gone_stops_the_job(adapter: Adapter, gate: BatchGate) -> None:
    gone = replace(gate, list_path=gate.list_path.with_name("gone.list"), list_sha256=bytes(32))
    assert "UnreadableInputError" in refused(adapter, lake(20), gone)

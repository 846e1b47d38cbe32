"""What is particular to one library: its types, its caches, its processes."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from adapter_world import (
    LIFETIME,
    SCHEMA,
    build,
    forget_opened_gates,
    gate_of,
    kept_ids,
    lake,
    ray_worker,
    save_list,
    spark_worker,
)

from demur.adapters import batch_gate
from demur.adapters.batch_gate import BatchGate
from demur.core.errors import ExpiredError
from demur.gate.errors import ColumnMissingError, ColumnTypeError

# ruff: noqa: PLC0415

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")


@pytest.fixture
def expire(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Let the list end now, in this process."""
    return lambda: monkeypatch.setattr(batch_gate, "_now", lambda: datetime.now(UTC) + LIFETIME)


@pytest.mark.parametrize("kind", ["Categorical", "Enum", "String"])
def test_polars_texts_of_every_type(gate: BatchGate, kind: str) -> None:
    import polars as pl

    from demur.adapters.polars import is_kept

    frame = pl.DataFrame(lake(100))
    for column in ("kind", "audience", "author"):
        to = {"Categorical": pl.Categorical, "Enum": pl.Enum(frame[column].unique()), "String": pl.String}[kind]
        frame = frame.with_columns(pl.col(column).cast(to))
    assert frame.filter(is_kept(gate))["id"].to_list() == kept_ids(100)


def test_polars_plan_that_is_run_after_the_list_has_ended_stops(gate: BatchGate, expire: Any) -> None:
    import polars as pl

    from demur.adapters.polars import is_kept

    plan = pl.LazyFrame(lake(50)).filter(is_kept(gate))
    expire()
    with pytest.raises((ExpiredError, pl.exceptions.ComputeError), match="expired"):
        plan.collect()


def test_pandas_categories_missing_values_and_other_indexes(gate: BatchGate) -> None:
    import pandas as pd

    from demur.adapters.pandas import is_kept

    frame = lake(100).to_pandas()
    frame["kind"] = frame["kind"].astype("category")
    frame["author"] = frame["author"].astype(object)
    frame.loc[2, "author"] = np.nan
    frame.index = pd.Index(range(500, 400, -1))
    assert frame[is_kept(frame, gate)]["id"].tolist() == kept_ids(100)[1:]


def test_pandas_column_that_is_there_twice_is_refused(gate: BatchGate) -> None:
    import pandas as pd

    from demur.adapters.pandas import is_kept

    frame = lake(20).to_pandas()
    with pytest.raises(ColumnMissingError, match="more than one"):
        is_kept(pd.concat([frame, frame[["author"]]], axis=1), gate)


def test_pandas_object_column_of_mixed_types_is_refused(gate: BatchGate) -> None:
    from demur.adapters.pandas import is_kept

    frame = lake(20).to_pandas()
    frame["author"] = frame["author"].astype(object)
    frame.loc[3, "author"] = 5
    with pytest.raises(ColumnTypeError, match="different types"):
        is_kept(frame, gate)


def test_duckdb_reads_kept_rows_of_files_and_stops_when_the_list_ends(
    gate: BatchGate, folder: Path, expire: Any
) -> None:
    import duckdb

    from demur.adapters.duckdb import kept_rows

    with duckdb.connect() as connection:
        many = connection.sql(f"SELECT lake.* FROM '{folder}/lake/*.parquet' AS lake, range(4000)")
        assert kept_rows(many, gate).read_all().num_rows == len(kept_ids(60)) * 4000
        reader = kept_rows(many, gate)
        assert reader.read_next_batch().num_rows
        expire()
        with pytest.raises(ExpiredError):
            reader.read_all()


def test_datasets_of_large_and_dictionary_types_keep_their_format(gate: BatchGate) -> None:
    from datasets import Dataset

    from demur.adapters.datasets import kept_rows

    table = lake(100)
    for column, kind in {"author": pa.large_string(), "tagged": pa.large_list(pa.large_string())}.items():
        table = table.set_column(table.schema.get_field_index(column), column, table[column].cast(kind))
    dataset = Dataset(table).with_format("numpy", columns=["id", "likes"])
    kept = kept_rows(dataset, gate)
    assert kept.format == dataset.format
    assert kept["id"][:].tolist() == kept_ids(100)


def test_datasets_batch_of_columns_of_different_lengths_is_refused(gate: BatchGate) -> None:
    from demur.adapters.datasets import is_kept

    columns = lake(10).to_pydict()
    columns["author"].pop()
    with pytest.raises(ColumnTypeError, match="the same number"):
        is_kept(columns, gate, [])


def test_datasets_decides_in_several_processes(gate: BatchGate) -> None:
    from datasets import Dataset

    from demur.adapters.datasets import kept_rows

    assert list(kept_rows(Dataset(lake(100)), gate, num_proc=2)["id"]) == kept_ids(100)


def test_what_datasets_kept_of_an_earlier_run_is_not_used_for_another_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, expire: Any
) -> None:
    from datasets import Dataset

    from demur.adapters.datasets import kept_rows

    forget_opened_gates(monkeypatch)
    folder = build(tmp_path)
    dataset = Dataset.from_parquet(str(folder / "lake" / "part-0.parquet"), cache_dir=str(tmp_path / "cache"))
    assert isinstance(dataset, Dataset)
    first = gate_of(folder)
    assert list(kept_rows(dataset, first)["id"]) == kept_ids(30)
    save_list(folder, "lumen:ada", "lumen:cy")
    assert list(kept_rows(dataset, gate_of(folder))["id"]) == []
    expire()
    with pytest.raises(ExpiredError):
        kept_rows(dataset, first)


def test_stream_of_datasets_stops_when_the_list_ends(gate: BatchGate, expire: Any) -> None:
    from datasets import Dataset

    from demur.adapters.datasets import kept_rows

    rows = iter(kept_rows(Dataset(lake(2_500)).to_iterable_dataset(), gate))
    assert next(rows)["id"] == kept_ids(20)[0]
    expire()
    with pytest.raises(ExpiredError):
        list(rows)


def test_datatrove_counts_what_it_withholds_by_reason(gate: BatchGate) -> None:
    from datatrove.data import Document

    from demur.adapters.datatrove import GateFilter

    documents = [Document(row.pop("text") or "", row.pop("id"), [], row) for row in lake(100).to_pylist()]
    step = GateFilter(gate)
    kept = list(step.run(iter(documents)))
    stats = step.stats.to_dict()["stats"]
    count = {name: stat["total"] if isinstance(stat, dict) else stat for name, stat in stats.items()}
    assert len(kept) == len(kept_ids(100))
    assert count["forwarded"] == len(kept)
    assert count["dropped"] == 100 - len(kept)
    assert count["withheld_author-objected"] == 10
    assert count["withheld_private-message"] == 15
    assert step.filter(kept[0])


def test_datatrove_stops_when_the_list_ends(gate: BatchGate, expire: Any) -> None:
    from datatrove.data import Document

    from demur.adapters.datatrove import GateFilter

    documents = (Document("", row.pop("id"), [], row) for row in lake(1_500).drop("text").to_pylist())
    kept = GateFilter(gate).run(documents)
    next(kept)
    expire()
    with pytest.raises(ExpiredError):
        list(kept)


class Shards:
    """A source of which each worker of a DataLoader reads its own part."""

    def __init__(self, rows: int) -> None:
        self.rows = rows

    def __iter__(self) -> Iterator[dict[str, object]]:
        from torch.utils.data import get_worker_info

        worker = get_worker_info()
        own, workers = (worker.id, worker.num_workers) if worker else (0, 1)
        yield from lake(self.rows).to_pylist()[own::workers]


@pytest.mark.filterwarnings("ignore::coverage.exceptions.CoverageWarning")  # of a measured process that was forked
@pytest.mark.parametrize(("start", "workers"), [("fork", 2), ("spawn", 1)])
def test_torch_workers_that_were_forked_or_spawned(gate: BatchGate, start: str, workers: int) -> None:
    from torch.utils.data import DataLoader

    from demur.adapters.torch import KeptRows

    loader = DataLoader(
        KeptRows(Shards(100), gate), batch_size=None, num_workers=workers, multiprocessing_context=start
    )
    assert sorted(row["id"] for row in loader) == kept_ids(100)


def test_torch_stops_when_the_list_ends(gate: BatchGate, expire: Any) -> None:
    from demur.adapters.torch import KeptRows

    rows = iter(KeptRows(Shards(2_500), gate))
    next(rows)
    expire()
    with pytest.raises(ExpiredError):
        list(rows)


def test_a_fork_opens_and_decides(gate: BatchGate) -> None:
    gate.open()
    child = os.fork()
    if child == 0:
        os._exit(0 if gate.kept_rows(lake(50))["id"].to_pylist() == kept_ids(50) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@pytest.mark.parametrize("worker", [spark_worker, ray_worker])
def test_worker_of_a_cluster_stops_when_the_list_ends(gate: BatchGate, worker: Any, expire: Any) -> None:
    assert worker(lake(20), gate) == kept_ids(20)
    expire()
    with pytest.raises(ExpiredError):
        worker(lake(20), gate)


def test_all_columns_of_the_lake_survive(gate: BatchGate) -> None:
    assert gate.kept_rows(lake(50)).schema == SCHEMA

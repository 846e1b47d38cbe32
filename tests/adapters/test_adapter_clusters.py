"""Ray and Spark themselves, each with two workers on this machine."""

import logging
import sys
import warnings
from collections.abc import Iterator
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from adapter_world import build, forget_opened_gates, gate_of, kept_ids, lake
from test_adapter_page import EXAMPLES, run

from demur.adapters.batch_gate import BatchGate

# ruff: noqa: PLC0415

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning", "ignore::ResourceWarning"),
]


@pytest.fixture(scope="module")
def spark() -> "Iterator[SparkSession]":
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings(action="ignore"):
        patch.setenv("PYSPARK_PYTHON", sys.executable)
        from pyspark.sql import SparkSession

        builder = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
        session = builder.config("spark.driver.memory", "1g").config("spark.driver.host", "127.0.0.1").getOrCreate()
        session.sparkContext.setLogLevel("OFF")
        yield session
        session.stop()


@pytest.fixture(scope="module")
def ray() -> Iterator[None]:
    import ray

    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR)
    ray.data.DataContext.get_current().enable_progress_bars = False
    yield
    ray.shutdown()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    forget_opened_gates(monkeypatch)
    monkeypatch.chdir(build(tmp_path))
    return tmp_path


def test_spark_prints_what_the_page_says(spark: Any, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run("Spark")
    assert capsys.readouterr().out == EXAMPLES["Spark"][1]


def test_ray_prints_what_the_page_says(ray: None, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run("Ray Data")
    assert capsys.readouterr().out == EXAMPLES["Ray Data"][1]


def write_fault(home: Path, fault: str) -> None:
    """Spoil row 7, which is withheld for its kind already, or the column of its author."""
    table = lake(30)
    if fault == "id":
        ids = pa.array([None if number == 7 else f"r{number}" for number in range(30)])
        table = table.set_column(0, "id", ids)
    elif fault == "missing":
        table = table.rename_columns({"author": "another"})
    else:
        table = table.set_column(table.schema.get_field_index("author"), "author", pa.array(range(30)))
    (home / "spoilt").mkdir()
    pq.write_table(table, home / "spoilt" / "part.parquet")


@pytest.mark.long
@pytest.mark.parametrize(
    ("fault", "words"), [("id", "a row has no id"), ("missing", 'no column "author"'), ("type", 'column "author"')]
)
def test_spark_stops_over_what_it_cannot_decide(spark: Any, home: Path, fault: str, words: str) -> None:
    from demur.adapters.spark import kept_rows

    write_fault(home, fault)
    with pytest.raises(Exception, match=words):
        kept_rows(spark.read.parquet(str(home / "spoilt")), gate_of(home)).collect()


@pytest.mark.long
@pytest.mark.parametrize(
    ("fault", "words"), [("id", "a row has no id"), ("missing", 'no column "author"'), ("type", 'column "author"')]
)
def test_ray_stops_over_what_it_cannot_decide(ray: None, home: Path, fault: str, words: str) -> None:
    from ray.data import read_parquet

    from demur.adapters.ray import kept_rows

    write_fault(home, fault)
    with pytest.raises(Exception, match=words):
        kept_rows(read_parquet(str(home / "spoilt")), gate_of(home)).take_all()


@pytest.mark.long
def test_spark_reads_names_that_need_quotes_and_keeps_all_columns(spark: Any, home: Path) -> None:
    from demur.adapters.spark import kept_rows

    mapping = (home / "mapping.yaml").read_text().replace("column: author,", "column: 'the `author`.id',")
    (home / "mapping.yaml").write_text(mapping)
    renamed = lake(50).rename_columns({"author": "the `author`.id"})
    (home / "renamed").mkdir()
    pq.write_table(renamed, home / "renamed" / "part.parquet")
    kept = kept_rows(spark.read.parquet(str(home / "renamed")), gate_of(home)).collect()
    assert [row["id"] for row in kept] == kept_ids(50)
    assert list(kept[0].asDict()) == renamed.column_names


@pytest.mark.long
def test_spark_withholds_by_the_catalogue_what_the_gate_does(spark: Any, home: Path) -> None:
    from demur.adapters.spark import kept_rows

    (home / "mapping.yaml").write_text((home / "mapping.yaml").read_text() + "product: product\n")
    controller = Path(str(files("demur.sample") / "data" / "controller.yaml"))
    gate = BatchGate.load(home / "mapping.yaml", home / "lists" / "7.list", home / "keys", controller)
    table = lake(60).append_column("product", pa.array(["agora", "muse", None] * 20))
    (home / "products").mkdir()
    pq.write_table(table, home / "products" / "part.parquet")
    kept = kept_rows(spark.read.parquet(str(home / "products")), gate).collect()
    assert [row["id"] for row in kept] == gate.kept_rows(table)["id"].to_pylist()
    assert {row["product"] for row in kept} == {"agora"}


@pytest.mark.long
def test_ray_worker_without_keys_keeps_nothing(ray: None, home: Path) -> None:
    from ray import put
    from ray.data import read_parquet

    from demur.adapters.ray import keep_batch

    gate = gate_of(home)
    arguments = {"gate": replace(gate, keys_folder=home / "none"), "sealed": (put(gate.read_list()),)}
    kept = read_parquet(str(home / "lake")).map_batches(keep_batch, batch_format="pyarrow", fn_kwargs=arguments)
    with pytest.raises(Exception, match="no readable file"):
        kept.take_all()

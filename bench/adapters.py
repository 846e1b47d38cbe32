"""The adapters for Ray and Spark against these engines' own identity map and plain copy, with two workers.

    .venv/bin/python bench/adapters.py                      both engines, 2 million rows, 5 rounds
    .venv/bin/python bench/adapters.py --engines spark --rounds 3

Every contestant reads the lake that bench/gate.py builds and writes Parquet: as it is, through a Python function that
gives back each Arrow batch, or through the gate. An engine starts once, and each contestant runs once beforehand, so
that workers run and have opened the list: start-up is apart. In each round all run in turn; ratios are medians of the
rounds' ratios. CPU seconds are those of all of the engine's processes.
"""

import argparse
import logging
import os
import shutil
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from demur.adapters.batch_gate import BatchGate
from gate import build, write_mapping
from process_tree import usage_of

WORKERS = 2
COPY, IDENTITY, GATE = "plain copy", "identity map", "gate"

Work = dict[str, Callable[[str], None]]


@dataclass(frozen=True)
class Took:
    """Wall seconds, and CPU seconds of all processes."""

    wall: float
    cpu: float


def spark_work(lake: str, gate: BatchGate) -> Iterator[Work]:
    """Start Spark, give its contestants, and stop it."""
    os.environ["PYSPARK_PYTHON"] = sys.executable
    from pyspark.sql import SparkSession  # noqa: PLC0415  (only the engine that is measured)

    from demur.adapters.spark import kept_rows  # noqa: PLC0415

    settings = {
        "spark.ui.enabled": "false",
        "spark.driver.memory": "2g",
        "spark.sql.parquet.compression.codec": "zstd",
        "spark.ui.showConsoleProgress": "false",
    }
    session = SparkSession.builder.master(f"local[{WORKERS}]").config(map=settings).getOrCreate()
    session.sparkContext.setLogLevel("ERROR")

    def identity(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        yield from batches

    frame = session.read.parquet(lake)
    kept = kept_rows(frame, gate)
    yield {
        COPY: frame.write.parquet,
        IDENTITY: frame.mapInArrow(identity, frame.schema).write.parquet,
        GATE: kept.write.parquet,
    }
    session.stop()


def ray_work(lake: str, gate: BatchGate) -> Iterator[Work]:
    """Start Ray, give its contestants, and stop it."""
    import ray  # noqa: PLC0415
    from ray.data import DataContext, Dataset, read_parquet  # noqa: PLC0415

    from demur.adapters.ray import kept_rows  # noqa: PLC0415

    ray.init(num_cpus=WORKERS, include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR)
    DataContext.get_current().enable_progress_bars = False

    def same(dataset: Dataset) -> Dataset:
        return dataset.map_batches(lambda batch: batch, batch_format="pyarrow", batch_size=None, zero_copy_batch=True)

    def write(dataset: Dataset, out: str) -> None:
        dataset.write_parquet(out, compression="zstd")

    kept = kept_rows(read_parquet(lake), gate)
    yield {
        COPY: lambda out: write(read_parquet(lake), out),
        IDENTITY: lambda out: write(same(read_parquet(lake)), out),
        GATE: lambda out: write(kept, out),
    }
    ray.shutdown()


def measure(work: Work, out: Path, rounds: int) -> dict[str, list[Took]]:
    """Return for each contestant what it took in each round, one round more beforehand left out."""
    took: dict[str, list[Took]] = {name: [] for name in work}
    for _ in range(rounds + 1):
        for name, run in work.items():
            shutil.rmtree(out, ignore_errors=True)
            cpu, began = usage_of(os.getpid()).cpu_seconds, time.perf_counter()
            run(str(out))
            took[name].append(Took(time.perf_counter() - began, usage_of(os.getpid()).cpu_seconds - cpu))
            print(f"{name}: {took[name][-1]}", file=sys.stderr, flush=True)
    shutil.rmtree(out, ignore_errors=True)
    return {name: of_name[1:] for name, of_name in took.items()}


def ratio(own: list[Took], others: list[Took]) -> str:
    """Return the median ratio of wall time, and of CPU time."""
    walls = statistics.median(one.wall / other.wall for one, other in zip(own, others, strict=True))
    cpus = statistics.median(one.cpu / other.cpu for one, other in zip(own, others, strict=True))
    return f"{walls:.2f} ({cpus:.2f})"


def main() -> None:
    """Measure, print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--objections", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--engines", nargs="+", choices=["spark", "ray"], default=["spark", "ray"])
    arguments = parser.parse_args()
    folder = build(arguments.rows, arguments.people, arguments.objections)
    gate = BatchGate.load(write_mapping(folder, texts=True), folder / "objections.list", folder / "keys")
    lake = str(folder / "sample" / "lake")
    print("| | wall s | CPU s | / identity map (CPU) | / plain copy (CPU) |\n|---|---|---|---|---|")
    for engine in arguments.engines:
        for work in {"spark": spark_work, "ray": ray_work}[engine](lake, gate):
            took = measure(work, folder / "out-adapters", arguments.rounds)
        for name, own in took.items():
            wall, cpu = statistics.median(one.wall for one in own), statistics.median(one.cpu for one in own)
            ratios = f"{ratio(own, took[IDENTITY])} | {ratio(own, took[COPY])}"
            print(f"| {engine}: {name} | {wall:.1f} | {cpu:.1f} | {ratios} |", flush=True)


if __name__ == "__main__":
    main()

"""What engines for clusters do by themselves with the files that the gate is given: a plain copy, and an identity map.

cluster_peers.py ENGINE WORK LAKE OUT      ENGINE: ray or spark; WORK: copy or identity
"""

import logging
import os
import sys
from collections.abc import Iterator

import pyarrow as pa


def identity(table: pa.Table) -> pa.Table:
    """Return what was given."""
    return table


def identities(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Yield what was given."""
    yield from batches


def with_ray(work: str, lake: str, out: str) -> None:
    """Read and write with Ray Data, one block a file."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    import ray  # noqa: PLC0415  (of two engines, only one is loaded)

    ray.init("local", include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR)
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    ray.data.DataContext.get_current().enable_progress_bars = False
    dataset = ray.data.read_parquet(lake)
    if work == "identity":
        dataset = dataset.map_batches(identity, batch_format="pyarrow", batch_size=1 << 16)
    dataset.write_parquet(out, compression="zstd")


def with_spark(work: str, lake: str, out: str) -> None:
    """Read and write with Spark's own readers and writers, on all cores."""
    from pyspark.sql import SparkSession  # noqa: PLC0415

    os.environ["PYSPARK_PYTHON"] = sys.executable
    builder = SparkSession.builder.master("local[*]").config("spark.ui.enabled", "false")
    builder = builder.config("spark.driver.bindAddress", "127.0.0.1").config("spark.driver.host", "127.0.0.1")
    session = builder.config("spark.sql.execution.arrow.maxRecordsPerBatch", 1 << 16).getOrCreate()
    rows = session.read.parquet(lake)
    if work == "identity":
        rows = rows.mapInArrow(identities, rows.schema)
    rows.write.option("compression", "zstd").parquet(out)


if __name__ == "__main__":
    {"ray": with_ray, "spark": with_spark}[sys.argv[1]](*sys.argv[2:])

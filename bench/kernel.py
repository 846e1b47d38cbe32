"""Membership in a long list, batch by batch: the gate's kernel against the engines' own look-ups, one thread each.

    export POLARS_MAX_THREADS=1
    .venv/bin/python bench/kernel.py                     1 million ids, batches of 8 and 64 thousand rows
    .venv/bin/python bench/kernel.py --ids 10000000

Prints millions of rows a second: for each look-up the median of its rounds. Every look-up is asked one untimed batch
first, and all must find the same rows. The gate's index and DuckDB's table are built beforehand; `is_in` has no such
thing and hashes the list anew in each call.
"""

import argparse
import statistics
import time
from collections.abc import Callable

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from demur.gate.membership import MembershipIndex

BATCH_ROWS = (8_192, 65_536)
STRANGERS_PER_ID = 50
OURS = "gate"
LONGEST_ROUND_SECONDS = 0.5
"""A round asks as many batches as fit in this, at least one."""


def ids(numbers: np.ndarray) -> pa.Array:
    """Return account ids as the sample platform writes them."""
    return pa.array([f"lumen:p{number:09d}" for number in numbers.tolist()], pa.string())


def duckdb_look_up(listed: pa.Array) -> Callable[[pa.Array], int]:
    """Return DuckDB's semi-join against a table that is loaded once."""
    connection = duckdb.connect(config={"threads": 1})
    connection.register("given", pa.table({"id": listed}))
    connection.execute("CREATE TABLE listed AS SELECT id FROM given")

    def count(batch: pa.Array) -> int:
        connection.register("batch", pa.table({"id": batch}))
        ((found,),) = connection.execute("SELECT count(*) FROM batch SEMI JOIN listed USING (id)").fetchall()
        return int(found)

    return count


def look_ups(listed: pa.Array) -> dict[str, Callable[[pa.Array], int]]:
    """Return each contestant as a function from a batch to how many of its rows are listed."""
    began = time.perf_counter()
    index = MembershipIndex(pa.chunked_array([listed]))
    print(f"{len(listed):,} ids; the gate's index was built in {time.perf_counter() - began:.1f} s\n")
    as_series = pl.Series(listed)
    return {
        OURS: lambda batch: int(np.count_nonzero(index.contains(batch))),
        "pyarrow is_in": lambda batch: pc.sum(pc.is_in(batch, value_set=listed)).as_py() or 0,
        "Polars is_in": lambda batch: int(pl.Series(batch).is_in(as_series.implode()).sum()),
        "DuckDB semi-join": duckdb_look_up(listed),
    }


def rows_per_second(look_up: Callable[[pa.Array], int], batch: pa.Array, rounds: int) -> float:
    """Return the median over rounds of the rows looked up in a second."""
    began = time.perf_counter()
    look_up(batch)
    calls = max(1, int(LONGEST_ROUND_SECONDS / (time.perf_counter() - began)))
    speeds = []
    for _ in range(rounds):
        began = time.perf_counter()
        for _ in range(calls):
            look_up(batch)
        speeds.append(calls * len(batch) / (time.perf_counter() - began))
    return statistics.median(speeds)


def main() -> None:
    """Build the look-ups, time them, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ids", type=int, default=1_000_000, help="how long the list is")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    if pl.thread_pool_size() != 1:
        parser.error("Polars would use several threads: set POLARS_MAX_THREADS=1")
    pa.set_cpu_count(1)
    contestants = look_ups(ids(np.arange(arguments.ids)))
    print("| batch | " + " | ".join(contestants) + " | gate / best other |")
    print("|---|" + "---|" * (len(contestants) + 1))
    rng = np.random.default_rng(1)
    for rows in BATCH_ROWS:
        batch = ids(rng.integers(0, STRANGERS_PER_ID * arguments.ids, rows))
        assert len({look_up(batch) for look_up in contestants.values()}) == 1, "they do not find the same rows"
        speeds = {name: rows_per_second(look_up, batch, arguments.rounds) for name, look_up in contestants.items()}
        best = max(speed for name, speed in speeds.items() if name != OURS)
        cells = " | ".join(f"{speed / 1e6:.3g}" for speed in speeds.values())
        print(f"| {rows:,} | {cells} | {speeds[OURS] / best:,.0f} |")


if __name__ == "__main__":
    main()

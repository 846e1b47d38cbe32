"""The gate over a lake of which few files hold anything to withhold, against a plain copy of all of it.

    .venv/bin/python bench/few_affected.py                100 files, one of them affected, a list of 1 million

Built from the lake of bench/gate.py: in all files but one stand only rows that may train. With `--mode link` the gate
reads the columns that rules read, and links the files of which every row may train instead of writing them.
"""

import argparse
import shutil
import statistics
import sys
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from gate import build, write_mapping_without_text
from measured import Run, bars, measure, median

ROOT = Path(__file__).resolve().parent
COPY = "plain copy (pyarrow)"
_FILES, _ROW_GROUP_ROWS = 100, 50_000
_MAY_TRAIN = """
SELECT * FROM read_parquet('{lake}/*.parquet') AS t
WHERE kind IN ('post', 'photo', 'comment', 'prompt') AND audience = 'public' AND NOT author_is_minor
  AND NOT EXISTS (SELECT 1 FROM objections WHERE account = t.author_account)
  AND record_id NOT IN (
    SELECT record_id FROM (SELECT record_id, unnest(tagged_accounts) AS tagged FROM read_parquet('{lake}/*.parquet'))
    WHERE EXISTS (SELECT 1 FROM objections WHERE account = tagged))
"""


def build_lake(folder: Path) -> Path:
    """Write the lake, unless it is there; return its folder."""
    lake, source = folder / "few-affected", folder / "sample" / "lake"
    if lake.exists():
        return lake
    making = folder / "few-affected.making"
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir()
    database = duckdb.connect()
    columns = "header=false, columns={'account': 'VARCHAR'}"
    database.execute(
        f"CREATE TABLE objections AS SELECT * FROM read_csv($1, {columns})", [str(folder / "objections.txt")]
    )
    first = next(iter(sorted(source.glob("*.parquet"))))
    schema = pq.read_schema(first)
    rows = database.execute(_MAY_TRAIN.format(lake=source)).to_arrow_table().cast(schema)
    each = rows.num_rows // (_FILES - 1)
    for number in range(_FILES - 1):
        _write(rows.slice(number * each, each), making / f"part-{number:05}.parquet")
    _write(pq.read_table(first).slice(0, each), making / f"part-{_FILES - 1:05}.parquet")
    return making.rename(lake)


def _write(rows: pa.Table, path: Path) -> None:
    pq.write_table(rows, path, compression="zstd", compression_level=3, row_group_size=_ROW_GROUP_ROWS)


def main() -> None:
    """Build, run the rounds, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    folder = build(20_000_000, 1_000_000, 1_000_000)
    lake, out = build_lake(folder), folder / "out"
    gate = [sys.executable, "-m", "demur", "gate", "run", str(lake), "--out", str(out)]
    gate += ["--mapping", str(write_mapping_without_text(folder)), "--list", str(folder / "objections.list")]
    gate += ["--keys-folder", str(folder / "keys")]
    contestants = {
        COPY: [sys.executable, str(ROOT / "peers.py"), "copy", str(lake), str(out), "-"],
        "gate, rewrite": gate,
        "gate, link": [*gate, "--mode", "link"],
    }
    runs: dict[str, list[Run]] = {}
    for _ in range(arguments.rounds):
        for name, command in contestants.items():
            shutil.rmtree(out, ignore_errors=True)
            runs.setdefault(name, []).append(measure(command))
    shutil.rmtree(out, ignore_errors=True)
    rows = sum(pq.read_metadata(path).num_rows for path in lake.iterdir())
    print(f"{rows:,} rows in {_FILES} files, one of them affected; medians of {arguments.rounds}\n")
    print("| | wall s | CPU s | wall / copy |\n|---|---|---|---|")
    for name, of_name in runs.items():
        middle, base = median(of_name), runs[COPY]
        wall = statistics.median(one.wall_seconds / copy.wall_seconds for one, copy in zip(of_name, base, strict=True))
        print(f"| {name} | {middle.wall_seconds:.1f} | {middle.cpu_seconds:.1f} | {wall:.2f} |")
    print("\nwall seconds\n" + bars({name: median(of_name).wall_seconds for name, of_name in runs.items()}))


if __name__ == "__main__":
    main()

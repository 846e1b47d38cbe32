"""What the gate is measured against: a plain copy in the same engine, and an anti-join written by hand in another.

The copy reads and writes the same Parquet files row group by row group with pyarrow, and filters nothing. The
anti-join keeps the rows that the gate's rules keep, in SQL, and writes one output file for each input file; unlike
the gate it names no reasons, keeps no withheld ids, checks no list and hashes no file.
"""

import sys
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

ANTI_JOIN = """
COPY (
  SELECT * FROM read_parquet('{source}') AS t
  WHERE kind IN ('post', 'photo', 'comment', 'prompt') AND audience = 'public' AND NOT author_is_minor
    AND NOT EXISTS (SELECT 1 FROM objections WHERE account = t.author_account)
    AND record_id NOT IN (
      SELECT record_id FROM (SELECT record_id, unnest(tagged_accounts) AS tagged FROM read_parquet('{source}'))
      WHERE EXISTS (SELECT 1 FROM objections WHERE account = tagged))
) TO '{target}' (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 3)
"""


def copy(lake: Path, out: Path) -> None:
    """Read and write every row with pyarrow, row group by row group."""
    for source in sorted(lake.glob("*.parquet")):
        with (
            pq.ParquetFile(source) as file,
            pq.ParquetWriter(out / source.name, file.schema_arrow, compression="zstd", compression_level=3) as writer,
        ):
            for number in range(file.num_row_groups):
                writer.write_table(file.read_row_group(number))


def anti_join(lake: Path, out: Path, objections: Path) -> None:
    """Keep the allowed rows with DuckDB."""
    connection = duckdb.connect()
    columns = "header=false, columns={'account': 'VARCHAR'}"
    connection.execute(f"CREATE TABLE objections AS SELECT * FROM read_csv($1, {columns})", [str(objections)])
    for source in sorted(lake.glob("*.parquet")):
        connection.execute(ANTI_JOIN.format(source=source, target=out / source.name))


def main() -> None:
    """Run one peer: copy or duckdb, with the lake, an output folder and the objections' file."""
    peer, lake, out, objections = sys.argv[1], *map(Path, sys.argv[2:5])
    out.mkdir()
    if peer == "copy":
        copy(lake, out)
    else:
        anti_join(lake, out, objections)


if __name__ == "__main__":
    main()

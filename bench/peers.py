"""What the gate is measured against: a plain copy in the same engine, and anti-joins written by hand in others.

The copy reads and writes the same Parquet files row group by row group with pyarrow, and filters nothing. The
anti-joins keep the rows that the gate's rules about kinds, audiences and accounts keep, and write two files for each
input file, the kept rows and the ids of the others; unlike the gate they name no reasons, search no text, check no list
and hash no file. The readers only read the columns that the gate decides by.
"""

import sys
from pathlib import Path

import duckdb
import polars as pl
import pyarrow.parquet as pq

NEEDED = ["record_id", "kind", "audience", "author_account", "author_is_minor", "tagged_accounts"]
KINDS = ["post", "photo", "comment", "prompt"]

ANTI_JOIN = """
CREATE OR REPLACE TEMP TABLE kept AS (
  SELECT * FROM read_parquet('{source}') AS t
  WHERE kind IN ('post', 'photo', 'comment', 'prompt') AND audience = 'public' AND NOT author_is_minor
    AND NOT EXISTS (SELECT 1 FROM objections WHERE account = t.author_account)
    AND record_id NOT IN (
      SELECT record_id FROM (SELECT record_id, unnest(tagged_accounts) AS tagged FROM read_parquet('{source}'))
      WHERE EXISTS (SELECT 1 FROM objections WHERE account = tagged))
);
COPY kept TO '{target}' (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 3);
COPY (SELECT record_id FROM read_parquet('{source}') WHERE record_id NOT IN (SELECT record_id FROM kept))
  TO '{target}.ids' (FORMAT parquet, COMPRESSION zstd);
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


def polars_anti_join(lake: Path, out: Path, objections: Path) -> None:
    """Keep the allowed rows with Polars."""
    accounts = pl.read_csv(objections, has_header=False, new_columns=["account"])
    for source in sorted(lake.glob("*.parquet")):
        rows = pl.read_parquet(source).with_row_index("place")
        tagged = (
            rows.select("place", account=pl.col("tagged_accounts"))
            .explode("account")
            .join(accounts, on="account", how="semi")
        )
        kept = (
            rows.filter(pl.col("kind").is_in(KINDS), pl.col("audience") == "public", ~pl.col("author_is_minor"))
            .join(accounts, left_on="author_account", right_on="account", how="anti", maintain_order="left")
            .join(tagged, on="place", how="anti", maintain_order="left")
        )
        withheld = rows.select("place", "record_id").join(kept.select("place"), on="place", how="anti")
        kept.drop("place").write_parquet(out / source.name, compression="zstd", compression_level=3)
        withheld.select("record_id").write_parquet(out / f"{source.name}.ids", compression="zstd")


def read_with(reader: str, lake: Path) -> None:
    """Read the columns that the gate decides by, and do nothing with them."""
    for source in sorted(lake.glob("*.parquet")):
        if reader == "read-polars":
            pl.read_parquet(source, columns=NEEDED)
        elif reader == "read-duckdb":
            names = ", ".join(f"max({name})" for name in NEEDED)
            duckdb.sql(f"SELECT {names} FROM read_parquet('{source}')").fetchall()
        else:
            with pq.ParquetFile(source) as file:
                for number in range(file.num_row_groups):
                    file.read_row_group(number, columns=NEEDED)


def anti_join(lake: Path, out: Path, objections: Path) -> None:
    """Keep the allowed rows with DuckDB."""
    connection = duckdb.connect()
    columns = "header=false, columns={'account': 'VARCHAR'}"
    connection.execute(f"CREATE TABLE objections AS SELECT * FROM read_csv($1, {columns})", [str(objections)])
    for source in sorted(lake.glob("*.parquet")):
        connection.execute(ANTI_JOIN.format(source=source, target=out / source.name))


def main() -> None:
    """Run one peer: its name, the lake, an output folder and the objections' file."""
    peer, lake, out, objections = sys.argv[1], *map(Path, sys.argv[2:5])
    out.mkdir()
    if peer == "copy":
        copy(lake, out)
    elif peer.startswith("read-"):
        read_with(peer, lake)
    elif peer == "polars":
        polars_anti_join(lake, out, objections)
    else:
        anti_join(lake, out, objections)


if __name__ == "__main__":
    main()

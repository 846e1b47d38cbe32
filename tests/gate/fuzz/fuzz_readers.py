"""Readers that are not the gate's: what a training job would find in a file.

Each yields rows as (field, values) and may raise once it cannot read on: what it has found until then counts.
"""

import gzip
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Final

import duckdb
import polars as pl
import zstandard

Fields = Mapping[str, Sequence[object]]
_COLUMNS: Final = "kind, audience, author_account, author_is_minor, tagged_accounts, text"
_database: Final = duckdb.connect(config={"threads": 1})


def read_lines_with_python(path: Path) -> Iterator[Fields]:
    """Yield the records of lines; a field that stands twice has all its values."""
    with _open(path) as stream:
        for line in stream:
            if not line.strip():
                continue
            pairs = json.loads(line.decode(errors="surrogateescape"), object_pairs_hook=_Pairs, strict=False)
            if not isinstance(pairs, _Pairs):
                raise TypeError("no record")
            fields: dict[str, list[object]] = {}
            for key, value in pairs:
                fields.setdefault(key, []).append(value)
            yield fields


def read_lines_with_duckdb(path: Path) -> Iterator[Fields]:
    """Yield the records of lines."""
    types = (
        "{kind: 'VARCHAR', audience: 'VARCHAR', author_account: 'VARCHAR', author_is_minor: 'BOOLEAN', "
        "tagged_accounts: 'VARCHAR[]', text: 'VARCHAR'}"
    )
    compression = {".gz": "gzip", ".zst": "zstd"}.get(path.suffix, "none")
    options = f"format='newline_delimited', compression='{compression}', columns={types}"
    yield from _ask(f"select {_COLUMNS} from read_json(?, {options})", path)


def read_parquet_with_duckdb(path: Path) -> Iterator[Fields]:
    """Yield the rows of a Parquet file."""
    yield from _ask(f"select {_COLUMNS} from read_parquet(?)", path)


def read_parquet_with_polars(path: Path) -> Iterator[Fields]:
    """Yield the rows of a Parquet file."""
    frame = pl.read_parquet(path, columns=_COLUMNS.split(", "), memory_map=False)
    yield from ({name: [value] for name, value in row.items()} for row in frame.iter_rows(named=True))


class _Pairs(list[tuple[str, object]]):
    """A JSON object, with keys that stand twice."""


def _open(path: Path) -> IO[bytes]:
    if path.suffix == ".gz":
        return gzip.open(path)  # type: ignore[return-value]
    if path.suffix == ".zst":
        return io.BufferedReader(zstandard.ZstdDecompressor().stream_reader(path.open("rb"), read_across_frames=True))
    return path.open("rb")


def _ask(query: str, path: Path) -> Iterator[Fields]:
    found = _database.execute(query, [str(path)])
    names = [column[0] for column in found.description or ()]
    while row := found.fetchone():
        yield {name: [value] for name, value in zip(names, row, strict=True)}

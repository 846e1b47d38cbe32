"""Readers that are not the gate's: what a training job would find in a file.

Each yields rows as (field, values) and may raise once it cannot read on: what it has found until then counts.
"""

import csv
import gzip
import io
import json
import re
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import IO, Final, Literal

import duckdb
import polars as pl
import zstandard

Fields = Mapping[str, Sequence[object]]
_COLUMNS: Final = "kind, audience, author_account, author_is_minor, tagged_accounts, text"
_database: Final = duckdb.connect(config={"threads": 1})


def read_lines_with_python(path: Path) -> Iterator[Fields]:
    """Yield the records of lines; a field that stands twice has all its values."""
    with _open(path) as stream:
        yield from (_parse_record(line) for line in stream if line.strip())


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


def read_records_with_python(path: Path) -> Iterator[Fields]:
    """Yield the records of CSV."""
    with _open(path) as stream:
        records = csv.reader(io.TextIOWrapper(stream, "utf-8-sig", newline=""))
        names = next(records)
        for record in records:
            if record:
                yield _parse_fields(list(zip_longest(names, record)))


def read_records_with_duckdb(path: Path) -> Iterator[Fields]:
    """Yield the records of CSV."""
    options = "header=true, delim=',', quote='\"', escape='\"', auto_detect=false"
    with _open(path) as stream:
        names = next(csv.reader(io.TextIOWrapper(stream, "utf-8-sig", newline="")))
    columns = "{" + ", ".join(f"'{name}': 'VARCHAR'" for name in names) + "}"
    compression = {".gz": "gzip", ".zst": "zstd"}.get(path.suffix, "none")
    query = f"select {_COLUMNS} from read_csv(?, {options}, compression='{compression}', columns={columns})"
    for fields in _ask(query, path):
        yield _parse_fields([(name, value) for name, [value] in fields.items()])


def read_records_with_polars(path: Path) -> Iterator[Fields]:
    """Yield the records of CSV."""
    frame = pl.read_csv(path, infer_schema=False, columns=_COLUMNS.split(", "))
    yield from (_parse_fields(list(row.items())) for row in frame.iter_rows(named=True))


def read_samples_in_a_stream(path: Path) -> Iterator[Fields]:
    """Yield the records of a shard, as the webdataset library finds them (tariterators.py)."""
    return _read_samples(path, "r|")


def read_samples_at_random(path: Path) -> Iterator[Fields]:
    """Yield the records of a shard, as a reader finds them that goes from header to header."""
    return _read_samples(path, "r:")


def read_arrow_with_polars(path: Path) -> Iterator[Fields]:
    """Yield the rows of an Arrow file or stream."""
    columns = _COLUMNS.split(", ")
    if path.suffix == ".arrows":
        frame = pl.read_ipc_stream(path, columns=columns)
    else:
        frame = pl.read_ipc(io.BytesIO(path.read_bytes()), columns=columns)
    yield from ({name: [value] for name, value in row.items()} for row in frame.iter_rows(named=True))


class _Pairs(list[tuple[str, object]]):
    """A JSON object, with keys that stand twice."""


def _parse_record(raw: bytes) -> Fields:
    pairs = json.loads(raw.decode(errors="surrogateescape"), object_pairs_hook=_Pairs, strict=False)
    if not isinstance(pairs, _Pairs):
        raise TypeError("no record")
    fields: dict[str, list[object]] = {}
    for key, value in pairs:
        fields.setdefault(key, []).append(value)
    return fields


def _parse_fields(pairs: Sequence[tuple[str | None, str | None]]) -> Fields:
    """Return the fields of a record of CSV, with the types that docs/spec/source-mapping.md gives them."""
    fields: dict[str, list[object]] = {}
    for name, text in pairs:
        value: object = text or None
        if name == "author_is_minor":
            value = {"true": True, "false": False}.get((text or "").lower())
        elif name == "tagged_accounts":
            value = json.loads(text) if text else None
        fields.setdefault(str(name), []).append(value)
    return fields


def _read_samples(path: Path, mode: Literal["r|", "r:"]) -> Iterator[Fields]:
    last, records = None, dict[str, Fields | None]()
    with _open(path) as stream, tarfile.open(fileobj=io.BytesIO(stream.read()), mode=mode) as tar:
        for info in tar:
            found = re.match(r"^((?:.*/|)[^.]+)[.]([^/]*)$", info.name)
            if not info.isfile() or not found:
                continue
            key, field = found[1], found[2].lower()
            if key != last:
                yield from ([records.pop(last) or {}] if last is not None else [])
                last, records[key] = key, None
            if field == "json":
                content = tar.extractfile(info)
                records[key] = _parse_record(content.read() if content is not None else b"")
    yield from ([records.pop(last) or {}] if last is not None else [])


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

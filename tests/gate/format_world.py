"""The formats of the gate as their own libraries write and read them: the same rows in each."""

import csv
import gzip
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from gate_world import SCHEMA

from demur.core.gate_manifest import GateMode

MODES = (GateMode.REWRITE, GateMode.LINK, GateMode.IDS)
"""Of plain files."""

Rows = Sequence[Mapping[str, object]]


@dataclass(frozen=True)
class FileKind:
    """A format: how files of it are written and read without the gate; `read_withheld` gives ids and reasons."""

    suffix: str
    write: Callable[[Path, Rows], None]
    read: Callable[[Path], list[dict[str, object]]]
    read_withheld: Callable[[Path], list[tuple[object, list[str]]]]

    def write_to(self, path: Path, rows: Rows) -> Path:
        """Write rows to a file in a folder that need not be there."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self.write(path, rows)
        return path


def table_of(rows: Rows) -> pa.Table:
    return pa.Table.from_pylist([dict(each) for each in rows], schema=SCHEMA)


def pairs_of(rows: Sequence[Mapping[str, object]]) -> list[tuple[object, list[str]]]:
    return [(each["record_id"], list(each["reasons"])) for each in rows]  # type: ignore[call-overload]


def compress(path: Path, raw: bytes) -> None:
    """Write bytes, compressed as the name says, by other means than the gate's."""
    if path.suffix == ".gz":
        raw = gzip.compress(raw)
    elif path.suffix == ".zst":
        raw = pa.compress(raw, "zstd", asbytes=True)
    path.write_bytes(raw)


def decompress(path: Path) -> bytes:
    if path.suffix == ".gz":
        return gzip.decompress(path.read_bytes())
    if path.suffix == ".zst":
        return bytes(pa.CompressedInputStream(str(path), "zstd").read())
    return path.read_bytes()


def csv_field(value: object) -> object:
    if value is None or isinstance(value, bool):
        return "" if value is None else str(value).lower()
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list) else value


def csv_bytes(rows: Rows, line_end: str = "\n", quoting: int = csv.QUOTE_MINIMAL) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator=line_end, quoting=quoting)  # type: ignore[arg-type]
    writer.writerow(SCHEMA.names)
    writer.writerows([csv_field(each.get(name)) for name in SCHEMA.names] for each in rows)
    return text.getvalue().encode()


def read_csv(path: Path) -> list[dict[str, object]]:
    """Read as the mapping's specification says: an empty field is null, and a list is JSON."""
    rows: list[dict[str, object]] = []
    for each in csv.DictReader(io.StringIO(decompress(path).decode("utf-8-sig"), newline=""), strict=True):
        row: dict[str, object] = {name: value or None for name, value in each.items()}
        row["author_is_minor"] = {"true": True, "false": False}.get(each["author_is_minor"])
        row["tagged_accounts"] = json.loads(each["tagged_accounts"]) if each["tagged_accounts"] else None
        rows.append(row)
    return rows


def read_withheld_csv(path: Path) -> list[tuple[object, list[str]]]:
    records = csv.DictReader(io.StringIO(decompress(path).decode(), newline=""))
    return [(each["record_id"], each["reasons"].split(" ")) for each in records]


def json_bytes(rows: Rows) -> bytes:
    return b"".join(json.dumps(each, ensure_ascii=False).encode() + b"\n" for each in rows)


def read_json(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in decompress(path).splitlines()]


PARQUET = FileKind(
    "parquet",
    lambda path, rows: pq.write_table(table_of(rows), path, row_group_size=7),
    lambda path: pq.read_table(path).to_pylist(),
    lambda path: pairs_of(pq.read_table(path).to_pylist()),
)
JSON_LINES = FileKind(
    "jsonl", lambda path, rows: compress(path, json_bytes(rows)), read_json, lambda path: pairs_of(read_json(path))
)
CSV = FileKind("csv", lambda path, rows: compress(path, csv_bytes(rows)), read_csv, read_withheld_csv)


def write_arrow(path: Path, rows: Rows, *, codec: str | None = None, schema: pa.Schema = SCHEMA) -> None:
    """Write batches of seven rows: a stream if the name ends so, else a file."""
    create = pa.ipc.new_stream if path.suffix == ".arrows" else pa.ipc.new_file
    table = pa.Table.from_pylist([dict(each) for each in rows], schema=schema)
    with create(
        str(path), schema, options=pa.ipc.IpcWriteOptions(compression=codec, unify_dictionaries=True)
    ) as writer:
        writer.write_table(table, max_chunksize=7)


def read_arrow(path: Path) -> list[dict[str, object]]:
    opener = pa.ipc.open_stream if path.suffix == ".arrows" else pa.ipc.open_file
    with pa.OSFile(str(path)) as stream:
        return list(opener(stream).read_all().to_pylist())


WORDED = pa.schema(
    [
        field.with_type(pa.dictionary(pa.int32(), pa.string())) if pa.types.is_string(field.type) else field
        for field in SCHEMA
    ]
)
ARROW_FILE = FileKind("arrow", write_arrow, read_arrow, lambda path: pairs_of(read_arrow(path)))
ARROW_STREAM = FileKind("arrows", write_arrow, read_arrow, lambda path: pairs_of(read_arrow(path)))
FEATHER = FileKind(
    "feather",
    lambda path, rows: write_arrow(path, rows, codec="zstd", schema=WORDED),
    read_arrow,
    lambda path: pairs_of(read_arrow(path)),
)
KINDS = [PARQUET, JSON_LINES, CSV, ARROW_FILE, ARROW_STREAM, FEATHER]

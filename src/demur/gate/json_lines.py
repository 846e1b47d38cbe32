"""JSON Lines: one record a line, plain or compressed; kept lines are written byte for byte as they stood.

A reader must not find another record in a line than the gate did. So every line is one JSON object from its first
character to its last, and one in which a field that a rule reads stands twice, or has another type than its role, stops
the run.
"""

import io
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import pyarrow as pa
import pyarrow.json as pj

from demur.gate.errors import UnreadableInputError
from demur.gate.mapped_batch import Role, check_columns, needed_roles, without_unread
from demur.gate.mapping import SourceMapping
from demur.gate.output import HashingStream, writing

CODECS: Final[dict[str, str | None]] = {".jsonl": None, ".jsonl.gz": "gzip", ".jsonl.zst": "zstd"}
"""How a file is compressed, by the end of its name."""

_BLOCK_BYTES: Final = 4 << 20
_MOST_LINE_BYTES: Final = 256 << 20
_TYPES: Final[dict[str, pa.DataType]] = {
    Role.AUTHOR_IS_MINOR: pa.bool_(),
    Role.TAGGED_ACCOUNTS: pa.list_(pa.string()),
}
"""Of roles that are no text."""

_DAMAGED: Final = (pa.ArrowException, OSError, ValueError)


@dataclass(frozen=True)
class LineBlock:
    """Some lines of a file, and the fields in them that rules read.

    Attributes:
        where: names the file and the lines.
        lines: as they stand in the file, each with its end.
        batch: a row for each line; a field that a line does not have is null.
    """

    where: str
    lines: list[bytes]
    batch: pa.RecordBatch


def codec_of(name: str) -> str | None:
    """Return how a file of lines is compressed; None if it is not."""
    return next(codec for suffix, codec in CODECS.items() if name.endswith(suffix))


def is_json_lines(name: str) -> bool:
    """Tell by its name whether a file holds JSON Lines."""
    return name.endswith(tuple(CODECS))


def read_lines(path: Path, name: str, mapping: SourceMapping) -> Iterator[LineBlock]:
    """Yield the lines of a file in order, some megabytes at a time. Lines without anything in them are no records.

    Raises:
        UnreadableInputError: names the file and the line.
        ColumnTypeError: the mapping gives one field two roles that have not the same type.
    """
    schema, number = None, 1
    for lines in _blocks(path, name):
        numbered = [(number + place, line) for place, line in enumerate(lines) if line.strip()]
        number += len(lines)
        if not numbered:
            continue
        numbers, records = map(list, zip(*numbered, strict=True))
        if schema is None:
            schema = _schema(mapping, records[0])
            check_columns(schema, without_unread(mapping), name)
        where = f"{name}, lines {numbers[0]:,} to {numbers[-1]:,}"
        yield LineBlock(where, records, _parse(records, numbers, schema, name))


def infer_schema(path: Path, name: str) -> pa.Schema:
    """Return the fields of the first lines, with the types that Arrow sees in them.

    Raises:
        UnreadableInputError: they are no JSON.
    """
    raw = b"".join(next(_blocks(path, name), []))
    try:
        return pj.read_json(pa.BufferReader(raw), read_options=_whole(raw)).schema if raw.strip() else pa.schema([])
    except _DAMAGED as error:
        raise UnreadableInputError(f"{name} is not JSON Lines: its first lines cannot be read") from error


class LinesFile:
    """A file of lines being written, compressed as its name says. It counts only after `close`."""

    def __init__(self, path: Path) -> None:
        """Create the file and the folders above it.

        Raises:
            OutputWriteError: it cannot be created.
        """
        with writing():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = HashingStream(path)
            sink, codec = pa.PythonFile(_StaysOpen(self._file), "w"), codec_of(path.name)
            self._stream = sink if codec is None else pa.CompressedOutputStream(sink, codec)
        self.rows = 0

    def append(self, lines: Iterable[bytes]) -> None:
        """Write lines."""
        written = [line if line.endswith(b"\n") else line + b"\n" for line in lines]
        with writing():
            self._stream.write(b"".join(written))
        self.rows += len(written)

    def close(self) -> bytes:
        """Finish the file, bring it to the disk, and return its SHA-256 (32 bytes)."""
        with writing():
            self._stream.close()
            return self._file.finish()

    def __enter__(self) -> Self:
        """Give the file."""
        return self

    def __exit__(self, *_: object) -> None:
        """Let go of the file, finished or not: what is not finished will be deleted."""
        self._file.abandoned = True
        with suppress(pa.ArrowException, OSError, ValueError):
            self._stream.close()
        self._file.close()


class _StaysOpen(io.RawIOBase):
    """A stream that leaves the file below it open when it is closed: the file has yet to be hashed and synced."""

    def __init__(self, file: HashingStream) -> None:
        super().__init__()
        self._file = file

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        return self._file.write(data)


def _blocks(path: Path, name: str) -> Iterator[list[bytes]]:
    """Yield whole lines."""
    rest = b""
    try:
        with ExitStack() as opened:
            stream = opened.enter_context(pa.OSFile(str(path)))
            codec = codec_of(name)
            if codec is not None:
                stream = opened.enter_context(pa.CompressedInputStream(stream, codec))
            while part := stream.read(_BLOCK_BYTES):
                *lines, rest = (rest + part).split(b"\n")
                if len(rest) > _MOST_LINE_BYTES:
                    raise UnreadableInputError(
                        f"{name} has a line of more than {_MOST_LINE_BYTES >> 20} MiB",
                        hint="cut it into several records, or gate the data as Parquet",
                    )
                yield [line + b"\n" for line in lines]
    except _DAMAGED as error:
        raise UnreadableInputError(f"{name} is cut off or damaged", hint="write it again") from error
    if rest:
        yield [rest]


def _schema(mapping: SourceMapping, first: bytes) -> pa.Schema:
    """Return the fields that are read: row ids are text, or whole numbers if the first of them is one."""
    types = {column: _TYPES.get(role, pa.string()) for role, column in needed_roles(mapping)}
    id_field = pa.schema([pa.field(mapping.row_id, pa.int64())])
    with suppress(*_DAMAGED):
        if _read([first], id_field).column(0).null_count == 0:
            types[mapping.row_id] = pa.int64()
    return pa.schema(list(types.items()))


def _parse(lines: list[bytes], numbers: list[int], schema: pa.Schema, name: str) -> pa.RecordBatch:
    try:
        return _read(lines, schema)
    except _DAMAGED as error:
        bad = (number for line, number in zip(lines, numbers, strict=True) if not _is_record(line, schema))
        raise UnreadableInputError(
            f"{name}, line {next(bad, numbers[0]):,}, is not one JSON object in which each field of the source mapping "
            "stands once and has the type of its role",
            hint="mend the line, or correct the source mapping",
        ) from error


def _is_record(line: bytes, schema: pa.Schema) -> bool:
    try:
        _read([line], schema)
    except _DAMAGED:
        return False
    return True


def _read(lines: list[bytes], schema: pa.Schema) -> pa.RecordBatch:
    """Return a row for each line.

    Where every line begins and ends with a brace, no object goes on in the next line: inside an object that is open
    after a closing brace, JSON wants a comma or another closing one. So as many objects as lines are one in each.
    """
    if not all(line.startswith(b"{") and line.rstrip().endswith(b"}") for line in lines):
        raise ValueError
    raw = b"".join(lines)
    options = pj.ParseOptions(explicit_schema=schema, unexpected_field_behavior="ignore")
    table = pj.read_json(pa.BufferReader(raw), read_options=_whole(raw), parse_options=options)
    if table.num_rows != len(lines):
        raise ValueError
    table.validate(full=True)
    batch: pa.RecordBatch = table.combine_chunks().to_batches()[0]
    return batch


def _whole(raw: bytes) -> pj.ReadOptions:
    return pj.ReadOptions(use_threads=False, block_size=len(raw) + 1)

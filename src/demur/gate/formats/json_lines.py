"""JSON Lines: one record a line, plain or compressed; kept lines are written byte for byte as they stood.

A reader must not find another record in a line than the gate did. So every line is one JSON object from its first
character to its last, and one in which a field that a rule reads stands twice, or has another type than its role, stops
the run.
"""

import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import compress
from pathlib import Path
from typing import ClassVar, Final, cast

import pyarrow as pa
import pyarrow.json as pj

from demur.gate.errors import UnreadableInputError
from demur.gate.formats.compressed_file import CompressedFile, DecompressedFile
from demur.gate.formats.data_format import DAMAGED, Block
from demur.gate.mapped_batch import CREATED_AT, Role, check_columns, needed_columns, read_roles, without_unread
from demur.gate.mapping import SourceMapping
from demur.gate.string_window import BoolMask

CODECS: Final[dict[str, str | None]] = {".jsonl": None, ".jsonl.gz": "gzip", ".jsonl.zst": "zstd"}
"""How a file is compressed, by the end of its name."""

_BLOCK_BYTES: Final = 4 << 20
_MOST_LINE_BYTES: Final = 256 << 20
_TYPES: Final[dict[str, pa.DataType]] = {
    Role.AUTHOR_IS_MINOR: pa.bool_(),
    Role.TAGGED_ACCOUNTS: pa.list_(pa.string()),
}
"""Of roles that are no text."""


def codec_of(name: str) -> str | None:
    """Return how a file of lines is compressed; None if it is not."""
    return next(codec for suffix, codec in CODECS.items() if name.endswith(suffix))


class JsonLines:
    """Files of JSON Lines; see `DataFormat`. The content of a block is its lines as they stand, each with its end."""

    SUFFIXES: ClassVar[tuple[str, ...]] = tuple(CODECS)
    READS_COLUMNS: ClassVar[bool] = False
    WITHHELD_SUFFIX: ClassVar[str] = ""

    def count_rows(self, path: Path, name: str, mapping: SourceMapping) -> None:
        """Return None: there is no header."""

    def load_schema(self, path: Path, name: str) -> pa.Schema:
        """Return the fields of the first lines, with the types that Arrow sees in them."""
        try:
            return infer_schema(b"".join(next(_blocks(path, name), [])))
        except DAMAGED as error:
            raise UnreadableInputError(f"{name} is not JSON Lines: its first lines cannot be read") from error

    def read(self, path: Path, name: str, mapping: SourceMapping, *, whole: bool) -> Iterator[Block]:  # noqa: ARG002
        """Yield the lines, some megabytes at a time. Lines without anything in them are no records."""
        schema, number = None, 1
        for lines in _blocks(path, name):
            numbered = [(number + place, line) for place, line in enumerate(lines) if line.strip()]
            number += len(lines)
            if not numbered:
                continue
            numbers, records = map(list, zip(*numbered, strict=True))
            if schema is None:
                schema = record_schema(mapping, records[0])
                check_columns(schema, without_unread(mapping), name)
            where = f"{name}, lines {numbers[0]:,} to {numbers[-1]:,}"
            yield Block(where, _parse(records, numbers, schema, name), records, ends_part=True)

    def create_kept(self, target: Path, source: Path, name: str) -> "_KeptLines":  # noqa: ARG002
        """Create a file that is compressed as its name says."""
        return _KeptLines(target)

    def create_withheld(self, target: Path, source: Path, name: str, mapping: SourceMapping) -> "WithheldLines":  # noqa: ARG002
        """Create a file with a line for each withheld row."""
        return WithheldLines(target)


class LinesFile(CompressedFile):
    """A file of lines being written, compressed as its name says. It counts only after `close`."""

    def __init__(self, path: Path) -> None:
        """Create the file and the folders above it.

        Raises:
            OutputWriteError: it cannot be created.
        """
        super().__init__(path, codec_of(path.name))
        self.rows = 0

    def append_lines(self, lines: Iterable[bytes]) -> None:
        """Write lines; one without a line end gets one."""
        written = [line if line.endswith(b"\n") else line + b"\n" for line in lines]
        self.write(b"".join(written))
        self.rows += len(written)


class _KeptLines(LinesFile):
    """A file of kept lines."""

    def append(self, block: Block, kept_mask: BoolMask) -> None:
        """Write the kept lines as they stood."""
        self.append_lines(compress(cast("list[bytes]", block.content), kept_mask))


class WithheldLines(LinesFile):
    """A file of withheld ids."""

    def append(self, rows: pa.RecordBatch, *, ends_part: bool) -> None:  # noqa: ARG002
        """Write a line for each row."""
        self.append_lines(map(_line, rows.to_pylist()))


def _line(row: dict[str, object]) -> bytes:
    return json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode()


def _blocks(path: Path, name: str) -> Iterator[list[bytes]]:
    """Yield whole lines."""
    rest = b""
    try:
        with DecompressedFile(path, codec_of(name)) as stream:
            while part := stream.read(_BLOCK_BYTES):
                *lines, rest = (rest + part).split(b"\n")
                if len(rest) > _MOST_LINE_BYTES:
                    raise UnreadableInputError(
                        f"{name} has a line of more than {_MOST_LINE_BYTES >> 20} MiB",
                        hint="cut it into several records, or gate the data as Parquet",
                    )
                yield [line + b"\n" for line in lines]
    except DAMAGED as error:
        raise UnreadableInputError(f"{name} is cut off or damaged", hint="write it again") from error
    if rest:
        yield [rest]


def infer_schema(raw: bytes) -> pa.Schema:
    """Return the fields of some lines, with the types that Arrow sees in them, or raise one of DAMAGED."""
    return pj.read_json(pa.BufferReader(raw), read_options=_whole(raw)).schema if raw.strip() else pa.schema([])


def record_schema(mapping: SourceMapping, first: bytes) -> pa.Schema:
    """Return the fields that are read: row ids are text, or whole numbers if the first of them is one."""
    types = {column: _TYPES.get(role, pa.string()) for role, column in read_roles(mapping)}
    id_field = pa.schema([pa.field(mapping.row_id, pa.int64())])
    with suppress(*DAMAGED):
        if read_records([first], id_field).column(0).null_count == 0:
            types[mapping.row_id] = pa.int64()
    made = mapping.others.get(CREATED_AT)
    if (
        made is not None
        and made in types
        and made not in needed_columns(mapping)
        and not is_record(first, pa.schema([(made, pa.string())]))
    ):
        del types[made]  # a date that is a number: nothing is counted by it
    types |= dict.fromkeys(mapping.path_columns, pa.string())  # so that a line that has one too is noticed
    return pa.schema(list(types.items()))


def _parse(lines: list[bytes], numbers: list[int], schema: pa.Schema, name: str) -> pa.RecordBatch:
    try:
        return read_records(lines, schema)
    except DAMAGED as error:
        bad = (number for line, number in zip(lines, numbers, strict=True) if not is_record(line, schema))
        raise UnreadableInputError(
            f"{name}, line {next(bad, numbers[0]):,}, is not one JSON object in which each field of the source mapping "
            "stands once and has the type of its role",
            hint="mend the line, or correct the source mapping",
        ) from error


def is_record(line: bytes, schema: pa.Schema) -> bool:
    """Tell whether a line is one object that fits a schema."""
    try:
        read_records([line], schema)
    except DAMAGED:
        return False
    return True


def read_records(lines: list[bytes], schema: pa.Schema) -> pa.RecordBatch:
    """Return a row for each line, or raise one of DAMAGED.

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

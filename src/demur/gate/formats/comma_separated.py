"""CSV with a header; kept records are written byte for byte as they stood, and so is the header.

CSV has no types, and no way of its own to write a null or a list: docs/spec/source-mapping.md says how they are read.
"""

import csv
import io
import json
import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import ClassVar, Final, cast

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv

from demur.gate.errors import UnreadableInputError
from demur.gate.formats.compressed_file import CompressedFile
from demur.gate.formats.csv_records import Records, read_records, without_mark
from demur.gate.formats.data_format import DAMAGED, REASONS_COLUMN, Block
from demur.gate.mapped_batch import Role, check_columns, read_columns, read_roles
from demur.gate.mapping import SourceMapping
from demur.gate.string_window import BoolMask

_CODECS: Final[dict[str, str | None]] = {".csv": None, ".csv.gz": "gzip", ".csv.zst": "zstd"}
_TRUE: Final = ["true", "True", "TRUE"]
_FALSE: Final = ["false", "False", "FALSE"]
_LIST: Final = pa.list_(pa.string())
_TYPES: Final[dict[str, pa.DataType]] = {Role.AUTHOR_IS_MINOR: pa.bool_(), Role.TAGGED_ACCOUNTS: _LIST}
"""Of roles that are no text."""

_QUOTE: Final = '"'
_NEEDS_QUOTES: Final = re.compile('[",\r\n]')
_NOT_PARSED: Final = (*DAMAGED, RecursionError)
"""What a record raises that is not one. A list in lists in lists ends in the last of them."""


class CommaSeparated:
    """Files of CSV; see `DataFormat`. The content of a block is `Records`."""

    SUFFIXES: ClassVar[tuple[str, ...]] = tuple(_CODECS)
    READS_COLUMNS: ClassVar[bool] = False
    WITHHELD_SUFFIX: ClassVar[str] = ""

    def count_rows(self, path: Path, name: str, mapping: SourceMapping) -> None:
        """Check the header; it promises no number of rows."""
        check_columns(_schema(_parse_header(_load_header(path, name), name), mapping), mapping, name)

    def load_schema(self, path: Path, name: str) -> pa.Schema:
        """Return the columns of the header, with the types that their fields in the first records can have."""
        header, records = _load_first(path, name).take_first()
        columns = _parse_header(header, name)
        texts = pa.schema([pa.field(column, pa.string()) for column in columns])
        if not len(records):
            return texts
        batch = _parse(records, columns, texts, name)
        return pa.schema([pa.field(column, _guess_type(batch.column(column))) for column in columns])

    def read(self, path: Path, name: str, mapping: SourceMapping, *, whole: bool) -> Iterator[Block]:  # noqa: ARG002
        """Yield the records, some megabytes at a time."""
        columns: list[str] | None = None
        for read in read_records(path, name, _codec_of(name)):
            records = read
            if columns is None:
                header, records = read.take_first()
                columns = _parse_header(header, name)
                check_columns(_schema(columns, mapping), mapping, name)
            if not len(records):
                continue
            where = f"{name}, records {records.number:,} to {records.number + len(records) - 1:,}"
            schema = pa.schema([_schema(columns, mapping).field(column) for column in read_columns(mapping)])
            yield Block(where, _parse(records, columns, schema, name), records, ends_part=True)

    def create_kept(self, target: Path, source: Path, name: str) -> "_KeptRecords":
        """Create a file with the header of the source, compressed as its name says."""
        return _KeptRecords(target, _codec_of(name), _load_header(source, name))

    def create_withheld(self, target: Path, source: Path, name: str, mapping: SourceMapping) -> "_WithheldRecords":  # noqa: ARG002
        """Create a file of two columns, with a record for each withheld row."""
        return _WithheldRecords(target, _codec_of(name), mapping.row_id)


class _KeptRecords(CompressedFile):
    """A file of kept records."""

    def __init__(self, path: Path, codec: str | None, header: bytes) -> None:
        super().__init__(path, codec)
        self.rows = 0
        self.write(header)

    def append(self, block: Block, kept_mask: BoolMask) -> None:
        """Write the kept records as they stood."""
        records = cast("Records", block.content)
        raw = memoryview(records.raw)
        edges = np.flatnonzero(np.diff(kept_mask, prepend=False, append=False))  # where runs of kept ones begin and end
        bounds = np.append(records.starts, len(raw))[edges].reshape(-1, 2)
        self.write(b"".join(raw[start:end] for start, end in bounds.tolist()))
        self.rows += int(np.count_nonzero(kept_mask))


class _WithheldRecords(CompressedFile):
    """A file of withheld ids. The reasons of a row are one field, with a space between them."""

    def __init__(self, path: Path, codec: str | None, row_id: str) -> None:
        super().__init__(path, codec)
        self.rows = 0
        self.write(_record(row_id, REASONS_COLUMN).encode())

    def append(self, rows: pa.RecordBatch, *, ends_part: bool) -> None:  # noqa: ARG002
        """Write a record for each row."""
        ids, reasons = (column.to_pylist() for column in rows.columns)
        records = (_record(row_id, " ".join(codes)) for row_id, codes in zip(ids, reasons, strict=True))
        self.write("".join(records).encode())
        self.rows += rows.num_rows


def _record(*fields: str) -> str:
    quoted = (f'"{field.replace(_QUOTE, _QUOTE * 2)}"' if _NEEDS_QUOTES.search(field) else field for field in fields)
    return ",".join(quoted) + "\n"


def _codec_of(name: str) -> str | None:
    return next(codec for suffix, codec in _CODECS.items() if name.endswith(suffix))


def _load_header(path: Path, name: str) -> bytes:
    return _load_first(path, name).take_first()[0]


def _load_first(path: Path, name: str) -> Records:
    """Return the first records, the header among them."""
    with closing(read_records(path, name, _codec_of(name))) as blocks:
        for first in blocks:
            return first
    raise UnreadableInputError(f"{name} is not CSV with a header: it is empty", hint="write it again")


def _parse_header(header: bytes, name: str) -> list[str]:
    try:
        [columns] = csv.reader(io.StringIO(without_mark(header).decode(), newline=""), strict=True)
    except csv.Error as error:
        raise UnreadableInputError(f"{name} has a header that cannot be read", hint="write it again") from error
    if len(set(columns)) != len(columns):
        raise UnreadableInputError(f"{name} has two columns of one name", hint="give each column a name of its own")
    return columns


def _schema(columns: list[str], mapping: SourceMapping) -> pa.Schema:
    """Return the columns of a header, with the types of their roles."""
    types = {column: _TYPES.get(role, pa.string()) for role, column in read_roles(mapping)}
    return pa.schema([pa.field(column, types.get(column, pa.string())) for column in columns])


def _guess_type(texts: pa.Array) -> pa.DataType:
    """Return the type that a column can have; text if it has no value."""
    words = texts.drop_null().unique().to_pylist()
    if words and all(word in (*_TRUE, *_FALSE) for word in words):
        return pa.bool_()
    return _LIST if words and all(_is_list(word) for word in words) else pa.string()


def _is_list(text: str) -> bool:
    try:
        _parse_list(text)
    except _NOT_PARSED:
        return False
    return True


def _parse(records: Records, columns: list[str], schema: pa.Schema, name: str) -> pa.RecordBatch:
    """Return the rows of records, with the columns of `schema`."""
    try:
        return _parse_records(records.raw, len(records), columns, schema)
    except _NOT_PARSED as error:
        raise UnreadableInputError(
            f"{name}, record {_find_bad(records, columns, schema):,}, does not have as many fields as the header, or "
            "has a field that cannot be what its role in the source mapping says",
            hint="mend the record: docs/spec/source-mapping.md says how true, false, lists and nulls are written",
        ) from error


def _find_bad(records: Records, columns: list[str], schema: pa.Schema) -> int:
    """Return the number of the first record that cannot be parsed alone."""
    bounds = zip(records.starts.tolist(), records.ends.tolist(), strict=True)
    alone = (_is_record(records.raw[start:end], columns, schema) for start, end in bounds)
    return records.number + next((place for place, is_one in enumerate(alone) if not is_one), 0)


def _is_record(raw: bytes, columns: list[str], schema: pa.Schema) -> bool:
    try:
        _parse_records(raw, 1, columns, schema)
    except _NOT_PARSED:
        return False
    return True


def _parse_records(raw: bytes, count: int, columns: list[str], schema: pa.Schema) -> pa.RecordBatch:
    """Return `count` rows, or raise one of _NOT_PARSED."""
    written = pa.schema([field.with_type(pa.string()) if field.type == _LIST else field for field in schema])
    table = pa_csv.read_csv(
        pa.BufferReader(raw),
        pa_csv.ReadOptions(use_threads=False, block_size=len(raw) + 1, column_names=columns),
        pa_csv.ParseOptions(newlines_in_values=True),
        pa_csv.ConvertOptions(
            include_columns=schema.names,
            column_types=written,
            null_values=[""],
            true_values=_TRUE,
            false_values=_FALSE,
            strings_can_be_null=True,
        ),
    )
    if table.num_rows != count:
        raise ValueError
    arrays = [column.combine_chunks() for column in table.columns]
    lists = [_parse_lists(array) if field.type == _LIST else array for array, field in zip(arrays, schema, strict=True)]
    batch = pa.RecordBatch.from_arrays(lists, schema=schema)
    batch.validate(full=True)
    return batch


def _parse_lists(texts: pa.Array) -> pa.Array:
    """Return the lists that stand in fields as JSON: ["lumen:ada", "lumen:bo"]."""
    words = texts.dictionary_encode()
    return pa.array([_parse_list(word) for word in words.dictionary.to_pylist()], _LIST).take(words.indices)


def _parse_list(text: str) -> list[str | None]:
    parsed = json.loads(text)
    if not isinstance(parsed, list) or not all(item is None or isinstance(item, str) for item in parsed):
        raise ValueError
    return parsed

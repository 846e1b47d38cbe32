"""Arrow's own files and streams, which tell themselves apart by their first bytes, whatever their names.

Nobody vouches for what is read: every batch is validated whole. A stream must end with Arrow's mark of its end and have
nothing behind it, since Arrow takes a stream that was cut off between two batches for a whole one.
"""

import os
import struct
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Final, cast

import pyarrow as pa

from demur.gate.errors import UnreadableInputError
from demur.gate.formats.arrow_messages import find_file_codec, find_stream_codec
from demur.gate.formats.arrow_words import WordDropper, WordMarker
from demur.gate.formats.compressed_file import CompressedFile
from demur.gate.formats.data_format import DAMAGED, Block, filter_rows, unreadable, withheld_schema
from demur.gate.kept_marks import KeptMarks, changed
from demur.gate.mapped_batch import check_columns, read_columns
from demur.gate.mapping import SourceMapping
from demur.gate.output import writing
from demur.gate.string_window import BoolMask
from demur.gate.tables.plain_types import has_list_view, without_views
from demur.gate.used_words import can_drop_words, has_dictionary

_FILE_MAGIC: Final = b"ARROW1\0\0"
_STREAM_MAGIC: Final = b"\xff\xff\xff\xff"
_END: Final = b"\xff\xff\xff\xff\0\0\0\0"


class ArrowIpc:
    """Files and streams of Arrow; see `DataFormat`. A part, and the content of a block, is a record batch."""

    SUFFIXES: ClassVar[tuple[str, ...]] = (".arrow", ".arrows", ".feather")
    READS_COLUMNS: ClassVar[bool] = True
    WITHHELD_SUFFIX: ClassVar[str] = ""

    def count_rows(self, path: Path, name: str, mapping: SourceMapping) -> None:
        """Check the schema; it promises no number of rows."""
        check_columns(self.load_schema(path, name), mapping, name)

    def load_schema(self, path: Path, name: str) -> pa.Schema:
        """Return the schema at the beginning."""
        with _open(path, name) as batches:
            return batches.schema

    def read(self, path: Path, name: str, mapping: SourceMapping, *, whole: bool) -> Iterator[Block]:
        """Yield the batches."""
        check_columns(self.load_schema(path, name), mapping, name)
        with _open(path, name, None if whole else read_columns(mapping)) as batches:
            for where, batch in batches.read(name):
                yield Block(where, batch, batch, ends_part=True)

    def create_kept(self, target: Path, source: Path, name: str) -> "_KeptBatches":
        """Create a file or stream with the schema and the codec of the source."""
        with _open(source, name) as batches:
            for field in batches.schema:
                if has_list_view(field.type):
                    raise UnreadableInputError(
                        f'{name}: column "{field.name}" has views of lists, which keep what stood in other rows',
                        hint="write the file again with plain lists in that column",
                    )
                if not can_drop_words(field.type):
                    raise UnreadableInputError(
                        f'{name}: column "{field.name}" has a dictionary out of which words cannot be dropped',
                        hint="write the file again with plain text in that column",
                    )
            is_worded = any(has_dictionary(field.type) for field in batches.schema)
            layout = batches.find_layout(name)
        return _KeptWordedBatches(target, layout, source, name) if is_worded else _KeptBatches(target, layout)

    def create_withheld(self, target: Path, source: Path, name: str, mapping: SourceMapping) -> "_WithheldBatches":
        """Create a file or stream, as the source is, with a batch for each of its batches that lost a row."""
        with _open(source, name) as batches:
            layout = batches.find_layout(name)
        ids, reasons = withheld_schema(layout.schema, mapping.row_id)
        [plain] = without_views(pa.schema([ids.with_type(ids.type.value_type)])) if has_dictionary(ids.type) else [ids]
        return _WithheldBatches(target, _Layout(pa.schema([plain, reasons]), layout.codec, is_stream=layout.is_stream))


@dataclass(frozen=True)
class _Layout:
    """How a file is laid out, apart from its rows."""

    schema: pa.Schema
    codec: str | None
    is_stream: bool


class _BatchesFile(CompressedFile):
    """A file or stream of batches being written. It counts only after `close`."""

    def __init__(self, path: Path, layout: _Layout) -> None:
        super().__init__(path, None)
        self.rows = 0
        create = pa.ipc.new_stream if layout.is_stream else pa.ipc.new_file
        with writing():
            options = pa.ipc.IpcWriteOptions(compression=layout.codec)
            self._writer = create(self._stream, layout.schema, options=options)

    def write_batch(self, batch: pa.RecordBatch) -> None:
        """Write a batch, unless no row of it is left."""
        if batch.num_rows:
            with writing():
                self._writer.write_batch(batch)
        self.rows += batch.num_rows

    def close(self) -> bytes:
        """Finish the file, bring it to the disk, and return its SHA-256 (32 bytes)."""
        with writing():
            self._writer.close()
        return super().close()


class _KeptBatches(_BatchesFile):
    """A file of kept rows without dictionaries."""

    def append(self, block: Block, kept_mask: BoolMask) -> None:
        """Write what is left of the batch."""
        self.write_batch(filter_rows(cast("pa.RecordBatch", block.content), kept_mask, block.where))


class _KeptWordedBatches(_KeptBatches):
    """A file of kept rows with dictionaries: written when all of them were seen, for which the source is read again."""

    def __init__(self, path: Path, layout: _Layout, source: Path, name: str) -> None:
        super().__init__(path, layout)
        self._source, self._name = source, name
        self._marks, self._words = KeptMarks(), WordMarker()

    def append(self, block: Block, kept_mask: BoolMask) -> None:
        """Take note of the batch."""
        self._words.mark(filter_rows(cast("pa.RecordBatch", block.content), kept_mask, block.where))
        self._marks.append(kept_mask)

    def close(self) -> bytes:
        """Write the rows, and finish."""
        words = WordDropper(self._words.used)
        with _open(self._source, self._name) as batches:
            for where, batch in batches.read(self._name):
                kept = filter_rows(batch, self._marks.take(batch.num_rows, self._name), where)
                try:
                    self.write_batch(words.drop(kept))
                except (pa.ArrowException, StopIteration) as error:
                    raise changed(self._name) from error
        return super().close()


class _WithheldBatches(_BatchesFile):
    """A file of withheld ids. Ids that are words of a dictionary are written as they are, without it."""

    def __init__(self, path: Path, layout: _Layout) -> None:
        super().__init__(path, layout)
        self._schema = layout.schema

    def append(self, rows: pa.RecordBatch, *, ends_part: bool) -> None:  # noqa: ARG002
        """Write the rows as a batch."""
        ids, reasons = rows.columns
        if isinstance(ids, pa.DictionaryArray):
            ids = ids.dictionary.cast(self._schema.field(0).type).take(ids.indices)
        self.write_batch(pa.RecordBatch.from_arrays([ids, reasons], schema=self._schema))


class _Batches:
    """An open file or stream.

    Attributes:
        schema: of all columns.
    """

    def __init__(self, stream: pa.NativeFile, columns: Sequence[str] | None) -> None:
        """Read the beginning and, of a file, the end.

        Raises:
            ArrowException, OSError, ValueError: not Arrow, or damaged.
        """
        self._stream = stream
        magic = stream.read(len(_FILE_MAGIC))
        if magic != _FILE_MAGIC and not magic.startswith(_STREAM_MAGIC):
            raise ValueError
        self._is_stream = magic != _FILE_MAGIC
        self.schema = self._open_reader(None).schema
        str(self.schema)  # its names are read only now, and may be no text
        places = None if columns is None else [self.schema.get_field_index(column) for column in columns]
        self._reader = self._open_reader(places)

    def read(self, name: str) -> Iterator[tuple[str, pa.RecordBatch]]:
        """Yield the batches, each with words that name the file and the place of the batch.

        Raises:
            UnreadableInputError: damaged, or cut off.
        """
        batches = self._read_stream() if self._is_stream else self._read_file()
        number = 0
        while (batch := _validate_next(batches, f"{name}, record batch {number}")) is not None:
            yield f"{name}, record batch {number}", batch
            number += 1

    def find_layout(self, name: str) -> _Layout:
        """Return how the file is laid out.

        Raises:
            UnreadableInputError: its first batch is damaged.
        """
        try:
            self._stream.seek(0)
            codec = find_stream_codec(self._stream) if self._is_stream else find_file_codec(self._stream)
        except (*DAMAGED, LookupError, struct.error) as error:
            raise unreadable(f"{name}, record batch 0, is cut off or damaged", error) from error
        return _Layout(self.schema, codec, self._is_stream)

    def _open_reader(self, places: list[int] | None) -> Any:
        """Open a reader of some columns, or of all."""
        self._stream.seek(0)
        opener = pa.ipc.open_stream if self._is_stream else pa.ipc.open_file
        return opener(self._stream, options=pa.ipc.IpcReadOptions(included_fields=places))

    def _read_file(self) -> Iterator[pa.RecordBatch]:
        for number in range(self._reader.num_record_batches):
            yield self._reader.get_batch(number)

    def _read_stream(self) -> Iterator[pa.RecordBatch]:
        while True:
            end = self._stream.tell()
            try:
                batch = self._reader.read_next_batch()
            except StopIteration:
                break
            yield batch
        self._stream.seek(end)
        if self._stream.read(len(_END) + 1) != _END:
            raise ValueError


def _validate_next(batches: Iterator[pa.RecordBatch], where: str) -> pa.RecordBatch | None:
    try:
        batch = next(batches, None)
        if batch is not None:
            batch.validate(full=True)
    except DAMAGED as error:
        raise unreadable(f"{where}, is cut off or damaged", error) from error
    return batch


@contextmanager
def _open(path: Path, name: str, columns: Sequence[str] | None = None) -> Iterator[_Batches]:
    """Open a file or stream; of `columns` only, if that is given.

    Raises:
        UnreadableInputError: not Arrow, or damaged.
    """
    with ExitStack() as opened:
        try:
            stream = opened.enter_context(pa.OSFile(os.fsencode(path)))
            batches = _Batches(stream, columns)
        except DAMAGED as error:
            raise unreadable(f"{name} is not an Arrow file or stream, or is damaged", error) from error
        yield batches

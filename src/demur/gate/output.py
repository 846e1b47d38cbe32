"""The output files: Parquet laid out as the input is, hashed while it is written, and on the disk before it counts."""

import errno
import hashlib
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final, Self

import pyarrow as pa
import pyarrow.parquet as pq

from demur.gate.errors import NoSpaceError, OutputWriteError, UnreadableInputError
from demur.gate.used_words import drop_unused_words, has_dictionary

_COPY_BYTES: Final = 1 << 20
_FULL: Final = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_ROW_GROUP_BYTES: Final = 256 << 20
"""A row group of the input that holds more than this is written as several, so that memory stays bounded."""

_ARROW_SCHEMA_KEY: Final = b"ARROW:schema"
_DICTIONARY_ENCODINGS: Final = {"RLE_DICTIONARY", "PLAIN_DICTIONARY"}


@dataclass(frozen=True)
class Layout:
    """How a Parquet file is laid out, apart from its rows.

    Attributes:
        schema: with all metadata of fields and schema.
        compression: codec by leaf column, or one for all.
        dictionary_columns: leaf columns written through a dictionary.
        store_schema: whether the file carries Arrow's own schema besides Parquet's.
    """

    schema: pa.Schema
    compression: dict[str, str] | str
    dictionary_columns: list[str]
    store_schema: bool


def layout_of(file: pq.ParquetFile, name: str) -> Layout:
    """Return the layout in which the rows of a file are to be written again.

    Leaf columns are matched by their order: writers name the inside of a list in different ways.

    Raises:
        UnreadableInputError: the columns have types that would be others after writing.
        OutputWriteError: the columns have types that cannot be written.
    """
    schema: pa.Schema = file.schema_arrow
    store_schema = _ARROW_SCHEMA_KEY in (file.metadata.metadata or {})
    sink = io.BytesIO()
    with writing():
        _open_writer(sink, Layout(schema, {}, [], store_schema=store_schema)).close()
    written = pq.ParquetFile(sink)
    if not written.schema_arrow.equals(schema, check_metadata=True):
        raise UnreadableInputError(
            f"{name} has columns of types that would be others after writing",
            hint="write the file again with Arrow, DuckDB, Polars or Spark of today",
        )
    leaves = [written.schema.column(leaf).path for leaf in range(len(written.schema))]
    first = file.metadata.row_group(0) if file.num_row_groups else None
    chunks = {} if first is None else {path: first.column(leaf) for leaf, path in enumerate(leaves)}
    return Layout(
        schema=schema,
        compression={path: _codec(chunk) for path, chunk in chunks.items()},
        dictionary_columns=[
            path for path, chunk in chunks.items() if _DICTIONARY_ENCODINGS.intersection(chunk.encodings)
        ],
        store_schema=store_schema,
    )


class OutputFile:
    """A Parquet file being written. It counts only after `close`."""

    def __init__(self, path: Path, layout: Layout) -> None:
        """Create the file and the folders above it.

        Raises:
            OutputWriteError: it cannot be created.
        """
        with writing():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._stream = HashingStream(path)
            self._writer = _open_writer(self._stream, layout)
        self._schema = layout.schema
        self._waiting: list[pa.RecordBatch] = []
        self._waiting_bytes = 0
        self.rows = 0

    def append_batch(self, batch: pa.RecordBatch) -> None:
        """Add rows to the row group that is being gathered."""
        if not batch.num_rows:
            return
        self._waiting.append(batch)
        self._waiting_bytes += batch.nbytes
        if self._waiting_bytes >= _ROW_GROUP_BYTES:
            self.end_row_group()

    def end_row_group(self) -> None:
        """Write the rows gathered since the last call as one row group; none if there are none."""
        if not self._waiting:
            return
        table = pa.Table.from_batches(self._waiting, self._schema)
        with writing():
            table = _without_unused_words(table)
            self._writer.write_table(table, row_group_size=table.num_rows)
        self.rows += table.num_rows
        self._waiting, self._waiting_bytes = [], 0

    def close(self) -> bytes:
        """Finish the file, bring it to the disk, and return its SHA-256 (32 bytes)."""
        self.end_row_group()
        with writing():
            self._writer.close()
            return self._stream.finish()

    def __enter__(self) -> Self:
        """Give the file."""
        return self

    def __exit__(self, *_: object) -> None:
        """Let go of the file, finished or not: what is not finished will be deleted."""
        self._stream.abandoned = True
        with suppress(pa.ArrowException, OSError):
            self._writer.close()
        self._stream.close()


@contextmanager
def writing() -> Iterator[None]:
    """Turn what a disk and Arrow raise on writing into errors of ours.

    Raises:
        NoSpaceError: the disk, the quota or the file size limit is full.
        OutputWriteError: anything else.
    """
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise NoSpaceError(
                "there is no room left for the output: nothing was kept",
                hint="free some space, or choose another disk with --out, and run again",
            ) from error
        why = (error.strerror or "the system refused").lower()
        raise OutputWriteError(
            f"the output could not be written: {why}",
            hint="see what is there and who may write, or choose another --out",
        ) from error
    except pa.ArrowException as error:
        raise OutputWriteError("the output could not be written: a column cannot be encoded") from error


def write_copy(reading: IO[bytes], target: Path) -> bytes:
    """Copy what is left of a stream into a new file, bring it to the disk, and return its SHA-256 (32 bytes).

    Raises:
        NoSpaceError: the disk, the quota or the file size limit is full.
        OutputWriteError: anything else.
    """
    with writing(), HashingStream(target) as written:
        while part := reading.read(_COPY_BYTES):
            written.write(part)
        return written.finish()


class HashingStream(io.RawIOBase):
    """A new file that hashes what is written to it.

    Attributes:
        abandoned: whether what is written from now on counts for nothing.
    """

    def __init__(self, path: Path) -> None:
        """Create the file.

        Raises:
            OSError: it cannot be created.
        """
        super().__init__()
        self._file = path.open("xb", buffering=0)
        self._digest = hashlib.sha256()
        self.abandoned = False

    def writable(self) -> bool:
        """Tell that it can be written to."""
        return True

    def write(self, data: object) -> int:
        """Write all of some bytes; return how many."""
        view = memoryview(data).cast("B")  # type: ignore[arg-type]
        size = len(view)
        if self.abandoned:
            return size
        self._digest.update(view)
        while len(view):  # a raw write may take less than it is given
            view = view[self._file.write(view) :]
        return size

    def finish(self) -> bytes:
        """Bring the file to the disk and return its SHA-256."""
        os.fsync(self._file.fileno())
        self.close()
        return self._digest.digest()

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()
        super().close()


def _without_unused_words(table: pa.Table) -> pa.Table:
    """Return the table with dictionaries that hold no word of a withheld row."""
    for place, field in enumerate(table.schema):
        if has_dictionary(field.type):
            column = pa.concat_arrays(table.column(place).chunks)
            table = table.set_column(place, field, drop_unused_words(column))
    return table


def _open_writer(sink: io.RawIOBase | io.BytesIO, layout: Layout) -> pq.ParquetWriter:
    return pq.ParquetWriter(
        sink,
        layout.schema,
        compression=layout.compression or "none",
        use_dictionary=layout.dictionary_columns,
        use_compliant_nested_type=False,  # the elements of a list keep the name that they have in the input
        store_schema=layout.store_schema,
    )


def _codec(chunk: pq.ColumnChunkMetaData) -> str:
    return "none" if chunk.compression == "UNCOMPRESSED" else str(chunk.compression)

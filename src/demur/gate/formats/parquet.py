"""Parquet: columns that can be read apart, in row groups that stay what they are."""

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import ClassVar, Final, Self, cast

import pyarrow as pa
import pyarrow.parquet as pq

from demur.gate.errors import UnreadableInputError
from demur.gate.formats.data_format import BATCH_ROWS, DAMAGED, Block, filter_rows, unreadable, withheld_schema
from demur.gate.mapped_batch import Role, check_columns, columns_of_few_words, read_columns, roles_of_columns
from demur.gate.mapping import SourceMapping
from demur.gate.output import Layout, OutputFile, layout_of
from demur.gate.string_window import BoolMask
from demur.gate.used_words import has_dictionary, has_extended_dictionary

_READ_AHEAD_BYTES: Final = 1 << 20
_MOST_ROW_BYTES: Final = 256 << 20
_MOST_BATCH_BYTES: Final = 64 << 20
"""Rows that hold pictures are read fewer at a time."""
_WITHHELD_CODEC: Final = "zstd"
_REASONS_LEAF: Final = "reasons.list.element"


class Parquet:
    """Parquet files; see `DataFormat`."""

    SUFFIXES: ClassVar[tuple[str, ...]] = (".parquet",)
    READS_COLUMNS: ClassVar[bool] = True
    WITHHELD_SUFFIX: ClassVar[str] = ""

    def count_rows(self, path: Path, name: str, mapping: SourceMapping) -> int:
        """Check the footer, and return its rows."""
        with open_parquet(path, name) as file:
            check_columns(file.schema_arrow, mapping, name)
            return count_footer_rows(file, name, columns_of_few_words(mapping)[:1])  # one that costs little to read

    def load_schema(self, path: Path, name: str) -> pa.Schema:
        """Return the schema in the footer."""
        with open_parquet(path, name) as file:
            return file.schema_arrow

    def read(self, path: Path, name: str, mapping: SourceMapping, *, whole: bool) -> Iterator[Block]:
        """Yield the rows; a part is a row group."""
        columns, words = (None, []) if whole else (read_columns(mapping), columns_of_few_words(mapping))
        with open_parquet(path, name, words) as file:
            without_ids = columns is not None and _can_do_without_ids(file, mapping)
            if columns is not None and without_ids:
                columns.remove(mapping.row_id)
            for row_group in range(file.num_row_groups):
                for block in read_row_group(file, name, row_group, columns):
                    yield _with_some_ids(block, mapping.row_id) if without_ids else block

    def create_kept(self, target: Path, source: Path, name: str) -> "KeptParquet":
        """Create a file with the schema, the codecs and the dictionaries of the source."""
        with open_parquet(source, name) as file:
            _try_first_row(file, name)
            return KeptParquet(target, layout_of(file, name))

    def create_withheld(self, target: Path, source: Path, name: str, mapping: SourceMapping) -> "WithheldParquet":
        """Create a file with a row group for each of the source."""
        return WithheldParquet.create(target, self.load_schema(source, name), mapping)


class KeptParquet(OutputFile):
    """A file of kept rows. Their content is the batch itself."""

    def append(self, block: Block, kept_mask: BoolMask) -> None:
        """Add rows, and end the row group where the input's ends."""
        self.append_batch(filter_rows(cast("pa.RecordBatch", block.content), kept_mask, block.where))
        if block.ends_part:
            self.end_row_group()


class WithheldParquet(OutputFile):
    """A file of withheld ids."""

    @classmethod
    def create(cls, target: Path, schema: pa.Schema, mapping: SourceMapping) -> Self:
        """Create the file of the withheld rows of an input that has these columns.

        Raises:
            OutputWriteError: it cannot be created.
        """
        withheld = withheld_schema(schema, mapping.row_id)
        return cls(target, Layout(withheld, _WITHHELD_CODEC, [_REASONS_LEAF], store_schema=True))

    def append(self, rows: pa.RecordBatch, *, ends_part: bool) -> None:
        """Add rows, and end the row group where the input's ends."""
        self.append_batch(rows)
        if ends_part:
            self.end_row_group()


def _can_do_without_ids(file: pq.ParquetFile, mapping: SourceMapping) -> bool:
    """Tell whether no row can be without an id, and nobody wants to know it: a fifth of a dry run's time."""
    is_wanted = mapping.needs_ids or roles_of_columns(mapping)[mapping.row_id] != {Role.ROW_ID}
    return not is_wanted and not file.schema_arrow.field(mapping.row_id).nullable


def _with_some_ids(block: Block, row_id: str) -> Block:
    return replace(block, batch=block.batch.append_column(row_id, pa.repeat(pa.scalar(0), block.batch.num_rows)))


def count_footer_rows(file: pq.ParquetFile, name: str, columns: Sequence[str] = ()) -> int:
    """Return the rows that a footer promises, whatever its columns are.

    Args:
        file: an open file.
        name: its path inside the input.
        columns: to try the footer with, before it is asked about rows; none to try with all.

    Raises:
        UnreadableInputError: it is damaged.
    """
    _try_first_row(file, name, columns)
    rows: int = sum(file.metadata.row_group(number).num_rows for number in range(file.num_row_groups))
    if rows != file.metadata.num_rows:
        raise UnreadableInputError(
            f"{name} is damaged: its footer promises {file.metadata.num_rows} rows, and its row groups {rows}"
        )
    return rows


def read_row_group(
    file: pq.ParquetFile, name: str, row_group: int, columns: Sequence[str] | None = None
) -> Iterator[Block]:
    """Yield the rows of one row group, up to BATCH_ROWS at a time, fewer if they are large.

    Of `columns` only, if that is given.

    Raises:
        UnreadableInputError: names the file and the row group.
    """
    where, rows, promised = f"{name}, row group {row_group}", 0, file.metadata.row_group(row_group).num_rows
    for batch in _batches(file, name, row_group, _batch_rows(file, row_group), columns):
        rows += batch.num_rows
        _check_row_sizes(batch, where)
        yield Block(where, batch, batch, ends_part=rows == promised)
    if rows != promised:
        raise UnreadableInputError(f"{where}, has other rows than the footer promises")


def _check_row_sizes(batch: pa.RecordBatch, where: str) -> None:
    """Refuse a row that is too large: to write it again takes some nine times as much memory."""
    values = [column for column in batch.columns if not has_dictionary(column.type)]
    if sum(column.nbytes for column in values) <= _MOST_ROW_BYTES:
        return
    if any(sum(column.slice(row, 1).nbytes for column in values) > _MOST_ROW_BYTES for row in range(len(batch))):
        raise UnreadableInputError(
            f"{where}, has a row of more than {_MOST_ROW_BYTES >> 20} MiB",
            hint="keep what is so large in a file of its own, and its path in the row",
        )


def _batch_rows(file: pq.ParquetFile, row_group: int) -> int:
    """Return how many rows are read at a time, by what the footer says of their size."""
    group = file.metadata.row_group(row_group)
    row_bytes: int = group.total_byte_size // max(
        group.num_rows, 1
    )  # of all columns: a few are not worth asking for each
    return min(BATCH_ROWS, max(_MOST_BATCH_BYTES // max(row_bytes, 1), 1))


@contextmanager
def open_parquet(path: Path, name: str, words: Sequence[str] = ()) -> Iterator[pq.ParquetFile]:
    """Open a file and read its footer.

    Args:
        path: where it is.
        name: its path inside the input.
        words: columns of text to be read as dictionaries, as most files hold them anyway.

    Raises:
        UnreadableInputError: not Parquet, or damaged.
    """
    with ExitStack() as opened:
        try:
            # Opened here, since Arrow would take a path such as "s3:rows.parquet" for an address.
            stream = opened.enter_context(pa.OSFile(os.fsencode(path)))
            file = pq.ParquetFile(
                stream,
                pre_buffer=False,
                buffer_size=_READ_AHEAD_BYTES,
                page_checksum_verification=True,
                read_dictionary=list(words),
            )
            str(file.schema_arrow)  # its names are read only now, and may be no text
        except (*DAMAGED, KeyError) as error:  # of `words` that were there when the file was found
            raise unreadable(f"{name} is not a Parquet file, or is damaged", error) from error
        for field in file.schema_arrow:
            if has_extended_dictionary(field.type):  # asked for such a column, Arrow ends the whole process
                raise UnreadableInputError(
                    f'{name}: column "{field.name}" is of an extension type over a dictionary, which Arrow cannot read',
                    hint="write the file again with plain values in that column",
                )
        yield file


def _try_first_row(file: pq.ParquetFile, name: str, columns: Sequence[str] = ()) -> None:
    """Bring what is wrong with a footer to light while Arrow raises it as an error.

    Asked about the columns of a row group that it has not read yet, Arrow ends the whole process over some damages.
    """
    if file.num_row_groups:
        next(_batches(file, name, 0, 1, columns or None), None)


def _batches(
    file: pq.ParquetFile, name: str, row_group: int, batch_rows: int, columns: Sequence[str] | None = None
) -> Iterator[pa.RecordBatch]:
    """Yield a row group's rows, with what Arrow raises turned into an error that names file and row group."""
    try:
        yield from file.iter_batches(batch_size=batch_rows, row_groups=[row_group], columns=columns, use_threads=False)
    except DAMAGED as error:
        raise unreadable(f"{name}, row group {row_group}, is damaged", error) from error

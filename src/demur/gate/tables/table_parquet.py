"""A Parquet file that is a part of a table: its columns under the table's names, without the rows that it has removed.

A table's partition columns may be in no file at all; columns may have been renamed or added since a file was written.
What is written of the kept rows has the file's own columns: the log that is written beside them names them again.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar, Final, cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from demur.core.gate_manifest import ManifestFile
from demur.gate.errors import UnreadableInputError
from demur.gate.formats.data_format import Block, filter_rows
from demur.gate.formats.parquet import (
    KeptParquet,
    WithheldParquet,
    count_footer_rows,
    open_parquet,
    read_row_group,
)
from demur.gate.mapped_batch import check_columns, read_columns
from demur.gate.mapping import SourceMapping
from demur.gate.output import layout_of
from demur.gate.string_window import BoolMask
from demur.gate.tables.plain_types import without_views
from demur.gate.tables.row_deletes import RowDeletes

_FIELD_ID: Final = b"PARQUET:field_id"

Positions = npt.NDArray[np.int64]
"""Places of rows in a file, counted from 0, in order."""


@dataclass(frozen=True)
class TableColumn:
    """A column of a table, as one file has it.

    Attributes:
        name: in the table.
        type: in the table.
        field_id: of the column in the file; None if files are read by names.
        names: of the column in the file, if the file has no field ids.
        constant: the value in every row if the file does not have the column.
    """

    name: str
    type: pa.DataType
    field_id: int | None
    names: tuple[str, ...]
    constant: object


@dataclass(frozen=True)
class TableParquet:
    """One file of a table's data; see `DataFormat`. It can be pickled.

    Attributes:
        columns: of the table.
        removed: the rows of the file that are the table's no more.
        row_deletes: how the table's format writes down which rows of a file are no more; None if nothing is written.
    """

    SUFFIXES: ClassVar[tuple[str, ...]] = (".parquet",)
    READS_COLUMNS: ClassVar[bool] = True
    WITHHELD_SUFFIX: ClassVar[str] = ""

    columns: tuple[TableColumn, ...]
    removed: Positions
    row_deletes: RowDeletes | None

    def count_rows(self, path: Path, name: str, mapping: SourceMapping) -> int:
        """Check the footer, and return how many of its rows are the table's."""
        with open_parquet(path, name) as file:
            rows = count_footer_rows(file, name)
        check_columns(self.load_schema(path, name), mapping, name)
        if self.removed.size and self.removed[-1] >= rows:
            raise UnreadableInputError(f"{name} is not the file that the table's log names: it has fewer rows")
        return rows - len(self.removed)

    def load_schema(self, path: Path, name: str) -> pa.Schema:
        """Return the table's columns, with the types that they have in the file."""
        with open_parquet(path, name) as file:
            schema = without_views(file.schema_arrow)
            places = self._places(schema, name)
        return pa.schema(
            [
                (column.name, column.type if place is None else schema.field(place).type)
                for column, place in zip(self.columns, places, strict=True)
            ]
        )

    def read(self, path: Path, name: str, mapping: SourceMapping, *, whole: bool) -> Iterator[Block]:
        """Yield the rows that are the table's; a part is a row group."""
        needed = set(read_columns(mapping))
        with open_parquet(path, name) as file:
            schema, start = without_views(file.schema_arrow), 0
            places = zip(self.columns, self._places(schema, name), strict=True)
            read = [(column, place) for column, place in places if column.name in needed]
            columns = None if whole else [schema.field(place).name for _, place in read if place is not None]
            for row_group in range(file.num_row_groups):
                for block in read_row_group(file, name, row_group, columns):
                    rows = block.batch.num_rows
                    live = self._live(start, rows)
                    start += rows
                    own = filter_rows(block.batch.cast(without_views(block.batch.schema)), live, block.where)
                    batch = _table_batch(own, read, schema, int(np.count_nonzero(live)))
                    yield Block(block.where, batch, own, block.ends_part)

    def create_kept(self, target: Path, source: Path, name: str) -> KeptParquet:
        """Create a file with the columns, the codecs and the dictionaries of the source; views become plain."""
        with open_parquet(source, name) as file:
            count_footer_rows(file, name)  # before the layout is asked for: see there
            layout = layout_of(file, name)
        return KeptParquet(target, replace(layout, schema=without_views(layout.schema)))

    def create_withheld(self, target: Path, source: Path, name: str, mapping: SourceMapping) -> WithheldParquet:
        """Create a file with a row group for each of the source."""
        return WithheldParquet.create(target, self.load_schema(source, name), mapping)

    def write_deletes(self, folder: Path, name: str, kept_mask: BoolMask) -> ManifestFile | None:
        """Write down which rows are no more: those that the table has removed, and those that were withheld.

        Args:
            folder: where the output is made.
            name: of the file of data.
            kept_mask: which of the table's rows in the file were kept: bool[rows that `count_rows` told].

        Returns:
            The file, whose rows are those that it names; None if there is none to name.
        """
        writer = cast("RowDeletes", self.row_deletes)  # None only of a run that writes nothing
        rows = len(kept_mask) + len(self.removed)
        live = np.flatnonzero(self._live(0, rows))
        removed = np.union1d(self.removed, live[~kept_mask])
        return writer.write(folder, name, removed) if removed.size else None

    def _live(self, start: int, rows: int) -> BoolMask:
        """Return which of some rows of the file are the table's: bool[rows]."""
        live = np.ones(rows, bool)
        first, end = np.searchsorted(self.removed, [start, start + rows])
        live[self.removed[first:end] - start] = False
        return live

    def _places(self, schema: pa.Schema, name: str) -> list[int | None]:
        """Return where each column of the table is in the file; None if it is not there.

        Raises:
            UnreadableInputError: the file names its columns in a way that the table does not know.
        """
        ids = {int(field.metadata[_FIELD_ID]): place for place, field in enumerate(schema) if _has_id(field)}
        if not ids and not any(column.names for column in self.columns):
            raise UnreadableInputError(f"{name} has no field ids, and the table does not say which column is which")
        return [self._place(column, schema, ids, name) for column in self.columns]

    def _place(self, column: TableColumn, schema: pa.Schema, ids: dict[int, int], name: str) -> int | None:
        if column.field_id is not None and ids:
            return ids.get(column.field_id)
        found = [place for spelled in column.names for place in schema.get_all_field_indices(spelled)]
        if len(found) > 1:
            raise UnreadableInputError(f'{name} has more than one column that could be "{column.name}"')
        return found[0] if found else None


def _has_id(field: pa.Field) -> bool:
    return field.metadata is not None and _FIELD_ID in field.metadata


def _table_batch(
    rows: pa.RecordBatch, columns: list[tuple[TableColumn, int | None]], schema: pa.Schema, count: int
) -> pa.RecordBatch:
    """Return rows under the table's names.

    Args:
        rows: of the file.
        columns: of the table, with their places in the file.
        schema: of the file.
        count: how many rows there are, for a batch without any column does not know.
    """
    arrays = [
        pa.repeat(pa.scalar(column.constant, column.type), count)
        if place is None
        else rows.column(schema.field(place).name)
        for column, place in columns
    ]
    return pa.RecordBatch.from_arrays(arrays, names=[column.name for column, _ in columns])

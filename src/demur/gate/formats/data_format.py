"""What the gate asks of a format of files. Each format is a module beside this one, and is listed in `registry`.

A format decides nothing. It says which rows a file has, and writes those that it is told to keep.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Final, Protocol, Self

import pyarrow as pa

from demur.core.gate_manifest import ManifestFile
from demur.gate.errors import UnreadableInputError
from demur.gate.mapping import SourceMapping
from demur.gate.string_window import BoolMask
from demur.gate.tables.plain_types import without_views

BATCH_ROWS: Final = 1 << 16
REASONS_COLUMN: Final = "reasons"

DAMAGED: Final = (pa.ArrowException, OSError, ValueError, OverflowError, EOFError)
"""What Arrow raises on damaged files: its own errors, and Python's for early ends, bad text and bad numbers."""


@dataclass(frozen=True)
class Block:
    """Some rows of a file, in order.

    Attributes:
        where: names the file and the part of it, for people.
        batch: n rows, with at least the columns that rules read.
        content: the same n rows as the format's own kept file takes them.
        ends_part: whether they are the last of a part that the format writes as one, such as a row group.
    """

    where: str
    batch: pa.RecordBatch
    content: object
    ends_part: bool


@dataclass(frozen=True)
class KeptBeside:
    """A file beside the data that came out with them: an image, or a description of the data, corrected.

    Attributes:
        source: the input; it has no rows of its own.
        kept: what was written in its place.
        is_linked: whether that is the input itself.
    """

    source: ManifestFile
    kept: ManifestFile
    is_linked: bool


class _File(Protocol):
    """A file being written, whose folder is there when it is made. It counts only after `close`.

    Attributes:
        rows: how many were written; counts after `close`.
    """

    rows: int

    def close(self) -> bytes:
        """Finish the file, bring it to the disk, and return its SHA-256 (32 bytes)."""

    def __enter__(self) -> Self:
        """Give the file."""

    def __exit__(self, *_: object) -> None:
        """Let go of the file, finished or not: what is not finished will be deleted."""


class KeptFile(_File, Protocol):
    """The kept rows of one input file."""

    def append(self, block: Block, kept_mask: BoolMask) -> None:
        """Write the rows of a block that was read whole, of which the mask (bool[n]) is true."""


class WithheldFile(_File, Protocol):
    """The ids of the withheld rows of one input file, with their reasons."""

    def append(self, rows: pa.RecordBatch, *, ends_part: bool) -> None:
        """Write rows of two columns: the row id under its own name and type, and `reasons`, list<string>."""


class DataFormat(Protocol):
    """A format of files. It has no state, and can be pickled.

    Attributes:
        SUFFIXES: how the names of such files end.
        READS_COLUMNS: whether `read` is cheaper if only the columns that rules read are wanted.
        WITHHELD_SUFFIX: what is put behind the name of a file for that of its withheld rows, if these are not in the
            same format.
    """

    SUFFIXES: ClassVar[tuple[str, ...]]
    READS_COLUMNS: ClassVar[bool]
    WITHHELD_SUFFIX: ClassVar[str]

    def count_rows(self, path: Path, name: str, mapping: SourceMapping) -> int | None:
        """Check a header or footer against the mapping, and return the rows it promises; None if it promises none.

        Args:
            path: where the file is.
            name: its path inside the input; errors name it so, here and below.
            mapping: which column plays which role, the ones that no rule reads included.

        Raises:
            UnreadableInputError: not such a file, or damaged.
            ColumnMissingError: the file lacks a column of the mapping.
            ColumnTypeError: a column has a type that its role cannot have.
        """

    def load_schema(self, path: Path, name: str) -> pa.Schema:
        """Return the columns of a file, with what is known of their types.

        Raises:
            UnreadableInputError: not such a file, or damaged.
        """

    def read(self, path: Path, name: str, mapping: SourceMapping, *, whole: bool) -> Iterator[Block]:
        """Yield all rows in order, in bounded memory.

        Args:
            path: where the file is.
            name: its path inside the input.
            mapping: which columns rules read.
            whole: whether `content` is wanted. If not, it must not be used. Parts are the same either way.

        Raises:
            UnreadableInputError: names the file and the part of it.
            ColumnMissingError: as for `count_rows`, of a format that has no header.
            ColumnTypeError: the same.
        """

    def create_kept(self, target: Path, source: Path, name: str) -> KeptFile:
        """Create the file of the kept rows of the file `source`, laid out as that is.

        Raises:
            UnreadableInputError: its rows could not be written as they are.
            OutputWriteError: it cannot be created.
        """

    def create_withheld(self, target: Path, source: Path, name: str, mapping: SourceMapping) -> WithheldFile:
        """Create the file of the withheld rows of the file `source`.

        Raises:
            OutputWriteError: it cannot be created.
        """


def withheld_schema(schema: pa.Schema, row_id: str) -> pa.Schema:
    """Return the schema of the withheld rows of a file that has this one."""
    return pa.schema([schema.field(row_id), pa.field(REASONS_COLUMN, pa.list_(pa.string()), nullable=False)])


def filter_rows(rows: pa.RecordBatch | pa.Table | pa.Array, mask: BoolMask, where: str) -> Any:
    """Return the rows of a batch, a table or a column of which the mask (bool[n]) is true.

    Raises:
        UnreadableInputError: they are of a type out of which Arrow cannot take rows.
    """
    kept = pa.array(mask)
    schema = pa.schema([pa.field("", rows.type)]) if isinstance(rows, pa.Array) else rows.schema
    plain = without_views(schema)
    try:
        if plain == schema:
            return rows.filter(kept)
        # As what they are views of: views that are left would take along the bytes of all others.
        if isinstance(rows, pa.Array):
            return rows.cast(plain.types[0]).filter(kept).cast(rows.type)
        return rows.cast(plain).filter(kept).cast(schema)
    except pa.ArrowNotImplementedError as error:
        raise UnreadableInputError(
            f"{where} has a column of a type out of which Arrow cannot take rows yet",
            hint="write the file again with plain types, without run-end encoding",
        ) from error


def unreadable(what: str, error: Exception) -> UnreadableInputError:
    """Return what is to be raised for what Arrow or the system raised."""
    if isinstance(error, OSError) and error.strerror:
        return UnreadableInputError(f"{what}: {error.strerror.lower()}")
    return UnreadableInputError(what, hint="read it with another tool to see what is wrong, or write it again")

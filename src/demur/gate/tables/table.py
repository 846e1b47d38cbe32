"""What the two formats of tables have in common: a table at one version, as files of data that can be gated apart."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol

import pyarrow as pa

from demur.core.gate_manifest import ManifestFile, TableVersion
from demur.gate.errors import UnreadableInputError
from demur.gate.file_gate import FileResult
from demur.gate.file_state import file_state
from demur.gate.formats.data_format import Block, unreadable
from demur.gate.mapping import SourceMapping
from demur.gate.source import InputFile
from demur.gate.tables.table_parquet import TableParquet


@dataclass(frozen=True)
class DataFile(InputFile):
    """A file of a table's data, at the table's version.

    Attributes:
        rows: how many of its rows are the table's.
        table_format: knows the table's columns and removed rows in it.
    """

    table_format: TableParquet

    @property
    def format(self) -> TableParquet:
        """How it is read and written."""
        return self.table_format

    @property
    def has_removed_rows(self) -> bool:
        """Whether the file may not be taken as it is."""
        return bool(self.table_format.removed.size)

    def read(self, path: Path, mapping: SourceMapping, *, whole: bool) -> Iterator[Block]:
        """Yield the rows that are the table's. What the names of folders say is not asked: the log knows better."""
        return self.table_format.read(path, self.name, mapping, whole=whole)


class Table(Protocol):
    """A table at one version, which does not change whoever writes to the table.

    Attributes:
        version: names it in the manifest.
        log: the files that say what the table is at this version, besides its data.
    """

    @property
    def version(self) -> TableVersion:
        """What the manifest says of it."""

    @property
    def folder(self) -> Path:
        """Where the table is."""

    @property
    def log(self) -> tuple[InputFile, ...]:
        """Return the files that say what the table is at this version."""

    def load_schema(self) -> pa.Schema:
        """Return the columns of the table."""

    def find_files(self, mapping: SourceMapping, out: Path | None) -> list[DataFile]:
        """Return the files of data in the order of their names, after checking every footer.

        Args:
            mapping: what the columns of the table must fit.
            out: the final name of the output folder; None if nothing will be written.

        Raises:
            UnreadableInputError: a file is not there, damaged, or not the one that the log names.
            ColumnMissingError: the table lacks a column of the mapping.
            ColumnTypeError: a column has a type that its role cannot have.
        """

    def write_log(
        self, folder: Path, out: Path, files: Sequence[DataFile], results: Sequence[FileResult]
    ) -> list[ManifestFile]:
        """Write the log of the table of the kept rows, and return its files.

        Args:
            folder: where the output is made.
            out: its final name.
            files: as `find_files` gave them.
            results: what became of each, in the same order.

        Raises:
            OutputWriteError: it could not be written.
        """


def look_at(path: Path, name: str) -> InputFile:
    """Return a file of the log, which holds no row.

    Raises:
        UnreadableInputError: it is not there.
    """
    try:
        return InputFile(path, name, file_state(path.stat()), 0)
    except OSError as error:
        raise unreadable(f"{name}, a file of the table's log, could not be opened", error) from error


def hash_log(log: Sequence[InputFile]) -> list[ManifestFile]:
    """Return the files of the log, or refuse them if one changed since it was found.

    Raises:
        InputChangedError: one of them was written to, or is gone.
    """
    return [ManifestFile(file.name, file.hash_unchanged(file.path), 0) for file in log]


def look_at_data(folder: Path, name: str, size_bytes: int, form: TableParquet, mapping: SourceMapping) -> DataFile:
    """Return a file of data after checking its footer.

    Args:
        folder: of the table.
        name: its path inside the table, with "/".
        size_bytes: its size as the log says.
        form: the table's columns and removed rows in it.
        mapping: what its columns must fit.

    Raises:
        UnreadableInputError: it is not there, damaged, or not the one that the log names.
    """
    path = folder / name
    if not name.isprintable() or ".." in PurePosixPath(name).parts:
        raise UnreadableInputError("the table's log names a file of data whose name cannot be written in a manifest")
    try:
        state = file_state(path.stat())
    except OSError as error:
        raise UnreadableInputError(
            f"{name} is a file of the table at this version, and is not there",
            hint="give another version with --table-version: old files may have been cleaned away",
        ) from error
    if path.stat().st_size != size_bytes:
        raise UnreadableInputError(f"{name} is not the file that the table's log names: it has another size")
    return DataFile(path, name, state, form.count_rows(path, name, mapping), form)

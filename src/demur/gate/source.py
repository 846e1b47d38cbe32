"""The input: which files a run reads.

Nothing is passed over in silence: a folder that holds something else than data is refused, and so is a file that is
not the same at the end of the run as at its beginning.
"""

import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyarrow as pa

from demur.gate.errors import InputChangedError, UnreadableInputError
from demur.gate.file_state import FileState, file_state
from demur.gate.formats.data_format import unreadable
from demur.gate.formats.registry import SUFFIXES, format_of
from demur.gate.mapping import SourceMapping
from demur.gate.tables.table_kind import refuse_tables

_LEFT_OUT: Final = (".", "_")
"""Names that begin so are marks and indexes of the engines that wrote the folder (`_SUCCESS`, `.crc`), never data."""

_ENDS: Final = ", ".join(SUFFIXES)
_NOTHING_ELSE_HINT: Final = (
    "move it out of the folder, or write its data as one of them: nothing is passed over in silence"
)


@dataclass(frozen=True)
class InputFile:
    """A file of the input; its header or footer, if it has one, was read and fits the mapping.

    Attributes:
        path: where it is.
        name: its path inside the input, with "/"; a manifest and an error name it so.
        state: what would show that the file was changed: device, inode, size, times of change in nanoseconds.
        rows: how many rows it promises; None of a format that promises none.
    """

    path: Path
    name: str
    state: FileState
    rows: int | None

    @contextmanager
    def at_hand(self) -> Iterator[Path]:
        """Give a path where the file can be read for as long as it is worked on."""
        yield self.path

    def hash_unchanged(self, path: Path) -> bytes:
        """Return the SHA-256 (32 bytes) of the file that was read, or refuse it if it changed since it was found.

        Args:
            path: where it was read, as `at_hand` gave it.

        Raises:
            InputChangedError: replaced, written to, or gone.
        """
        try:
            with path.open("rb") as stream:
                digest = hashlib.file_digest(stream, "sha256").digest()
                state = file_state(os.fstat(stream.fileno()))
        except OSError as error:
            raise InputChangedError(f"{self.name} went away while it was read") from error
        if state != self.state:
            raise InputChangedError(f"{self.name} changed while it was read", hint="run again when nobody writes to it")
        return digest


def find_inputs(inputs: Path, mapping: SourceMapping) -> list[InputFile]:
    """Return the files of an input in the order of their names, after checking every header and footer.

    Args:
        inputs: a file of a format that the gate knows, or a folder with some at any depth.
        mapping: what the columns of each file must fit.

    Raises:
        UnreadableInputError: no such file, or a folder with something else in it, or with nothing, or a table's.
        ColumnMissingError: a file lacks a column of the mapping.
        ColumnTypeError: a column has a type that its role cannot have.
    """
    return [_inspect(path, name, mapping) for name, path in _find_paths(inputs)]


def count_rows(files: Sequence[InputFile]) -> int | None:
    """Return how many rows files have together; None if one of them does not say."""
    rows = [file.rows for file in files if file.rows is not None]
    return sum(rows) if len(rows) == len(files) else None


def load_schema(inputs: Path) -> pa.Schema:
    """Return the schema of a file, or of the first one in a folder.

    Raises:
        UnreadableInputError: not a file that the gate can read, or a folder with something else in it, or with nothing.
    """
    name, path = _find_paths(inputs)[0]
    return format_of(name).load_schema(path, name)


def _find_paths(inputs: Path) -> list[tuple[str, Path]]:
    """Return (name, path) of each file of an input, in the order of the names; there is at least one."""
    try:
        refuse_tables([inputs])
        paths = list(_walk(inputs)) if inputs.is_dir() else [inputs]
        refuse_tables(paths)
    except OSError as error:
        raise unreadable(f'the folder "{inputs.name}" could not be read', error) from error
    if not paths:
        raise UnreadableInputError(
            f'there is nothing to gate: the folder "{inputs.name}" has no file that ends in {_ENDS}',
        )
    return sorted((_name(path, inputs), path) for path in paths)


def _walk(folder: Path) -> Iterator[Path]:
    """Yield every file of data below a folder; refuse whatever is neither one nor a mark of an engine."""
    for entry in folder.iterdir():
        if entry.name.startswith(_LEFT_OUT):
            continue
        if entry.is_dir() and not entry.is_symlink():
            yield from _walk(entry)
        elif entry.is_file() and entry.name.endswith(SUFFIXES):
            yield entry
        else:
            raise UnreadableInputError(
                f'"{entry.name}" in the input folder is not a file that ends in {_ENDS}',
                hint=_NOTHING_ELSE_HINT,
            )


def _name(path: Path, inputs: Path) -> str:
    name = path.relative_to(inputs).as_posix() if path != inputs else path.name
    if not name.isprintable():  # nor is what stands for bytes that are not UTF-8
        raise UnreadableInputError("a file name of the input cannot be written in a manifest: it is not printable text")
    return name


def _inspect(path: Path, name: str, mapping: SourceMapping) -> InputFile:
    try:
        state = file_state(path.stat())
    except OSError as error:
        raise unreadable(f"{name} could not be opened", error) from error
    return InputFile(path, name, state, format_of(name).count_rows(path, name, mapping))

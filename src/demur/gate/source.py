"""The input: which files a run reads, and the rows of Parquet files, batch by batch in bounded memory.

Nothing is passed over in silence: a folder that holds something else than data is refused, and so is a file that is
not the same at the end of the run as at its beginning.
"""

import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from demur.gate.errors import InputChangedError, UnreadableInputError
from demur.gate.file_state import FileState, file_state
from demur.gate.json_lines import CODECS, infer_schema, is_json_lines
from demur.gate.mapped_batch import check_columns
from demur.gate.mapping import SourceMapping

PARQUET_SUFFIX: Final = ".parquet"
BATCH_ROWS: Final = 1 << 16
_READ_AHEAD_BYTES: Final = 1 << 20
_LEFT_OUT: Final = (".", "_")
"""Names that begin so are marks and indexes of the engines that wrote the folder (`_SUCCESS`, `.crc`), never data."""

_DAMAGED: Final = (pa.ArrowException, OSError, ValueError, OverflowError)
"""What Arrow raises on damaged files: its own errors, and Python's for text and numbers that are none."""

_SUFFIXES: Final = (PARQUET_SUFFIX, *CODECS)
_ENDS: Final = ", ".join(_SUFFIXES)
_NOTHING_ELSE_HINT: Final = (
    "move it out of the folder, or write its data as one of them: nothing is passed over in silence"
)


@dataclass(frozen=True)
class InputFile:
    """A file of the input; the footer of a Parquet file was read and fits the mapping.

    Attributes:
        path: where it is.
        name: its path inside the input, with "/"; a manifest and an error name it so.
        state: what would show that the file was changed: device, inode, size, times of change in nanoseconds.
        rows: how many rows its footer promises; None of JSON Lines, which have none.
    """

    path: Path
    name: str
    state: FileState
    rows: int | None


def find_inputs(inputs: Path, mapping: SourceMapping) -> list[InputFile]:
    """Return the files of an input in the order of their names, after checking every footer.

    Args:
        inputs: a Parquet or JSON Lines file, or a folder with some at any depth.
        mapping: what the columns of each file must fit.

    Raises:
        UnreadableInputError: neither of them, or a folder with something else in it, or with nothing.
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
        UnreadableInputError: not Parquet nor JSON Lines, or a folder with something else in it, or with nothing.
    """
    name, path = _find_paths(inputs)[0]
    if is_json_lines(name):
        return infer_schema(path, name)
    with open_parquet(path, name) as file:
        return file.schema_arrow


@contextmanager
def open_parquet(path: Path, name: str) -> Iterator[pq.ParquetFile]:
    """Open a file, read its footer, and try its first row.

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
            )
            str(file.schema_arrow)  # its names are read only now, and may be no text
        except _DAMAGED as error:
            raise _unreadable(f"{name} is not a Parquet file, or is damaged", error) from error
        _try_first_row(file, name)
        yield file


def read_row_group(
    file: pq.ParquetFile, name: str, row_group: int, columns: Sequence[str] | None = None
) -> Iterator[pa.RecordBatch]:
    """Yield the rows of one row group, up to BATCH_ROWS at a time; of `columns` only, if that is given.

    Raises:
        UnreadableInputError: names the file and the row group.
    """
    rows = 0
    for batch in _batches(file, name, row_group, BATCH_ROWS, columns):
        rows += batch.num_rows
        yield batch
    if rows != file.metadata.row_group(row_group).num_rows:
        raise UnreadableInputError(f"{name}, row group {row_group}, has other rows than the footer promises")


def hash_unchanged(file: InputFile) -> bytes:
    """Return the SHA-256 (32 bytes) of a file that was read, or refuse it if it changed since its footer was checked.

    Raises:
        InputChangedError: replaced, written to, or gone.
    """
    try:
        with file.path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").digest()
            state = file_state(os.fstat(stream.fileno()))
    except OSError as error:
        raise InputChangedError(f"{file.name} went away while it was read") from error
    if state != file.state:
        raise InputChangedError(f"{file.name} changed while it was read", hint="run again when nobody writes to it")
    return digest


def _try_first_row(file: pq.ParquetFile, name: str) -> None:
    """Bring what is wrong with a footer to light while Arrow raises it as an error.

    Asked about the columns of a row group that it has not read yet, Arrow ends the whole process over some damages.
    """
    if file.num_row_groups:
        next(_batches(file, name, 0, 1), None)


def _batches(
    file: pq.ParquetFile, name: str, row_group: int, batch_rows: int, columns: Sequence[str] | None = None
) -> Iterator[pa.RecordBatch]:
    """Yield a row group's rows, with what Arrow raises turned into an error that names file and row group."""
    try:
        yield from file.iter_batches(batch_size=batch_rows, row_groups=[row_group], columns=columns, use_threads=False)
    except _DAMAGED as error:
        raise _unreadable(f"{name}, row group {row_group}, is damaged", error) from error


def _find_paths(inputs: Path) -> list[tuple[str, Path]]:
    """Return (name, path) of each file of an input, in the order of the names; there is at least one."""
    try:
        paths = list(_walk(inputs)) if inputs.is_dir() else [inputs]
    except OSError as error:
        raise _unreadable(f'the folder "{inputs.name}" could not be read', error) from error
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
        elif entry.is_file() and entry.name.endswith(_SUFFIXES):
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
        raise _unreadable(f"{name} could not be opened", error) from error
    if is_json_lines(name):
        return InputFile(path, name, state, None)
    with open_parquet(path, name) as file:
        check_columns(file.schema_arrow, mapping, name)
        rows = sum(file.metadata.row_group(number).num_rows for number in range(file.num_row_groups))
        if rows != file.metadata.num_rows:
            raise UnreadableInputError(
                f"{name} is damaged: its footer promises {file.metadata.num_rows} rows, and its row groups {rows}"
            )
        return InputFile(path, name, state, rows)


def _unreadable(what: str, error: Exception) -> UnreadableInputError:
    if isinstance(error, OSError) and error.strerror:
        return UnreadableInputError(f"{what}: {error.strerror.lower()}")
    return UnreadableInputError(what, hint="read it with another tool to see what is wrong, or write it again")

"""The input: which files a run reads, and their rows, batch by batch in bounded memory.

Nothing is passed over in silence: a folder that holds something else than Parquet is refused, and so is a file that is
not the same at the end of the run as at its beginning.
"""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from demur.gate.errors import InputChangedError, UnreadableInputError
from demur.gate.mapped_batch import check_columns
from demur.gate.mapping import SourceMapping

PARQUET_SUFFIX: Final = ".parquet"
BATCH_ROWS: Final = 1 << 16
_READ_AHEAD_BYTES: Final = 1 << 20
_LEFT_OUT: Final = (".", "_")
"""Names that begin so are marks and indexes of the engines that wrote the folder (`_SUCCESS`, `.crc`), never data."""

_ONLY_PARQUET_HINT: Final = "move it out of the folder, or gate its data as Parquet: nothing is passed over in silence"


@dataclass(frozen=True)
class InputFile:
    """A Parquet file of the input, whose footer was read and fits the mapping.

    Attributes:
        path: where it is.
        name: its path inside the input, with "/"; a manifest and an error name it so.
        state: what would show that the file was changed: device, inode, size, times of change in nanoseconds.
        rows: how many rows its footer promises.
        row_groups: how many row groups.
    """

    path: Path
    name: str
    state: tuple[int, ...]
    rows: int
    row_groups: int


def find_inputs(inputs: Path, mapping: SourceMapping) -> list[InputFile]:
    """Return the files of an input in the order of their names, after checking every footer.

    Args:
        inputs: a Parquet file, or a folder with some at any depth.
        mapping: what the columns of each file must fit.

    Raises:
        UnreadableInputError: not Parquet, or a folder with something else in it, or with nothing.
        ColumnMissingError: a file lacks a column of the mapping.
        ColumnTypeError: a column has a type that its role cannot have.
    """
    return [_inspect(path, name, mapping) for name, path in _find_paths(inputs)]


def load_schema(inputs: Path) -> pa.Schema:
    """Return the schema of a Parquet file, or of the first one in a folder.

    Raises:
        UnreadableInputError: not Parquet, or a folder with something else in it, or with nothing.
    """
    name, path = _find_paths(inputs)[0]
    with open_parquet(path, name) as file:
        return file.schema_arrow


def open_parquet(path: Path, name: str) -> pq.ParquetFile:
    """Open a file and read its footer.

    Raises:
        UnreadableInputError: not Parquet, or damaged.
    """
    try:
        return pq.ParquetFile(
            path,
            pre_buffer=False,
            buffer_size=_READ_AHEAD_BYTES,
            page_checksum_verification=True,
        )
    except (pa.ArrowException, OSError) as error:
        raise _unreadable(f"{name} is not a Parquet file, or is damaged", error) from error


def read_row_group(file: pq.ParquetFile, name: str, row_group: int) -> Iterator[pa.RecordBatch]:
    """Yield the rows of one row group, up to BATCH_ROWS at a time.

    Raises:
        UnreadableInputError: names the file and the row group.
    """
    where = f"{name}, row group {row_group},"
    rows = 0
    batches = file.iter_batches(batch_size=BATCH_ROWS, row_groups=[row_group], use_threads=False)
    while True:
        try:
            batch = next(batches, None)
        except (pa.ArrowException, OSError) as error:
            raise _unreadable(f"{where} is damaged", error) from error
        if batch is None:
            break
        rows += batch.num_rows
        yield batch
    if rows != file.metadata.row_group(row_group).num_rows:
        raise UnreadableInputError(f"{where} is damaged: it has other rows than the footer promises")


def hash_unchanged(file: InputFile) -> bytes:
    """Return the SHA-256 (32 bytes) of a file that was read, or refuse it if it changed since its footer was checked.

    Raises:
        InputChangedError: replaced, written to, or gone.
    """
    try:
        with file.path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").digest()
            state = _state(os.fstat(stream.fileno()))
        same = state == file.state == _state(file.path.stat())
    except OSError as error:
        raise InputChangedError(f"{file.name} went away while it was read") from error
    if not same:
        raise InputChangedError(f"{file.name} changed while it was read", hint="run again when nobody writes to it")
    return digest


def _find_paths(inputs: Path) -> list[tuple[str, Path]]:
    """Return (name, path) of each file of an input, in the order of the names; there is at least one."""
    try:
        paths = list(_walk(inputs)) if inputs.is_dir() else [inputs]
    except OSError as error:
        raise _unreadable(f'the folder "{inputs.name}" could not be read', error) from error
    if not paths:
        raise UnreadableInputError(
            f'there is nothing to gate: the folder "{inputs.name}" has no file that ends in {PARQUET_SUFFIX}',
        )
    return sorted((_name(path, inputs), path) for path in paths)


def _walk(folder: Path) -> Iterator[Path]:
    """Yield every Parquet file below a folder; refuse whatever is neither one nor a mark of an engine."""
    for entry in folder.iterdir():
        if entry.name.startswith(_LEFT_OUT):
            continue
        if entry.is_dir() and not entry.is_symlink():
            yield from _walk(entry)
        elif entry.is_file() and entry.suffix == PARQUET_SUFFIX:
            yield entry
        else:
            raise UnreadableInputError(
                f'"{entry.name}" in the input folder is not a file that ends in {PARQUET_SUFFIX}',
                hint=_ONLY_PARQUET_HINT,
            )


def _name(path: Path, inputs: Path) -> str:
    name = path.relative_to(inputs).as_posix() if path != inputs else path.name
    if not name.isprintable():  # nor is what stands for bytes that are not UTF-8
        raise UnreadableInputError("a file name of the input cannot be written in a manifest: it is not printable text")
    return name


def _inspect(path: Path, name: str, mapping: SourceMapping) -> InputFile:
    try:
        state = _state(path.stat())
    except OSError as error:
        raise _unreadable(f"{name} could not be opened", error) from error
    with open_parquet(path, name) as file:
        check_columns(file.schema_arrow, mapping, name)
        return InputFile(path, name, state, file.metadata.num_rows, file.num_row_groups)


def _state(stat: os.stat_result) -> tuple[int, ...]:
    return stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns


def _unreadable(what: str, error: Exception) -> UnreadableInputError:
    if isinstance(error, OSError) and error.strerror:
        return UnreadableInputError(f"{what}: {error.strerror.lower()}")
    return UnreadableInputError(what, hint="read it with another tool to see what is wrong, or write it again")

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
from demur.gate.formats.data_format import Block, DataFormat, unreadable
from demur.gate.formats.hugging_face import Companions, find_companions, is_companion
from demur.gate.formats.image_folder import Images, find_images, is_image, is_image_folder
from demur.gate.formats.registry import LEFT_OUT, SUFFIXES, format_of
from demur.gate.mapping import SourceMapping
from demur.gate.path_columns import check_file, load_whole_schema, read_blocks
from demur.gate.stores.address import Address, Place, fixed_part, has_wildcard
from demur.gate.stores.remote_input import RemoteObject, list_remote
from demur.gate.tables.table_kind import refuse_tables

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

    @property
    def format(self) -> DataFormat:
        """How it is read and written."""
        return format_of(self.name)

    @property
    def has_removed_rows(self) -> bool:
        """Whether it holds rows that are not in the dataset any more, so that it may not be taken as it is."""
        return False

    def read(self, path: Path, mapping: SourceMapping, *, whole: bool) -> Iterator[Block]:
        """Yield all its rows in order; see `read_blocks`.

        Args:
            path: where it is, as `at_hand` gave it.
            mapping: which columns rules read.
            whole: whether the blocks' content is wanted.
        """
        return read_blocks(path, self.name, mapping, whole=whole)

    @contextmanager
    def at_hand(self) -> Iterator[Path]:
        """Give a path where the file can be read for as long as it is worked on."""
        yield self.path

    def check_unchanged(self) -> None:
        """Refuse the file that was read if it changed since it was found.

        Raises:
            InputChangedError: replaced, written to, or gone.
        """
        try:
            state = file_state(self.path.stat())
        except OSError as error:
            raise InputChangedError(f"{self.name} went away while it was read") from error
        self._check_state(state)

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
        self._check_state(state)
        return digest

    def _check_state(self, state: FileState) -> None:
        if state != self.state:
            raise InputChangedError(f"{self.name} changed while it was read", hint="run again when nobody writes to it")

    @property
    def state_text(self) -> str:
        """Its state as one line of text."""
        return " ".join(map(str, self.state))

    def is_still(self, state: FileState) -> bool:
        """Tell whether a file of this state has the bytes that were found; more links to it change nothing."""
        return state[:4] == self.state[:4]


@dataclass(frozen=True)
class RemoteFile(InputFile):
    """An object of a store. It is held against the mapping when it is at hand; nothing is kept before all are.

    Attributes:
        path: where it would be if the store were a disk; nothing is there.
        state: empty: the store's own is in `stored`.
        rows: None.
        stored: where it is.
        mapping: what its columns must fit.
    """

    stored: RemoteObject
    mapping: SourceMapping

    @contextmanager
    def at_hand(self) -> Iterator[Path]:
        """Give a local copy for as long as it is worked on, after checking its header or footer.

        Raises:
            InputChangedError: the object is not what was listed.
            UnreadableInputError: it is damaged, or came cut off.
            ColumnMissingError: it lacks a column of the mapping.
            ColumnTypeError: a column has a type that its role cannot have.
            StoreError: the store refuses, or cannot be reached.
        """
        with self.stored.at_hand() as path:
            check_file(path, self.name, self.mapping)
            yield path

    def check_unchanged(self) -> None:
        """Find nothing to refuse: the local copy is what was found, as nobody else writes to it."""

    def hash_unchanged(self, path: Path) -> bytes:
        """Return the SHA-256 (32 bytes) of the local copy, which nobody else has."""
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").digest()

    @property
    def state_text(self) -> str:
        """The state that the store tells, as one line of text."""
        size_bytes, tag = self.stored.stored.state
        return f"{size_bytes} {tag}"

    def is_still(self, state: FileState) -> bool:  # noqa: ARG002  (that of a local copy, made after the object was found)
        """Tell that the local copy is what was found, as nobody else writes to it."""
        return True


def find_inputs(inputs: Place, mapping: SourceMapping) -> list[InputFile]:
    """Return the files of an input in the order of their names, after checking every header and footer on this machine.

    Args:
        inputs: a file of a format that the gate knows, a folder with some at any depth, or a pattern of such.
        mapping: what the columns of each file must fit.

    Raises:
        UnreadableInputError: no such file, or a folder with something else in it, or with nothing, or a table's.
        ColumnMissingError: a file lacks a column of the mapping.
        ColumnTypeError: a column has a type that its role cannot have.
    """
    if isinstance(inputs, Address):
        objects = _find_objects(inputs)
        return [RemoteFile(Path(each.name), each.name, (), None, each, mapping) for each in objects]
    return [_inspect(path, name, mapping) for name, path in _find_paths(inputs)]


def find_images_of(files: Sequence[InputFile], mapping: SourceMapping) -> Images:
    """Return the images that files name, after checking that rows and images belong to one another, one to one.

    In an object store there are none: whatever is no data was refused.

    Raises:
        UnreadableInputError: a row without an image, or an image without a row or with two.
        ColumnTypeError: a column of file names is no text.
    """
    return find_images([(file.name, file.path) for file in files if not isinstance(file, RemoteFile)], mapping)


def find_companions_of(inputs: Place, files: Sequence[InputFile]) -> Companions:
    """Return the files of an input that describe its data; see `find_companions`. Only a folder of files has some.

    Raises:
        UnreadableInputError: one says something else of the data than is there.
    """
    plain = [file.name for file in files if type(file) is InputFile]  # neither of a store nor of a table
    return find_companions(inputs, plain) if isinstance(inputs, Path) and inputs.is_dir() and plain else Companions()


def count_rows(files: Sequence[InputFile]) -> int | None:
    """Return how many rows files have together; None if one of them does not say."""
    rows = [file.rows for file in files if file.rows is not None]
    return sum(rows) if len(rows) == len(files) else None


def load_schema(inputs: Place) -> pa.Schema:
    """Return the schema of a file, or of the first one in a folder.

    Raises:
        UnreadableInputError: not a file that the gate can read, or a folder with something else in it, or with nothing.
        StoreError: the store refuses, or cannot be reached.
    """
    if isinstance(inputs, Address):
        first = _find_objects(inputs)[0]
        with first.at_hand() as path:
            return load_whole_schema(path, first.name)
    name, path = _find_paths(inputs)[0]
    return load_whole_schema(path, name)


def _find_objects(inputs: Address) -> list[RemoteObject]:
    """Return the objects of an input, in the order of their names; there is at least one."""
    found = list_remote(inputs, _is_data)
    if not found:
        raise _nothing(inputs.name)
    for each in found:
        _check_printable(each.name)
    return found


def _find_paths(inputs: Path) -> list[tuple[str, Path]]:
    """Return (name, path) of each file of an input, in the order of the names; there is at least one."""
    base = inputs
    try:
        refuse_tables([inputs])
        if inputs.is_dir():
            paths = list(_walk(inputs, whole=inputs))
        elif has_wildcard(str(inputs)) and not inputs.exists():
            base = Path(fixed_part(str(inputs)) or inputs.anchor)
            paths = _match(base, inputs)
        else:
            paths = [inputs]
        refuse_tables(paths)
    except OSError as error:
        raise unreadable(f'the folder "{inputs.name}" could not be read', error) from error
    if not paths:
        raise _nothing(inputs.name)
    return sorted((_name(path, base), path) for path in paths)


def _match(base: Path, pattern: Path) -> list[Path]:
    """Return the files that a pattern names, and those in the folders that it names, each once."""
    try:
        matches = list(base.glob(str(pattern.relative_to(base))))
    except ValueError as error:
        raise UnreadableInputError(f'"{pattern}" is not a pattern', hint='"**" must stand alone') from error
    found: dict[Path, None] = {}
    for path in matches:
        if any(part.startswith(LEFT_OUT) for part in path.relative_to(base).parts):
            continue
        if path.is_dir() and not path.is_symlink():
            found |= dict.fromkeys(_walk(path))
        else:
            _is_data(path.name, folder=path.parent.name, is_file=path.is_file())
            found[path] = None
    return list(found)


def _walk(folder: Path, *, has_images: bool = False, whole: Path | None = None) -> Iterator[Path]:
    """Yield every file of data below a folder. Images are left to the rows that name them (formats/image_folder.py).

    Args:
        folder: where to begin.
        has_images: whether a folder above it is one of images.
        whole: the input, if it is a folder: then what describes its data is left to `find_companions_of`.
    """
    has_images = has_images or is_image_folder(folder)
    for entry in folder.iterdir():
        if entry.is_dir() and not entry.is_symlink() and not entry.name.startswith(LEFT_OUT):
            yield from _walk(entry, has_images=has_images, whole=whole)
        elif (has_images and is_image(entry)) or (whole is not None and is_companion(entry, whole)):
            continue
        elif _is_data(entry.name, folder=folder.name, is_file=entry.is_file()):
            yield entry


def _is_data(name: str, *, folder: str = "", is_file: bool = True) -> bool:
    """Tell by its path whether a file is data, or a mark of an engine; refuse whatever is neither.

    Args:
        name: its path inside `folder`.
        folder: the name of that folder, for people; nobody cares how it begins.
        is_file: whether it is one at all.
    """
    parts = name.split("/")
    if any(part.startswith(LEFT_OUT) for part in parts):
        return False
    if is_file and name.endswith(SUFFIXES):
        return True
    raise UnreadableInputError(
        f'"{f"{folder}/{name}".removeprefix("/")}" in the input is not a file that ends in {_ENDS}',
        hint=_NOTHING_ELSE_HINT,
    )


def _nothing(name: str) -> UnreadableInputError:
    return UnreadableInputError(f'there is nothing to gate: "{name}" has no file that ends in {_ENDS}')


def _name(path: Path, base: Path) -> str:
    name = path.relative_to(base).as_posix() if path != base else path.name
    _check_printable(name)
    return name


def _check_printable(name: str) -> None:
    if not name.isprintable():  # nor is what stands for bytes that are not UTF-8
        raise UnreadableInputError("a file name of the input cannot be written in a manifest: it is not printable text")


def _inspect(path: Path, name: str, mapping: SourceMapping) -> InputFile:
    try:
        state = file_state(path.stat())
    except OSError as error:
        raise unreadable(f"{name} could not be opened", error) from error
    return InputFile(path, name, state, check_file(path, name, mapping))

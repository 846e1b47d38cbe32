"""Folders of images with a metadata file, as Hugging Face's ImageFolder reads them.

A folder whose `metadata.jsonl`, `metadata.csv` or `metadata.parquet` has a column `file_name` is an image folder, with
all that is below it. The metadata file is gated as any other of its format; of the images, only those that its kept
rows name come out. Each image is named by one row, and each row names one image: anything else stops the run, since
nobody could say whose the image is, or readers would find another one than the gate did.
"""

import hashlib
import io
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Final

from demur.core.gate_manifest import KEPT, GateMode, ManifestFile
from demur.gate.errors import InputChangedError, UnreadableInputError
from demur.gate.file_state import FileState, file_state
from demur.gate.formats.data_format import DAMAGED, KeptBeside, unreadable
from demur.gate.formats.registry import LEFT_OUT, SUFFIXES, format_of
from demur.gate.mapped_batch import Role
from demur.gate.mapping import SourceMapping
from demur.gate.output import write_copy, writing
from demur.gate.path_columns import check_file, read_blocks
from demur.gate.string_window import plain_strings

FILE_NAME: Final = "file_name"
_METADATA: Final = tuple(f"metadata.{suffix}" for suffix in ("jsonl", "csv", "parquet"))
_SAME: Final = 4
"""What of a file's state a new link to it leaves as it was: all but the inode's time of change."""


@dataclass(frozen=True)
class _Image:
    """An image that was found: where it is, and what would show that it was changed."""

    path: Path
    state: FileState

    @property
    def size(self) -> int:
        return self.state[2]


@dataclass(frozen=True)
class Images:
    """The images of an input, each named by one row of one metadata file.

    Attributes:
        mapping: through which the metadata files are read.
        metadata: names of the metadata files.
        found: each image by its name inside the input.
    """

    mapping: SourceMapping
    metadata: tuple[str, ...]
    found: Mapping[str, _Image]

    def write_kept(self, folder: Path, mode: GateMode) -> list[KeptBeside]:
        """Write the images that the kept rows name, in the order of their names, once the metadata files are written.

        Args:
            folder: where the output is written.
            mode: `rewrite` copies them, `link` gives them a second name, and `ids` writes none.

        Raises:
            InputChangedError: an image is not what it was when it was found.
            UnreadableInputError: a kept image and a withheld one are the same.
            OutputWriteError: writing failed.
        """
        if mode is GateMode.IDS:
            return []
        named = {image for name in self.metadata for image in _read_names(folder / KEPT / name, name, self.mapping)}
        if not named <= self.found.keys():
            raise InputChangedError("the metadata of images changed while they were read")
        images = [self._write(image, folder / KEPT / image, mode) for image in sorted(named)]
        self._refuse_same_bytes(images, self.found.keys() - named)
        return images

    def _write(self, name: str, target: Path, mode: GateMode) -> KeptBeside:
        image = self.found[name]
        with writing():
            target.parent.mkdir(parents=True, exist_ok=True)
            if mode is GateMode.LINK:
                with suppress(OSError):  # another disk, a file of somebody else's, or a file system without links
                    os.link(image.path, target)
        is_linked = os.path.lexists(target)
        digest = _hash(name, target, image.state) if is_linked else _copy(name, image, target)
        return KeptBeside(ManifestFile(name, digest, 0), ManifestFile(f"{KEPT}/{name}", digest, 0), is_linked)

    def _refuse_same_bytes(self, kept: Iterable[KeptBeside], withheld: Iterable[str]) -> None:
        """Refuse what would let a withheld image through under the name of a kept one. Sizes are compared first."""
        by_digest = {image.source.sha256: image.source.path for image in kept}
        sizes = {self.found[name].size for name in by_digest.values()}
        for name in sorted(withheld):
            image = self.found[name]
            digest = _hash(name, image.path, image.state) if image.size in sizes else None
            if digest in by_digest:
                raise UnreadableInputError(
                    f'"{name}" and "{by_digest[digest]}" are the same image: of one the row is withheld, of the other '
                    "it is kept",
                    hint="take the other row out of its metadata file, with its image, and run again",
                )


def is_image_folder(folder: Path) -> bool:
    """Tell whether a folder has a metadata file that names images.

    Raises:
        UnreadableInputError: it has a metadata file that cannot be read.
    """
    there = (folder / name for name in _METADATA if name.endswith(SUFFIXES))
    return any(path.is_file() and _names_images(path, path.name) for path in there)


def is_image(path: Path) -> bool:
    """Tell whether a file in an image folder is one that a row must name: no data, no engine's mark, and no link."""
    is_carried = not path.name.startswith(LEFT_OUT) and not path.name.endswith(SUFFIXES)
    return is_carried and path.is_file() and not path.is_symlink()


def find_images(files: Iterable[tuple[str, Path]], mapping: SourceMapping) -> Images:
    """Return the images of an input, after checking that rows and images belong to one another, one to one.

    Args:
        files: names and paths of the files of data.
        mapping: which column plays which role.

    Raises:
        UnreadableInputError: a row without an image, or an image without a row or with two.
        ColumnTypeError: a column of file names is no text.
    """
    metadata = {name: path for name, path in files if path.name in _METADATA and _names_images(path, name)}
    found = {name: image for folder, path in _outermost(metadata) for name, image in _walk(folder, path)}
    named: set[str] = set()
    for name, path in metadata.items():
        check_file(path, name, _with_file_name(mapping))
        for row, image in enumerate(_read_names(path, name, mapping), 1):
            if image not in found:
                raise UnreadableInputError(
                    f"{name}, row {row:,}, names an image that is not there",
                    hint=f'"{FILE_NAME}" must be the plain path of a file, as seen from the metadata file',
                )
            if image in named:
                raise UnreadableInputError(
                    f'two rows name the image "{image}": nobody could say whose it is',
                    hint="leave one row for each image",
                )
            named.add(image)
    unnamed = sorted(found.keys() - named)
    if unnamed:
        raise UnreadableInputError(
            f'no row names "{unnamed[0]}" (and so it is with {len(unnamed):,} files in folders of images)',
            hint="add rows for them, or move them out of the folder: nothing is passed over in silence",
        )
    return Images(mapping, tuple(metadata), found)


def _names_images(path: Path, name: str) -> bool:
    return FILE_NAME in format_of(name).load_schema(path, name).names


def _outermost(metadata: Mapping[str, Path]) -> list[tuple[PurePosixPath, Path]]:
    """Return the folders of metadata files that are in no other of them: names inside the input, and paths."""
    folders = {PurePosixPath(name).parent: path.parent for name, path in metadata.items()}
    return [(folder, path) for folder, path in sorted(folders.items()) if folders.keys().isdisjoint(folder.parents)]


def _walk(folder: PurePosixPath, path: Path) -> Iterator[tuple[str, _Image]]:
    """Yield the images of a folder, by their names inside the input."""
    for parent, folders, files in os.walk(path):
        folders[:] = [name for name in folders if not name.startswith(LEFT_OUT)]
        for image in filter(is_image, (Path(parent, name) for name in files)):
            name = str(folder / image.relative_to(path))
            if not name.isprintable():
                raise UnreadableInputError("the name of an image cannot be written in a manifest: it is not printable")
            yield name, _Image(image, file_state(image.lstat()))


def _with_file_name(mapping: SourceMapping) -> SourceMapping:
    """Return a mapping by which any format gives the names of images: in place of texts, which nobody needs here."""
    return replace(mapping, others={Role.TEXT: FILE_NAME})


def _read_names(path: Path, name: str, mapping: SourceMapping) -> Iterator[str]:
    """Yield the name of each row's image inside the input, in the order of the rows."""
    folder = name.rpartition("/")[0]
    for block in read_blocks(path, name, _with_file_name(mapping), whole=False):
        try:
            values = plain_strings(block.batch.column(FILE_NAME)).to_pylist()
        except DAMAGED as error:
            raise unreadable(f'{block.where}: the column "{FILE_NAME}" cannot be read', error) from error
        yield from (f"{folder}/{value}".removeprefix("/") if value else "" for value in values)


def _open(name: str, path: Path) -> io.BufferedReader:
    try:
        return os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb")
    except OSError as error:
        raise _changed(name) from error


def _hash(name: str, path: Path, state: FileState) -> bytes:
    """Return the SHA-256 (32 bytes) of an image, which must be the one that was found, under whatever path."""
    with _open(name, path) as stream:
        digest = hashlib.file_digest(stream, "sha256").digest()
        if file_state(os.fstat(stream.fileno()))[:_SAME] != state[:_SAME]:
            raise _changed(name)
        os.fsync(stream.fileno())
        return digest


def _copy(name: str, image: _Image, target: Path) -> bytes:
    """Copy an image; return the SHA-256 of what was written (32 bytes)."""
    with _open(name, image.path) as reading:
        digest = write_copy(reading, target)
        if file_state(os.fstat(reading.fileno())) != image.state:
            raise _changed(name)
        return digest


def _changed(name: str) -> InputChangedError:
    return InputChangedError(f'"{name}" changed while it was read', hint="run again when nobody writes to it")

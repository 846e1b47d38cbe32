"""The pictures of rows: read from their column or from where it says they are, and looked at some at a time.

A row may have no picture, one, or several. Whatever cannot be read as a picture is unreadable, never absent: an empty
value, a path that leads nowhere or out of its folder, an address that nobody has fetched.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from demur.gate.errors import MappingError
from demur.gate.mapping import Holds, ImageColumn, SourceMapping
from demur.gate.pictures.known_pictures import look_once
from demur.gate.pictures.looking import find_faces_in_pictures
from demur.gate.pictures.picture_files import PictureFiles
from demur.gate.pictures.picture_finding import PictureFinding
from demur.gate.string_window import BoolMask
from demur.reservations.outcome import Outcome

if TYPE_CHECKING:
    from demur.gate.pictures.looking_frames import Embeddings

_MOST_BYTES_AT_ONCE: Final = 64 << 20
_MOST_AT_ONCE: Final = 512

_Picture: TypeAlias = bytes | None
"""None is one that could not be read."""

_Read: TypeAlias = Sequence[tuple[int, PictureFinding]]


@dataclass(frozen=True)
class PictureRows:
    """What was found in the pictures of n rows.

    Attributes:
        rows: of each of m pictures, in the order of the rows: int64[m].
        findings: about each of them.
        count: n.
    """

    rows: npt.NDArray[np.int64]
    findings: Sequence[PictureFinding]
    count: int
    _image: pa.Array
    _reader: "_Reader"

    @cached_property
    def faces(self) -> "Sequence[Embeddings | None]":
        """The faces in each picture, looked for once; None where they could not be looked for."""
        found: list[Embeddings | None] = []
        for place, finding in enumerate(self.findings):
            picture = None if finding.hash is None else self.read_again(place)
            found += [None] if picture is None else find_faces_in_pictures([picture])
        return found

    def unreadable(self) -> BoolMask:
        """Return which rows have a picture that could not be read: bool[n]."""
        return self._rows_where([finding.hash is None for finding in self.findings])

    def without_faces_looked_for(self) -> BoolMask:
        """Return which rows have a picture in which faces could not be looked for: bool[n]."""
        return self._rows_where([faces is None for faces in self.faces])

    def having(self, outcome: Outcome) -> BoolMask:
        """Return which rows have a picture of which its own file says this: bool[n]."""
        return self._rows_where([finding.outcome is outcome for finding in self.findings])

    def read_again(self, place: int) -> _Picture:
        """Return the bytes of a picture once more, by its place in `findings`; None if they cannot be read."""
        row = int(self.rows[place])
        within = place - int(np.searchsorted(self.rows, row))
        return self._reader.read(self._image[row])[within]

    def _rows_where(self, wanted: Sequence[bool]) -> BoolMask:
        found = np.zeros(self.count, bool)
        found[self.rows[np.array(wanted, bool)]] = True
        return found


def look_at_rows(image: pa.Array | None, mapping: SourceMapping, wanted: BoolMask) -> PictureRows:
    """Look at the pictures of rows.

    Args:
        image: of n rows, of a type that the mapping's image column may have.
        mapping: says what the column holds.
        wanted: the rows to look at, bool[n]; the others count as having no picture.

    Raises:
        MappingError: pictures are named by path, and nobody has said in which folder they are.
        PictureToolsMissingError: the packages that read pictures are not installed.
    """
    if image is None or mapping.image is None:
        raise MappingError("the source mapping names no images, and a rule asked for them")
    reader = _Reader(mapping.image)
    rows: list[int] = []
    findings: list[PictureFinding] = []
    for row, finding in _look(image, np.flatnonzero(wanted), reader):
        rows.append(row)
        findings.append(finding)
    return PictureRows(np.array(rows, np.int64), findings, len(image), image, reader)


class _Reader:
    """Gives the pictures of a value of the column."""

    def __init__(self, column: ImageColumn) -> None:
        self._files: PictureFiles | None = None
        if column.holds is not Holds.BYTES:
            if column.folder is None:
                raise MappingError(
                    f'the source mapping says that "{column.column}" holds paths of images, and rows that come from no '
                    "file have none beside them",
                    hint='say where the images are: a field "folder" under "image"',
                )
            self._files = PictureFiles(column.folder, column.holds)

    def read(self, scalar: pa.Scalar) -> list[_Picture]:
        """Return the pictures of a row; none for a null."""
        try:
            value = scalar.as_py()
        except (UnicodeDecodeError, pa.ArrowException):
            return [None]  # a Parquet file can call any bytes text
        if value is None:
            return []
        return [self._read(each) for each in (value if isinstance(value, list) else [value])]

    def _read(self, value: object) -> _Picture:
        if isinstance(value, dict):
            value = value["bytes"]
        if isinstance(value, str):
            return None if self._files is None else self._files.read(value)
        return value if isinstance(value, bytes) and value else None


def _look(image: pa.Array, rows: npt.NDArray[np.int64], reader: _Reader) -> Iterator[tuple[int, PictureFinding]]:
    """Yield (row, what was found) of each picture, in the order of the rows."""
    waiting: list[tuple[int, _Picture]] = []
    waiting_bytes = 0
    for row in rows.tolist():
        for picture in reader.read(image[row]):
            waiting.append((row, picture))
            waiting_bytes += len(picture or b"")
        if waiting_bytes >= _MOST_BYTES_AT_ONCE or len(waiting) >= _MOST_AT_ONCE:
            yield from _look_at(waiting)
            waiting, waiting_bytes = [], 0
    yield from _look_at(waiting)


def _look_at(waiting: Sequence[tuple[int, _Picture]]) -> _Read:
    found = iter(look_once([picture for _, picture in waiting if picture is not None]))
    return [(row, _UNREADABLE if picture is None else next(found)) for row, picture in waiting]


_UNREADABLE: Final = PictureFinding(None, Outcome.HOLD)

"""What a JPEG says before anything is decoded: its size, how it is shown, and where its scans are.

Read by ITU-T T.81, annex B. A progressive file tells its picture in scans: first a value for each block of 8 by 8
pixels, which is the mean of the block, then ever finer detail. Who needs the means only can leave the other scans out.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from demur.jpeg_marks import ALONE, END_OF_IMAGE, START_OF_FRAME, START_OF_SCAN, CutShortError, Mark, find_marks

PLAIN_ORIENTATION: Final = 1
"""What EXIF says of a picture that is stored as it is seen."""

MOST_ORIENTATIONS: Final = 8

MOST_SCANS: Final = 64
"""Each scan goes over the whole picture: a camera writes one, other programs about ten, an attacker thousands."""

MOST_SEGMENTS: Final = 5_000
"""Of any kind, each of which takes a step here."""

_START_OF_IMAGE: Final = b"\xff\xd8"
_END_BYTES: Final = b"\xff\xd9"
_EXIF_SEGMENT: Final = 0xE1
_PROGRESSIVE: Final = 0xC2
_EMPTY: Final = ALONE - {END_OF_IMAGE}
_USUAL_FRAMES: Final = frozenset({0xC0, 0xC1, _PROGRESSIVE})
_EXIF: Final = b"Exif\0\0"
_ORIENTATION_TAG: Final = 0x0112
_BITS_A_SAMPLE: Final = 8


@dataclass(frozen=True)
class JpegHeader:
    """What a JPEG of one of the two usual kinds says of itself.

    Attributes:
        height: in pixels, as stored.
        width: in pixels, as stored.
        components: 1 for gray, 3 for colour, 4 for print.
        orientation: of EXIF, from 1 to 8.
        detail_scans: where the scans lie that hold more than the means of the blocks; empty if not progressive.
        end: where the picture ends, or its first scan starts if it is not progressive.
    """

    height: int
    width: int
    components: int
    orientation: int
    detail_scans: tuple[tuple[int, int], ...]
    end: int


class UnusualJpegError(Exception):
    """Not a JPEG, or none of the usual kinds: another decoder shall look at it. Never leaves the room."""


class TooManySegmentsError(Exception):
    """More scans or segments than any honest program writes. Never leaves the room."""


def read_jpeg_header(raw: bytes) -> JpegHeader:
    """Return what a JPEG says of itself.

    Raises:
        UnusualJpegError: not a JPEG; or lossless, arithmetic, of 12 bits, or broken.
        TooManySegmentsError: more than `MOST_SCANS`, or `MOST_SEGMENTS` of any kind.
    """
    if not raw.startswith(_START_OF_IMAGE):
        raise UnusualJpegError
    try:
        return _read(raw)
    except (IndexError, struct.error, CutShortError) as error:
        raise UnusualJpegError from error


def means_only(raw: bytes, header: JpegHeader) -> bytes:
    """Return a progressive JPEG without the scans that hold more than the mean of each block."""
    kept, position = [], 0
    for start, end in header.detail_scans:
        kept.append(raw[position:start])
        position = end
    return b"".join((*kept, raw[position : header.end], _END_BYTES))


def _read(raw: bytes) -> JpegHeader:
    marks = list(_marks(raw))
    frames = [_frame(raw, mark) for mark in marks if mark.marker in START_OF_FRAME]
    scans = [mark for mark in marks if mark.marker == START_OF_SCAN]
    if len(frames) != 1 or not scans:
        raise UnusualJpegError
    if len(scans) > MOST_SCANS:
        raise TooManySegmentsError
    detail = tuple((mark.start, after.start) for mark, after in pairwise(marks) if _holds_detail(raw, mark))
    orientations = [_orientation(raw[mark.start + 4 : mark.end]) for mark in marks if mark.marker == _EXIF_SEGMENT]
    return JpegHeader(*frames[0], next(filter(None, orientations), PLAIN_ORIENTATION), detail, marks[-1].start)


def _marks(raw: bytes) -> Iterator[Mark]:
    """Go from marker to marker to the end, or of a file that is not progressive to its first scan."""
    is_progressive = False
    for passed, mark in enumerate(find_marks(raw, len(_START_OF_IMAGE))):
        if passed == MOST_SEGMENTS:
            raise TooManySegmentsError
        marker = mark.marker
        if marker in _EMPTY:
            continue
        yield mark
        if marker == _PROGRESSIVE:
            is_progressive = True
        elif marker == END_OF_IMAGE or (marker == START_OF_SCAN and not is_progressive):
            return
    yield Mark(END_OF_IMAGE, len(raw), len(raw))


def _holds_detail(raw: bytes, mark: Mark) -> bool:
    """Return whether a scan begins after the first value of each block (T.81, B.2.3; never so if not progressive)."""
    return mark.marker == START_OF_SCAN and raw[mark.end - 3] > 0


def _frame(raw: bytes, mark: Mark) -> tuple[int, int, int]:
    """Return height, width and number of components (T.81, B.2.2)."""
    bits, height, width, components = struct.unpack_from(">BHHB", raw, mark.start + 4)
    if bits != _BITS_A_SAMPLE or not height or not width or mark.marker not in _USUAL_FRAMES:
        raise UnusualJpegError
    return height, width, components


def _orientation(segment: bytes) -> int | None:
    """Return the orientation that an EXIF segment states (CIPA DC-008, 4.6.5), None if it states none."""
    tiff = segment[len(_EXIF) :]
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if not segment.startswith(_EXIF) or order is None:
        return None
    try:
        (start,) = struct.unpack_from(f"{order}I", tiff, 4)
        (entries,) = struct.unpack_from(f"{order}H", tiff, start)
        for entry in range(entries):
            tag, _, _, value = struct.unpack_from(f"{order}HHIH", tiff, start + 2 + 12 * entry)
            if tag == _ORIENTATION_TAG and PLAIN_ORIENTATION <= value <= MOST_ORIENTATIONS:
                return int(value)
    except struct.error:
        return None
    return None

"""What kind of photo some bytes are, and how large it is: read from their head, before anything is decoded.

The name of a file and the type that a browser states are never looked at.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from demur.docket.errors import PhotoProblem, PhotoRefusedError
from demur.jpeg_marks import START_OF_FRAME, START_OF_SCAN, find_marks

_PNG = b"\x89PNG\r\n\x1a\n"
_HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"})
_MOST_BRANDS = 32
_IMAGE_SIZE_BOX = re.compile(rb"ispe\0\0\0\0(.{4})(.{4})", re.DOTALL)
_OTHER_IMAGES = re.compile(
    rb"GIF8|BM.{4}\0\0\0\0|II\*\0|MM\0\*|II\x2b\0|MM\0\x2b|\0\0\0\x0cjP  |\xff\x4f\xff\x51|\xff\x0a|8BPS|qoif"
    rb"|\0\0[\x01\x02]\0|.{4}ftyp|IIRO|IIU\0|\xc5\xd0\xd3\xc6|%!PS",
    re.DOTALL,
)
_DRAWING = re.compile(rb"<svg[\s>]", re.IGNORECASE)
_HEAD_BYTES = 1_024

_SEQUENTIAL = frozenset({0xC0, 0xC1})

_MOST_SCANS = 50
"""Each scan of a JPEG goes over the whole picture: a camera writes one, other programs about ten, an attacker many."""


class PhotoKind(StrEnum):
    """The kinds of photo that are taken."""

    JPEG = "jpeg"
    PNG = "png"
    WEBP = "webp"
    HEIC = "heic"


@dataclass(frozen=True)
class PhotoHeader:
    """What the head of a photo says.

    Attributes:
        kind: by content.
        width_pixels: before any rotation.
        height_pixels: before any rotation.
        is_streamed: whether it is decoded line by line and scaled meanwhile, so that memory stays small.
    """

    kind: PhotoKind
    width_pixels: int
    height_pixels: int
    is_streamed: bool = False


def read_header(raw: bytes) -> PhotoHeader:
    """Return what the head of a photo says.

    Raises:
        PhotoRefusedError: not a photo, a photo of another kind, or one whose head is broken.
    """
    try:
        if raw.startswith(b"\xff\xd8\xff"):
            return _read_jpeg(raw)
        if raw.startswith(_PNG):
            return _read_png(raw)
        if raw.startswith(b"RIFF") and raw[8:12] == b"WEBP":
            return _read_webp(raw)
        if raw[4:8] == b"ftyp" and _brands(raw) & _HEIC_BRANDS:
            return _read_heic(raw)
    except (IndexError, ValueError) as error:
        raise PhotoRefusedError(PhotoProblem.BROKEN) from error
    is_image = _OTHER_IMAGES.match(raw) or _DRAWING.search(raw[:_HEAD_BYTES])
    raise PhotoRefusedError(PhotoProblem.ANOTHER_KIND if is_image else PhotoProblem.NO_PHOTO)


def _read_jpeg(raw: bytes) -> PhotoHeader:
    """Walk from marker to marker until the end of the (first) picture."""
    frame: tuple[int, int, int, int] | None = None
    scans, components = 0, 0
    for marker, start, _end in find_marks(raw, 2):
        if marker in START_OF_FRAME:
            if frame:
                raise ValueError
            height, width = (int.from_bytes(raw[start + at : start + at + 2]) for at in (5, 7))
            frame = (marker, width, height, raw[start + 9])
        elif marker == START_OF_SCAN:
            scans += 1
            components = components or raw[start + 4]
    if frame is None or not 0 < scans <= _MOST_SCANS:
        raise ValueError
    is_streamed = frame[0] in _SEQUENTIAL and components == frame[3]
    return _header(PhotoKind.JPEG, frame[1], frame[2], is_streamed=is_streamed)


def _read_png(raw: bytes) -> PhotoHeader:
    """Read the chunk IHDR, which is always the first (PNG specification, section 5.6)."""
    if raw[12:16] != b"IHDR":
        raise ValueError
    return _header(PhotoKind.PNG, int.from_bytes(raw[16:20]), int.from_bytes(raw[20:24]))


def _read_webp(raw: bytes) -> PhotoHeader:
    """Read the first chunk: extended (canvas), lossless or lossy (RFC 9649, sections 2.5 to 2.7 and 3.3)."""
    chunk = raw[12:16]
    if chunk == b"VP8X":
        width, height = (int.from_bytes(raw[at : at + 3], "little") + 1 for at in (24, 27))
    elif chunk == b"VP8L":
        sizes = int.from_bytes(raw[21:25], "little")
        width, height = (sizes & 0x3FFF) + 1, (sizes >> 14 & 0x3FFF) + 1
    elif chunk == b"VP8 " and raw[23:26] == b"\x9d\x01\x2a":
        width, height = (int.from_bytes(raw[at : at + 2], "little") & 0x3FFF for at in (26, 28))
    else:
        raise ValueError
    return _header(PhotoKind.WEBP, width, height)


def _read_heic(raw: bytes) -> PhotoHeader:
    """Take the largest of the sizes stated: of the picture, its tiles, its thumbnail (ISO/IEC 23008-12, 6.5.3)."""
    sizes = [(int.from_bytes(found[1]), int.from_bytes(found[2])) for found in _IMAGE_SIZE_BOX.finditer(raw)]
    width, height = max(sizes, key=lambda size: size[0] * size[1])
    return _header(PhotoKind.HEIC, width, height)


def _brands(raw: bytes) -> set[bytes]:
    end = min(int.from_bytes(raw[:4]), 16 + 4 * _MOST_BRANDS)
    return {raw[8:12], *(raw[at : at + 4] for at in range(16, end, 4))}


def _header(kind: PhotoKind, width: int, height: int, *, is_streamed: bool = False) -> PhotoHeader:
    if width < 1 or height < 1:
        raise ValueError
    return PhotoHeader(kind, width, height, is_streamed)

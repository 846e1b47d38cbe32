"""Damaged pictures, of every kind that is read: a name and a seed always stand for the same bytes."""

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import Final

import made_photos
import numpy as np
from fuzz_bytes import damage
from pdq_world import encoded, picture
from PIL import Image

RESERVATION: Final = b"DMI-PROHIBITED"
_XMP: Final = made_photos.xmp(
    "<plus:DataMining>http://ns.useplus.org/ldf/vocab/DMI-PROHIBITED</plus:DataMining>",
    'xmlns:plus="http://ns.useplus.org/ldf/xmp/1.0/"',
)
_HEIC: Final = (Path(__file__).parents[2] / "vectors" / "photo-with-a-place.heic").read_bytes()
_TELLING_NUMBERS: Final = (0, 1, 2, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
_HEAD_BYTES: Final = 700
_MOST_COPIES: Final = 3_000
_PNG_HEAD_BYTES: Final = 8


@dataclass(frozen=True)
class Base:
    """An undamaged file.

    Attributes:
        raw: its bytes.
        image: what is to be seen in it, if it is a picture that is read.
    """

    raw: bytes
    image: Image.Image | None


def _image(seed: int, width: int = 200, height: int = 180) -> Image.Image:
    return Image.fromarray(picture(seed, width, height))


def _glass() -> Image.Image:
    image = _image(3)
    image.putalpha(Image.fromarray(picture(4, 200, 180)[:, :, 0]).point(lambda value: 200 + value // 5))
    return image


def _deep() -> Image.Image:
    return Image.fromarray(picture(2, 200, 180)[:, :, 1].astype(np.uint16) * 257)


def _pdf() -> bytes:
    metadata = b"<</Type/Metadata/Subtype/XML/Length %d>>stream\n%b\nendstream" % (len(_XMP), _XMP)
    return (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Metadata 2 0 R>>endobj\n2 0 obj"
        + metadata
        + b" endobj\ntrailer<</Root 1 0 R>>\n%%EOF"
    )


def _epub() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("mimetype", "application/epub+zip")
        archive.writestr("META-INF/container.xml", "<container/>")
    return made.getvalue()


def _of(image: Image.Image, kind: str, **options: object) -> Base:
    return Base(encoded(image, kind, **options), image)


_BASES: Final[dict[str, Callable[[], Base]]] = {
    "jpeg": lambda: _of(_image(1), "JPEG", xmp=_XMP),
    "jpeg with exif": lambda: _of(_image(2), "JPEG", exif=made_photos.exif(), xmp=_XMP),
    "gray jpeg": lambda: _of(_image(1).convert("L"), "JPEG"),
    "jpeg in print colours": lambda: _of(_image(2).convert("CMYK"), "JPEG", xmp=_XMP),
    "progressive jpeg": lambda: _of(_image(1), "JPEG", progressive=True, xmp=_XMP),
    "large progressive jpeg": lambda: _of(_image(5, 1_150, 1_130), "JPEG", progressive=True, quality=20, xmp=_XMP),
    "large jpeg": lambda: _of(_image(6, 600, 580), "JPEG", quality=50, xmp=_XMP),
    "png": lambda: Base(made_photos.with_chunks(encoded(_image(1)), made_photos.xmp_chunk(_XMP)), _image(1)),
    "glass png": lambda: _of(_glass(), "PNG"),
    "palette png": lambda: _of(_image(2).quantize(64), "PNG"),
    "16 bit png": lambda: _of(_deep(), "PNG"),
    "webp": lambda: _of(_image(1), "WEBP", xmp=_XMP),
    "lossless webp": lambda: _of(_glass(), "WEBP", lossless=True, xmp=_XMP),
    "moving webp": lambda: _of(_image(1), "WEBP", save_all=True, append_images=[_image(2)], xmp=_XMP),
    "gif": lambda: Base(encoded(_image(1), "GIF") + _XMP, _image(1)),
    "tiff": lambda: _of(_image(1), "TIFF", tiffinfo={700: _XMP}),
    "packed tiff": lambda: _of(_image(2), "TIFF", compression="tiff_lzw", tiffinfo={700: _XMP}),
    "tiff with jpeg": lambda: _of(_image(2), "TIFF", compression="jpeg", tiffinfo={700: _XMP}),
    "bmp": lambda: Base(encoded(_image(1), "BMP") + _XMP, _image(1)),
    "avif": lambda: _of(_image(1), "AVIF", xmp=_XMP),
    "heic": lambda: Base(_HEIC + _XMP, None),
    "signed jpeg": lambda: Base(made_photos.signed_jpeg() + _XMP, None),
    "pdf": lambda: Base(_pdf(), None),
    "epub": lambda: Base(_epub(), None),
    "svg": lambda: Base(b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg">' + _XMP + b"</svg>", None),
}
NAMES: Final = tuple(_BASES)


@cache
def base_of(name: str) -> Base:
    """Return the undamaged file of a name."""
    return _BASES[name]()


def mutant(name: str, seed: int) -> bytes:
    """Return a damaged file."""
    random = Random(f"{name} {seed}")
    raw = base_of(name).raw
    if random.randrange(2):
        raw = bytes(raw)
        for _ in range(random.choice((1, 1, 2))):
            raw = random.choice(_CHANGES)(raw, random)
    else:
        raw = damage(raw, [base_of(each).raw for each in NAMES], random)
    return _with_right_sums(raw) if raw.startswith(b"\x89PNG") and random.randrange(2) else raw


def _number(raw: bytes, random: Random) -> bytes:
    """Overwrite what may be a length, an offset or a size with a telling number."""
    size = random.choice((2, 4))
    at = random.randrange(max(1, min(len(raw), random.choice((_HEAD_BYTES, len(raw)))) - size))
    number = random.choice((*_TELLING_NUMBERS, len(raw), random.getrandbits(32))) & (1 << 8 * size) - 1
    return raw[:at] + number.to_bytes(size, random.choice(("big", "little"))) + raw[at + size :]


def _segments(raw: bytes) -> list[tuple[int, int]]:
    """Return where parts may begin and end: at JPEG's marks, PNG's chunks, boxes and the like."""
    starts = [each.start() for each in re.finditer(rb"\xff[\xc0-\xfe]|.{4}[A-Za-z]{4}", raw[:60_000], re.DOTALL)]
    return list(zip(starts, [*starts[1:], len(raw)], strict=True)) or [(0, len(raw))]


def _repeated(raw: bytes, random: Random) -> bytes:
    start, end = random.choice(_segments(raw))
    times = min(random.choice((1, 2, 70, _MOST_COPIES)), (4 << 20) // max(1, end - start))
    return raw[:end] + raw[start:end] * times + raw[end:]


def _dropped(raw: bytes, random: Random) -> bytes:
    start, end = random.choice(_segments(raw))
    return raw[:start] + raw[end:]


def _swapped(raw: bytes, random: Random) -> bytes:
    (one, one_end), (other, other_end) = sorted((random.choice(_segments(raw)), random.choice(_segments(raw))))
    if one_end > other:
        return raw
    return raw[:one] + raw[other:other_end] + raw[one_end:other] + raw[one:one_end] + raw[other_end:]


def _spliced(raw: bytes, random: Random) -> bytes:
    other = base_of(random.choice(NAMES)).raw
    return raw[: random.randrange(len(raw))] + other[random.randrange(len(other)) :]


def _resized(raw: bytes, random: Random) -> bytes:
    """Let a picture claim to be of another size, often of very many pixels."""
    sides = [(200, 180), (600, 580), (1_150, 1_130)]
    for order in (">", "<"):
        for size in ("H", "I"):
            for side in random.choice(sides):
                at = raw[:_HEAD_BYTES].find(struct.pack(order + size, side))
                if at >= 0 and random.randrange(2):
                    number = random.choice((1, 60_000, 9_000, 8 * side, side + 1))
                    raw = raw[:at] + struct.pack(order + size, number) + raw[at + struct.calcsize(size) :]
    return raw


def _with_right_sums(raw: bytes) -> bytes:
    """Return a PNG whose checksums fit again: otherwise nothing behind them would be read."""
    made, at = raw[:_PNG_HEAD_BYTES], _PNG_HEAD_BYTES
    while at + 12 <= len(raw):
        end = at + 8 + int.from_bytes(raw[at : at + 4])
        if end + 4 > len(raw):
            break
        made += raw[at:end] + zlib.crc32(raw[at + 4 : end]).to_bytes(4)
        at = end + 4
    return made + raw[at:]


_CHANGES: Final[tuple[Callable[[bytes, Random], bytes], ...]] = (
    _number,
    _number,
    _repeated,
    _dropped,
    _swapped,
    _spliced,
    _resized,
)

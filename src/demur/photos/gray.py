"""From the bytes of a photo to gray pixels, as much of them as a hash needs.

What the hash sees is what a person sees: palettes, print colours, 16 bits and transparency are resolved (onto white),
an animation is its first frame, and the orientation that EXIF states is handed on. Colour profiles are not applied.

A large JPEG is decoded at a half, a quarter or an eighth of its size, where libjpeg leaves out most of the work; the
means of blocks are all that the hash needs if it knows the full size. Everything else is decoded in full.
"""

import io
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
import simplejpeg
from PIL import ExifTags, Image

from demur.photos.errors import PhotoError, PhotoTooLargeError, PhotoTooSlowError, UnreadablePhotoError
from demur.photos.jpeg_header import (
    MOST_ORIENTATIONS,
    PLAIN_ORIENTATION,
    JpegHeader,
    TooManySegmentsError,
    UnusualJpegError,
    means_only,
    read_jpeg_header,
)

Pixels: TypeAlias = npt.NDArray[np.uint8]

LEAST_SHORT_SIDE: Final = 140
"""No JPEG is scaled to fewer pixels than this on its short side: the hash samples 64."""

_SCALES: Final = (8, 4, 2)
_FULL_SCALE: Final = 1
_MEANS_SCALE: Final = 8
_COMPONENTS: Final = frozenset({1, 3})
_COLOUR_SPACES: Final = frozenset({"Gray", "YCbCr"})
_KINDS: Final = ("JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "AVIF")
_WHITE: Final = (255, 255, 255, 255)


@dataclass(frozen=True)
class DecodingLimits:
    """How much work a photo may cause.

    Attributes:
        most_bytes: of the file.
        most_pixels: of the picture, from its head, before anything is decoded.
        most_seconds: looked at whenever a decoder asks for more bytes, and at the end; one call of libjpeg is not
            interrupted, but bounded by the pixels and by `jpeg_header.MOST_SCANS`.
    """

    most_bytes: int = 100_000_000
    most_pixels: int = 89_000_000
    most_seconds: float = 30


USUAL_LIMITS: Final = DecodingLimits()


@dataclass(frozen=True)
class GrayPhoto:
    """The gray pixels of a photo, or of the photo scaled down.

    Attributes:
        pixels: uint8[ceil(height / scale), ceil(width / scale)], as stored.
        height: of the photo itself, as stored.
        width: of the photo itself, as stored.
        scale: of how many pixels each way a pixel is the mean.
        orientation: of EXIF, from 1 to 8: how the stored pixels are shown.
    """

    pixels: Pixels
    height: int
    width: int
    scale: int
    orientation: int

    def __post_init__(self) -> None:
        """Refuse sizes that do not belong together: the compiled loops read memory by them, unchecked."""
        if self.pixels.shape != (-(-self.height // self.scale), -(-self.width // self.scale)):
            raise ValueError(f"pixels are {self.pixels.shape}, of {self.height} by {self.width} at 1/{self.scale}")


def decode_scaled(raw: bytes, limits: DecodingLimits = USUAL_LIMITS) -> GrayPhoto:
    """Return the gray pixels of a photo, of a large JPEG scaled down.

    Of a progressive JPEG at an eighth only the first scans are read, so that its later ones may be missing.

    Raises:
        PhotoError: the photo cannot be read within the limits; nothing else is ever raised.
    """
    began = time.monotonic()
    header = _checked_header(raw, limits)
    if header is not None and header.components in _COMPONENTS:
        pixels, scale = _decode_jpeg(raw, header)
        if pixels is not None:
            check_time(began, limits)
            return GrayPhoto(pixels, header.height, header.width, scale, header.orientation)
    return _decode_any(raw, header, limits, began)


def decode_in_full(raw: bytes, limits: DecodingLimits = USUAL_LIMITS) -> GrayPhoto:
    """Return all gray pixels of a photo, made from its colours as Pillow shows them.

    Raises:
        PhotoError: the photo cannot be read within the limits; nothing else is ever raised.
    """
    began = time.monotonic()
    return _decode_any(raw, _checked_header(raw, limits), limits, began)


def _checked_header(raw: bytes, limits: DecodingLimits) -> JpegHeader | None:
    """Return the header of a usual JPEG, None for everything else."""
    _check_bytes(raw, limits)
    try:
        header = read_jpeg_header(raw)
    except UnusualJpegError:
        return None
    except TooManySegmentsError as error:
        raise UnreadablePhotoError("the photo is a JPEG with more parts than any camera or program writes") from error
    _check_pixels(header.height, header.width, limits)
    return header


def _check_bytes(raw: bytes, limits: DecodingLimits) -> None:
    if len(raw) > limits.most_bytes:
        raise PhotoTooLargeError(f"the photo has {len(raw):,} bytes; the limit is {limits.most_bytes:,}")


def _check_pixels(height: int, width: int, limits: DecodingLimits) -> None:
    if height * width > limits.most_pixels:
        raise PhotoTooLargeError(f"the photo has {height * width:,} pixels; the limit is {limits.most_pixels:,}")


def check_time(began: float, limits: DecodingLimits) -> None:
    """Raise a `PhotoTooSlowError` if the work that began then, on the clock `time.monotonic`, takes too long."""
    if time.monotonic() - began > limits.most_seconds:
        raise PhotoTooSlowError(f"the photo takes longer than {limits.most_seconds:g} s to decode")


def _decode_jpeg(raw: bytes, header: JpegHeader) -> tuple[Pixels | None, int]:
    """Return the brightness of a JPEG at the smallest scale that will do; None if libjpeg does not like it."""
    short_side = min(header.height, header.width)
    scale = next((scale for scale in _SCALES if -(-short_side // scale) >= LEAST_SHORT_SIDE), _FULL_SCALE)
    shape = -(-header.height // scale), -(-header.width // scale)
    if header.detail_scans and scale == _MEANS_SCALE:
        raw = means_only(raw, header)
    try:
        if simplejpeg.decode_jpeg_header(raw)[2] not in _COLOUR_SPACES:
            return None, scale
        decoded = simplejpeg.decode_jpeg(raw, "GRAY", min_height=shape[0], min_width=shape[1])
    except Exception:  # noqa: BLE001  what a decoder raises over a stranger's bytes is not known
        return None, scale
    return (decoded[:, :, 0], scale) if decoded.shape[:2] == shape else (None, scale)


def _decode_any(raw: bytes, header: JpegHeader | None, limits: DecodingLimits, began: float) -> GrayPhoto:
    """Decode with Pillow, which reads more kinds of file and says more about broken ones."""
    with open_photo(raw, limits, began) as image:
        image.load()
        orientation = header.orientation if header else stated_orientation(image)
        pixels = _as_seen(image)
    return GrayPhoto(pixels, pixels.shape[0], pixels.shape[1], _FULL_SCALE, orientation)


@contextmanager
def open_photo(raw: bytes, limits: DecodingLimits, began: float) -> Iterator[Image.Image]:
    """Open a photo of a kind that is read, to decode it within the block.

    Args:
        raw: the file.
        limits: the bytes and pixels are looked at before the block, the time in it and after it.
        began: when the work began, on the clock `time.monotonic`.

    Raises:
        PhotoError: the photo cannot be read within the limits; whatever the block raises becomes one.
    """
    _check_bytes(raw, limits)
    try:
        with Image.open(_TimedBytes(raw, began, limits), formats=_KINDS) as image:
            _check_pixels(image.height, image.width, limits)
            yield image
    except PhotoError:
        raise
    except Image.DecompressionBombError as error:
        raise PhotoTooLargeError("the photo has more pixels than Pillow decodes") from error
    except Exception as error:  # decoders raise whatever they like over a stranger's bytes
        raise UnreadablePhotoError("the photo is of a kind that is not read, or is broken") from error
    check_time(began, limits)


def stated_orientation(image: Image.Image) -> int:
    """Return how a photo's EXIF says that it is shown, from 1 to 8; 1 if it says nothing that means anything."""
    stated = image.getexif().get(ExifTags.Base.Orientation)
    if isinstance(stated, int) and PLAIN_ORIENTATION <= stated <= MOST_ORIENTATIONS:
        return stated
    return PLAIN_ORIENTATION


def _as_seen(image: Image.Image) -> Pixels:
    """Return the brightness of what a person sees on a white page."""
    if image.mode.startswith("I"):  # 16 bits, for which Pillow has two modes and cuts off what is above 255
        return np.asarray(np.asarray(image).clip(0, 0xFFFF) >> 8).astype(np.uint8)
    if image.has_transparency_data:
        image = Image.alpha_composite(Image.new("RGBA", image.size, _WHITE), image.convert("RGBA"))
    return np.asarray(image.convert("L"))


class _TimedBytes(io.BytesIO):
    """Bytes that are handed out until the time is up."""

    def __init__(self, raw: bytes, began: float, limits: DecodingLimits) -> None:
        super().__init__(raw)
        self._began, self._limits = began, limits

    def read(self, size: int | None = -1, /) -> bytes:
        check_time(self._began, self._limits)
        return super().read(size)

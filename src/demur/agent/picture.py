"""Whether two photos show the same picture, to the bit, as Pillow decodes them."""

import hashlib
import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from PIL import Image, ImageSequence

from demur.agent.errors import PictureError
from demur.reservations.photo import find_other_kind

MAX_PIXELS = 400_000_000
"""Of one picture, and twice as many of all frames together: a phone takes 200 million."""

_ORIENTATION = 0x0112
_ROWS = 256
_FORMATS = ("JPEG", "PNG", "WEBP", "AVIF")


def picture_sha256(raw: bytes) -> bytes:
    """Return a digest of all that a photo shows: every frame, the colour profile, and which side is up.

    Raises:
        PictureError: it cannot be decoded, or is too large.
    """
    digest = hashlib.sha256()
    try:
        if find_other_kind(raw) == "HEIC":
            _add_heic(digest, raw)
        else:
            with _large_pictures(), Image.open(io.BytesIO(raw), formats=_FORMATS) as photo:
                _add_frames(digest, photo)
                digest.update(repr((photo.info.get("icc_profile"), photo.getexif().get(_ORIENTATION))).encode())
    except PictureError:
        raise
    except Exception as error:  # a decoder's error on damaged bytes can be of any kind
        raise PictureError("its picture is damaged: it cannot be shown to its end") from error
    return digest.digest()


def _add_heic(digest: "hashlib._Hash", raw: bytes) -> None:
    try:
        import pi_heif  # noqa: PLC0415  (HEIC is rare here: it can be signed only)
    except ImportError as error:
        raise PictureError(
            "HEIC needs a library that is not installed", hint='install Demur with "pip install .[sign]"'
        ) from error
    for each in pi_heif.open_heif(raw):
        if each.size[0] * each.size[1] > MAX_PIXELS:
            raise PictureError("its picture is too large to be checked")
        about = (each.mode, each.size, each.info.get("icc_profile"), each.info.get("original_orientation"))
        digest.update(repr(about).encode())
        digest.update(each.data)


def _add_frames(digest: "hashlib._Hash", photo: Image.Image) -> None:
    pixels = 0
    for frame in ImageSequence.Iterator(photo):
        pixels += frame.width * frame.height
        if pixels > 2 * MAX_PIXELS or frame.width * frame.height > MAX_PIXELS:
            raise PictureError("its picture is too large to be checked")
        _add_frame(digest, frame)


def _add_frame(digest: "hashlib._Hash", frame: Image.Image) -> None:
    about = (frame.mode, frame.size, frame.info.get("duration"), frame.info.get("transparency"), frame.getpalette())
    digest.update(repr(about).encode())
    for top in range(0, frame.height, _ROWS):
        digest.update(frame.crop((0, top, frame.width, min(top + _ROWS, frame.height))).tobytes())


@contextmanager
def _large_pictures() -> Iterator[None]:
    """Let Pillow open what a phone takes; how large it is is checked above, before it is decoded."""
    before = Image.MAX_IMAGE_PIXELS
    Image.MAX_IMAGE_PIXELS = None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        Image.MAX_IMAGE_PIXELS = before

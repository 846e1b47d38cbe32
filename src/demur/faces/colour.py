"""From the bytes of a photo to its colours, upright, and no larger than faces need."""

import time
from dataclasses import dataclass
from typing import Final

import numpy as np
from PIL import Image

from demur.photos.gray import USUAL_LIMITS, DecodingLimits, check_time, open_photo, stated_orientation

MOST_SIDE: Final = 2048
"""Larger photos are made smaller before a face is cut out, JPEGs to no less than 1280 pixels by their decoder."""

_DRAFT_SIDE: Final = 1280
_WHITE: Final = (255, 255, 255, 255)
_TURNS: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""How to show what is stored, by the orientation of EXIF (CIPA DC-008, tag 0x0112)."""

_SIDEWAYS: Final = frozenset(_TURNS[orientation] for orientation in (5, 6, 7, 8))


@dataclass(frozen=True)
class ColourPhoto:
    """The colours of a photo as it is shown.

    Attributes:
        image: RGB, at most `MOST_SIDE` on its longer side.
        width: of the photo itself, as it is shown.
        height: of the photo itself, as it is shown.
        began: when the work on it began, on the clock `time.monotonic`.
        limits: of the work.
    """

    image: Image.Image
    width: int
    height: int
    began: float
    limits: DecodingLimits

    def check_time(self) -> None:
        """Raise a `PhotoTooSlowError` if the work takes longer than it may."""
        check_time(self.began, self.limits)


def decode_colours(raw: bytes, limits: DecodingLimits = USUAL_LIMITS) -> ColourPhoto:
    """Return the colours of a photo on white, the first frame of an animation, turned as its EXIF says.

    Raises:
        PhotoError: the photo cannot be read within the limits; nothing else is ever raised.
    """
    began = time.monotonic()
    with open_photo(raw, limits, began) as image:
        width, height = image.size
        image.draft("RGB", _within(image.size, _DRAFT_SIDE))  # libjpeg leaves out what is not needed for this size
        image.load()
        size = _within(image.size, MOST_SIDE)
        seen = _as_seen(image)
        if size != seen.size:
            seen = seen.resize(size, Image.Resampling.BOX)
        turn = _TURNS.get(stated_orientation(image))
        if turn is not None:
            seen = seen.transpose(turn)
        if turn in _SIDEWAYS:
            width, height = height, width
    return ColourPhoto(seen, width, height, began, limits)


def _within(size: tuple[int, int], most: int) -> tuple[int, int]:
    """Return the size of an image brought to this longer side, if it is larger."""
    share = min(1.0, most / max(size))
    return max(1, round(size[0] * share)), max(1, round(size[1] * share))


def _as_seen(image: Image.Image) -> Image.Image:
    """Return the colours that a person sees on a white page."""
    if image.mode.startswith("I"):  # 16 bits, for which Pillow has two modes and cuts off what is above 255
        gray = np.asarray(np.asarray(image).clip(0, 0xFFFF) >> 8).astype(np.uint8)
        return Image.fromarray(gray).convert("RGB")
    if image.has_transparency_data:
        image = Image.alpha_composite(Image.new("RGBA", image.size, _WHITE), image.convert("RGBA"))
    return image.convert("RGB")

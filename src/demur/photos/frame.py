"""An even frame around a photo, as sites and people put it there: found, so that what is within can be hashed too."""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from demur.photos.gray import GrayPhoto, Pixels

MOST_UNEVENNESS: Final = 16
"""Of 255 shades: what compression leaves of one shade."""

LEAST_SHARE_WITHIN: Final = 0.4
"""Of each side. If less is within the frame, most of the picture is no photo."""


class Frame(NamedTuple):
    """How much lies around a photo, in pixels of the whole, as stored."""

    top: int = 0
    bottom: int = 0
    left: int = 0
    right: int = 0


NO_FRAME: Final = Frame()


def find_frame(photo: GrayPhoto) -> Frame:
    """Return the even frame of a photo: rows, then columns of one shade at its edges. `NO_FRAME` if there is none.

    Of a scaled photo it is found to within one of its pixels, and never larger than it is.
    """
    top, bottom = _even_ends(photo.pixels)
    within = photo.pixels[top : len(photo.pixels) - bottom]
    left, right = _even_ends(within.T) if len(within) else (0, 0)
    frame = Frame(
        top * photo.scale,
        _beyond(photo.height, photo.pixels.shape[0] - bottom, photo.scale),
        left * photo.scale,
        _beyond(photo.width, photo.pixels.shape[1] - right, photo.scale),
    )
    rows, columns = photo.height - frame.top - frame.bottom, photo.width - frame.left - frame.right
    if rows < LEAST_SHARE_WITHIN * photo.height or columns < LEAST_SHARE_WITHIN * photo.width:
        return NO_FRAME
    return frame


def _beyond(pixels: int, end: int, scale: int) -> int:
    """Return how many pixels of a side lie after this one of the scaled side."""
    return max(0, pixels - end * scale)


def _even_ends(pixels: Pixels) -> tuple[int, int]:
    """Return how many rows at the beginning and at the end are all of the shade of the first and the last."""
    darkest, lightest = pixels.min(axis=1).astype(int), pixels.max(axis=1).astype(int)
    return _even_rows(darkest, lightest), _even_rows(darkest[::-1], lightest[::-1])


def _even_rows(darkest: npt.NDArray[np.int_], lightest: npt.NDArray[np.int_]) -> int:
    uneven = np.maximum.accumulate(lightest) - np.minimum.accumulate(darkest) > MOST_UNEVENNESS
    return int(uneven.argmax()) if uneven[-1] else len(uneven)

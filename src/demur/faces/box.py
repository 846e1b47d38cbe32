"""Where in a photo a face is."""

from typing import NamedTuple


class Box(NamedTuple):
    """A rectangle around a face, in pixels of the photo as it is shown; it may reach beyond the photo."""

    left: float
    top: float
    width: float
    height: float

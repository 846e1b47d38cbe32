"""The markers of a JPEG, one after another, also through its scans (ITU-T T.81, annex B).

For those who read only: bytes between two segments are passed over, as decoders do. Who writes a JPEG anew must account
for every byte, and walks by itself (demur.reservations.jpeg_segments).
"""

import re
import struct
from collections.abc import Iterator
from typing import Final, NamedTuple

START_OF_SCAN: Final = 0xDA
END_OF_IMAGE: Final = 0xD9
START_OF_FRAME: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
ALONE: Final = frozenset({0x01, *range(0xD0, 0xDA)})
"""Markers without a segment."""

_MARKER: Final = re.compile(rb"\xff[^\0\xff\xd0-\xd7]", re.DOTALL)
"""From the last byte of what may fill the gap before it, so that no byte is read twice; no escaped data, no restart."""
_read_length: Final = struct.Struct(">H").unpack_from


class CutShortError(ValueError):
    """A JPEG ends in the middle of a marker's length. Never leaves the room that asked."""


class Mark(NamedTuple):
    """A marker, where it stands, and where its segment ends; that may be behind the end of the file."""

    marker: int
    start: int
    end: int


def find_marks(raw: bytes, position: int) -> Iterator[Mark]:
    """Yield each marker from a position to the end of the picture, or of the file.

    There can be as many as half the bytes, so who calls sets a limit. A step for each; no byte is read twice.

    Raises:
        CutShortError: the file ends where a length should be.
    """
    while found := _MARKER.search(raw, position):
        start, position = found.span()
        marker = raw[start + 1]
        if marker not in ALONE:
            try:
                position += _read_length(raw, position)[0]
            except struct.error as error:
                raise CutShortError from error
        yield Mark(marker, start, position)
        if marker == END_OF_IMAGE:
            return

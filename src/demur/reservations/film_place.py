"""Where a film behind a picture was taken: phones put one there ("motion photo", "live photo") and write its place.

The place is text of one form (ISO 6709, annex H), as `+45.4390+010.9943/`, wherever the film's maker keeps it. So it is
found by its form, and overwritten with zeros: nothing in a film may move.
"""

import re

_PLACE = re.compile(rb"[+-]\d{2}\.\d{2,8}[+-]\d{3}\.\d{2,8}(?:[+-]\d{1,6}(?:\.\d{1,6})?)?(?:CRS\w{1,12})?/")
_DIGIT = re.compile(rb"\d")
_NOT_ZERO = re.compile(rb"[1-9]")


def find_film_places(behind: bytes) -> list[str]:
    """Return the places in what stands behind a picture, as they are written there."""
    return [each.decode() for each in _PLACE.findall(behind) if _NOT_ZERO.search(each.partition(b"CRS")[0])]


def without_film_places(behind: bytes) -> bytes:
    """Return what stands behind a picture with zeros for places; as many bytes as before."""
    return _PLACE.sub(lambda found: _DIGIT.sub(b"0", found[0]), behind)

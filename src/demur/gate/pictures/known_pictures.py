"""Pictures that were looked at before: many rows hold the same one, byte for byte, and decoding is what costs."""

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from threading import Lock
from typing import Final

from demur.gate.pictures.looking import look_at_pictures
from demur.gate.pictures.picture_finding import PictureFinding

MOST_KNOWN: Final = 1 << 16
"""Some 30 MB of findings."""

_known: Final[OrderedDict[bytes, PictureFinding]] = OrderedDict()
_lock: Final = Lock()


def look_once(pictures: Sequence[bytes]) -> list[PictureFinding]:
    """Return what `look_at_pictures` finds, of what this process has seen lately without looking again."""
    digests = [hashlib.sha256(picture).digest() for picture in pictures]
    with _lock:
        found = {digest: _known[digest] for digest in digests if digest in _known}
    new = {digest: picture for digest, picture in zip(digests, pictures, strict=True) if digest not in found}
    found |= dict(zip(new, look_at_pictures(list(new.values())), strict=True)) if new else {}
    with _lock:
        _known.update(found)
        while len(_known) > MOST_KNOWN:
            _known.popitem(last=False)
    return [found[digest] for digest in digests]

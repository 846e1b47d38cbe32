"""The compiled loop that recognises plain accounts: over Arrow's own offset and data buffers, byte by byte."""

from typing import Final

import numpy as np

from demur.compiled import compiled
from demur.gate.string_window import BoolMask, Bytes, Offsets

IN_NAMESPACE: Final = np.uint8(1)
IN_ID: Final = np.uint8(2)
_NEITHER: Final = np.uint8(0)
_COLON: Final = np.uint8(ord(":"))


@compiled
def find_plain_accounts(
    strings: tuple[Offsets, Bytes], classes: Bytes, longest: int, namespaces: int, found: BoolMask
) -> int:
    """Write which strings are accounts without needing a second look.

    Args:
        strings: as for `demur.gate.membership_kernel`.
        classes: uint8[256], where each byte may stand.
        longest: in bytes.
        namespaces: how many each string begins with, each with a colon: none or one.
        found: bool[n].

    Returns:
        -1, or the first row whose offsets point outside the data; then `found` means nothing.
    """
    offsets, data = strings
    for row in range(len(found)):
        start, end = np.int64(offsets[row]), np.int64(offsets[row + 1])
        if start < 0 or end < start or end > len(data):
            return row
        at = start
        if namespaces:
            while at < end and classes[data[at]] & IN_NAMESPACE != _NEITHER:
                at += 1
            if at in (start, end) or data[at] != _COLON:
                found[row] = False
                continue
            at += 1
        first = at
        while at < end and classes[data[at]] & IN_ID != _NEITHER:
            at += 1
        found[row] = first < at == end and end - start <= longest
    return -1

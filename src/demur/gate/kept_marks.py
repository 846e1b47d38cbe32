"""Which rows of a file are kept, remembered from one reading of it to the next."""

from collections import deque

import numpy as np
import numpy.typing as npt

from demur.gate.errors import InputChangedError
from demur.gate.string_window import BoolMask


class KeptMarks:
    """Which rows of a file are kept, eight in a byte, to be taken in the order in which they were decided about."""

    def __init__(self) -> None:
        self._packed: deque[tuple[npt.NDArray[np.uint8], int]] = deque()
        self._next = np.zeros(0, bool)

    def append(self, kept_mask: BoolMask) -> None:
        """Add the next rows."""
        self._packed.append((np.packbits(kept_mask), len(kept_mask)))

    def take(self, rows: int, name: str) -> BoolMask:
        """Return the next rows, bool[rows], and forget them.

        Raises:
            InputChangedError: nobody decided about so many.
        """
        while len(self._next) < rows:
            if not self._packed:
                raise changed(name)
            packed, count = self._packed.popleft()
            self._next = np.concatenate([self._next, np.unpackbits(packed, count=count).view(bool)])
        taken, self._next = self._next[:rows], self._next[rows:]
        return taken


def changed(name: str) -> InputChangedError:
    """Return what is to be raised about a file that is not what it was."""
    return InputChangedError(f"{name} changed while it was read", hint="run again when nobody writes to it")

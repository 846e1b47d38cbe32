"""Pictures that rows only name: files of one folder, by their path in it or by the URL that they were fetched from.

Nothing is fetched. A picture of a URL is the file whose name is the SHA-256 of the URL, in hexadecimal digits.
"""

import hashlib
import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import Final

from demur.gate.mapping import Holds

MOST_PICTURE_BYTES: Final = 100_000_000
"""Of one file: more than any camera writes."""


class PictureFiles:
    """The pictures of a folder."""

    def __init__(self, folder: Path, holds: Holds) -> None:
        self._folder = folder.resolve()
        self._holds = holds

    def read(self, name: str) -> bytes | None:
        """Return a picture's bytes; None if there is no such file in the folder, or one that no camera wrote."""
        path = self._folder / (hashlib.sha256(name.encode()).hexdigest() if self._holds is Holds.URL else name)
        with suppress(OSError, ValueError):  # ValueError: a name that no file system has
            if path.resolve().is_relative_to(self._folder):
                return _read_file(path)
        return None


def _read_file(path: Path) -> bytes | None:
    # Opened without waiting: a pipe would wait for a writer for ever.
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as stream:
        state = os.fstat(stream.fileno())
        if not stat.S_ISREG(state.st_mode) or not 0 < state.st_size <= MOST_PICTURE_BYTES:
            return None
        return stream.read(MOST_PICTURE_BYTES + 1)

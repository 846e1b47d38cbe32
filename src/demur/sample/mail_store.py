"""Caught mails, each a file of its own: `<folder>/<n>.eml`, numbered from 1 in the order in which they came."""

import os
import re
import threading
from pathlib import Path

from demur.sample.errors import MailUnknownError

_NAME = re.compile(r"([1-9][0-9]*)\.eml\Z")


class MailStore:
    """A folder of mails. One process writes; any may read."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        _sync_folder(folder.parent)
        self._folder = folder
        self._writing = threading.Lock()
        self._next = max(self.numbers(), default=0) + 1

    def numbers(self) -> list[int]:
        """Return the numbers of all mails, ascending."""
        names = (_NAME.match(entry.name) for entry in self._folder.iterdir())
        return sorted(int(name[1]) for name in names if name)

    def save(self, raw: bytes) -> int:
        """Keep a mail and return its number; when this returns, the mail survives a crash and a power cut."""
        with self._writing:
            number = self._next
            temporary = self._folder / f".{number}.eml.tmp"
            with temporary.open("wb") as file:
                file.write(raw)
                file.flush()
                os.fsync(file.fileno())
            temporary.rename(self._folder / f"{number}.eml")
            _sync_folder(self._folder)
            self._next += 1
        return number

    def load_raw(self, number: int) -> bytes:
        """Return a mail as it came.

        Raises:
            MailUnknownError: there is none of this number.
        """
        try:
            return (self._folder / f"{number}.eml").read_bytes()
        except FileNotFoundError as error:
            raise MailUnknownError(f"no mail {number} was caught") from error


def _sync_folder(folder: Path) -> None:
    """Make a rename in the folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

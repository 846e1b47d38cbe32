"""Caught mails, each a file of its own: `<folder>/<n>.eml`, numbered from 1 in the order in which they came.

They hold codes and private links, so folder and files are for their owner only.
"""

import fcntl
import os
import re
import threading
from pathlib import Path

from demur.sample.errors import FolderTakenError, MailUnknownError
from demur.synced_folder import sync_folder

_FOLDER_MODE, _FILE_MODE = 0o700, 0o600
_NAME = re.compile(r"([1-9][0-9]*)\.eml\Z")


class MailStore:
    """A folder of mails, held by one process: another that numbered them too would overwrite what was acknowledged."""

    def __init__(self, folder: Path) -> None:
        folder.parent.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
        folder.mkdir(mode=_FOLDER_MODE, exist_ok=True)
        sync_folder(folder.parent)
        self._folder = folder
        self._lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(self._lock)
            raise FolderTakenError(
                f'another mail catcher keeps its mails in the folder "{folder.name}"',
                hint="stop it first, or choose another home folder",
            ) from error
        self._writing = threading.Lock()
        self._next = max(self.numbers(), default=0) + 1

    def close(self) -> None:
        """Let another process have the folder."""
        os.close(self._lock)

    def numbers(self) -> list[int]:
        """Return the numbers of all mails, ascending."""
        names = (_NAME.match(entry.name) for entry in self._folder.iterdir())
        return sorted(int(name[1]) for name in names if name)

    def save(self, raw: bytes) -> int:
        """Keep a mail and return its number; when this returns, the mail survives a crash and a power cut."""
        with self._writing:
            number = self._next
            temporary = self._folder / f".{number}.eml.tmp"
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, _FILE_MODE)
            with open(descriptor, "wb") as file:  # noqa: PTH123  (created with its mode, not given it later)
                file.write(raw)
                file.flush()
                os.fsync(file.fileno())
            temporary.rename(self._folder / f"{number}.eml")
            sync_folder(self._folder)
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

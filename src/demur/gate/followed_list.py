"""A suppression list that is followed: looked up anew when somebody asks, so that a publication counts within seconds.

Whoever asks gets the list that is in force, or why there is none; never a list that could not be verified, and never
an older one than was used before. Looking is one `stat` a second, made by whoever asks; reading a new list, and
building what it is looked up with, is done by a thread meanwhile, so that no request waits for it. Only who asks first
after a while waits: the list that was in force then can be out of date by as long.

There is no thread while nothing changes, so that a process that was forked follows its list too.
"""

import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from threading import Lock, Thread
from typing import Final

from demur.core.errors import ExpiredError, UnsealError, VerificationError
from demur.core.note import VerifierKey
from demur.core.suppression_list import check_current
from demur.gate.file_state import FileState, file_state
from demur.gate.suppression_list import SuppressionList, load_suppression_list

LATEST: Final = "latest.list"
"""The file of a folder of lists that a publisher moves to the newest one."""

LOOK_EVERY_SECONDS: Final = 1.0
_IDLE_SECONDS: Final = 5.0
"""If nobody looked for so long, a new list is waited for: nobody can tell how long it has been there."""

_RETRY_SECONDS: Final = 30.0
"""After so long a refused list is tried again though its file is the same: clocks are set right, disks mend."""


class ListRefusal(StrEnum):
    """Why there is no list to decide by."""

    MISSING = "list-missing"
    UNREADABLE = "list-unreadable"
    UNVERIFIED = "list-unverified"
    EXPIRED = "list-expired"
    OLDER = "list-older"


class FollowedList:
    """The newest list at a path. Safe to ask from several threads."""

    def __init__(
        self,
        path: Path,
        key: VerifierKey,
        list_key: bytes,
        warm: Callable[[SuppressionList], None],
        look_every_seconds: float = LOOK_EVERY_SECONDS,
    ) -> None:
        """Read the list that is there now; that there is none is no error.

        Args:
            path: of the list, or of a folder that holds `latest.list`.
            key: of the publisher that the caller trusts.
            list_key: 32 secret bytes.
            warm: is called with a new list before it is used, to build what rules look it up with.
            look_every_seconds: the longest time in which a publication is not noticed while somebody asks.
        """
        self._path, self._key, self._list_key, self._warm = path, key, list_key, warm
        self._look_every_seconds = look_every_seconds
        self._found: SuppressionList | ListRefusal = ListRefusal.MISSING
        self._seen: FileState | None = None
        self._newest_number = 0
        self._own_process()
        self._load()
        self._look_at = time.monotonic() + look_every_seconds

    def current(self) -> SuppressionList | ListRefusal:
        """Return the list to decide by at this instant, or why there is none."""
        if time.monotonic() >= self._look_at:
            self._look()
        found = self._found
        if isinstance(found, SuppressionList) and not _is_current(found):
            return ListRefusal.EXPIRED
        return found

    def _own_process(self) -> None:
        """Start with nothing held: a fork takes along locks that no thread of the new process will let go."""
        self._process_id = os.getpid()
        self._looking = Lock()
        self._loader: Thread | None = None

    def _look(self) -> None:
        """Notice that the file is another or gone; have it read by a thread."""
        if self._process_id != os.getpid():
            self._own_process()
        with self._looking:
            is_idle = time.monotonic() - self._look_at > _IDLE_SECONDS
            try:
                self._look_at_file()
                if is_idle and self._loader is not None:
                    self._loader.join()
            finally:  # not before: until then everybody waits
                self._look_at = time.monotonic() + self._look_every_seconds

    def _look_at_file(self) -> None:
        if self._loader is not None and self._loader.is_alive():
            return
        try:
            state = file_state(_file(self._path).stat())
        except OSError as error:
            self._found, self._seen = _refusal(error), None
            return
        if state != self._seen or (isinstance(self._found, ListRefusal) and time.monotonic() >= self._retry_at):
            self._loader = Thread(target=self._load, name="list-loader", daemon=True)
            self._loader.start()

    def _load(self) -> None:
        self._retry_at = time.monotonic() + _RETRY_SECONDS
        try:
            with _file(self._path).open("rb") as stream:
                # Before reading: whatever is written from here on makes another state, and the file is read again.
                self._seen = file_state(os.fstat(stream.fileno()))
                raw = stream.read()
            found = load_suppression_list(raw, self._key, self._list_key, datetime.now(UTC))
            if found.header.number < self._newest_number:
                self._found = ListRefusal.OLDER
                return
            self._warm(found)
        except Exception as error:  # noqa: BLE001  (whatever it is, the list before this one is no longer the newest)
            self._found = _refusal(error)
        else:
            self._newest_number = found.header.number
            self._found = found


def _refusal(error: Exception) -> ListRefusal:
    match error:
        case FileNotFoundError() | NotADirectoryError():
            return ListRefusal.MISSING
        case ExpiredError():
            return ListRefusal.EXPIRED
        case VerificationError() | UnsealError():
            return ListRefusal.UNVERIFIED
        case _:
            return ListRefusal.UNREADABLE


def _is_current(found: SuppressionList) -> bool:
    try:
        check_current(found.header, datetime.now(UTC))
    except ExpiredError:
        return False
    return True


def _file(path: Path) -> Path:
    return path / LATEST if path.is_dir() else path

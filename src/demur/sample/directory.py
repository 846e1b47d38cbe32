"""The sample platform's account directory: what a real platform's own service would answer, kept in one SQLite file."""

import os
import sqlite3
import threading
from functools import cache
from pathlib import Path

from demur.core.account import Account
from demur.sample.errors import SampleFolderError

_FIND = """
WITH held AS (
    SELECT handles.account, product, rank() OVER (
        PARTITION BY product ORDER BY held_until_us IS NULL DESC, held_until_us DESC
    ) AS place
    FROM handles JOIN accounts USING (account) WHERE handles.handle = ?
), meant AS (
    SELECT account FROM held WHERE place = 1
), linked AS (
    SELECT linked_group FROM accounts WHERE account IN (SELECT account FROM meant) AND linked_group IS NOT NULL
)
SELECT account, product, handle FROM accounts
WHERE account IN (SELECT account FROM meant) OR linked_group IN (SELECT linked_group FROM linked)
ORDER BY account
"""


class SampleAccountDirectory:
    """Answers from a sample's accounts.sqlite3, opened read-only, and anew once there is another file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._opened: tuple[sqlite3.Connection, tuple[int, int]] | None = None

    def find_accounts(self, handle: str) -> list[Account]:
        """Return the accounts that a normalised handle means, as `core.account.AccountDirectory` asks.

        In each product for itself: the account that has the handle now, else the one that had it last. A handle that
        was given up and taken by somebody else in that product means the latter alone.

        Raises:
            SampleFolderError: there is no account directory at the path.
        """
        try:
            with self._lock:
                return [Account(*row) for row in self._connection().execute(_FIND, (handle,))]
        except (OSError, sqlite3.Error) as error:
            raise SampleFolderError(
                f"the sample's account directory {self._path} cannot be read", hint='run "demur sample" first'
            ) from error

    def _connection(self) -> sqlite3.Connection:
        now = self._path.stat()
        state = (now.st_ino, now.st_mtime_ns)
        if self._opened is None or self._opened[1] != state:
            if self._opened:
                self._opened[0].close()
            address = f"{self._path.resolve().as_uri()}?mode=ro"
            # Each question comes from a thread of its own; the lock lets in one at a time.
            self._opened = sqlite3.connect(address, uri=True, check_same_thread=False), state
        return self._opened[0]


def open_directory() -> SampleAccountDirectory:
    """Return the directory of the sample in DEMUR_HOME; settings name this function."""
    return _directory(Path(os.environ.get("DEMUR_HOME", "var")))


@cache
def _directory(home: Path) -> SampleAccountDirectory:
    return SampleAccountDirectory(home / "sample" / "accounts.sqlite3")

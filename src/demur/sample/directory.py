"""The sample platform's account directory: what a real platform's own service would answer, kept in one SQLite file."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from demur.core.account import Account
from demur.sample.errors import SampleFolderError
from demur.sample.handles import NEVER_US
from demur.sample.people import PRODUCTS, People

_PORTION = 100_000
_CURRENT = 2

_SCHEMA = """
CREATE TABLE accounts (
    account TEXT PRIMARY KEY,
    product TEXT NOT NULL,
    handle TEXT NOT NULL,
    linked_group INTEGER  -- accounts of the same group are one person's, as the platform knows; null: linked to none
) WITHOUT ROWID;
CREATE TABLE handles (
    handle TEXT NOT NULL,
    account TEXT NOT NULL REFERENCES accounts,
    held_until_us INTEGER,  -- microseconds since 1970 UTC; null: held today
    PRIMARY KEY (handle, account)
) WITHOUT ROWID;
"""
_INDEX = "CREATE INDEX accounts_linked_group ON accounts (linked_group) WHERE linked_group IS NOT NULL;"

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
    """Answers from a sample's accounts.sqlite3, opened anew and read-only for every question."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def find_accounts(self, handle: str) -> list[Account]:
        """Return the accounts that a normalised handle means, as `core.account.AccountDirectory` asks.

        In each product for itself: the account that has the handle now, else the one that had it last. A handle that
        was given up and taken by somebody else in that product means the latter alone.

        Raises:
            SampleFolderError: there is no account directory at the path.
        """
        try:
            with closing(sqlite3.connect(f"{self._path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
                return [Account(*row) for row in connection.execute(_FIND, (handle,))]
        except sqlite3.Error as error:
            raise SampleFolderError(
                f"the sample's account directory {self._path} cannot be read", hint='run "demur sample" first'
            ) from error


def open_directory() -> SampleAccountDirectory:
    """Return the directory of the sample in DEMUR_HOME; settings name this function."""
    return SampleAccountDirectory(Path(os.environ.get("DEMUR_HOME", "var")) / "sample" / "accounts.sqlite3")


def write_directory(path: Path, people: People) -> None:
    """Write the directory of all accounts to a new file; equal people give equal bytes."""
    with closing(sqlite3.connect(path)) as connection:
        # A new file in a folder that is not finished yet: nothing can read it before it is whole.
        connection.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;" + _SCHEMA)
        connection.executemany("INSERT INTO accounts VALUES (?, ?, ?, ?)", _account_rows(people))
        connection.executemany("INSERT INTO handles VALUES (?, ?, ?)", _handle_rows(people))
        connection.executescript(_INDEX)
        connection.commit()


_AccountRow = tuple[str, str, str, int | None]
_HandleRow = tuple[str, str, int | None]


def _account_rows(people: People) -> Iterator[_AccountRow]:
    """Yield account, product, current handle and linked group, by account."""
    is_linked = people.is_linked[people.account_person]
    groups = np.where(is_linked, people.account_person, -1)
    in_agora = np.arange(len(people.accounts)) >= len(people.members(0))
    for places in _portions(np.asarray(pc.sort_indices(people.accounts))):
        accounts = people.accounts.take(pa.array(places)).to_pylist()
        handles = people.handles.texts.take(pa.array(people.handles.slots[places, 2])).to_pylist()
        rest = zip(accounts, in_agora[places].tolist(), handles, groups[places].tolist(), strict=True)
        for account, product_index, handle, group in rest:
            yield account, PRODUCTS[product_index], handle, None if group < 0 else group


def _handle_rows(people: People) -> Iterator[_HandleRow]:
    """Yield handle, account and until when it was held, for every handle that an account has or had."""
    slots, changes = people.handles.slots, people.handles.changed_at_us
    forever = np.full(len(slots), NEVER_US)
    for slot, until in ((2, forever), (1, changes[:, 1]), (0, changes[:, 0])):
        held = np.arange(len(slots)) if slot == _CURRENT else np.flatnonzero(until != NEVER_US)
        for places in _portions(held):
            handles = people.handles.texts.take(pa.array(slots[places, slot])).to_pylist()
            accounts = people.accounts.take(pa.array(places)).to_pylist()
            for handle, account, end in zip(handles, accounts, until[places].tolist(), strict=True):
                yield handle, account, None if end == NEVER_US else end


def _portions(places: npt.NDArray[np.integer]) -> Iterator[npt.NDArray[np.integer]]:
    """Cut an array into parts small enough to be turned into Python values."""
    for start in range(0, len(places), _PORTION):
        yield places[start : start + _PORTION]

"""Write the account directory that directory.py reads; apart from it, so that a reader loads no Arrow."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pyarrow as pa

from demur.sample.columns import coded
from demur.sample.handles import NEVER_US
from demur.sample.people import PRODUCTS, People

_PORTION_ROWS = 100_000
_NOT_VERIFIED_EVERY = 8  # one in so many people never followed the link in the platform's mail
_COUNTRIES = (("IE", "GB", "US", "IN"), ("BR", "PT"), ("ES", "MX"), ("DE", "AT"), ("FR", "BE"), ("IT", "CH"))
"""Where people live who write in each of `names.LANGUAGES`."""

_SCHEMA = """
CREATE TABLE accounts (
    account TEXT PRIMARY KEY,
    product TEXT NOT NULL,
    handle TEXT NOT NULL,
    linked_group INTEGER,  -- accounts of the same group are one person's, as the platform knows; null: linked to none
    full_name TEXT NOT NULL,  -- this and what follows is what the platform's sign-in states
    email TEXT NOT NULL,
    email_is_verified INTEGER NOT NULL,
    country TEXT NOT NULL  -- of residence, ISO 3166-1 alpha-2
) WITHOUT ROWID;
CREATE TABLE handles (
    handle TEXT NOT NULL,
    account TEXT NOT NULL REFERENCES accounts,
    held_until_us INTEGER,  -- microseconds since 1970 UTC; null: held today
    PRIMARY KEY (handle, account)
) WITHOUT ROWID;
"""
_INDEX = "CREATE INDEX accounts_linked_group ON accounts (linked_group) WHERE linked_group IS NOT NULL;"


def write_directory(path: Path, people: People) -> None:
    """Write the directory of all accounts to a new file; equal people give equal bytes."""
    with closing(sqlite3.connect(path)) as connection:
        # A new file in a folder that is not finished yet: nothing can read it before it is whole.
        connection.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;" + _SCHEMA)
        connection.executemany(
            "INSERT INTO accounts VALUES (?, ?, ?, ?, ?, ?, ?, ?)", _python_rows(_account_table(people))
        )
        connection.executemany("INSERT INTO handles VALUES (?, ?, ?)", _python_rows(_handle_table(people)))
        connection.executescript(_INDEX)
        connection.commit()


def _account_table(people: People) -> pa.Table:
    person = people.account_person
    is_linked = people.is_linked[person]
    in_agora = np.arange(len(people.accounts)) >= len(people.members(0))
    columns = [
        people.accounts,
        coded(PRODUCTS, in_agora.astype(np.int8)),
        people.handles.texts.take(pa.array(people.handles.slots[:, 2])),
        pa.array(person, mask=~is_linked),
        people.full_names.take(pa.array(person)),
        people.emails.take(pa.array(person)),
        pa.array((person % _NOT_VERIFIED_EVERY != 1).astype(np.int8)),
        _countries(people).take(pa.array(person)),
    ]
    names = ["account", "product", "handle", "linked_group", "full_name", "email", "email_is_verified", "country"]
    return pa.table(columns, names=names).sort_by("account")  # the order in which SQLite stores them fastest


def _countries(people: People) -> pa.StringArray:
    """Return where each person lives: in one of the countries of their language, the next person in the next one."""
    widest = max(map(len, _COUNTRIES))
    rows = np.array([(row * widest)[:widest] for row in _COUNTRIES])
    return pa.array(rows[people.language, np.arange(people.size) % widest])


def _handle_table(people: People) -> pa.Table:
    """Return handle, account and until when it was held, for every handle that an account has or had."""
    slots, changes = people.handles.slots, people.handles.changed_at_us
    first, second = (np.flatnonzero(change != NEVER_US) for change in changes.T)
    everybody = np.arange(len(slots))
    ends = np.concatenate([changes[first, 0], changes[second, 1], np.full(len(slots), NEVER_US)])
    handles = np.concatenate([slots[first, 0], slots[second, 1], slots[everybody, 2]])
    columns = [
        people.handles.texts.take(pa.array(handles)),
        people.accounts.take(pa.array(np.concatenate([first, second, everybody]))),
        pa.array(ends, mask=ends == NEVER_US),
    ]
    names = ["handle", "account", "held_until_us"]
    return pa.table(columns, names=names).sort_by([("handle", "ascending"), ("account", "ascending")])


def _python_rows(table: pa.Table) -> Iterator[tuple[object, ...]]:
    """Yield a table's rows as Python values; few at a time, since they take ten times as much memory as in Arrow."""
    for batch in table.to_batches(max_chunksize=_PORTION_ROWS):
        yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)

"""The sample platform's members: what its sign-in knows of whoever has an account."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from demur.sample.errors import SampleFolderError
from demur.sample.truth import find_examples

# Whoever signs in to one of their linked accounts is known by all of them.
_ACCOUNTS_OF = """
WITH meant AS (SELECT account, linked_group FROM accounts WHERE {condition})
SELECT account, handle, full_name, email, email_is_verified, country,
    account IN (SELECT account FROM meant) AS is_meant, coalesce(linked_group, account) AS person
FROM accounts WHERE account IN (SELECT account FROM meant) OR linked_group IN (SELECT linked_group FROM meant)
ORDER BY person, account
"""
_HOLDERS = "SELECT account FROM handles WHERE handle = ? AND held_until_us IS NULL"
_BY_HANDLE = _ACCOUNTS_OF.format(condition=f"account IN ({_HOLDERS})")
_BY_ACCOUNT = _ACCOUNTS_OF.format(condition="account = ?")
_NOT_VERIFIED = "SELECT handle FROM accounts WHERE NOT email_is_verified ORDER BY account LIMIT 1"
_EXAMPLES = 3


@dataclass(frozen=True)
class Member:
    """Somebody who can sign in, with one account or with several that are linked.

    Attributes:
        subject: stable, nobody else's, the same by whichever account they sign in: the first of them.
        accounts: `namespace:stable-id` each, in order.
        account: the one by which they were found.
        handle: that account's, without "@".
        name: full name.
        email: their address.
        email_is_verified: whether the platform knows it to be theirs.
        country: of residence, ISO 3166-1 alpha-2.
    """

    subject: str
    accounts: tuple[str, ...]
    account: str
    handle: str
    name: str
    email: str
    email_is_verified: bool
    country: str

    @property
    def products(self) -> list[str]:
        """The names of the products in which they have these accounts."""
        return [account.partition(":")[0].title() for account in self.accounts]

    @property
    def account_claims(self) -> dict[str, str]:
        """The claims that state the accounts: `lumen_account`, `agora_account`, each an id without its namespace."""
        return {f"{namespace}_account": own for namespace, own in (account.split(":") for account in self.accounts)}


class Members:
    """Reads a sample's accounts.sqlite3, opened anew and read-only for every question."""

    def __init__(self, sample: Path) -> None:
        self._sample = sample

    def find_members(self, handle: str) -> list[Member]:
        """Return who has a handle now: at most one in each product, and one in all if the accounts are linked."""
        return self._members(_BY_HANDLE, handle.strip().removeprefix("@").casefold())

    def find_member(self, account: str) -> Member | None:
        """Return who has an account; None if there is no such."""
        found = self._members(_BY_ACCOUNT, account)
        return found[0] if found else None

    def suggest_members(self) -> list[Member]:
        """Return a few to try the sign-in with: some with much to withhold, and one whose e-mail is not verified.

        Raises:
            SampleFolderError: the folder holds no sample.
        """
        handles = [example.handle for example in find_examples(self._sample, _EXAMPLES)]
        handles += [row[0] for row in self._ask(_NOT_VERIFIED)]
        found = [member for handle in handles for member in self.find_members(handle)]
        return sorted({member.subject: member for member in found}.values(), key=lambda one: not one.email_is_verified)

    def _members(self, question: str, value: str) -> list[Member]:
        rows = self._ask(question, value)
        return [_member(list(accounts)) for _, accounts in groupby(rows, key=lambda row: row[-1])]

    def _ask(self, question: str, *values: str) -> list[tuple[Any, ...]]:
        path = self._sample / "accounts.sqlite3"
        try:
            with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
                return connection.execute(question, values).fetchall()
        except sqlite3.Error as error:
            raise SampleFolderError(
                f"the sample's account directory {path} cannot be read",
                hint="remove that folder, and make the sample again",
            ) from error


def _member(rows: list[tuple[Any, ...]]) -> Member:
    accounts = tuple(row[0] for row in rows)
    account, handle, name, email, email_is_verified, country = next(row[:6] for row in rows if row[6])
    return Member(accounts[0], accounts, account, handle, name, email, bool(email_is_verified), country)

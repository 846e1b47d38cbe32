"""The sample platform's members: what its sign-in knows of whoever has an account."""

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from demur.sample.errors import SampleFolderError
from demur.sample.truth import find_examples

_COLUMNS = "account, handle, full_name, email, email_is_verified, country"
# Whoever signs in to one of their linked accounts is known by all of them.
_ACCOUNTS_OF = f"""
WITH meant AS (SELECT account, linked_group FROM accounts WHERE {{condition}})
SELECT {_COLUMNS}, coalesce(linked_group, account) AS person FROM accounts
WHERE account IN (SELECT account FROM meant) OR linked_group IN (SELECT linked_group FROM meant)
ORDER BY person, account
"""  # noqa: S608  (the conditions are below)
_BY_HANDLE = _ACCOUNTS_OF.format(condition="handle = ?")
_BY_SUBJECT = _ACCOUNTS_OF.format(condition="account = ?")
_NOT_VERIFIED = "SELECT handle FROM accounts WHERE NOT email_is_verified ORDER BY account LIMIT 1"
_EXAMPLES = 3


@dataclass(frozen=True)
class Member:
    """Somebody who can sign in, with one account or with several that are linked.

    Attributes:
        subject: stable, nobody else's: the first of their accounts.
        accounts: `namespace:stable-id` each, in order.
        handle: of the account by which they were found, else of the first one; without "@".
        name: full name.
        email: their address.
        email_is_verified: whether the platform knows it to be theirs.
        country: of residence, ISO 3166-1 alpha-2.
    """

    subject: str
    accounts: tuple[str, ...]
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
        plain = handle.strip().removeprefix("@").casefold()
        return _members(self._ask(_BY_HANDLE, plain), plain)

    def find_member(self, subject: str) -> Member | None:
        """Return a member; None if there is no such."""
        found = _members(self._ask(_BY_SUBJECT, subject), "")
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

    def _ask(self, question: str, *values: str) -> list[tuple[str, ...]]:
        path = self._sample / "accounts.sqlite3"
        try:
            with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
                return connection.execute(question, values).fetchall()
        except sqlite3.Error as error:
            raise SampleFolderError(
                f"the sample's account directory {path} cannot be read",
                hint="remove that folder, and make the sample again",
            ) from error


def _members(rows: Iterable[tuple[str, ...]], handle: str) -> list[Member]:
    return [_member(list(accounts), handle) for _, accounts in groupby(rows, key=lambda row: row[-1])]


def _member(rows: list[tuple[str, ...]], handle: str) -> Member:
    subject, first_handle, name, email, email_is_verified, country, _ = rows[0]
    shown = handle if handle in {row[1] for row in rows} else first_handle
    return Member(subject, tuple(row[0] for row in rows), shown, name, email, bool(email_is_verified), country)

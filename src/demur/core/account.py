"""Accounts, and the port through which a controller's own directory of them is asked.

An account is its stable id, not its handle: an objection sticks through a rename, and does not pass to whoever takes
the handle later.
"""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Account:
    """An account of the controller.

    Attributes:
        account: `namespace:stable-id`, e.g. `lumen:p0000042`.
        product: the product's id in the controller's configuration.
        handle: its handle today, without "@".
    """

    account: str
    product: str
    handle: str


class AccountDirectory(Protocol):
    """What a controller answers about its accounts. A real one asks the platform; the sample one reads a file."""

    def find_accounts(self, handle: str) -> list[Account]:
        """Return the accounts that a normalised handle means, in every product, with those linked to them.

        The account that has the handle now; where no account has it now, the one that had it last. Linked accounts
        (of the same person, by the controller's own linking) come with it. Unknown handles give an empty list.
        """
        ...


class NullAccountDirectory:
    """A stand-in that knows no account, so that no row is anybody's: a worker that runs with it warns of it."""

    def find_accounts(self, handle: str) -> list[Account]:  # noqa: ARG002  (the port's signature)
        """Return no account."""
        return []

"""An author who is not named by an account cannot be found on any list."""

from typing import Final

from demur.core.identifier import IdentifierKind
from demur.gate.account_text import find_accounts
from demur.gate.mapped_batch import MappedBatch, Role
from demur.gate.string_window import BoolMask, present
from demur.gate.suppression_list import SuppressionList

CODE: Final = "author-unreadable"
VERSION: Final = 1
ROLES: Final = (Role.AUTHOR_ACCOUNT,)
IDENTIFIERS: Final[tuple[IdentifierKind, ...]] = ()


def find_withheld(batch: MappedBatch, _suppressions: SuppressionList) -> BoolMask:
    """Return which rows have an author that is not the account that it should be."""
    readable = find_accounts(batch.author_account, batch.mapping.author_account.namespace)
    return present(batch.author_account) & ~readable

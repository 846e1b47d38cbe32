"""A tagged person whom nobody can name could be one who has objected."""

from typing import Final

from demur.core.identifier import IdentifierKind
from demur.gate.account_text import find_accounts
from demur.gate.mapped_batch import MappedBatch, Role
from demur.gate.string_window import BoolMask
from demur.gate.suppression_list import SuppressionList

CODE: Final = "tagged-unreadable"
VERSION: Final = 1
ROLES: Final = (Role.TAGGED_ACCOUNTS,)
IDENTIFIERS: Final[tuple[IdentifierKind, ...]] = ()


def find_withheld(batch: MappedBatch, _suppressions: SuppressionList) -> BoolMask:
    """Return which rows have no list of tagged accounts, or one in which an element is null or not an account."""
    tagged = batch.tagged_accounts
    return tagged.unknown | tagged.rows_of(~find_accounts(tagged.accounts, tagged.namespace))

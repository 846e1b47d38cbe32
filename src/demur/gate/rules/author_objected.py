"""The author has objected (GDPR Art. 21(1))."""

from typing import Final

from demur.core.identifier import IdentifierKind
from demur.gate.mapped_batch import MappedBatch, Role
from demur.gate.string_window import BoolMask
from demur.gate.suppression_list import SuppressionList

CODE: Final = "author-objected"
VERSION: Final = 1
ROLES: Final = (Role.AUTHOR_ACCOUNT,)
IDENTIFIERS: Final[tuple[IdentifierKind, ...]] = (IdentifierKind.ACCOUNT,)


def find_withheld(batch: MappedBatch, suppressions: SuppressionList) -> BoolMask:
    """Return which rows have an author whose account is on the list."""
    index = suppressions.index(IdentifierKind.ACCOUNT, batch.mapping.author_account.namespace)
    return index.contains(batch.author_account)

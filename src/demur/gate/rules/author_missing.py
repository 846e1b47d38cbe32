"""A row without an author could be anybody's who has objected."""

from typing import Final

from demur.core.identifier import IdentifierKind
from demur.gate.mapped_batch import MappedBatch, Role
from demur.gate.string_window import BoolMask, present
from demur.gate.suppression_list import SuppressionList

CODE: Final = "author-missing"
VERSION: Final = 1
ROLES: Final = (Role.AUTHOR_ACCOUNT,)
IDENTIFIERS: Final[tuple[IdentifierKind, ...]] = ()


def find_withheld(batch: MappedBatch, _suppressions: SuppressionList) -> BoolMask:
    """Return which rows have no author."""
    return ~present(batch.author_account)

"""A row without an audience was perhaps never public."""

from typing import Final

from demur.core.identifier import IdentifierKind
from demur.gate.mapped_batch import MappedBatch, Role
from demur.gate.string_window import BoolMask, present
from demur.gate.suppression_list import SuppressionList

CODE: Final = "audience-missing"
VERSION: Final = 1
ROLES: Final = (Role.AUDIENCE,)
IDENTIFIERS: Final[tuple[IdentifierKind, ...]] = ()


def find_withheld(batch: MappedBatch, _suppressions: SuppressionList) -> BoolMask:
    """Return which rows have no audience."""
    return ~present(batch.audience)

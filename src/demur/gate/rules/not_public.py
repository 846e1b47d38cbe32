"""Only what its author showed to everybody may train."""

from typing import Final

from demur.core.identifier import IdentifierKind
from demur.gate.mapped_batch import MappedBatch, Role
from demur.gate.string_window import BoolMask, find_among, present
from demur.gate.suppression_list import SuppressionList

CODE: Final = "not-public"
VERSION: Final = 1
ROLES: Final = (Role.AUDIENCE,)
IDENTIFIERS: Final[tuple[IdentifierKind, ...]] = ()


def find_withheld(batch: MappedBatch, _suppressions: SuppressionList) -> BoolMask:
    """Return which rows have an audience that is not one of the mapping's public ones."""
    return present(batch.audience) & ~find_among(batch.audience, batch.mapping.public_audiences)

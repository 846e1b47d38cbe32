"""What the controller's catalogue does not say is used for training does not train."""

from typing import Final

from demur.core.identifier import IdentifierKind
from demur.gate.mapped_batch import MappedBatch, Role
from demur.gate.string_window import BoolMask
from demur.gate.suppression_list import SuppressionList

CODE: Final = "not-in-catalogue"
VERSION: Final = 1
ROLES: Final = (Role.KIND, Role.PRODUCT, Role.AUDIENCE)
IDENTIFIERS: Final[tuple[IdentifierKind, ...]] = ()


def find_withheld(batch: MappedBatch, _suppressions: SuppressionList) -> BoolMask:
    """Return which rows have a kind, product and audience that together are not used for training, or not known."""
    return ~batch.in_catalogue

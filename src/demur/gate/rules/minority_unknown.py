"""An author of unknown age could be a minor."""

from typing import Final

from demur.core.identifier import IdentifierKind
from demur.gate.mapped_batch import MappedBatch, Role
from demur.gate.string_window import BoolMask, present
from demur.gate.suppression_list import SuppressionList

CODE: Final = "minority-unknown"
VERSION: Final = 1
ROLES: Final = (Role.AUTHOR_IS_MINOR,)
IDENTIFIERS: Final[tuple[IdentifierKind, ...]] = ()


def find_withheld(batch: MappedBatch, _suppressions: SuppressionList) -> BoolMask:
    """Return which rows do not say whether their author is a minor."""
    return ~present(batch.author_is_minor)

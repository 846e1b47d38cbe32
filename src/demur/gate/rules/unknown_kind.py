"""A row of which nobody can say what it is could be a private message."""

from typing import Final

from demur.core.identifier import IdentifierKind
from demur.gate.mapped_batch import MappedBatch, Role
from demur.gate.string_window import BoolMask
from demur.gate.suppression_list import SuppressionList

CODE: Final = "unknown-kind"
VERSION: Final = 1
ROLES: Final = (Role.KIND,)
IDENTIFIERS: Final[tuple[IdentifierKind, ...]] = ()


def find_withheld(batch: MappedBatch, _suppressions: SuppressionList) -> BoolMask:
    """Return which rows have no kind, or one that the mapping does not list."""
    return batch.kind_codes < 0

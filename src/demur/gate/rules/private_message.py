"""Private messages never train, whoever asks and whoever may see them."""

from typing import Final

from demur.core.identifier import IdentifierKind
from demur.gate.mapped_batch import MappedBatch, Role
from demur.gate.mapping import Kind
from demur.gate.string_window import BoolMask, find_among
from demur.gate.suppression_list import SuppressionList

CODE: Final = "private-message"
VERSION: Final = 1
ROLES: Final = (Role.KIND,)
IDENTIFIERS: Final[tuple[IdentifierKind, ...]] = ()


def find_withheld(batch: MappedBatch, _suppressions: SuppressionList) -> BoolMask:
    """Return which rows are private messages."""
    values = [value for value, kind in batch.mapping.kind_values.items() if kind is Kind.MESSAGE]
    return find_among(batch.kind, values)

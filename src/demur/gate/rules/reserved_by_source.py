"""A header, a page or a site says of the row that it must not train (Directive (EU) 2019/790 Art. 4(3))."""

from typing import Final

from demur.core.identifier import IdentifierKind
from demur.gate.mapped_batch import MappedBatch, Role
from demur.gate.string_window import BoolMask
from demur.gate.suppression_list import SuppressionList

CODE: Final = "reserved-by-source"
VERSION: Final = 1
ROLES: Final = (Role.WEB_URL,)
IDENTIFIERS: Final[tuple[IdentifierKind, ...]] = ()


def find_withheld(batch: MappedBatch, _suppressions: SuppressionList) -> BoolMask:
    """Return which rows are from where somebody says no, to any model or to generative ones."""
    return batch.web_outcomes.denied

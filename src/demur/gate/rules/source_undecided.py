"""What the web says about the row was not captured, or cannot be read to its end: a no may have been lost."""

from typing import Final

from demur.core.identifier import IdentifierKind
from demur.gate.mapped_batch import MappedBatch, Role
from demur.gate.string_window import BoolMask
from demur.gate.suppression_list import SuppressionList

CODE: Final = "source-undecided"
VERSION: Final = 1
ROLES: Final = (Role.WEB_URL,)
IDENTIFIERS: Final[tuple[IdentifierKind, ...]] = ()


def find_withheld(batch: MappedBatch, _suppressions: SuppressionList) -> BoolMask:
    """Return which rows are from a site of which too little is known."""
    return batch.web_outcomes.undecided

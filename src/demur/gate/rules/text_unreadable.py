"""A text that nobody can read could mention somebody who has objected."""

from typing import Final

from demur.core.identifier import IdentifierKind
from demur.gate.mapped_batch import MappedBatch, Role
from demur.gate.mentions.mention_index import find_readable_texts
from demur.gate.string_window import BoolMask, present
from demur.gate.suppression_list import SuppressionList

CODE: Final = "text-unreadable"
VERSION: Final = 1
ROLES: Final = (Role.TEXT,)
IDENTIFIERS: Final[tuple[IdentifierKind, ...]] = ()


def find_withheld(batch: MappedBatch, _suppressions: SuppressionList) -> BoolMask:
    """Return which rows have a text that is not UTF-8."""
    return present(batch.text) & ~find_readable_texts(batch.text)

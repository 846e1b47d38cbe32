"""A picture of the row cannot be read, and could be a copy of a photo that somebody objected with."""

from typing import Final

from demur.core.identifier import IdentifierKind
from demur.gate.mapped_batch import MappedBatch, Role
from demur.gate.string_window import BoolMask
from demur.gate.suppression_list import SuppressionList

CODE: Final = "photo-unreadable"
VERSION: Final = 1
ROLES: Final = (Role.IMAGE,)
IDENTIFIERS: Final[tuple[IdentifierKind, ...]] = ()


def find_withheld(batch: MappedBatch, suppressions: SuppressionList) -> BoolMask:
    """Return which rows have a picture that is not there, is damaged, or takes more than a picture may."""
    if IdentifierKind.FACE in suppressions.kinds:
        return batch.pictures.without_faces_looked_for()
    return batch.pictures.unreadable()

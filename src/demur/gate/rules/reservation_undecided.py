"""What a picture's own file says about training cannot be read to its end: a no may have been lost."""

from typing import Final

from demur.core.identifier import IdentifierKind
from demur.gate.mapped_batch import MappedBatch, Role
from demur.gate.string_window import BoolMask
from demur.gate.suppression_list import SuppressionList

CODE: Final = "reservation-undecided"
VERSION: Final = 1
ROLES: Final = (Role.IMAGE,)
IDENTIFIERS: Final[tuple[IdentifierKind, ...]] = ()


def find_withheld(batch: MappedBatch, _suppressions: SuppressionList) -> BoolMask:
    """Return which rows have a picture whose file is damaged where it speaks, or says no in a wrong way."""
    from demur.reservations.outcome import Outcome  # noqa: PLC0415  (few runs need it)

    return batch.pictures.having(Outcome.HOLD)

"""A picture of the row says in its own file that it must not train (Directive (EU) 2019/790 Art. 4(3))."""

from typing import Final

from demur.core.identifier import IdentifierKind
from demur.gate.mapped_batch import MappedBatch, Role
from demur.gate.string_window import BoolMask
from demur.gate.suppression_list import SuppressionList

CODE: Final = "reserved-in-file"
VERSION: Final = 1
ROLES: Final = (Role.IMAGE,)
IDENTIFIERS: Final[tuple[IdentifierKind, ...]] = ()


def find_withheld(batch: MappedBatch, _suppressions: SuppressionList) -> BoolMask:
    """Return which rows have a picture whose file says no, to any model or to generative ones."""
    from demur.reservations.outcome import Outcome  # noqa: PLC0415  (few runs need it)

    return batch.pictures.having(Outcome.DROP)

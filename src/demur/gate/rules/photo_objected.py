"""The row holds a copy of a photo that somebody objected with, whoever posts it (GDPR Art. 21(1))."""

from typing import Final

import numpy as np

from demur.core.identifier import IdentifierKind
from demur.gate.mapped_batch import MappedBatch, Role
from demur.gate.membership import Places
from demur.gate.string_window import BoolMask
from demur.gate.suppression_list import SuppressionList

CODE: Final = "photo-objected"
VERSION: Final = 1
ROLES: Final = (Role.IMAGE,)
IDENTIFIERS: Final = (IdentifierKind.PHOTO,)


def find_withheld(batch: MappedBatch, suppressions: SuppressionList) -> BoolMask:
    """Return which rows have a picture that differs in at most 31 bits from a hash of a listed photo."""
    withheld = np.zeros(len(batch), bool)
    withheld[find_entries(batch, suppressions)[0]] = True
    return withheld


def find_entries(batch: MappedBatch, suppressions: SuppressionList) -> tuple[Places, Places]:
    """Return the rows that hold a copy of a listed photo, and with each the entry of the photo."""
    from demur.gate.pictures.objected_photos import find_photo_entries  # noqa: PLC0415  (decoders, for few runs)

    return find_photo_entries(batch.pictures, suppressions)

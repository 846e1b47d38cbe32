"""The row shows somebody who looks like a person who objected and asked to be looked for by their face.

Such a hit may be wrong, so it withholds the row for a person to look at (docs/data-engineer/faces.md).
"""

from typing import Final

import numpy as np

from demur.core.identifier import IdentifierKind
from demur.gate.mapped_batch import MappedBatch, Role
from demur.gate.membership import Places
from demur.gate.string_window import BoolMask
from demur.gate.suppression_list import SuppressionList

CODE: Final = "face-objected"
VERSION: Final = 1
ROLES: Final = (Role.IMAGE,)
IDENTIFIERS: Final = (IdentifierKind.FACE,)


def find_withheld(batch: MappedBatch, suppressions: SuppressionList) -> BoolMask:
    """Return which rows have a picture with a face that is near a listed one; nobody looks if none is listed."""
    withheld = np.zeros(len(batch), bool)
    withheld[find_entries(batch, suppressions)[0]] = True
    return withheld


def find_entries(batch: MappedBatch, suppressions: SuppressionList) -> tuple[Places, Places]:
    """Return the rows that show a face near a listed one, and with each the entry of that face."""
    if IdentifierKind.FACE not in suppressions.kinds:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    from demur.gate.pictures.objected_faces import find_face_entries  # noqa: PLC0415  (models, for few lists)

    return find_face_entries(batch.pictures, suppressions)

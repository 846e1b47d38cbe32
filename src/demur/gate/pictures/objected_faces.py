"""The faces of a list, and which rows show somebody who looks like one of them: for a person to look at."""

from threading import Lock
from typing import Final
from weakref import WeakKeyDictionary

import numpy as np

from demur.core.identifier import IdentifierKind
from demur.faces.face_index import FaceIndex
from demur.gate.membership import Places
from demur.gate.pictures.picture_rows import PictureRows
from demur.gate.suppression_list import SuppressionList

_indexes: WeakKeyDictionary[SuppressionList, FaceIndex] = WeakKeyDictionary()
_building: Final = Lock()


def objected_faces(suppressions: SuppressionList) -> FaceIndex:
    """Return the faces of a list, in the order of its entries; safe to call from several threads."""
    with _building:
        if suppressions not in _indexes:
            _indexes[suppressions] = FaceIndex.of_values(suppressions.values(IdentifierKind.FACE)[0].to_pylist())
        return _indexes[suppressions]


def find_face_entries(pictures: PictureRows, suppressions: SuppressionList) -> tuple[Places, Places]:
    """Return pairs of a row with a face that is near a listed one, and the entry of that face: int64[m] each.

    Of several entries with the same face each is paired by itself. A pair may come more than once.
    """
    entries = suppressions.values(IdentifierKind.FACE)[1]
    found = [(place, faces) for place, faces in enumerate(pictures.faces) if faces is not None and len(faces)]
    if not found:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    places = np.repeat([place for place, _ in found], [len(faces) for _, faces in found])
    near = objected_faces(suppressions).find_near(np.concatenate([faces for _, faces in found]))
    return pictures.rows[places[near.rows]], entries[near.places]

"""The photos of a list: an index of their hashes, built once, and which rows hold copies of them."""

from collections.abc import Sequence
from threading import Lock
from typing import Final, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from demur.core.identifier import PHOTO_HASH_BYTES, IdentifierKind, photo_hashes
from demur.gate.membership import Places
from demur.gate.pictures.looking import hash_pictures_in_full
from demur.gate.pictures.picture_rows import PictureRows
from demur.gate.suppression_list import SuppressionList
from demur.photos.errors import UnreadablePhotoError
from demur.photos.hash_index import HashIndex, Matches, together
from demur.photos.matching import find_copies
from demur.photos.pdq import PdqHash, PdqHashes

_LISTED_QUALITY: Final = 100
"""A list holds no hash that is not good enough to match; of how good they are it says nothing."""


class ObjectedPhotos(NamedTuple):
    """The photos of a list.

    Attributes:
        hashes: of all their hashes.
        entries: of each hash, the place in the list of the first entry that has it: int64[len(hashes)].
    """

    hashes: HashIndex
    entries: Places


_indexes: WeakKeyDictionary[SuppressionList, ObjectedPhotos] = WeakKeyDictionary()
_building: Final = Lock()


def objected_photos(suppressions: SuppressionList) -> ObjectedPhotos:
    """Return the photos of a list, indexed at the first call; safe to call from several threads."""
    with _building:
        if suppressions not in _indexes:
            _indexes[suppressions] = _index(suppressions)
        return _indexes[suppressions]


def find_photo_entries(pictures: PictureRows, suppressions: SuppressionList) -> tuple[Places, Places]:
    """Return pairs of a row that holds a copy of a listed photo, and the entry of that photo: int64[m] each.

    An entry stands for all of its value: it is the first of them. A pair may come more than once.
    """
    photos = objected_photos(suppressions)
    if not len(photos.hashes):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    copies = find_picture_copies(pictures, photos.hashes)
    return pictures.rows[copies.rows], photos.entries[copies.places]


def find_picture_copies(pictures: PictureRows, hashes: HashIndex) -> Matches:
    """Return pairs of a picture, by its place in `findings`, and a hash that it is a copy of; one may come twice."""
    whole = [(place, one.hash) for place, one in enumerate(pictures.findings) if one.hash is not None]
    within = [(place, one.within) for place, one in enumerate(pictures.findings) if one.within is not None]
    copies = find_copies(hashes, _hashes(whole), lambda row: _hash_in_full(pictures, whole[row][0]))
    framed = hashes.find_near(_hashes(within))
    return together(_by_picture(copies, whole), _by_picture(framed, within))


def _by_picture(matches: Matches, listed: Sequence[tuple[int, PdqHash]]) -> Matches:
    return matches._replace(rows=np.array([listed[row][0] for row in matches.rows], np.int64))


def _hashes(listed: Sequence[tuple[int, PdqHash]]) -> PdqHashes:
    return PdqHashes.of(one for _, one in listed)


def _index(suppressions: SuppressionList) -> ObjectedPhotos:
    values, entries = suppressions.values(IdentifierKind.PHOTO)
    before = pa.chunked_array([pa.nulls(min(len(values), 1), pa.string()), *values.slice(0, len(values) - 1).chunks])
    is_first = pc.fill_null(pc.not_equal(values, before), fill_value=True).to_numpy()
    raw = [photo_hashes(value) for value in values.filter(pa.array(is_first)).to_pylist()]
    per_entry = [len(hashes) // PHOTO_HASH_BYTES for hashes in raw]
    listed = np.frombuffer(b"".join(raw), np.uint8).reshape(-1, PHOTO_HASH_BYTES)
    qualities = np.full(len(listed), _LISTED_QUALITY, np.uint8)
    return ObjectedPhotos(HashIndex(PdqHashes(listed, qualities)), np.repeat(entries[is_first], per_entry))


def _hash_in_full(pictures: PictureRows, place: int) -> PdqHash:
    picture = pictures.read_again(place)
    [found] = [None] if picture is None else hash_pictures_in_full([picture])
    if found is None:
        raise UnreadablePhotoError("the picture cannot be read in full")
    return found

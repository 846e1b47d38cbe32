"""Which pictures of a dataset are copies of a person's photos: for the staff who decide about a case.

Every picture is looked at, but only those are given to be shown that no cheap rule of the gate withholds: not those of
private messages, of minors, of people who objected. Of the others it is counted how many match, and why they are not
shown. No catalogue is asked: what not everybody may see is not shown, also where it may train.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
import pyarrow as pa

from demur.core.identifier import PHOTO_HASH_BYTES
from demur.gate.embedded_engine import Tell
from demur.gate.errors import InputChangedError, MappingError, RowIdMissingError
from demur.gate.mapped_batch import MappedBatch, map_batch, without_unread
from demur.gate.mapping import SourceMapping
from demur.gate.pictures.objected_photos import find_picture_copies
from demur.gate.rules import LATE_RULES, rules_for
from demur.gate.source import count_rows, find_companions_of, find_images_of
from demur.gate.stores.address import Place
from demur.gate.string_window import BoolMask, present
from demur.gate.suppression_list import SuppressionList
from demur.gate.tables.table_input import open_input
from demur.photos.hash_index import HashIndex
from demur.photos.pdq import PdqHashes

_LISTED_QUALITY: Final = 100
"""A case keeps no hash that is not good enough to match."""

Draw = Callable[[bytes], bytes | None]
"""Makes a small clean picture of a stranger's bytes; None if they cannot be drawn."""


@dataclass
class FoundPicture:
    """One picture that is a copy of a photo.

    Attributes:
        row_id: of the first row that holds it: text, a whole number in digits, or bytes as hexadecimal digits.
        distance_bits: in how many bits its hash differs from the nearest of the photo.
        rows: how many rows hold this very picture, byte for byte.
        drawn: as `Draw` made it.
    """

    row_id: str
    distance_bits: int
    rows: int = 0
    drawn: bytes | None = None


@dataclass
class PhotoCopies:
    """The copies of one photo.

    Attributes:
        rows: that hold one.
        rows_not_shown: those of them that a cheap rule withholds.
        reasons: these by reason code; a row with two reasons counts in both.
        by_digest: the pictures that may be shown, by their SHA-256.
        nearest: those of them that are drawn; first those that differ least, of equals those that were found first.
    """

    rows: int = 0
    rows_not_shown: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    by_digest: dict[bytes, FoundPicture] = field(default_factory=dict)
    nearest: list[FoundPicture] = field(default_factory=list)


@dataclass
class PhotoSearch:
    """What was found in a dataset.

    Attributes:
        rows: that were looked at.
        rows_unreadable: those with a picture that cannot be read, and so could be a copy.
        photos: the copies of each photo that was asked for, in their order.
    """

    photos: Sequence[PhotoCopies]
    rows: int = 0
    rows_unreadable: int = 0


def search_photos(
    inputs: Place,
    mapping: SourceMapping,
    suppressions: SuppressionList,
    photos: Sequence[bytes],
    draw: Draw,
    most: int,
    progress: Tell,
) -> PhotoSearch:
    """Look through all pictures of a dataset for copies of photos.

    Args:
        inputs: whatever `demur gate run` reads.
        mapping: which column plays which role; one of them has the images.
        suppressions: the verified list; whose rows are withheld by it is not shown.
        photos: the hashes of each photo, 32 bytes each.
        draw: is called for pictures that are among the nearest so far.
        most: how many pictures of each photo are drawn.
        progress: is told (rows done, rows in all) after each batch.

    Raises:
        MappingError: the mapping names no images.
        GateError: see `demur.gate.errors`.
    """
    if mapping.image is None:
        raise MappingError(
            "the source mapping names no images, so there is nothing to compare photos with",
            hint='say which column holds them: a field "image"',
        )
    search = _Search(photos, draw, most)
    found = open_input(inputs, mapping, None)
    find_images_of(found.files, mapping)
    find_companions_of(inputs, found.files)
    read = replace(without_unread(mapping), product=None)
    done_rows, total_rows = 0, count_rows(found.files)
    for file in found.files:
        with file.at_hand() as path:
            here = read.beside(path)
            for block in file.read(path, read, whole=False):
                rows = map_batch(block.batch, here)
                if not present(rows.row_id).all():
                    raise RowIdMissingError(f"{block.where}: a row has no id", hint="give every row an id")
                search.look_at(rows, suppressions)
                done_rows += len(rows)
                progress(done_rows, total_rows)
            file.check_unchanged()
    found.hash_log()
    return search.found


class _Search:
    def __init__(self, photos: Sequence[bytes], draw: Draw, most: int) -> None:
        raw = np.frombuffer(b"".join(photos), np.uint8).reshape(-1, PHOTO_HASH_BYTES)
        self._index = HashIndex(PdqHashes(raw, np.full(len(raw), _LISTED_QUALITY, np.uint8)))
        self._photo_of = np.repeat(np.arange(len(photos)), [len(one) // PHOTO_HASH_BYTES for one in photos])
        self._draw, self._most = draw, most
        self.found = PhotoSearch([PhotoCopies() for _ in photos])

    def look_at(self, rows: MappedBatch, suppressions: SuppressionList) -> None:
        """Add what the pictures of a batch are copies of."""
        self.found.rows += len(rows)
        self.found.rows_unreadable += int(np.count_nonzero(rows.pictures.unreadable()))
        copies = find_picture_copies(rows.pictures, self._index)
        nearest: dict[tuple[int, int], int] = {}
        for picture, place, distance in zip(
            copies.rows.tolist(), copies.places.tolist(), copies.distances.tolist(), strict=True
        ):
            pair = int(self._photo_of[place]), picture
            nearest[pair] = min(distance, nearest.get(pair, distance))
        if nearest:
            withheld = _find_withheld(rows, suppressions)
            for number, photo in enumerate(self.found.photos):
                of_it = {picture: bits for (other, picture), bits in nearest.items() if other == number}
                self._add(photo, rows, of_it, withheld)

    def _add(
        self, photo: PhotoCopies, rows: MappedBatch, bits: Mapping[int, int], withheld: Mapping[str, BoolMask]
    ) -> None:
        by_row: dict[int, list[int]] = {}
        for picture in sorted(bits):
            by_row.setdefault(int(rows.pictures.rows[picture]), []).append(picture)
        for row, pictures in by_row.items():
            reasons = [code for code, mask in withheld.items() if mask[row]]
            photo.rows += 1
            photo.rows_not_shown += bool(reasons)
            photo.reasons.update(reasons)
            if not reasons:
                raws = {_read_again(rows, picture): bits[picture] for picture in pictures}
                for raw, distance in raws.items():
                    self._show(photo, raw, FoundPicture(_row_id(rows.row_id[row]), distance))

    def _show(self, photo: PhotoCopies, raw: bytes, new: FoundPicture) -> None:
        digest = hashlib.sha256(raw).digest()
        known = photo.by_digest.setdefault(digest, new)
        known.rows += 1
        if known is new and (len(photo.nearest) < self._most or new.distance_bits < photo.nearest[-1].distance_bits):
            new.drawn = self._draw(raw)
            photo.nearest.append(new)
            photo.nearest.sort(key=lambda one: one.distance_bits)
            for farther in photo.nearest[self._most :]:
                farther.drawn = None
            del photo.nearest[self._most :]


def _find_withheld(rows: MappedBatch, suppressions: SuppressionList) -> Mapping[str, BoolMask]:
    """Return by reason which rows the cheap rules withhold: bool[n] each."""
    rules = (rule for rule in rules_for(rows.mapping) if rule not in LATE_RULES)
    return {rule.CODE: rule.find_withheld(rows, suppressions) for rule in rules}


def _read_again(rows: MappedBatch, picture: int) -> bytes:
    raw = rows.pictures.read_again(picture)
    if raw is None:
        raise InputChangedError("a picture changed while it was read", hint="run again when nobody writes to it")
    return raw


def _row_id(scalar: pa.Scalar) -> str:
    try:
        value = scalar.as_py()
    except (UnicodeDecodeError, pa.ArrowException):  # a Parquet file can call any bytes text
        value = scalar.cast(pa.binary()).as_py()
    return value.hex() if isinstance(value, bytes) else str(value)

"""The hashes by which a photo that was objected to is recognised: its own, and those of copies that people make of it.

A hash changes beyond recognition when a photo is mirrored, turned or cropped by a few percent. A photo of a dataset is
hashed once; so the copies are made here instead, of the one photo that is looked for: each way to turn and mirror it,
and each way to cut a little from each of its four edges.
"""

from collections.abc import Iterator
from itertools import product
from typing import Final

import numpy as np

from demur.photos.gray import USUAL_LIMITS, DecodingLimits, GrayPhoto, decode_in_full
from demur.photos.jpeg_header import PLAIN_ORIENTATION
from demur.photos.pdq import (
    ORIENTATIONS,
    PdqHash,
    PdqHashes,
    SideWeights,
    hash_gray,
    hash_samples,
    sample_columns,
    sample_rows,
    weigh_side,
)

CROP_STEP: Final = 0.03
"""Of a side. What is cut off in between is still within the distance that counts as the same."""

CROP_STEPS: Final = 3
"""At most three steps are cut from an edge: 9 %."""

REFERENCE_HASHES: Final = len(ORIENTATIONS) + 2 * ((CROP_STEPS + 1) ** 4 - 1)
"""How many hashes a photo has: turned and mirrored, then cropped, and cropped and mirrored."""

_MIRRORED: Final = (False, True)


def reference_hashes(raw: bytes, limits: DecodingLimits = USUAL_LIMITS) -> PdqHashes:
    """Return the hashes of a photo and of its turned, mirrored and cropped copies, the photo's own first.

    None at all if there is too little in the photo (`LEAST_QUALITY`): whoever sent it should be told that copies of it
    cannot be recognised. Each hash bears the quality of the photo itself.

    Raises:
        PhotoError: the photo cannot be read within the limits; nothing else is ever raised.

    16 KB, and about a tenth of a second for a photo of one megapixel.
    """
    photo = _upright(decode_in_full(raw, limits))
    own = hash_gray(photo)
    if not own.is_matchable:
        return PdqHashes.of([])
    values = [*_turned_and_mirrored(photo), *_cropped(photo)]
    return PdqHashes.of(PdqHash(value, own.quality) for value in values)


def _upright(photo: GrayPhoto) -> GrayPhoto:
    """Return the photo with its pixels stored as they are seen."""
    turned = ORIENTATIONS[photo.orientation - 1]
    pixels = photo.pixels[:: -1 if turned.turns_rows else 1, :: -1 if turned.turns_columns else 1]
    pixels = np.ascontiguousarray(pixels.T if turned.transposes else pixels)
    return GrayPhoto(pixels, pixels.shape[0], pixels.shape[1], photo.scale, PLAIN_ORIENTATION)


def _turned_and_mirrored(photo: GrayPhoto) -> Iterator[bytes]:
    rows = {turns: sample_rows(photo, weigh_side(photo.height, 1, is_reversed=turns)) for turns in _MIRRORED}
    columns = {turns: weigh_side(photo.width, 1, is_reversed=turns) for turns in _MIRRORED}
    for orientation in ORIENTATIONS:
        samples = sample_columns(rows[orientation.turns_rows], columns[orientation.turns_columns])
        yield hash_samples(samples.T if orientation.transposes else samples)


def _cropped(photo: GrayPhoto) -> Iterator[bytes]:
    columns = [list(_cut_side(photo.width, is_reversed=mirrored)) for mirrored in _MIRRORED]
    for row_cut, row_side in enumerate(_cut_side(photo.height)):
        rows = sample_rows(photo, row_side)
        for sides in columns:
            for column_cut, column_side in enumerate(sides):
                if row_cut or column_cut:
                    yield hash_samples(sample_columns(rows, column_side))


def _cut_side(pixels: int, *, is_reversed: bool = False) -> Iterator[SideWeights]:
    """Return the weights of a side for each way to cut its two ends, the uncut first."""
    cuts = [round(step * CROP_STEP * pixels) for step in range(CROP_STEPS + 1)]
    for before, after in product(cuts, cuts):
        yield weigh_side(pixels, 1, is_reversed=is_reversed, cut_before=before, cut_after=after)

"""Which photos are copies of listed ones, decided as if each had been decoded in full.

A hash made from a scaled photo differs from that of the whole photo by a few bits. So a photo whose hash comes near the
threshold, on either side, is decoded in full before it is decided about. Few photos do.
"""

from collections.abc import Callable
from typing import Final

import numpy as np

from demur.photos.errors import PhotoError
from demur.photos.hash_index import HashIndex, Matches, together
from demur.photos.pdq import MOST_DISTANCE, PdqHash, PdqHashes

MOST_DRIFT: Final = 8
"""By so many bits the hash of a scaled photo may be off without changing a decision."""


def find_copies(index: HashIndex, hashes: PdqHashes, hash_in_full: Callable[[int], PdqHash]) -> Matches:
    """Return which photos are copies of which listed ones.

    Args:
        index: of the listed photos.
        hashes: of the photos to decide about, as `hash_photo` gives them.
        hash_in_full: gives `hash_photo_in_full` of one of them, by its row. If it raises a `PhotoError`, which happens
            with files that lack their end, the hash that is there decides.
    """
    near = index.find_near(hashes, MOST_DISTANCE + MOST_DRIFT)
    in_doubt = np.unique(near.rows[near.distances > MOST_DISTANCE - MOST_DRIFT])
    rows, whole = [], []
    for row in in_doubt.tolist():
        try:
            whole.append(hash_in_full(row))
        except PhotoError:
            continue
        rows.append(row)
    sure = near.where((near.distances <= MOST_DISTANCE) & ~np.isin(near.rows, rows))
    again = index.find_near(PdqHashes.of(whole))
    return together(sure, again._replace(rows=np.array(rows, np.int64)[again.rows]))

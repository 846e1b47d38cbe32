"""Which photos of a batch are copies of listed ones: an index that is built once and asked for every batch.

Two hashes that differ in 31 bits or fewer differ in at most one bit of one of their 16 bands of 16 bits: with two in
each there would be 32. So each band has a table of buckets, and a hash is compared with those that share one of its 16
keys, or miss one by a bit ("Fast Exact Search in Hamming Space with Multi-Index Hashing", Norouzi et al., 2014). There
are no false answers either way.
"""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from demur.photos import hash_index_kernel as kernel
from demur.photos.pdq import LEAST_QUALITY, MOST_DISTANCE, PdqHashes

_EXPECTED_PAIRS_A_ROW: Final = 4
_LEAST_PAIRS: Final = 1024


class Matches(NamedTuple):
    """Pairs of a photo asked for and a listed one, by row, then place.

    Attributes:
        rows: int64[m], of the hashes asked for.
        places: int64[m], of the hashes that the index was built from.
        distances: uint8[m], in bits.
    """

    rows: npt.NDArray[np.int64]
    places: npt.NDArray[np.int64]
    distances: npt.NDArray[np.uint8]

    def where(self, wanted: npt.NDArray[np.bool_]) -> "Matches":
        """Return some of the pairs: bool[m]."""
        return Matches(self.rows[wanted], self.places[wanted], self.distances[wanted])


class HashIndex:
    """A set of hashes that does not change, and can be asked for many hashes at once."""

    def __init__(self, hashes: PdqHashes) -> None:
        """Build the index, of all hashes with quality enough to match anything.

        Takes about a second and 100 MB for each million of them.
        """
        cut = _cut(hashes)
        self._words, self._bands, usable = cut
        self._listed = int(np.count_nonzero(usable))
        self._buckets = (
            np.zeros((kernel.BANDS, kernel.KEYS + 1), np.uint32),
            np.empty((kernel.BANDS, self._listed), np.uint32),
        )
        kernel.fill_buckets(self._bands, usable, self._buckets)

    def __len__(self) -> int:
        """Return how many hashes may be matched."""
        return self._listed

    def find_near(self, hashes: PdqHashes, most_distance: int = MOST_DISTANCE) -> Matches:
        """Return all pairs of hashes that differ in at most so many bits. A hash of too low quality is in none.

        Args:
            hashes: of the photos to look for.
            most_distance: up to 31 no pair is missed. Above, those are that differ in two bits or more of each band:
                about one in a thousand at 36, of hashes that differ in bits drawn by lot.

        17 bytes a pair, twice if there are many. About 2 µs a hash at ten thousand listed ones, 0.2 ms at a million.
        """
        asked = _cut(hashes)
        room = max(_LEAST_PAIRS, _EXPECTED_PAIRS_A_ROW * len(hashes))
        while True:
            found = np.empty(room, np.int64), np.empty(room, np.int64), np.empty(room, np.uint8)
            pairs = kernel.find_near(asked, self._words, self._bands, self._buckets, most_distance, found)
            if pairs <= room:
                return in_order(Matches(found[0][:pairs], found[1][:pairs], found[2][:pairs]))
            room = pairs


def together(one: Matches, other: Matches) -> Matches:
    """Return the pairs of both."""
    return in_order(
        Matches(
            np.concatenate((one.rows, other.rows)),
            np.concatenate((one.places, other.places)),
            np.concatenate((one.distances, other.distances)),
        )
    )


def in_order(matches: Matches) -> Matches:
    """Return pairs by row, then place."""
    order = np.lexsort((matches.places, matches.rows))
    return Matches(matches.rows[order], matches.places[order], matches.distances[order])


def _cut(hashes: PdqHashes) -> tuple[kernel.Words, kernel.Bands, kernel.Usable]:
    """Return the hashes as words and as bands, and which of them may match anything."""
    values = np.array(hashes.values, np.uint8, order="C")  # a copy of its own, which lies at whole words
    return values.view(np.uint64), values.view(np.uint16), hashes.qualities >= LEAST_QUALITY

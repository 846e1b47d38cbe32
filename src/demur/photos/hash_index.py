"""Which photos of a batch are copies of listed ones: an index that is built once and asked for every batch.

The 256 bits of a hash are cut into bands, and each band has a table of buckets. Two hashes that differ in 31 bits or
fewer cannot differ in every band by more than its radius, if all radii and one more for each band come to 32. So a hash
is compared with those that share one of its keys, or miss one by as few bits as the radius: 16 bands of 16 bits and
radius 1, or 11 larger bands and radius 2, all but the last ("Fast Exact Search in Hamming Space with Multi-Index
Hashing", Norouzi et al., 2014; general pigeonhole principle: Qin et al., "GPH", 2018). There are no false answers
either way.
"""

from collections.abc import Sequence
from itertools import combinations
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from demur.photos import hash_index_kernel as kernel
from demur.photos.pdq import LEAST_QUALITY, MOST_DISTANCE, PdqHashes

_EXPECTED_PAIRS_A_ROW: Final = 4
_LEAST_PAIRS: Final = 1024
_MANY: Final = 1_000_000
"""From so many hashes on large bands pay: their tables take 0.4 GB, and hold few hashes a bucket."""


def cut_into(widths: Sequence[int], radii: Sequence[int]) -> kernel.Bands:
    """Return how hashes are cut into bands of these widths, at most 63 bits each, and looked up within these radii.

    Nothing is missed up to a distance of one less than all radii and one more for each band.
    """
    flips = [
        [sum(1 << bit for bit in turned) for size in range(radius + 1) for turned in combinations(range(width), size)]
        for width, radius in zip(widths, radii, strict=True)
    ]
    starts = np.cumsum([0, *widths])
    keys = [(1 << width) + 1 for width in widths]
    return kernel.Bands(
        offsets=starts[:-1],
        widths=np.array(widths),
        radii=np.array(radii),
        tables=np.cumsum([0, *keys]),
        flips=np.array([bits for of_band in flips for bits in of_band]),
        flip_ends=np.cumsum([0, *map(len, flips)]),
    )


SMALL_BANDS: Final = cut_into([16] * 16, [1] * 16)
LARGE_BANDS: Final = cut_into([23] * 8 + [24] * 3, [2] * 10 + [1])


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

    def __init__(self, hashes: PdqHashes, bands: kernel.Bands | None = None) -> None:
        """Build the index, of all hashes with quality enough to match anything.

        Args:
            hashes: of the listed photos.
            bands: how to cut them; None for what is faster for as many.

        Takes about a second and 80 MB for each million of them, and from a million on twice as long, and 0.4 GB once.
        """
        self._words, usable = _words(hashes)
        self._listed = int(np.count_nonzero(usable))
        self._bands = bands or (SMALL_BANDS if self._listed < _MANY else LARGE_BANDS)
        keys = int(self._bands.tables[-1])
        self._buckets = kernel.Buckets(
            starts=np.zeros(keys, np.uint32),
            places=np.empty((len(self._bands.offsets), self._listed), np.uint32),
            filled=np.zeros(keys // 64 + 1, np.uint64),
        )
        kernel.fill_buckets(self._words, usable, self._bands, self._buckets)

    def __len__(self) -> int:
        """Return how many hashes may be matched."""
        return self._listed

    def find_near(self, hashes: PdqHashes, most_distance: int = MOST_DISTANCE) -> Matches:
        """Return all pairs of hashes that differ in at most so many bits. A hash of too low quality is in none.

        Args:
            hashes: of the photos to look for.
            most_distance: up to 31 no pair is missed. Above, those are that differ in every band by more than its
                radius: about one in a thousand at 36, of hashes that differ in bits drawn by lot.

        17 bytes a pair, twice if there are many. About 2 µs a hash at ten thousand listed ones, 50 µs at a million.
        """
        asked = _words(hashes)
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


def _words(hashes: PdqHashes) -> tuple[kernel.Words, kernel.Usable]:
    """Return the hashes as words, and which of them may match anything."""
    values = np.array(hashes.values, np.uint8, order="C")  # a copy of its own, which lies at whole words
    return values.view(np.uint64), hashes.qualities >= LEAST_QUALITY

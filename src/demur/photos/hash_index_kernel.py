"""The compiled loops of the hash index: filling its buckets, and looking into those where a match must be.

Mixed with a plain number an unsigned integer would become a float, hence the many constants.
"""

from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from demur.compiled import compiled

Words: TypeAlias = npt.NDArray[np.uint64]
"""uint64[n, 4]: a hash a row."""

Bands: TypeAlias = npt.NDArray[np.uint16]
"""uint16[n, 16]: the same hashes, cut into bands."""

Usable: TypeAlias = npt.NDArray[np.bool_]
"""bool[n]: which of the hashes may match anything."""

Buckets: TypeAlias = tuple[npt.NDArray[np.uint32], npt.NDArray[np.uint32]]
"""uint32[16, 65537] and uint32[16, m]: the places of hashes with key k in band b are
`places[b, starts[b, k]:starts[b, k + 1]]`, in ascending order."""

Found: TypeAlias = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.uint8]]
"""Rows asked for, places in the index, distances."""

BANDS: Final = 16
KEYS: Final = 1 << 16
_BAND_BITS: Final = 16

_1: Final = np.uint64(1)
_2: Final = np.uint64(2)
_4: Final = np.uint64(4)
_56: Final = np.uint64(56)
_PAIRS: Final = np.uint64(0x5555555555555555)
_NIBBLES: Final = np.uint64(0x3333333333333333)
_BYTES: Final = np.uint64(0x0F0F0F0F0F0F0F0F)
_ADD_UP: Final = np.uint64(0x0101010101010101)


@compiled
def fill_buckets(bands: Bands, usable: Usable, buckets: Buckets) -> None:
    """Fill buckets, all zeros before, with the places of the usable hashes. Needs no memory besides."""
    starts, places = buckets
    for band in range(BANDS):
        for place in range(len(bands)):
            if usable[place]:
                starts[band, np.int64(bands[place, band]) + 1] += np.uint32(1)
        for key in range(KEYS):
            starts[band, key + 1] += starts[band, key]
        for place in range(
            len(bands) - 1, -1, -1
        ):  # From the end, so that each start is right once its bucket is full.
            if usable[place]:
                after = np.int64(bands[place, band]) + 1
                starts[band, after] -= np.uint32(1)
                places[band, starts[band, after]] = place
        for key in range(KEYS):
            starts[band, key] = starts[band, key + 1]
        starts[band, KEYS] = places.shape[1]


@compiled
def find_near(
    asked: tuple[Words, Bands, Usable], words: Words, bands: Bands, buckets: Buckets, most_distance: int, found: Found
) -> int:
    """Find the pairs of hashes that differ in few bits, and in at most one bit of some band.

    Args:
        asked: the hashes to look for, in two cuts, and which of them may match.
        words: the hashes of the index.
        bands: the same.
        buckets: the same, by band and key.
        most_distance: in bits.
        found: where to write; what does not fit is counted only.

    Returns:
        How many pairs there are.
    """
    asked_words, asked_bands, usable = asked
    starts, places = buckets
    rows, found_places, distances = found
    pairs = 0
    for row in range(len(asked_words)):
        if not usable[row]:
            continue
        for band in range(BANDS):
            for flip in range(_BAND_BITS + 1):
                key = np.int64(asked_bands[row, band]) ^ (1 << flip & KEYS - 1)  # at the last flip nothing is flipped
                for at in range(starts[band, key], starts[band, key + 1]):
                    place = places[band, at]
                    distance = _distance(asked_words[row], words[place], most_distance)
                    if distance <= most_distance and not _was_found(asked_bands[row], bands[place], band):
                        if pairs < len(rows):
                            rows[pairs], found_places[pairs], distances[pairs] = row, place, distance
                        pairs += 1
    return pairs


@compiled
def _was_found(asked: npt.NDArray[np.uint16], entry: npt.NDArray[np.uint16], bands: int) -> bool:
    """Return whether one of the first bands has led to the same pair."""
    for band in range(bands):
        differing = np.int64(asked[band]) ^ np.int64(entry[band])
        if not differing & differing - 1:
            return True
    return False


@compiled
def _distance(asked: npt.NDArray[np.uint64], entry: npt.NDArray[np.uint64], most_distance: int) -> np.int64:
    """Return in how many bits two hashes differ, or of how many the first half does if those are too many."""
    half = _bits(asked[0] ^ entry[0]) + _bits(asked[1] ^ entry[1])
    if half > most_distance:
        return half
    return half + _bits(asked[2] ^ entry[2]) + _bits(asked[3] ^ entry[3])


@compiled
def _bits(word: np.uint64) -> np.int64:
    """Return how many bits are set. The compiler makes one instruction of it."""
    pairs = word - (word >> _1 & _PAIRS)
    nibbles = (pairs & _NIBBLES) + (pairs >> _2 & _NIBBLES)
    return np.int64((nibbles + (nibbles >> _4) & _BYTES) * _ADD_UP >> _56)

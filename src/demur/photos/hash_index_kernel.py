"""The compiled loops of the hash index: filling its buckets, and looking into those where a match must be.

Mixed with a plain number an unsigned integer would become a float, hence the many constants.
"""

from typing import Final, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from demur.compiled import compiled

Words: TypeAlias = npt.NDArray[np.uint64]
"""uint64[n, 4]: a hash a row."""

Usable: TypeAlias = npt.NDArray[np.bool_]
"""bool[n]: which of the hashes may match anything."""

_Ints: TypeAlias = npt.NDArray[np.int64]


class Bands(NamedTuple):
    """How the 256 bits of a hash are cut into b bands, and how far from its own key each band is looked up.

    Attributes:
        offsets: int64[b], the first bit of each.
        widths: int64[b], how many bits each has.
        radii: int64[b], by how many bits a key may be off.
        tables: int64[b + 1], where the keys of each begin among those of all bands; a band has one more than it can
            have values, for the end of its last bucket.
        flips: int64[f], the bits to turn over in a key, for one band after another.
        flip_ends: int64[b + 1], which of them are for which band.
    """

    offsets: _Ints
    widths: _Ints
    radii: _Ints
    tables: _Ints
    flips: _Ints
    flip_ends: _Ints


class Buckets(NamedTuple):
    """Where hashes with key k in band b are: `places[b, starts[t + k]:starts[t + k + 1]]` with t = tables[b].

    Attributes:
        starts: uint32[tables[-1]].
        places: uint32[b, m], ascending in each bucket.
        filled: uint64[tables[-1] / 64], a bit for each bucket that is not empty: small enough to be near.
    """

    starts: npt.NDArray[np.uint32]
    places: npt.NDArray[np.uint32]
    filled: npt.NDArray[np.uint64]


Found: TypeAlias = tuple[_Ints, _Ints, npt.NDArray[np.uint8]]
"""Rows asked for, places in the index, distances."""

_WORD_BITS: Final = 64
_0: Final = np.uint64(0)
_1: Final = np.uint64(1)
_2: Final = np.uint64(2)
_4: Final = np.uint64(4)
_56: Final = np.uint64(56)
_PAIRS: Final = np.uint64(0x5555555555555555)
_NIBBLES: Final = np.uint64(0x3333333333333333)
_BYTES: Final = np.uint64(0x0F0F0F0F0F0F0F0F)
_ADD_UP: Final = np.uint64(0x0101010101010101)


@compiled
def fill_buckets(words: Words, usable: Usable, bands: Bands, buckets: Buckets) -> None:
    """Fill buckets, all zeros before, with the places of the usable hashes. Needs no memory besides."""
    starts, places, filled = buckets
    for band in range(len(bands.offsets)):
        table, last = bands.tables[band], bands.tables[band + 1] - 1
        for place in range(len(words)):
            if usable[place]:
                at = table + _key(words, place, bands.offsets[band], bands.widths[band])
                starts[at + 1] += np.uint32(1)
                filled[at // _WORD_BITS] |= _1 << np.uint64(at % _WORD_BITS)
        for at in range(table, last):
            starts[at + 1] += starts[at]
        for place in range(
            len(words) - 1, -1, -1
        ):  # From the end, so that each start is right once its bucket is full.
            if usable[place]:
                after = table + _key(words, place, bands.offsets[band], bands.widths[band]) + 1
                starts[after] -= np.uint32(1)
                places[band, starts[after]] = place
        for at in range(table, last):
            starts[at] = starts[at + 1]
        starts[last] = places.shape[1]


@compiled
def find_near(
    asked: tuple[Words, Usable], words: Words, bands: Bands, buckets: Buckets, most_distance: int, found: Found
) -> int:
    """Find the pairs of hashes that differ in few bits, and in some band in no more than its radius.

    Args:
        asked: the hashes to look for, and which of them may match.
        words: the hashes of the index.
        bands: how they are cut.
        buckets: filled with them.
        most_distance: in bits.
        found: where to write; what does not fit is counted only.

    Returns:
        How many pairs there are.
    """
    asked_words, usable = asked
    starts, places, filled = buckets
    rows, found_places, distances = found
    pairs = 0
    for band in range(len(bands.offsets)):  # one band for all rows: its buckets are near then
        for row in range(len(asked_words)):
            if not usable[row]:
                continue
            key = _key(asked_words, row, bands.offsets[band], bands.widths[band])
            for flip in range(bands.flip_ends[band], bands.flip_ends[band + 1]):
                bucket = bands.tables[band] + (key ^ bands.flips[flip])
                if filled[bucket // _WORD_BITS] >> np.uint64(bucket % _WORD_BITS) & _1 == _0:
                    continue
                for at in range(starts[bucket], starts[bucket + 1]):
                    place = places[band, at]
                    distance = _distance(asked_words, row, words, place, most_distance)
                    if distance <= most_distance and not _was_found(asked_words, row, words, place, bands, band):
                        if pairs < len(rows):
                            rows[pairs], found_places[pairs], distances[pairs] = row, place, distance
                        pairs += 1
    return pairs


@compiled
def _key(words: Words, row: int, offset: int, width: int) -> np.int64:
    """Return the bits of a band."""
    word, shift = offset // _WORD_BITS, offset % _WORD_BITS
    bits = words[row, word] >> np.uint64(shift)
    if shift + width > _WORD_BITS:
        bits |= words[row, word + 1] << np.uint64(_WORD_BITS - shift)
    return np.int64(bits & ((_1 << np.uint64(width)) - _1))


@compiled
def _was_found(asked: Words, row: int, words: Words, place: int, bands: Bands, before: int) -> bool:
    """Return whether one of the bands before has led to the same pair."""
    for band in range(before):
        offset, width = bands.offsets[band], bands.widths[band]
        differing = np.uint64(_key(asked, row, offset, width) ^ _key(words, place, offset, width))
        if _bits(differing) <= bands.radii[band]:
            return True
    return False


@compiled
def _distance(asked: Words, row: int, words: Words, place: int, most_distance: int) -> np.int64:
    """Return in how many bits two hashes differ, or of how many the first half does if those are too many."""
    half = _bits(asked[row, 0] ^ words[place, 0]) + _bits(asked[row, 1] ^ words[place, 1])
    if half > most_distance:
        return half
    return half + _bits(asked[row, 2] ^ words[place, 2]) + _bits(asked[row, 3] ^ words[place, 3])


@compiled
def _bits(word: np.uint64) -> np.int64:
    """Return how many bits are set. The compiler makes one instruction of it."""
    pairs = word - (word >> _1 & _PAIRS)
    nibbles = (pairs & _NIBBLES) + (pairs >> _2 & _NIBBLES)
    return np.int64((nibbles + (nibbles >> _4) & _BYTES) * _ADD_UP >> _56)

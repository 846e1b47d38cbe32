"""Which rows name somebody on the list: an index that is built once and asked for every batch.

Engines build a hash table of the list anew for each batch, which costs far more than the look-up when the list is
long and the batch short. Here the list is hashed once. A row passes three sieves, each slower than the one before and
reached by fewer rows:

1. a bitmap of 16 bits or more an entry, which turns most strangers away with one read;
2. the sorted hashes, entered where a directory says that hashes with the same first bits begin;
3. the bytes themselves. So there are no false answers either way, whatever the hash.

The hash is keyed with fresh random bytes, so that nobody can choose names that make it slow.
"""

import os
from collections.abc import Callable, Iterator
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from demur.gate.string_window import BoolMask, StringWindow, Words, find_strings, plain_strings

HashFunction: TypeAlias = Callable[[StringWindow], Words]
"""Gives each string of a window 64 bits; equal strings must get equal bits."""

Places: TypeAlias = npt.NDArray[np.int64]
NOWHERE: Final = -1
"""The place of what is not there."""

_BITS_PER_ENTRY: Final = 16
_LEAST_BITS: Final = 10
_WORD_BYTES: Final = 8
_ODD: Final = np.uint64(0x9E3779B97F4A7C15)
"""2^64 over the golden ratio: no pattern, and odd, so that multiplying by it loses nothing."""

_HALF: Final = np.uint64(32)
_BITS_TO_BYTES: Final = np.uint64(3)
_BIT_OF_BYTE: Final = np.uint64(7)
_LOW_BYTES: Final = np.array([(1 << 8 * count) - 1 for count in range(_WORD_BYTES + 1)], np.uint64)


class MembershipIndex:
    """A set of strings that can be asked for a whole column at once."""

    def __init__(self, values: pa.ChunkedArray, hash_window: HashFunction | None = None) -> None:
        """Build the index.

        Args:
            values: the strings, without nulls, of type string or large_string; the same one may come twice.
            hash_window: another hash than the keyed one of this module.

        Takes about half a second and 50 bytes a value, besides the values, for each million of them.
        """
        self._hash_window = hash_window or keyed_hash(os.urandom(_WORD_BYTES))
        encoded = pc.cast(values, pa.large_string()).combine_chunks().dictionary_encode()
        distinct = encoded.dictionary
        hashes = _hash_all(distinct, self._hash_window)
        order = np.argsort(hashes, kind="stable")
        self._values = distinct.take(pa.array(order))
        self._places = _first_places(encoded)[order]
        self._hashes = hashes[order]
        self._longest_bytes = pc.max(pc.binary_length(distinct)).as_py() or 0
        self._shift, self._bitmap = _bitmap(self._hashes)
        self._directory_shift, self._directory = _directory(self._hashes)

    def __len__(self) -> int:
        """Return the number of distinct values."""
        return len(self._hashes)

    def contains(self, strings: pa.Array | pa.ChunkedArray) -> BoolMask:
        """Return which rows hold one of the values, byte for byte: bool[n]. A null is none of them.

        Args:
            strings: string, large_string, string_view, or a dictionary of one of them.

        About 50 ns a row and core at a million values.
        """
        if not len(self):
            return np.zeros(len(strings), bool)
        return find_strings(strings, self._find)

    def find_places(self, strings: pa.Array) -> Places:
        """Return where each string first stood among the values of the index: int64[n]; NOWHERE if it did not.

        Args:
            strings: as for `contains`. Meant for the few rows that it has found: a dictionary is laid out row by row.
        """
        places: list[Places] = [np.zeros(0, np.int64)]

        def collect(window: StringWindow) -> BoolMask:
            here = np.full(len(window.lengths), NOWHERE, np.int64)
            for rows, matched in self._matches(window):
                here[rows] = self._places[matched]
            places.append(here)
            return np.zeros(len(here), bool)  # nobody asks

        if not len(self):
            return np.full(len(strings), NOWHERE, np.int64)
        find_strings(plain_strings(strings), collect)
        return np.concatenate(places)

    def _find(self, window: StringWindow) -> BoolMask:
        found = np.zeros(len(window.lengths), bool)
        for rows, _ in self._matches(window):
            found[rows] = True
        return found

    def _matches(self, window: StringWindow) -> Iterator[tuple[Places, Places]]:
        """Yield rows of a window that hold a value, and which of the sorted values each of them holds."""
        if window.lengths.max() > self._longest_bytes:
            # Nothing that long is on the list. Hashed as if it were empty, it costs no time, however long it is.
            lengths = np.where(window.lengths > self._longest_bytes, 0, window.lengths)
            window = StringWindow(window.strings, window.text, window.starts, lengths)
        hashes = self._hash_window(window)
        slots = hashes >> self._shift
        bits = self._bitmap[(slots >> _BITS_TO_BYTES).view(np.int64)] >> (slots & _BIT_OF_BYTE).astype(np.uint8)
        rows = np.flatnonzero(bits & np.uint8(1))
        return self._compare(window.strings, rows, hashes[rows])

    def _compare(self, strings: pa.Array, rows: Places, hashes: Words) -> Iterator[tuple[Places, Places]]:
        """Yield those of `rows` whose bytes are a value's, with the value; many values may have one hash."""
        places = self._directory[(hashes >> self._directory_shift).view(np.int64)]
        while len(rows):
            inside = places < len(self._hashes)
            rows, hashes, places = rows[inside], hashes[inside], places[inside]
            here = self._hashes[places]
            same = here == hashes
            if same.any():
                candidates = strings.take(pa.array(rows[same])).cast(pa.large_string())
                equal = pc.equal(candidates, self._values.take(pa.array(places[same])))
                is_it = np.asarray(pc.fill_null(equal, fill_value=False).to_numpy(zero_copy_only=False), bool)
                yield rows[same][is_it], places[same][is_it]
            going = here <= hashes
            rows, hashes, places = rows[going], hashes[going], places[going] + 1


def keyed_hash(key: bytes) -> HashFunction:
    """Return a hash of strings that nobody without the key (8 bytes) can find collisions for at will.

    Multiply and fold, eight bytes at a time. It guards speed, not correctness: every match is compared in full.
    """
    seed = np.uint64(int.from_bytes(key, "little"))

    def hash_window(window: StringWindow) -> Words:
        words = window.words()
        hashes = window.lengths.astype(np.uint64) * _ODD ^ seed
        rows = np.flatnonzero(window.lengths)  # those with bytes left to read
        starts, left, running = window.starts[rows], window.lengths[rows], hashes[rows]
        while len(rows):
            running ^= words[starts] & _LOW_BYTES[np.minimum(left, _WORD_BYTES)]
            _mix(running)
            ended = left <= _WORD_BYTES
            hashes[rows[ended]] = running[ended]
            going = ~ended
            rows, running = rows[going], running[going]
            starts, left = starts[going] + _WORD_BYTES, left[going] - _WORD_BYTES
        _mix(hashes)
        return hashes

    return hash_window


def _mix(hashes: Words) -> None:
    """Spread every bit over the others, in place and without losing any."""
    hashes *= _ODD
    hashes ^= hashes >> _HALF


def _hash_all(values: pa.ChunkedArray, hash_window: HashFunction) -> Words:
    hashes: list[Words] = [np.zeros(0, np.uint64)]

    def collect(window: StringWindow) -> BoolMask:
        hashes.append(hash_window(window))
        return np.zeros(len(window.lengths), bool)

    find_strings(values, collect)
    return np.concatenate(hashes)


def _first_places(encoded: pa.DictionaryArray) -> Places:
    """Return where each word of a dictionary stands first: int64[words]."""
    words = encoded.indices.to_numpy()
    places = np.empty(len(encoded.dictionary), np.int64)
    places[words[::-1]] = np.arange(len(words) - 1, -1, -1)  # of several, the last assignment stays: the first place
    return places


def _bitmap(hashes: Words) -> tuple[np.uint64, npt.NDArray[np.uint8]]:
    """Return how far to shift a hash to get its slot, and the bitmap in which the slots of `hashes` are set."""
    slot_bits = max(_LEAST_BITS, (_BITS_PER_ENTRY * len(hashes)).bit_length())
    shift = np.uint64(64 - slot_bits)
    slots = hashes >> shift
    bitmap = np.zeros(1 << slot_bits - 3, np.uint8)
    np.bitwise_or.at(bitmap, slots >> _BITS_TO_BYTES, np.uint8(1) << (slots & _BIT_OF_BYTE).astype(np.uint8))
    return shift, bitmap


def _directory(hashes: Words) -> tuple[np.uint64, npt.NDArray[np.int64]]:
    """Return how far to shift a hash to get its first bits, and for each value of them where such hashes begin."""
    first_bits = max(1, len(hashes).bit_length())
    shift = np.uint64(64 - first_bits)
    counts = np.bincount((hashes >> shift).view(np.int64), minlength=1 << first_bits)
    return shift, np.concatenate([[0], np.cumsum(counts[:-1])])

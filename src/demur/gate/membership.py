"""Which rows name somebody on the list: an index that is built once and asked for every batch.

Engines build a hash table of the list anew for each batch, which costs far more than the look-up when the list is
long and the batch short. Here the list is hashed once, into a table of its own. A row passes three sieves, each slower
than the one before and reached by fewer rows:

1. a bitmap of 16 bits or more an entry, which turns most strangers away with one read;
2. the table, where 32 more bits of the hash must agree;
3. the bytes themselves. So there are no false answers either way, whatever the hash.

The hash is keyed with fresh random bytes, so that nobody can choose names that make it slow. The loops are compiled:
`demur.gate.membership_kernel`; why, says docs/adr/0010-compile-the-kernel-with-numba.md. They are loaded with the first
index: Numba takes most of a second and 50 MB, and the privacy centre, which only writes lists, never needs it.
"""

import os
from collections.abc import Callable, Iterator
from typing import Final, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from demur.gate.string_window import (
    OUTSIDE_ITS_BUFFER,
    WINDOW_ROWS,
    BoolMask,
    Places,
    StringWindow,
    Words,
    find_strings,
    plain_strings,
)

__all__ = ["NOWHERE", "HashFunction", "MembershipIndex", "Places", "keyed_hash"]

HashFunction: TypeAlias = Callable[[StringWindow, int], Words]
"""Gives each string of a window 64 bits; equal strings must get equal bits.

Of strings longer than so many bytes nobody asks the hash: it may give them any, and should not read them.
"""

NOWHERE: Final = -1
"""The place of what is not there."""

KEY_BYTES: Final = 16
_HALF_KEY_BYTES: Final = 8
_BITS_PER_ENTRY: Final = 16
_LEAST_BITS: Final = 10
_ENOUGH_FOR_ALL: Final = np.iinfo(np.int64).max


class MembershipIndex:
    """A set of strings that can be asked for a whole column at once."""

    def __init__(self, values: pa.ChunkedArray, hash_window: HashFunction | None = None) -> None:
        """Build the index.

        Args:
            values: the strings, without nulls, of type string or large_string; the same one may come twice.
            hash_window: another hash than the keyed one of this module.

        Takes about a fifth of a second and 40 bytes a value, besides the values, for each million of them.
        """
        from demur.gate import membership_kernel  # noqa: PLC0415 (only now, see above)

        self._kernel = membership_kernel
        self._hash_window = hash_window or keyed_hash(os.urandom(KEY_BYTES))
        self._values = StringWindow.of(pc.cast(values, pa.large_string()).combine_chunks())
        hashes = self._hash_window(self._values, _ENOUGH_FOR_ALL)
        self._longest_bytes = int(self._values.lengths.max(initial=0))
        slot_bits = max(_LEAST_BITS, (3 * len(hashes) // 2).bit_length())
        bitmap_bits = max(_LEAST_BITS, (_BITS_PER_ENTRY * len(hashes)).bit_length())
        self._sieves = (
            np.zeros(1 << slot_bits, np.uint64),
            np.uint64(64 - slot_bits),
            np.zeros(1 << bitmap_bits - 3, np.uint8),
            np.uint64(64 - bitmap_bits),
        )
        self._distinct = self._kernel.insert_strings(self._values.buffers, hashes, self._sieves)

    def __len__(self) -> int:
        """Return the number of distinct values."""
        return self._distinct

    def contains(self, strings: pa.Array | pa.ChunkedArray) -> BoolMask:
        """Return which rows hold one of the values, byte for byte: bool[n]. A null is none of them.

        Args:
            strings: string, large_string, string_view, or a dictionary of one of them.

        Raises:
            ArrowInvalid: a string lies outside its own buffer.

        About 25 ns a row and core at a million values.
        """
        if not len(self):
            return np.zeros(len(strings), bool)
        return find_strings(strings, self._find)

    def find_places(self, strings: pa.Array) -> Places:
        """Return where each string first stood among the values of the index: int64[n]; NOWHERE if it did not.

        Args:
            strings: as for `contains`. Meant for the few rows that it has found: a dictionary is laid out row by row.

        Raises:
            ArrowInvalid: a string lies outside its own buffer.
        """
        plain = plain_strings(strings)
        found = np.full(len(plain), NOWHERE, np.int64)
        if len(self):
            for start, window in _windows(plain):
                rows, places = self._matches(window)
                found[start + rows] = places
            if plain.null_count:
                found[pc.is_null(plain).to_numpy(zero_copy_only=False)] = NOWHERE
        return found

    def _find(self, window: StringWindow) -> BoolMask:
        found = np.zeros(len(window.strings), bool)
        found[self._matches(window)[0]] = True
        return found

    def _matches(self, window: StringWindow) -> tuple[Places, Places]:
        """Return the rows of a window whose bytes are a value's, and the place of that value."""
        hashes = self._hash_window(window, self._longest_bytes)
        rows, places = np.empty(len(hashes), np.int64), np.empty(len(hashes), np.int64)
        matched = self._kernel.match_strings(window.buffers, hashes, self._values.buffers, self._sieves, rows, places)
        return rows[:matched], places[:matched]


def _windows(plain: pa.Array) -> Iterator[tuple[int, StringWindow]]:
    for start in range(0, len(plain), WINDOW_ROWS):
        yield start, StringWindow.of(plain.slice(start, WINDOW_ROWS))


def keyed_hash(key: bytes) -> HashFunction:
    """Return SipHash-1-3, with which nobody without the key (16 bytes) can find collisions.

    It guards speed, not correctness: every match is compared in full.
    """
    from demur.gate import membership_kernel  # noqa: PLC0415 (only now, see above)

    halves = (
        np.uint64(int.from_bytes(key[:_HALF_KEY_BYTES], "little")),
        np.uint64(int.from_bytes(key[_HALF_KEY_BYTES:], "little")),
    )

    def hash_window(window: StringWindow, longest_bytes: int) -> Words:
        hashes = np.empty(len(window.strings), np.uint64)
        outside = membership_kernel.hash_strings(window.buffers, longest_bytes, halves, hashes)
        if outside >= 0:
            raise pa.ArrowInvalid(OUTSIDE_ITS_BUFFER)
        return hashes

    return hash_window

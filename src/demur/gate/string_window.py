"""Strings as numbers: windows over Arrow's own buffers, small enough to stay in a processor's cache.

Rules look at identifiers millions of times. Here a column of any of Arrow's text types is walked in windows of some
thousand rows; each gives its bytes, and where each string begins and ends, as NumPy arrays. Dictionaries are looked at
once per word, not once per row.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

BoolMask: TypeAlias = npt.NDArray[np.bool_]
Words: TypeAlias = npt.NDArray[np.uint64]
Codes: TypeAlias = npt.NDArray[np.int32]

WINDOW_ROWS = 1 << 16
"""Measured: below this the calls cost more than the rows, above it temporaries of 8 bytes a row leave the cache."""

PADDING_BYTES = 8
"""Zeros after a window's text, so that a word can be read from its last byte on."""


@dataclass(frozen=True)
class StringWindow:
    """Up to WINDOW_ROWS consecutive strings.

    Attributes:
        strings: the Arrow array that the window shows, of type string or large_string. What stands in the bytes of a
            null is undefined.
        text: uint8[m + 8], the strings' bytes one after another, then zeros.
        starts: int64[n], where each string begins in `text`.
        lengths: int64[n], in bytes.
    """

    strings: pa.Array
    text: npt.NDArray[np.uint8]
    starts: npt.NDArray[np.int64]
    lengths: npt.NDArray[np.int64]

    def words(self) -> Words:
        """Return a view whose element i is the 8 bytes of `text` from byte i on, little-endian: uint64[m + 1].

        Nothing is copied, and no element reaches outside `text`.
        """
        first = self.text[:PADDING_BYTES].view("<u8")
        return np.lib.stride_tricks.as_strided(first, (len(self.text) - PADDING_BYTES + 1,), (1,), writeable=False)


def find_strings(strings: pa.Array | pa.ChunkedArray, find: Callable[[StringWindow], BoolMask]) -> BoolMask:
    """Return which rows hold a string that `find` finds: bool[n]. A null is never found.

    Args:
        strings: string, large_string, string_view, or a dictionary of one of them; with any offset, nulls or chunks.
        find: a window of n strings -> bool[n]. It must judge each string by itself.
    """

    def find_in_windows(plain: pa.Array) -> BoolMask:
        found = np.zeros(len(plain), bool)
        for start in range(0, len(plain), WINDOW_ROWS):
            window = plain.slice(start, WINDOW_ROWS)
            found[start : start + len(window)] = find(_window(window))
        return found

    return _by_word(strings, find_in_windows)


def find_codes(strings: pa.Array, values: Sequence[str]) -> Codes:
    """Return which of a few values each row holds: int32[n], counted from 0; -1 for a null or another value."""
    if isinstance(strings, pa.DictionaryArray) and len(strings.dictionary) <= len(strings):
        by_word: Codes = np.append(find_codes(strings.dictionary, values), np.int32(-1))
        words: npt.NDArray[np.int64] = pc.fill_null(strings.indices.cast(pa.int64()), -1).to_numpy()
        return by_word[words]
    plain = plain_strings(strings)
    codes = pc.index_in(plain, pa.array(values, pa.string()).cast(plain.type))
    return np.asarray(pc.fill_null(codes, -1).to_numpy(), np.int32)


def present(array: pa.Array) -> BoolMask:
    """Return which rows are not null: bool[n]. A null word of a dictionary counts as null."""
    if isinstance(array, pa.DictionaryArray):
        return _by_word(array, lambda plain: np.ones(len(plain), bool))
    return _as_numpy(pc.is_valid(array)) if array.null_count else np.ones(len(array), bool)


def _by_word(strings: pa.Array | pa.ChunkedArray, find: Callable[[pa.Array], BoolMask]) -> BoolMask:
    """Ask `find` about plain strings: of each chunk, and of a dictionary's words instead of its rows."""
    if isinstance(strings, pa.ChunkedArray):
        return np.concatenate([np.zeros(0, bool), *(_by_word(part, find) for part in strings.chunks)])
    if isinstance(strings, pa.DictionaryArray):
        if len(strings.dictionary) > len(strings):  # a slice that uses few words of a large dictionary
            return _by_word(plain_strings(strings), find)
        by_word = pa.array(_by_word(strings.dictionary, find))
        return _as_numpy(pc.fill_null(by_word.take(strings.indices), fill_value=False))
    plain = plain_strings(strings)
    return find(plain) & present(plain)


def plain_strings(strings: pa.Array) -> pa.Array:
    """Return the same strings as an array of type string or large_string, whichever is nearer."""
    if isinstance(strings, pa.DictionaryArray):
        return plain_strings(strings.dictionary).take(strings.indices)
    is_plain = pa.types.is_string(strings.type) or pa.types.is_large_string(strings.type)
    return strings if is_plain else pc.cast(strings, pa.large_string())


def _window(strings: pa.Array) -> StringWindow:
    _, offset_buffer, data_buffer = strings.buffers()
    offset_type = np.int64 if pa.types.is_large_string(strings.type) else np.int32
    offsets = np.frombuffer(offset_buffer, offset_type, len(strings) + 1, strings.offset * offset_type().itemsize)
    starts = offsets.astype(np.int64) - int(offsets[0])
    size = int(starts[-1])
    text = np.zeros(size + PADDING_BYTES, np.uint8)
    if size:
        text[:size] = np.frombuffer(data_buffer, np.uint8, size, int(offsets[0]))
    return StringWindow(strings, text, starts[:-1], np.diff(starts))


def _as_numpy(mask: pa.Array) -> BoolMask:
    return np.asarray(mask.to_numpy(zero_copy_only=False), bool)

"""Strings as numbers: windows over Arrow's own buffers, small enough to stay in a processor's cache.

Rules look at identifiers millions of times. Here a column of any of Arrow's text types is walked in windows of some
thousand rows; each gives its bytes, and where each string begins and ends, as NumPy arrays. Dictionaries are looked at
once per word, not once per row.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

BoolMask: TypeAlias = npt.NDArray[np.bool_]
Words: TypeAlias = npt.NDArray[np.uint64]
Codes: TypeAlias = npt.NDArray[np.int32]
Places: TypeAlias = npt.NDArray[np.int64]

_Number = TypeVar("_Number", np.uint8, np.int32, np.int64)
Bytes: TypeAlias = npt.NDArray[np.uint8]
Offsets: TypeAlias = npt.NDArray[np.int32] | npt.NDArray[np.int64]

WINDOW_ROWS = 1 << 16
"""Measured: below this the calls cost more than the rows, above it temporaries of 8 bytes a row leave the cache."""

OUTSIDE_ITS_BUFFER = "a string lies outside its own buffer"
"""Of memory that another program wrote wrongly. Nothing can be decided about it."""

OUTSIDE_ITS_DICTIONARY = "a row names a word that its dictionary does not have"
"""The same, of a column with a dictionary."""


@dataclass(frozen=True)
class StringWindow:
    """Up to WINDOW_ROWS consecutive strings, seen where they lie: nothing is copied.

    Attributes:
        strings: the Arrow array that the window shows, of type string or large_string. What stands in the bytes of a
            null is undefined.
        data: uint8[m], the whole buffer that the strings' bytes are in, with those of other strings.
        offsets: int32[n + 1] or int64[n + 1]; string i is `data[offsets[i]:offsets[i + 1]]`.
    """

    strings: pa.Array
    data: Bytes
    offsets: Offsets

    @classmethod
    def of(cls, strings: pa.Array) -> "StringWindow":
        """Look at an array of any length, of type string or large_string."""
        _, offset_buffer, data_buffer = strings.buffers()
        wide = pa.types.is_large_string(strings.type)
        offsets: Offsets = _numbers(offset_buffer, np.int64) if wide else _numbers(offset_buffer, np.int32)
        data = _numbers(data_buffer, np.uint8)
        if not len(strings):  # then there may be no offset at all
            return cls(strings, data, np.zeros(1, np.int64))
        return cls(strings, data, offsets[strings.offset : strings.offset + len(strings) + 1])

    @property
    def buffers(self) -> tuple[Offsets, Bytes]:
        """What compiled loops go over."""
        return self.offsets, self.data

    @property
    def lengths(self) -> npt.NDArray[np.int64]:
        """Each string's length in bytes: int64[n]."""
        return np.diff(self.offsets).astype(np.int64, copy=False)


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
            found[start : start + len(window)] = find(StringWindow.of(window))
        return found

    return _by_word(strings, find_in_windows)


def find_codes(strings: pa.Array, values: Sequence[str]) -> Codes:
    """Return which of a few values each row holds: int32[n], counted from 0; -1 for a null or another value."""
    if isinstance(strings, pa.DictionaryArray) and len(strings.dictionary) <= len(strings):
        by_word: Codes = np.append(find_codes(strings.dictionary, values), np.int32(-1))
        words = strings.indices
        least = -1 if words.null_count else 0
        places = (pc.fill_null(words.cast(pa.int64()), -1) if words.null_count else words).to_numpy()
        if len(places) and not (least <= places.min() and places.max() < len(strings.dictionary)):
            raise pa.ArrowInvalid(OUTSIDE_ITS_DICTIONARY)  # NumPy would count what is negative from the end
        found: Codes = by_word[places]
        return found
    plain = plain_strings(strings)
    codes = pc.index_in(plain, pa.array(values, pa.string()).cast(plain.type))
    return np.asarray(pc.fill_null(codes, -1).to_numpy(), np.int32)


def present(array: pa.Array) -> BoolMask:
    """Return which rows are not null: bool[n]. A null word of a dictionary counts as null."""
    if isinstance(array, pa.DictionaryArray) and array.dictionary.null_count:
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
    return find(plain) & present(plain) if plain.null_count else find(plain)


def plain_strings(strings: pa.Array) -> pa.Array:
    """Return the same strings as an array of type string or large_string, whichever is nearer."""
    if isinstance(strings, pa.DictionaryArray):
        return plain_strings(strings.dictionary).take(strings.indices)
    is_plain = pa.types.is_string(strings.type) or pa.types.is_large_string(strings.type)
    return strings if is_plain else pc.cast(strings, pa.large_string())


def _numbers(buffer: pa.Buffer | None, of: type[_Number]) -> npt.NDArray[_Number]:
    """Look at a buffer, or at the nothing that Arrow has in place of an empty one.

    Nobody may write to what is returned: a loop that is compiled for one kind of memory is compiled anew for the other.
    """
    size = buffer.size // of().itemsize if buffer else 0
    numbers = np.frombuffer(buffer or b"", of, size)
    numbers.setflags(write=False)
    return numbers


def _as_numpy(mask: pa.Array) -> BoolMask:
    return np.asarray(mask.to_numpy(zero_copy_only=False), bool)

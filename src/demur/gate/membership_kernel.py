"""The compiled loops of the membership index: over Arrow's own offset and data buffers, row by row.

Words are read as little-endian, as all machines are for which Numba compiles. Mixed with a plain number an unsigned
integer would become a float, hence the many constants.
"""

from typing import Final, TypeAlias

import numpy as np

from demur.compiled import compiled
from demur.gate.string_window import Bytes, Offsets, Places, Words

Strings: TypeAlias = tuple[Offsets, Bytes]
"""offsets[n + 1] and data[m]; string i is `data[offsets[i]:offsets[i + 1]]`. No byte outside data is read."""

Sieves: TypeAlias = tuple[Words, np.uint64, Bytes, np.uint64]
"""The table, the bitmap, and after each how far to shift a hash to get its place there.

The table is uint64[2^k], with open addressing and linear probing. A slot is 0 if free; else its low half is the place
of a value, counted from 1, and its high half the low half of the value's hash. The bitmap is uint8[2^j] with a bit set
for the first bits of each value's hash; it turns most strangers away with one read.
"""

HashKey: TypeAlias = tuple[np.uint64, np.uint64]
_State: TypeAlias = tuple[np.uint64, np.uint64, np.uint64, np.uint64]

_0: Final = np.uint64(0)
_1: Final = np.uint64(1)
_3: Final = np.uint64(3)
_7: Final = np.uint64(7)
_8: Final = np.uint64(8)
_16: Final = np.uint64(16)
_24: Final = np.uint64(24)
_32: Final = np.uint64(32)
_40: Final = np.uint64(40)
_48: Final = np.uint64(48)
_56: Final = np.uint64(56)
_64: Final = np.uint64(64)
_LOW_HALF: Final = np.uint64(0xFFFFFFFF)
_INITIAL: Final = (  # "somepseudorandomlygeneratedbytes", see the paper on SipHash, section 2.1
    np.uint64(0x736F6D6570736575),
    np.uint64(0x646F72616E646F6D),
    np.uint64(0x6C7967656E657261),
    np.uint64(0x7465646279746573),
)
_FINAL: Final = np.uint64(0xFF)


@compiled
def hash_strings(strings: Strings, longest: int, key: HashKey, hashes: Words) -> int:
    """Fill `hashes` with SipHash-1-3 of each string of up to `longest` bytes, and with 0 for longer ones.

    Returns:
        -1, or the first row whose offsets point outside `data`; then the hashes mean nothing.
    """
    offsets, data = strings
    for row in range(len(hashes)):
        start, end = np.int64(offsets[row]), np.int64(offsets[row + 1])
        if start < 0 or end < start or end > len(data):
            return row
        length = end - start
        hashes[row] = _sip_hash(data, np.uint64(start), np.uint64(length), key) if length <= longest else _0
    return -1


@compiled
def insert_strings(strings: Strings, hashes: Words, sieves: Sieves) -> int:
    """Put every string that is not yet there into empty sieves, and return how many were put in.

    The table must keep a free slot.
    """
    offsets, data = strings
    table, table_shift, bitmap, bitmap_shift = sieves
    last_slot = np.uint64(len(table) - 1)
    distinct = 0
    for row in range(len(hashes)):
        hashed = hashes[row]
        start, length = _span(offsets, row)
        slot = hashed >> table_shift
        while table[slot] != _0:
            if table[slot] >> _32 == hashed & _LOW_HALF:
                other_start, other_length = _span(offsets, np.int64(table[slot] & _LOW_HALF) - 1)
                if other_length == length and _same_bytes(data, other_start, data, start, length):
                    break
            slot = slot + _1 & last_slot
        if table[slot] == _0:
            table[slot] = hashed << _32 | np.uint64(row + 1)
            bit = hashed >> bitmap_shift
            bitmap[bit >> _3] |= np.uint8(_1 << (bit & _7))
            distinct += 1
    return distinct


@compiled
def match_strings(
    strings: Strings, hashes: Words, values: Strings, sieves: Sieves, rows: Places, places: Places
) -> int:
    """Write the rows that hold a value, and the places of their values, and return how many there are.

    Args:
        strings: the n rows.
        hashes: of the rows.
        values: that were inserted.
        sieves: that they were inserted into.
        rows: int64[n], written from its beginning on.
        places: int64[n], written from its beginning on.
    """
    offsets, data = strings
    value_offsets, value_data = values
    table, table_shift, bitmap, bitmap_shift = sieves
    last_slot = np.uint64(len(table) - 1)
    likely = np.int64(0)
    for row in range(len(hashes)):  # Nothing waits for the last row's bit here: many reads are under way at once.
        bit = hashes[row] >> bitmap_shift
        rows[likely] = row
        likely += np.int64(np.uint64(bitmap[bit >> _3]) >> (bit & _7) & _1)
    matched = 0
    for candidate in rows[:likely]:
        hashed = hashes[candidate]
        start, length = _span(offsets, candidate)
        slot = hashed >> table_shift
        while table[slot] != _0:
            if table[slot] >> _32 == hashed & _LOW_HALF:
                place = np.int64(table[slot] & _LOW_HALF) - 1
                value_start, value_length = _span(value_offsets, place)
                if value_length == length and _same_bytes(value_data, value_start, data, start, length):
                    rows[matched] = candidate
                    places[matched] = place
                    matched += 1
                    break
            slot = slot + _1 & last_slot
    return matched


@compiled
def _span(offsets: Offsets, row: int | np.int64) -> tuple[np.uint64, np.uint64]:
    """Return where a string starts, and its length."""
    start = np.uint64(offsets[row])
    return start, np.uint64(offsets[row + 1]) - start


@compiled
def _same_bytes(left: Bytes, left_start: np.uint64, right: Bytes, right_start: np.uint64, length: np.uint64) -> bool:
    done = _0
    while done + _8 <= length:
        if _word(left, left_start + done) != _word(right, right_start + done):
            return False
        done += _8
    rest = length - done
    return bool(_short_word(left, left_start + done, rest) == _short_word(right, right_start + done, rest))


@compiled
def _sip_hash(data: Bytes, start: np.uint64, length: np.uint64, key: HashKey) -> np.uint64:
    """Return SipHash-1-3 (Aumasson and Bernstein, 2012), with which nobody who lacks the key can make collisions."""
    state = (_INITIAL[0] ^ key[0], _INITIAL[1] ^ key[1], _INITIAL[2] ^ key[0], _INITIAL[3] ^ key[1])
    at, left = start, length
    while left >= _8:
        state = _take_word(state, _word(data, at))
        at, left = at + _8, left - _8
    v0, v1, v2, v3 = _take_word(state, length << _56 | _short_word(data, at, left))
    state = _sip_round(_sip_round(_sip_round((v0, v1, v2 ^ _FINAL, v3))))
    return state[0] ^ state[1] ^ state[2] ^ state[3]


@compiled
def _take_word(state: _State, word: np.uint64) -> _State:
    v0, v1, v2, v3 = _sip_round((state[0], state[1], state[2], state[3] ^ word))
    return v0 ^ word, v1, v2, v3


@compiled
def _sip_round(state: _State) -> _State:
    v0, v1, v2, v3 = state
    v0, v2 = v0 + v1, v2 + v3
    v1, v3 = _rotate(v1, np.uint64(13)) ^ v0, _rotate(v3, _16) ^ v2
    v0, v2 = _rotate(v0, _32) + v3, v2 + v1
    v1, v3 = _rotate(v1, np.uint64(17)) ^ v2, _rotate(v3, np.uint64(21)) ^ v0
    return v0, v1, _rotate(v2, _32), v3


@compiled
def _rotate(word: np.uint64, bits: np.uint64) -> np.uint64:
    return word << bits | word >> (_64 - bits)


@compiled
def _word(data: Bytes, at: np.uint64) -> np.uint64:
    """Return eight bytes as a number; the compiler makes one read of them."""
    low = np.uint64(data[at]) | np.uint64(data[at + _1]) << _8
    low |= np.uint64(data[at + np.uint64(2)]) << _16 | np.uint64(data[at + _3]) << _24
    high = np.uint64(data[at + np.uint64(4)]) << _32 | np.uint64(data[at + np.uint64(5)]) << _40
    high |= np.uint64(data[at + np.uint64(6)]) << _48 | np.uint64(data[at + _7]) << _56
    return low | high


@compiled
def _short_word(data: Bytes, at: np.uint64, length: np.uint64) -> np.uint64:
    """Return up to seven bytes as a number. A whole word that holds them is read, if one lies within the data."""
    if at + _8 <= np.uint64(len(data)):
        return _word(data, at) & ((_1 << _8 * length) - _1)
    word = _0
    for place in range(length):
        word |= np.uint64(data[at + np.uint64(place)]) << _8 * np.uint64(place)
    return word

# ruff: noqa: FBT001, FBT003, PLR2004
# mypy: disable-error-code="no-any-return, return-value"
# Loops are whole, bytes are written as the tables of Unicode write them, and Numba has its own types of numbers.
"""Compiled loops: a table of token sequences, and values into it.

The table is open-addressed, with two bitmaps before it: one for sequences of a single token, which is asked for every
word of a text and small enough to stay in a processor's cache, and one for all others. A whole sequence leads to a
chain of patterns. Hashes only ever propose: what they find is compared in full afterwards (demur.gate.mentions.exact).
"""

from typing import Final, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from demur.compiled import compiled
from demur.gate.mentions.tokens import Octets, Offsets, next_token, spread

Hashes: TypeAlias = npt.NDArray[np.uint64]
Ids: TypeAlias = npt.NDArray[np.int32]
IS_BEGINNING: Final = 1
IS_HANDLE: Final = 2
IS_OTHER: Final = 4
MOST_ROTATED: Final = 8
"""Names of more tokens are looked for in the order in which they are written only."""

LINK_SHIFT: Final = np.uint64(54)
_MULTIPLIER: Final = np.uint64(0xFF51AFD7ED558CCD)
_LINKS_ONLY: Final = np.uint64(0xA5A5A5A5A5A5A5A5)
_DIGITS: Final = np.uint64(0x5A5A5A5A5A5A5A5A)
_ONE: Final = np.uint64(1)
_BIT_OF_BYTE: Final = np.uint64(7)
_BITS_TO_BYTES: Final = np.uint64(3)
_ROOM: Final = 8192  # more than any one value needs: 320 characters, in 9 orders


class TokenTable(NamedTuple):
    """What is looked up in.

    Attributes:
        seed: uint64[1], of every hash; random, so that nobody can choose names that make look-ups slow.
        mask: uint64[1], the bits of a key that count; all but in tests.
        keys: uint64[2^k], 0 where nothing is.
        flags: uint8[2^k], IS_BEGINNING, IS_HANDLE and IS_OTHER of the sequences with that key.
        heads: int32[2^k], the first node of a key's chain of patterns, or -1.
        nodes: int32[2, m], of each node the pattern and the next node, or -1.
        links: uint64[1024], the hashes of LINK_WORDS, each at the place of its first ten bits.
        first_bits: uint8[b], a bitmap of the keys of one token.
        later_bits: uint8[b], a bitmap of the others.
        counts: int64[3]: keys, nodes, and tokens of the longest pattern.
        classes: uint8[TABLE_SIZE], of characters (demur.gate.mentions.normal_form).
    """

    seed: Hashes
    mask: Hashes
    keys: Hashes
    flags: Octets
    heads: Ids
    nodes: Ids
    links: Hashes
    first_bits: Octets
    later_bits: Octets
    counts: Offsets
    classes: Octets


@compiled
def join(key: np.uint64, token: np.uint64) -> np.uint64:
    """Return the hash of a sequence with one token more."""
    return spread((key * _MULTIPLIER) ^ token)


@compiled
def kept_key(table: TokenTable, key: np.uint64) -> np.uint64:
    """Return what the table keeps of a sequence's hash; never 0."""
    return (key & table.mask[0]) | _ONE


@compiled
def find_slot(keys: Hashes, key: np.uint64) -> int:
    """Return where a key is, or would be."""
    last = len(keys) - 1
    slot = np.int64(key >> _ONE) & last
    while keys[slot] != 0 and keys[slot] != key:
        slot = (slot + 1) & last
    return slot


@compiled
def has_bit(bitmap: Octets, key: np.uint64) -> bool:
    """Tell whether a key may be there."""
    place = (key >> _ONE) & np.uint64(len(bitmap) * 8 - 1)
    return (bitmap[np.int64(place >> _BITS_TO_BYTES)] >> np.uint8(place & _BIT_OF_BYTE)) & 1 != 0


@compiled
def set_bit(bitmap: Octets, key: np.uint64) -> None:
    """Note that a key may be there."""
    place = (key >> _ONE) & np.uint64(len(bitmap) * 8 - 1)
    bitmap[np.int64(place >> _BITS_TO_BYTES)] |= np.uint8(1) << np.uint8(place & _BIT_OF_BYTE)


@compiled
def is_link(table: TokenTable, token: np.uint64) -> bool:
    """Tell whether a token is one of LINK_WORDS."""
    return table.links[np.int64(token >> LINK_SHIFT)] == token


@compiled
def links_key(table: TokenTable) -> np.uint64:
    """Return the hash of the empty sequence of link words."""
    return table.seed[0] ^ _LINKS_ONLY


@compiled
def digits_key(table: TokenTable) -> np.uint64:
    """Return the hash of the empty phone number."""
    return table.seed[0] ^ _DIGITS


@compiled
def move_keys(table: TokenTable, larger: TokenTable) -> None:
    """Enter what a table holds in a larger one."""
    for old in range(len(table.keys)):
        if table.keys[old] != 0:
            slot = find_slot(larger.keys, table.keys[old])
            larger.keys[slot] = table.keys[old]
            larger.flags[slot] = table.flags[old]
            larger.heads[slot] = table.heads[old]
            set_bit(larger.later_bits, table.keys[old])


@compiled
def is_full(table: TokenTable) -> bool:
    """Tell whether the next value may find no room."""
    return 2 * (table.counts[0] + _ROOM) > len(table.keys) or table.counts[1] + _ROOM > table.nodes.shape[1]


@compiled
def _enter(table: TokenTable, key: np.uint64, flag: int, pattern: int) -> None:
    slot = find_slot(table.keys, key)
    if table.keys[slot] == 0:
        table.keys[slot] = key
        table.counts[0] += 1
    table.flags[slot] |= np.uint8(flag)
    if flag != IS_BEGINNING:
        node = table.counts[1]
        table.nodes[0, node] = pattern
        table.nodes[1, node] = table.heads[slot]
        table.heads[slot] = node
        table.counts[1] += 1


@compiled
def _tokens_of(
    data: Octets,
    end: int,
    place: int,
    links_only: bool,
    table: TokenTable,
) -> tuple[Hashes, npt.NDArray[np.bool_]]:
    """Return the hashes of a value's tokens without, or of only, link words, and which of them follow a space."""
    tokens, spaced = np.empty(end - place, np.uint64), np.zeros(end - place, np.bool_)
    count = 0
    while True:
        before = place
        start, place, token, _ = next_token(data, place, end, table.classes, table.seed[0])
        if start >= end:
            return tokens[:count], spaced[:count]
        if is_link(table, token) == links_only:
            tokens[count] = token
            for gap in range(before, start):
                spaced[count] |= data[gap] == 0x20 or data[gap] == 0x2C
            count += 1


@compiled
def enter_values(
    data: Octets,
    starts: Offsets,
    first: int,
    flag: int,
    is_name: bool,
    base: int,
    table: TokenTable,
) -> int:
    """Enter values from `first` on as the patterns `base` + row; return the first that there was no room for.

    A name is also entered with each of its later words first, as it stands before a comma.
    """
    for row in range(first, len(starts) - 1):
        if is_full(table):
            return row
        tokens, spaced = _tokens_of(data, starts[row + 1], starts[row], False, table)
        empty = table.seed[0]
        if len(tokens) == 0:
            tokens, spaced = _tokens_of(data, starts[row + 1], starts[row], True, table)
            empty = links_key(table)
        count = len(tokens)
        table.counts[2] = max(table.counts[2], count)
        for turn in range(count if is_name and count <= MOST_ROTATED else min(count, 1)):
            if turn > 0 and not spaced[turn]:
                continue
            key = empty
            for step in range(count):
                key = join(key, tokens[(turn + step) % count])
                kept = kept_key(table, key)
                _enter(table, kept, flag if step == count - 1 else IS_BEGINNING, base + row)
                set_bit(table.first_bits if step == 0 else table.later_bits, kept)
    return len(starts) - 1


@compiled
def enter_numbers(
    data: Octets,
    starts: Offsets,
    first: int,
    flag: int,
    _is_name: bool,
    base: int,
    table: TokenTable,
) -> int:
    """Enter values of digits as `enter_values` does, each as one sequence of its digits."""
    for row in range(first, len(starts) - 1):
        if is_full(table):
            return row
        key = digits_key(table)
        for place in range(starts[row], starts[row + 1]):
            key = join(key, np.uint64(data[place]))
        kept = kept_key(table, key)
        _enter(table, kept, flag, base + row)
        set_bit(table.later_bits, kept)
    return len(starts) - 1

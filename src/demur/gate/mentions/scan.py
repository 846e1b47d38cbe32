# ruff: noqa: C901, PLR1714, PLR2004
# mypy: disable-error-code="no-any-return, return-value"
# Loops are whole, bytes are written as the tables of Unicode write them, and Numba has its own types of numbers.
"""Compiled loops: a pass over texts, which proposes what a table of token sequences holds."""

from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from demur.compiled import compiled
from demur.gate.mentions.sequences import (
    IS_BEGINNING,
    IS_HANDLE,
    IS_OTHER,
    TokenTable,
    digits_key,
    find_slot,
    has_bit,
    is_link,
    join,
    kept_key,
    links_key,
)
from demur.gate.mentions.tokens import Octets, Offsets, hash_token, next_token

Proposals: TypeAlias = npt.NDArray[np.int64]
"""int64[m, 4]: of each proposal the text, the pattern, and where the words for it begin and end in the bytes."""

_FIRST_PROPOSALS: Final = 64
_LEAST_DIGITS: Final = 7
_MOST_DIGITS: Final = 15
_MOST_SIGNS: Final = 3


@compiled
def _propose(
    found: Proposals, count: int, row: int, slot: int, start: int, end: int, table: TokenTable
) -> tuple[Proposals, int]:
    """Add every pattern of a slot's chain."""
    node = table.heads[slot]
    while node >= 0:
        if count == len(found):
            larger = np.empty((2 * count, 4), np.int64)
            larger[:count] = found
            found = larger
        found[count, 0], found[count, 1], found[count, 2], found[count, 3] = row, table.nodes[0, node], start, end
        count += 1
        node = table.nodes[1, node]
    return found, count


@compiled
def is_proclitic(data: Octets, start: int, end: int) -> bool:
    """Tell whether a token begins with an Arabic word of one letter that is written together with the next."""
    if end - start < 6:
        return False
    first, second = data[start], data[start + 1]
    return (first == 0xD9 and (second == 0x88 or second == 0x81 or second == 0x84 or second == 0x83)) or (
        first == 0xD8 and second == 0xA8
    )


@compiled
def scan_words(data: Octets, starts: Offsets, ends: Offsets, table: TokenTable) -> Proposals:
    """Propose handles, addresses and names, of texts in normal form or of ASCII of either case.

    A sequence that is under way is its hash so far and where it began. There are never more of one kind than the
    longest pattern has tokens. A handle is proposed only after "@", "/" or a link word.
    """
    found, count = np.empty((_FIRST_PROPOSALS, 4), np.int64), 0
    room = table.counts[2] + 2
    going, began = np.empty((2, 2 * room), np.uint64), np.empty((2, 2 * room), np.int64)
    marks = np.empty((2, 2 * room), np.bool_)
    under_way = np.zeros(2, np.int64)
    for row in range(len(starts)):
        place, end = starts[row], ends[row]
        under_way[:] = 0
        after_link = False
        while True:
            start, place, token, marked = next_token(data, place, end, table.classes, table.seed[0])
            if start >= end:
                break
            marked |= after_link
            after_link = is_link(table, token)
            lane = 1 if after_link else 0
            if lane == 0:
                under_way[1] = 0
            kept, fresh = 0, 2 if is_proclitic(data, start, place) else 1
            for each in range(under_way[lane] + fresh):
                is_fresh = each >= under_way[lane]
                if is_fresh:
                    word, first = token, start
                    if each > under_way[lane]:
                        word, first = hash_token(data, start + 2, place, table.seed[0]), start + 2
                    key, mark = join(links_key(table) if lane == 1 else table.seed[0], word), marked
                else:
                    key, first, mark = join(going[lane, each], token), began[lane, each], marks[lane, each]
                narrow = kept_key(table, key)
                if not has_bit(table.first_bits if is_fresh else table.later_bits, narrow):
                    continue
                slot = find_slot(table.keys, narrow)
                flags = table.flags[slot]
                if flags & IS_OTHER or (flags & IS_HANDLE and mark):
                    found, count = _propose(found, count, row, slot, first, place, table)
                if flags & IS_BEGINNING:
                    # Its place is free: those before it were read, and a fresh one comes after all others.
                    going[lane, kept], began[lane, kept], marks[lane, kept] = key, first, mark
                    kept += 1
            under_way[lane] = kept
    return found[:count]


@compiled
def _number_sign(data: Octets, place: int, end: int) -> int:
    """Return the length of a sign that may stand between the digits of a phone number; 0 if there is none."""
    octet = data[place]
    if octet == 0x20 or octet == 0x2D or octet == 0x2E or octet == 0x28 or octet == 0x29 or octet == 0x2F:
        return 1
    is_dash = place + 2 < end and octet == 0xE2 and data[place + 1] == 0x80 and 0x90 <= data[place + 2] <= 0x95
    return 3 if is_dash else 0


@compiled
def scan_numbers(data: Octets, starts: Offsets, ends: Offsets, table: TokenTable) -> Proposals:
    """Propose phone numbers: digits with up to three signs between them, with and without a "(0)"."""
    found, count = np.empty((_FIRST_PROPOSALS, 4), np.int64), 0
    for row in range(len(starts)):
        in_word = False
        for start in range(starts[row], ends[row]):
            octet = data[start]
            is_digit = 0x30 <= octet <= 0x39
            begins = is_digit and not in_word
            in_word = is_digit or 0x41 <= octet <= 0x5A or 0x61 <= octet <= 0x7A or octet == 0x5F
            if not begins:
                continue
            for skips_zero in (False, True):
                place, end = start, ends[row]
                if place + 1 < end and data[place] == 0x30 and data[place + 1] == 0x30:
                    place += 2
                key, digits, signs = digits_key(table), 0, 0
                while place < end and digits <= _MOST_DIGITS and signs <= _MOST_SIGNS:
                    octet = data[place]
                    if 0x30 <= octet <= 0x39:
                        key, digits, signs = join(key, np.uint64(octet)), digits + 1, 0
                        place += 1
                        is_end = place == end or not 0x30 <= data[place] <= 0x39
                        if is_end and digits >= _LEAST_DIGITS:
                            narrow = kept_key(table, key)
                            slot = find_slot(table.keys, narrow)
                            found, count = _propose(found, count, row, slot, start, place, table)
                        continue
                    is_zero = octet == 0x28 and place + 2 < end and data[place + 1] == 0x30 and data[place + 2] == 0x29
                    length = 3 if is_zero and skips_zero else _number_sign(data, place, end)
                    if length == 0:
                        break
                    place += length
                    signs += 0 if is_zero and skips_zero else 1
    return found[:count]

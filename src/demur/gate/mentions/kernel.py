# ruff: noqa: C901, FBT001, FBT003, PLR0912, PLR1714, PLR2004
# mypy: disable-error-code="no-any-return, return-value"
# Loops are whole, bytes are written as the tables of Unicode write them, and Numba has its own types of numbers.
"""The compiled loops: texts and values into tokens, values into a table of token sequences, and a pass over texts.

A run of letters and digits is a token; each Chinese, Japanese, Korean, Thai, Lao, Khmer or Burmese character is one by
itself, with its marks, since nothing shows where words end there; so is each picture. All else separates.

The table is open-addressed, with two bitmaps before it: one for sequences of a single token, which is asked for every
word of a text and small enough to stay in a processor's cache, and one for all others. A whole sequence leads to a
chain of patterns. Hashes only ever propose: what they find is compared in full afterwards (demur.gate.mentions.exact).

All of it is in one file because Numba looks at one only to tell whether the compiled code that it kept is still right.
"""

from typing import Final, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from demur.gate.compiled import compiled

Octets: TypeAlias = npt.NDArray[np.uint8]
Offsets: TypeAlias = npt.NDArray[np.int64]
Hashes: TypeAlias = npt.NDArray[np.uint64]
Ids: TypeAlias = npt.NDArray[np.int32]
Proposals: TypeAlias = npt.NDArray[np.int64]
"""int64[m, 4]: of each proposal the text, the pattern, and where the words for it begin and end in the bytes."""

SEPARATOR: Final = 0
WORD: Final = 1
"""Letters and digits of scripts that put spaces between words: a run of them is one token."""

ALONE: Final = 2
"""Characters of scripts without spaces between words, and pictures: each is a token."""

EXTENDS: Final = 3
"""Marks, and the later parts of a Korean syllable: they belong to the token before them."""

IS_BEGINNING: Final = 1
IS_HANDLE: Final = 2
IS_OTHER: Final = 4
MOST_ROTATED: Final = 8
"""Names of more tokens are looked for in the order in which they are written only."""

LINK_SHIFT: Final = np.uint64(54)
_PRIME: Final = np.uint64(0x100000001B3)  # that of FNV-1a
_ODD: Final = np.uint64(0x9E3779B97F4A7C15)  # 2^64 over the golden ratio
_MULTIPLIER: Final = np.uint64(0xFF51AFD7ED558CCD)
_LINKS_ONLY: Final = np.uint64(0xA5A5A5A5A5A5A5A5)
_DIGITS: Final = np.uint64(0x5A5A5A5A5A5A5A5A)
_HALF: Final = np.uint64(32)
_ONE: Final = np.uint64(1)
_BIT_OF_BYTE: Final = np.uint64(7)
_BITS_TO_BYTES: Final = np.uint64(3)
_ROOM: Final = 8192  # more than any one value needs: 320 characters, in 9 orders
_FIRST_PROPOSALS: Final = 64
_LEAST_DIGITS: Final = 7
_MOST_DIGITS: Final = 15
_MOST_SIGNS: Final = 3


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


def _ascii_words() -> Octets:
    """Return uint8[256]: of letters, digits and "_" the lower-case byte, of all other bytes 0."""
    return np.array(
        [ord(chr(code).lower()) if chr(code).isalnum() or code == ord("_") else 0 for code in range(128)] + [0] * 128,
        np.uint8,
    )


ASCII_WORDS: Final = _ascii_words()


@compiled
def spread(bits: np.uint64) -> np.uint64:
    """Return the bits, each spread over the others, none lost."""
    bits ^= bits >> _HALF
    bits *= _ODD
    return bits ^ (bits >> np.uint64(29))


@compiled
def hash_token(data: Octets, start: int, end: int, seed: np.uint64) -> np.uint64:
    """Return a token's hash; the same for upper and lower case of ASCII."""
    running = seed
    for place in range(start, end):
        octet = data[place]
        if octet < 0x80:
            octet = ASCII_WORDS[octet]
        running = (running ^ np.uint64(octet)) * _PRIME
    return spread(running)


@compiled
def _class_at(data: Octets, place: int, classes: Octets) -> tuple[int, int]:
    """Return the class of a character of more than one byte in valid UTF-8, and its length in bytes."""
    first = np.int64(data[place])
    if first < 0xE0:
        return classes[(first & 0x1F) << 6 | np.int64(data[place + 1]) & 0x3F], 2
    code = (np.int64(data[place + 1]) & 0x3F) << 6 | np.int64(data[place + 2]) & 0x3F
    if first < 0xF0:
        return classes[(first & 0x0F) << 12 | code], 3
    code = (first & 0x07) << 18 | code << 6 | np.int64(data[place + 3]) & 0x3F
    return (classes[code] if code < len(classes) else WORD), 4


@compiled
def next_token(
    data: Octets, place: int, end: int, classes: Octets, seed: np.uint64
) -> tuple[int, int, np.uint64, bool]:
    """Return the next token's start, end and hash, and whether "@" or "/" stands before it since `place`.

    Both are `end` when there is no token left. The bytes are in normal form, or ASCII of either case.
    """
    marked = False
    kind = SEPARATOR
    length = 1
    while place < end:
        octet = data[place]
        if octet < 0x80:
            if ASCII_WORDS[octet] != 0:
                kind, length = WORD, 1
                break
            marked |= octet == 0x40 or octet == 0x2F
            place += 1
        else:
            kind, length = _class_at(data, place, classes)
            if kind != SEPARATOR:
                break
            place += length
    start = place
    running = seed
    if start >= end:
        return end, end, running, marked
    is_word = kind == WORD
    if length > 1:
        for further in range(length):
            running = (running ^ np.uint64(data[place + further])) * _PRIME
        place += length
    while place < end:
        octet = data[place]
        if octet < 0x80:
            lower = ASCII_WORDS[octet]
            if lower == 0 or not is_word:
                break
            running = (running ^ np.uint64(lower)) * _PRIME
            place += 1
        else:
            kind, length = _class_at(data, place, classes)
            if kind != EXTENDS and not (is_word and kind == WORD):
                break
            for further in range(length):
                running = (running ^ np.uint64(data[place + further])) * _PRIME
            place += length
    return start, place, spread(running), marked


@compiled
def token_spans(data: Octets, classes: Octets) -> tuple[Offsets, Offsets]:
    """Return where the tokens of one text begin and end: int64[tokens] each."""
    starts, ends = np.empty(len(data), np.int64), np.empty(len(data), np.int64)
    count, place = 0, 0
    while True:
        start, place, _, _ = next_token(data, place, len(data), classes, np.uint64(0))
        if start >= len(data):
            return starts[:count], ends[:count]
        starts[count], ends[count] = start, place
        count += 1


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

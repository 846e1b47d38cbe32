# ruff: noqa: C901, PLR0912, PLR1714, PLR2004
# mypy: disable-error-code="no-any-return, return-value"
# Loops are whole, bytes are written as the tables of Unicode write them, and Numba has its own types of numbers.
"""Compiled loops: texts and values into tokens, and tokens into hashes.

A run of letters and digits is a token; each Chinese, Japanese, Korean, Thai, Lao, Khmer or Burmese character is one by
itself, with its marks, since nothing shows where words end there; so is each picture. All else separates.
"""

from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from demur.compiled import compiled

Octets: TypeAlias = npt.NDArray[np.uint8]
Offsets: TypeAlias = npt.NDArray[np.int64]
SEPARATOR: Final = 0
WORD: Final = 1
"""Letters and digits of scripts that put spaces between words: a run of them is one token."""

ALONE: Final = 2
"""Characters of scripts without spaces between words, and pictures: each is a token."""

EXTENDS: Final = 3
"""Marks, and the later parts of a Korean syllable: they belong to the token before them."""

_PRIME: Final = np.uint64(0x100000001B3)  # that of FNV-1a
_ODD: Final = np.uint64(0x9E3779B97F4A7C15)  # 2^64 over the golden ratio
_HALF: Final = np.uint64(32)


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

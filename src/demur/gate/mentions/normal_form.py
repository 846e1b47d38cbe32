# ruff: noqa: C901, PLR2004
# mypy: disable-error-code="return-value"
# Bytes are written as the tables of Unicode write them, and Numba has its own types of numbers.
"""The normal form in which the list's values and texts are compared: one definition for both.

Each character is replaced by itself, without regard to its neighbours, which is why a table can do it:

1. its compatibility decomposition (NFKD), case-folded, and decomposed again: "Å", "Å" and "å" all begin as "a";
2. without marks that people leave out: accents, Hebrew points, Arabic vowel signs and the tatweel; and without signs
   that nobody sees: zero-width spaces and joiners, soft hyphens, direction marks, variation selectors, tags;
3. decimal digits of any script as 0-9.

Marks that make another letter stay: Japanese voicing, Thai and Indic vowels and tones. A Cyrillic letter is not the
Latin one of that shape, unless whoever runs the gate wants it so: then a fourth step replaces each letter that looks
like a Latin one by that one, in the list's values too. Each character that is left has a class, from which words are
made.
"""

import unicodedata
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

import numpy as np

from demur.compiled import compiled
from demur.gate.mentions.tokens import ALONE, EXTENDS, SEPARATOR, WORD, Octets, Offsets
from demur.gate.string_window import BoolMask

TABLE_SIZE: Final = 0x32400
"""No character from here on has another form, and none is a mark; those of the range below have none at all."""

_UNSEEN_FIRST: Final = 0xE0000
_UNSEEN_END: Final = 0xE1000


def _codes(*ranges: tuple[int, int]) -> frozenset[int]:
    return frozenset(code for first, last in ranges for code in range(first, last + 1))


_DROPPED: Final = _codes(
    *((0x0300, 0x036F), (0x0483, 0x0487), (0x0591, 0x05BD), (0x05BF, 0x05BF), (0x05C1, 0x05C7), (0x0610, 0x061A)),
    *((0x0640, 0x0640), (0x064B, 0x065F), (0x0670, 0x0670), (0x06D6, 0x06DC), (0x06DF, 0x06E8), (0x06EA, 0x06ED)),
    *((0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F), (0x1AB0, 0x1AFF), (0x1DC0, 0x1DFF), (0x20D0, 0x20FF)),
    *((0x3164, 0x3164), (0xFE00, 0xFE0F), (0xFE20, 0xFE2F), (0xFFA0, 0xFFA0), (0x034F, 0x034F), (0x08D3, 0x08FF)),
)
_ALONE: Final = _codes(
    *((0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1100, 0x115E), (0x1780, 0x17FF), (0x2E80, 0x2FDF), (0x3005, 0x3007)),
    *((0x3021, 0x3029), (0x3031, 0x3035), (0x3038, 0x30FF), (0x3105, 0x312F), (0x31A0, 0x31BF), (0x31F0, 0x31FF)),
    *((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xA960, 0xA97C), (0xF900, 0xFAFF), (0x20000, 0x323AF)),
)
_KOREAN_PARTS: Final = _codes((0x1161, 0x11FF), (0xD7B0, 0xD7FF))
_APOSTROPHES: Final = "\u02bb\u02bc"  # letters to Unicode, apostrophes to those who write names


@dataclass(frozen=True)
class FoldTable:
    """What each character becomes.

    Attributes:
        starts: int64[TABLE_SIZE + 1], where each character's form begins in `forms`.
        forms: uint8[m], all forms, in UTF-8.
        classes: uint8[TABLE_SIZE], the class of each character that is in normal form.
    """

    starts: Offsets
    forms: Octets
    classes: Octets


@cache
def fold_table(*, look_alikes: bool = False) -> FoldTable:
    """Return the table, with the fourth step or without; takes a quarter of a second at the first call of each."""
    characters = "".join(map(chr, range(TABLE_SIZE))).encode("utf-8", "replace").decode()  # surrogates are no text
    forms = fold_each(characters)
    if look_alikes:
        forms = [form.translate(_look_alikes()) for form in forms]
    encoded = [form.encode() for form in forms]
    starts = np.concatenate([[0], np.cumsum([len(form) for form in encoded])])
    classes = np.array([_class_of(character) for character in characters], np.uint8)
    return FoldTable(starts, np.frombuffer(b"".join(encoded), np.uint8), classes)


def fold_each(characters: str) -> list[str]:
    """Return the normal form of each character; of one that is dropped, nothing."""
    return [_fold_character(character) for character in characters]


def _fold_character(character: str) -> str:
    if character < "\x80":
        return character.lower()
    form = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", character).casefold())
    return "".join(_digit(sign) for sign in form if not _is_dropped(sign))


def _look_alikes() -> dict[int, str]:
    """Return the Latin letter that each of `look_alikes.txt` looks like, by code point."""
    text = (files("demur.gate.mentions") / "look_alikes.txt").read_text(encoding="utf-8")
    entries = [line.split(" ", 2) for line in text.splitlines() if not line.startswith("#")]
    return {int(code, 16): latin for code, latin, _ in entries}


def _digit(sign: str) -> str:
    value = unicodedata.decimal(sign, None)
    return sign if value is None else str(value)


def _is_dropped(sign: str) -> bool:
    return ord(sign) in _DROPPED or unicodedata.category(sign) == "Cf"


def _class_of(sign: str) -> int:
    code, category = ord(sign), unicodedata.category(sign)
    if category[0] == "M" or code in _KOREAN_PARTS:
        return EXTENDS
    if category[0] == "L" and sign not in _APOSTROPHES:
        return ALONE if code in _ALONE else WORD
    if category == "So" or (category[0] == "N" and code in _ALONE):
        return ALONE
    is_word = category[0] == "N" or sign == "_" or category in ("Cn", "Co")
    return WORD if is_word else SEPARATOR


def class_of(sign: str) -> int:
    """Return the class of a character that is in normal form."""
    code = ord(sign)
    return int(fold_table().classes[code]) if code < TABLE_SIZE else WORD


@compiled
def find_ascii(data: Octets, starts: Offsets, ends: Offsets) -> BoolMask:
    """Return which texts have ASCII bytes only: bool[n]."""
    is_ascii = np.empty(len(starts), np.bool_)
    for row in range(len(starts)):
        joined = np.uint8(0)
        for place in range(starts[row], ends[row]):
            joined |= data[place]
        is_ascii[row] = joined < 0x80
    return is_ascii


@compiled
def decode(data: Octets, place: int, end: int) -> tuple[int, int]:
    """Return a character of strict UTF-8 and its length in bytes; -1 and 1 if there is none."""
    first = np.int64(data[place])
    if first < 0x80:
        return first, 1
    if first < 0xC2 or first > 0xF4:
        return -1, 1
    length = 2 if first < 0xE0 else 3 if first < 0xF0 else 4
    if place + length > end:
        return -1, 1
    code = first & (0x7F >> length)
    for further in range(1, length):
        octet = np.int64(data[place + further])
        if octet & 0xC0 != 0x80:
            return -1, 1
        code = code << 6 | octet & 0x3F
    is_overlong = (length == 3 and code < 0x800) or (length == 4 and code < 0x10000)
    if is_overlong or 0xD800 <= code < 0xE000 or code > 0x10FFFF:
        return -1, 1
    return code, length


@compiled
def find_readable(data: Octets, starts: Offsets, ends: Offsets) -> BoolMask:
    """Return which texts are strict UTF-8: bool[n]."""
    readable = np.ones(len(starts), np.bool_)
    for row in range(len(starts)):
        place = starts[row]
        while place < ends[row]:
            code, length = decode(data, place, ends[row])
            if code < 0:
                readable[row] = False
                break
            place += length
    return readable


@compiled
def fold_texts(
    data: Octets, starts: Offsets, ends: Offsets, form_starts: Offsets, forms: Octets
) -> tuple[Octets, Offsets]:
    """Return texts in normal form, one after another, and where each begins and the last ends: uint8[m], int64[n + 1].

    What is not UTF-8 becomes a space each byte.
    """
    folded_starts = np.zeros(len(starts) + 1, np.int64)
    folded = np.empty(0, np.uint8)
    for is_written in (False, True):  # first counted, then written
        written = 0
        for row in range(len(starts)):
            place = starts[row]
            while place < ends[row]:
                code, length = decode(data, place, ends[row])
                if code < 0:
                    if is_written:
                        folded[written] = 0x20
                    written += 1
                elif code < TABLE_SIZE:
                    for form in range(form_starts[code], form_starts[code + 1]):
                        if is_written:
                            folded[written] = forms[form]
                        written += 1
                elif not _UNSEEN_FIRST <= code < _UNSEEN_END:
                    for further in range(length):
                        if is_written:
                            folded[written] = data[place + further]
                        written += 1
                place += length
            folded_starts[row + 1] = written
        if not is_written:
            folded = np.empty(written, np.uint8)
    return folded, folded_starts

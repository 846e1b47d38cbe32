"""Whether words that were proposed are what they were proposed for: the definition of a mention, in plain Python.

Everything here is in normal form (demur.gate.mentions.normal_form). docs/data-engineer/mentions.md says in words what
is and is not a mention; tests hold both against sentences that were written and labelled beforehand.
"""

import re
from typing import Final

import numpy as np

from demur.core.identifier import IdentifierKind
from demur.gate.mentions.normal_form import class_of, fold_table
from demur.gate.mentions.sequences import MOST_ROTATED
from demur.gate.mentions.tokens import EXTENDS, WORD, token_spans

LEAST_BARE_DIGITS: Final = 10
"""A shorter phone number counts only after "+" or "00": without, it could number anything."""

_AT_WORDS: Final = "at|arroba|arobase|chiocciola"
_DOT_WORDS: Final = "dot|ponto|punto|punkt|point"
_AT: Final = re.compile(rf"\s*[(\[{{<]\s*(?:{_AT_WORDS}|@)\s*[)\]}}>]\s*|\s+(?:{_AT_WORDS})\s+|\s*@\s*")
_DOT: Final = re.compile(rf"\s*[(\[{{<]\s*(?:{_DOT_WORDS}|\.)\s*[)\]}}>]\s*|\s+(?:{_DOT_WORDS})\s+")
_MARK: Final = re.compile(
    r"(?:(?:^|[^a-z0-9_.+%-])@|(?:^|[^a-z0-9_])u/|[a-z0-9]\.[a-z]{2,24}(?::[0-9]+)?/(?:profile/|u/|user/)?@?)\Z"
)
_AT_BEFORE: Final = re.compile(r"(?:^|\W)at\s+\Z")
_PLAIN_WORD: Final = re.compile(r"[^\W\d_]*\Z")
_IN_NAME: Final = frozenset(" \t\r\n-_'`=\u00b4\u00b7\u02bb\u02bc\u2010\u2011\u2013\u2019\u2022\u30fb")
_COMMAS: Final = frozenset(",،、")
_LONGEST_GAP: Final = 4
_INITIAL_CHARS: Final = 2
_PROCLITICS: Final = frozenset("وفبلك")
_LEAST_AFTER_PROCLITIC: Final = 2
_ZERO: Final = re.compile(r"\(0\)")
_NOT_DIGIT: Final = re.compile(r"[^0-9]")


def is_mention(kind: IdentifierKind, value: str, text: str, start: int, end: int) -> bool:
    """Tell whether a text mentions a value at or around the characters from `start` to `end`."""
    if kind is IdentifierKind.PHONE:
        return is_number(value, text[start:end], is_international=text[:start].endswith("+"))
    if kind is IdentifierKind.HANDLE:
        return has_handle(value, text)
    if kind is IdentifierKind.EMAIL:
        return has_address(value, text) or has_address(value, _DOT.sub(".", _AT.sub("@", text)))
    return has_name(value, text)


def is_number(digits: str, written: str, *, is_international: bool) -> bool:
    """Tell whether a number is written with these digits, after "+" if it is international."""
    if written.startswith("00"):
        written, is_international = written[2:], True
    if not is_international and len(digits) < LEAST_BARE_DIGITS:
        return False
    return digits in (_NOT_DIGIT.sub("", written), _NOT_DIGIT.sub("", _ZERO.sub("", written)))


def has_handle(handle: str, text: str) -> bool:
    """Tell whether a text has a handle after "@" or "u/", or at the end of a link to a profile.

    After the word "at" only a handle that is not a word itself: nobody who is called "home" is meant by "at home".
    """
    for start, end in _occurrences(handle, text):
        before = text[:start]
        is_marked = _MARK.search(before) or (_AT_BEFORE.search(before) and not _PLAIN_WORD.match(handle))
        if is_marked and not _goes_on(text, end, ".-"):
            return True
    return False


def has_address(address: str, text: str) -> bool:
    """Tell whether a text has an address that is not a part of a longer one."""
    return any(
        not _goes_on(text, end, ".-") and not _goes_back(text, start) for start, end in _occurrences(address, text)
    )


def has_name(name: str, text: str) -> bool:
    """Tell whether a text has a name's words next to one another, or its later words first."""
    wanted, after_space = _words_of_name(name)
    octets = np.frombuffer(text.encode(), np.uint8)
    starts, ends = token_spans(octets, fold_table().classes)
    raw = octets.tobytes()
    words = [raw[start:end].decode() for start, end in zip(starts, ends, strict=True)]
    gaps = [raw[end:start].decode() for end, start in zip(ends[:-1], starts[1:], strict=True)]
    count = len(wanted)
    turns = [turn for turn in range(count if count <= MOST_ROTATED else 1) if turn == 0 or after_space[turn]]
    for turn in turns:
        order = wanted[turn:] + wanted[:turn]
        joint = (count - turn) if turn else _comma_place(name, count)
        for first in range(len(words) - count + 1):
            found = words[first : first + count]
            if found[1:] == order[1:] and _is_word(found[0], order[0]):
                between = gaps[first : first + count - 1]
                if all(_joins(gap, found[step], step + 1 == joint) for step, gap in enumerate(between)):
                    return True
    return False


def _words_of_name(name: str) -> tuple[list[str], list[bool]]:
    octets = np.frombuffer(name.encode(), np.uint8)
    starts, ends = token_spans(octets, fold_table().classes)
    raw = octets.tobytes()
    words = [raw[start:end].decode() for start, end in zip(starts, ends, strict=True)]
    gaps = [raw[end:start] for end, start in zip([0, *ends[:-1]], starts, strict=True)]
    return words, [b" " in gap or b"," in gap for gap in gaps]


def _comma_place(name: str, count: int) -> int:
    """Return how many words stand before a name's comma; more than there are if it has none."""
    head, comma, _ = name.partition(",")
    return len(_words_of_name(head)[0]) if comma else count


def _is_word(found: str, wanted: str) -> bool:
    """Tell whether a word is there, perhaps written together with an Arabic word of one letter."""
    is_after_proclitic = found[:1] in _PROCLITICS and len(found) > _LEAST_AFTER_PROCLITIC
    return found == wanted or (is_after_proclitic and found[1:] == wanted)


def _joins(gap: str, word: str, is_joint: bool) -> bool:  # noqa: FBT001
    """Tell whether two words with this between them can be of one name."""
    others = set(gap) - _IN_NAME
    if is_joint:
        others -= _COMMAS
    if len(word) <= _INITIAL_CHARS:
        others -= {"."}
    return not others and len(gap) <= _LONGEST_GAP


def _occurrences(value: str, text: str) -> list[tuple[int, int]]:
    found, start = [], text.find(value)
    while start >= 0:
        found.append((start, start + len(value)))
        start = text.find(value, start + 1)
    return found


def _goes_on(text: str, end: int, signs: str) -> bool:
    """Tell whether what ends here is followed by more of a word, at once or after one of the signs."""
    rest = text[end : end + 2]
    return _is_of_word(rest[:1]) or (rest[:1] in signs and rest[:1] != "" and _is_of_word(rest[1:]))


def _goes_back(text: str, start: int) -> bool:
    before = text[max(start - 2, 0) : start]
    if before[-1:] in ("", "@"):
        return False
    return _is_of_word(before[-1]) or (before[-1] in ".+%-" and _is_of_word(before[:-1]))


def _is_of_word(sign: str) -> bool:
    return sign != "" and class_of(sign) in (WORD, EXTENDS)

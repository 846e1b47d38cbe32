"""Everybody whom texts may mention, prepared once for a list and asked for every batch."""

import os
import re
from collections.abc import Callable, Iterator
from threading import Lock
from typing import Final
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from demur.core.identifier import IdentifierKind
from demur.gate.membership import Places
from demur.gate.mentions.exact import is_mention
from demur.gate.mentions.normal_form import find_ascii, find_readable, fold_table, fold_texts
from demur.gate.mentions.scan import Proposals, scan_numbers, scan_words
from demur.gate.mentions.sequences import IS_HANDLE, IS_OTHER, TokenTable, enter_numbers, enter_values
from demur.gate.mentions.token_table import ALL_BITS, empty_table, grown
from demur.gate.mentions.tokens import Octets, Offsets
from demur.gate.string_window import BoolMask, StringWindow, find_strings, plain_strings
from demur.gate.suppression_list import SuppressionList

MENTIONED_KINDS: Final = (IdentifierKind.HANDLE, IdentifierKind.EMAIL, IdentifierKind.PHONE, IdentifierKind.NAME)
_GLUED: Final = "['\u02bb\u02bc\u2010\u2011\u2019-]"
_PHONE: Final = re.compile(r"(?:\+|00)?([0-9]{7,15})\Z")
_PHONE_SIGNS: Final = re.compile("[ ()./\u2010-\u2015-]")
_MARGIN_BYTES: Final = 96
_Enter = Callable[[Octets, Offsets, int, int, bool, int, TokenTable], int]


class MentionIndex:
    """Handles, addresses, phone numbers and names, looked for together."""

    def __init__(self, suppressions: SuppressionList, *, look_alikes: bool = False, mask: int = ALL_BITS) -> None:
        """Build the index.

        Args:
            suppressions: the verified list.
            look_alikes: whether letters that look like Latin ones count as these.
            mask: makes hashes collide in tests.
        """
        self._forms = fold_table(look_alikes=look_alikes)
        seed = int.from_bytes(os.urandom(7), "little")
        self._table = empty_table(self._forms.classes, len(suppressions), seed, mask)
        self._kinds: list[IdentifierKind] = []
        self._firsts: list[int] = []
        self._values: list[tuple[Octets, Offsets]] = []
        self._places: list[Places] = []
        for kind in MENTIONED_KINDS:
            self._add(kind, *_first_of_equal(*suppressions.values(kind)))

    def _add(self, kind: IdentifierKind, values: pa.Array, places: Places) -> None:
        if kind is IdentifierKind.NAME:
            has_sign = pc.match_substring_regex(values, _GLUED)
            glued = pc.replace_substring_regex(values.filter(has_sign), _GLUED, "")
            places = np.concatenate([places, places[np.asarray(has_sign.to_numpy(zero_copy_only=False), bool)]])
            values = pa.concat_arrays([values, glued])
        folded, starts = self._fold(values)
        if kind is IdentifierKind.PHONE:
            folded, starts = _digits(folded, starts)
        base = self._firsts[-1] + len(self._places[-1]) if self._firsts else 0
        flag = IS_HANDLE if kind is IdentifierKind.HANDLE else IS_OTHER
        enter: _Enter = enter_numbers if kind is IdentifierKind.PHONE else enter_values
        done = 0
        while len(places):
            done = enter(folded, starts, done, flag, kind is IdentifierKind.NAME, base, self._table)
            if done == len(places):
                break
            self._table = grown(self._table)
        self._kinds.append(kind)
        self._firsts.append(base)
        self._values.append((folded, starts))
        self._places.append(places)

    def _fold(self, values: pa.Array) -> tuple[Octets, Offsets]:
        parts: list[tuple[Octets, Offsets]] = []

        def collect(window: StringWindow) -> BoolMask:
            parts.append(fold_texts(*_octets_of(window.strings), self._forms.starts, self._forms.forms))
            return np.zeros(len(window.strings), bool)

        find_strings(values, collect)
        folded = np.concatenate([np.zeros(0, np.uint8), *(part for part, _ in parts)])
        lengths = np.concatenate([np.zeros(0, np.int64), *(np.diff(starts) for _, starts in parts)])
        return _read_only(folded), np.concatenate([[0], np.cumsum(lengths)])

    def contains(self, texts: pa.Array) -> BoolMask:
        """Return which texts mention somebody: bool[n]. A null mentions nobody.

        Args:
            texts: string, large_string, string_view, or a dictionary of one of them.
        """

        def find(window: StringWindow) -> BoolMask:
            found = np.zeros(len(window.strings), bool)
            for row, _ in self._mentions(window, found):
                found[row] = True
            return found

        return find_strings(texts, find) if self._table.counts[1] else np.zeros(len(texts), bool)

    def find_entries(self, texts: pa.Array) -> tuple[Places, Places]:
        """Return pairs of a text and the first entry of a value in it: int64[m] each. A null mentions nobody."""
        pairs: list[tuple[int, int]] = []
        done = 0
        plain = plain_strings(texts)
        is_there = np.asarray(pc.is_valid(plain).to_numpy(zero_copy_only=False), bool)

        def collect(window: StringWindow) -> BoolMask:
            nonlocal done
            nobody = np.zeros(len(window.strings), bool)
            pairs.extend((done + row, self._place(pattern)) for row, pattern in self._mentions(window, nobody))
            done += len(nobody)
            return nobody

        if self._table.counts[1]:
            find_strings(plain, collect)
        found = np.array(sorted({pair for pair in pairs if is_there[pair[0]]}), np.int64).reshape(-1, 2)
        return found[:, 0], found[:, 1]

    def _mentions(self, window: StringWindow, found: BoolMask) -> Iterator[tuple[int, int]]:
        """Yield (row, pattern) of each mention in a window, leaving out rows that are marked as found meanwhile."""
        data, starts, ends = _octets_of(window.strings)
        is_ascii = find_ascii(data, starts, ends)
        plain, others = np.flatnonzero(is_ascii), np.flatnonzero(~is_ascii)
        folded, cuts = fold_texts(data, starts[others], ends[others], self._forms.starts, self._forms.forms)
        parts = ((data, starts[plain], ends[plain], plain), (_read_only(folded), cuts[:-1], cuts[1:], others))
        for data, part_starts, part_ends, rows in parts:
            for scan in (scan_words, scan_numbers) if self._has_numbers() else (scan_words,):
                proposals = scan(data, part_starts, part_ends, self._table)
                for row, pattern in self._confirm(proposals, data, part_starts, part_ends, found, rows):
                    yield int(rows[row]), pattern

    def _has_numbers(self) -> bool:
        return bool(len(self._places[MENTIONED_KINDS.index(IdentifierKind.PHONE)]))

    def _confirm(
        self,
        proposals: Proposals,
        data: Octets,
        starts: Offsets,
        ends: Offsets,
        found: BoolMask,
        rows: npt.NDArray[np.int64],
    ) -> Iterator[tuple[int, int]]:
        """Yield those proposals that are mentions, compared in full."""
        for row, pattern, start, end in proposals.tolist():
            if found[rows[row]]:
                continue
            kind, value = self._pattern(pattern)
            margin = 4 * len(value.encode()) + _MARGIN_BYTES
            first, last = max(int(starts[row]), start - margin), min(int(ends[row]), end + margin)
            # A window that is cut gets a letter at the cut, so that no part of a word passes for a whole one.
            head = ("_" if first > starts[row] else "") + _text(data, first, start)
            words = _text(data, start, end)
            tail = _text(data, end, last) + ("_" if last < ends[row] else "")
            if is_mention(kind, value, head + words + tail, len(head), len(head) + len(words)):
                yield row, pattern

    def _pattern(self, pattern: int) -> tuple[IdentifierKind, str]:
        which = int(np.searchsorted(self._firsts, pattern, side="right")) - 1
        folded, starts = self._values[which]
        row = pattern - self._firsts[which]
        return self._kinds[which], _text(folded, int(starts[row]), int(starts[row + 1]))

    def _place(self, pattern: int) -> int:
        which = int(np.searchsorted(self._firsts, pattern, side="right")) - 1
        return int(self._places[which][pattern - self._firsts[which]])


def _text(data: Octets, start: int, end: int) -> str:
    return data[start:end].tobytes().lower().decode("utf-8", "ignore")


def _first_of_equal(values: pa.ChunkedArray, places: Places) -> tuple[pa.Array, Places]:
    """Return each value once, with the place of its first entry; equal ones stand next to one another."""
    plain = pc.cast(values, pa.large_string()).combine_chunks()
    if not len(plain):
        return plain, places
    differs = pc.not_equal(plain.slice(1), plain.slice(0, len(plain) - 1))
    is_first = np.concatenate([[True], np.asarray(differs.to_numpy(zero_copy_only=False), bool)])
    return plain.filter(pa.array(is_first)), places[is_first]


def _digits(folded: Octets, starts: Offsets) -> tuple[Octets, Offsets]:
    """Return the digits of phone numbers, country code first; of what is no such number, nothing."""
    numbers = []
    for start, end in zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True):
        number = _PHONE.match(_PHONE_SIGNS.sub("", _text(folded, start, end)))
        numbers.append(number[1].encode() if number else b"")
    ends = np.cumsum([0, *(len(number) for number in numbers)], dtype=np.int64)
    return np.frombuffer(b"".join(numbers), np.uint8), ends


_indexes: WeakKeyDictionary[SuppressionList, dict[bool, MentionIndex]] = WeakKeyDictionary()
_building: Final = Lock()


def mention_index(suppressions: SuppressionList, *, look_alikes: bool) -> MentionIndex:
    """Return the index of a list, built at the first call; safe to call from several threads."""
    with _building:
        own = _indexes.setdefault(suppressions, {})
        if look_alikes not in own:
            own[look_alikes] = MentionIndex(suppressions, look_alikes=look_alikes)
        return own[look_alikes]


def find_readable_texts(texts: pa.Array) -> BoolMask:
    """Return which texts are UTF-8, as text must be: bool[n]; a null is not. A Parquet file can call any bytes text."""
    return find_strings(texts, lambda window: find_readable(*_octets_of(window.strings)))


def _octets_of(strings: pa.Array) -> tuple[Octets, Offsets, Offsets]:
    """Return the buffer of strings, and where each begins and ends in it: uint8[m], int64[n] each.

    Args:
        strings: n of them, at least one; string or large_string.

    Raises:
        ArrowInvalid: a string lies outside its buffer, as another program may have written it.
    """
    _, offset_buffer, data_buffer = strings.buffers()
    width = np.int64 if pa.types.is_large_string(strings.type) else np.int32
    data = _read_only(np.frombuffer(data_buffer or b"", np.uint8))
    first = strings.offset * width().itemsize
    cuts = np.frombuffer(offset_buffer, width, len(strings) + 1, first).astype(np.int64)
    if cuts[0] < 0 or cuts[-1] > len(data) or (cuts[1:] < cuts[:-1]).any():
        raise pa.ArrowInvalid("a text lies outside its own buffer")
    return data, cuts[:-1], cuts[1:]


def _read_only(octets: Octets) -> Octets:
    """Return the bytes, not to be written to: loops are compiled once for such memory."""
    octets.setflags(write=False)
    return octets

"""How many withheld rows each entry of the list stands behind, so that its publisher can tell people, in numbers only.

The gate knows entries by their opaque ids, and not whose they are: a row that two entries of one person were found in
counts once for each of them. Kept rows cost nothing: only those that an objection withholds are looked at again.
Specified in docs/spec/gate-manifest.md.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from demur.gate.decision import Decision
from demur.gate.entry_counts_file import LAYOUT
from demur.gate.formats.data_format import filter_rows
from demur.gate.mapped_batch import MappedBatch, map_batch, needed_columns, without_unread
from demur.gate.mapping import SourceMapping
from demur.gate.membership import Places
from demur.gate.rules import LATE_RULES, OBJECTION_RULES, ObjectionRule, rules_for
from demur.gate.suppression_list import SuppressionList

_FOUND_ROWS: Final = 1 << 20
"""How many finds are kept apart before they are added up."""


@dataclass(frozen=True)
class EntryRows:
    """How many rows entries stand behind. Several entries of one kind and value are represented by the first of them.

    Attributes:
        places: of k entries in the list, ascending: int64[k].
        rows: at least 1 for each: int64[k].
    """

    places: Places
    rows: npt.NDArray[np.int64]


NO_ENTRY_ROWS: Final = EntryRows(np.zeros(0, np.int64), np.zeros(0, np.int64))


class EntryCounter:
    """Counts rows by entry, over the batches of a file."""

    def __init__(self, mapping: SourceMapping, suppressions: SuppressionList) -> None:
        read = without_unread(mapping)  # batches may come without the columns that no rule reads
        ran = rules_for(mapping)  # the index of a rule that did not run need not be built
        of_rows = [rule for rule in OBJECTION_RULES if rule in ran and rule not in LATE_RULES]
        of_pictures = [rule for rule in OBJECTION_RULES if rule in ran and rule in LATE_RULES]
        self._looks = [(of_rows, replace(read, image=None, web=None))]  # pictures are not even copied
        if of_pictures:
            self._looks.append((of_pictures, replace(read, web=None)))
        self._suppressions = suppressions
        self._found: list[Places] = []
        self._found_rows = 0
        self._counted = NO_ENTRY_ROWS

    def add(self, batch: pa.RecordBatch, decision: Decision, where: str) -> None:
        """Count the rows of a batch that was decided about.

        Args:
            batch: n rows.
            decision: about the same rows, by the same list and mapping.
            where: names the batch in errors.

        Raises:
            UnreadableInputError: it has columns that Arrow cannot filter, which views are.
        """
        for rules, mapping in self._looks:
            objected = decision.has_reason([rule.CODE for rule in rules])
            if not objected.any():
                continue
            rows = map_batch(filter_rows(batch.select(needed_columns(mapping)), objected, where), mapping)
            self._found.append(_find_entries(rows, self._suppressions, rules))
            self._found_rows += len(self._found[-1])
        if self._found_rows > max(_FOUND_ROWS, len(self._counted.places)):
            self.result()

    def result(self) -> EntryRows:
        """Return the rows of each entry so far."""
        places, rows = np.unique(np.concatenate([*self._found, NO_ENTRY_ROWS.places]), return_counts=True)
        self._counted = add_up([self._counted, EntryRows(places, rows)])
        self._found, self._found_rows = [], 0
        return self._counted


def add_up(parts: Iterable[EntryRows]) -> EntryRows:
    """Return the rows of each entry in all parts together."""
    parts = list(parts)
    places, which = np.unique(np.concatenate([part.places for part in parts]), return_inverse=True)
    rows = np.zeros(len(places), np.int64)
    np.add.at(rows, which, np.concatenate([part.rows for part in parts]))
    return EntryRows(places, rows)


def entry_rows_batch(counted: EntryRows, suppressions: SuppressionList) -> pa.RecordBatch:
    """Return the entries with at least one row, and how many, in the order of their ids (see LAYOUT)."""
    by_entry = np.zeros(len(suppressions), np.int64)
    by_entry[counted.places] = counted.rows
    rows = suppressions.spread_to_equal_entries(by_entry)
    spread = np.flatnonzero(rows)
    ids = suppressions.entry_ids.take(pa.array(spread)).combine_chunks()
    order = pc.array_sort_indices(ids)
    return pa.RecordBatch.from_arrays([ids.take(order), pa.array(rows[spread]).take(order)], schema=LAYOUT.schema)


def _find_entries(rows: MappedBatch, suppressions: SuppressionList, rules: Iterable[ObjectionRule]) -> Places:
    """Return the entries that rules find rows by, each once for each of its rows, as places in the list.

    Several entries of one kind and value are represented by the first of them.
    """
    pairs = [rule.find_entries(rows, suppressions) for rule in rules]
    keys = np.concatenate([row * len(suppressions) + entry for row, entry in pairs])
    return np.unique(keys) % len(suppressions)

"""How many withheld rows each entry of the list stands behind, so that its publisher can tell people, in numbers only.

The gate knows entries by their opaque ids, and not whose they are: a row that two entries of one person were found in
counts once for each of them. Kept rows cost nothing: only those that an objection withholds are looked at again.
Specified in docs/spec/gate-manifest.md.
"""

from threading import Lock
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from demur.gate.decision import Decision
from demur.gate.entry_counts_file import LAYOUT
from demur.gate.mapped_batch import MappedBatch, map_batch, without_unread
from demur.gate.mapping import SourceMapping
from demur.gate.membership import Places
from demur.gate.rules import OBJECTION_RULES
from demur.gate.suppression_list import SuppressionList

_CODES: Final = tuple(rule.CODE for rule in OBJECTION_RULES)


class EntryCounter:
    """Counts rows by entry, over all batches of a run; several threads may add to it."""

    def __init__(self, mapping: SourceMapping, suppressions: SuppressionList) -> None:
        self._mapping = without_unread(mapping)  # batches may come without the columns that no rule reads
        self._suppressions = suppressions
        self._rows_by_entry = np.zeros(len(suppressions), np.int64)
        self._adding = Lock()

    def add(self, batch: pa.RecordBatch, decision: Decision) -> None:
        """Count the rows of a batch that was decided about.

        Args:
            batch: whose columns Arrow can filter, which views are not.
            decision: about the same rows, by the same list and mapping.
        """
        objected = decision.has_reason(_CODES)
        if not objected.any():
            return
        entries = find_entries(map_batch(batch.filter(pa.array(objected)), self._mapping), self._suppressions)
        with self._adding:
            np.add.at(self._rows_by_entry, entries, 1)

    def to_batch(self) -> pa.RecordBatch:
        """Return the entries with at least one row, and how many, in the order of their ids (see LAYOUT)."""
        rows = self._suppressions.spread_to_equal_entries(self._rows_by_entry)
        counted = np.flatnonzero(rows)
        ids = self._suppressions.entry_ids.take(pa.array(counted)).combine_chunks()
        order = pc.array_sort_indices(ids)
        return pa.RecordBatch.from_arrays([ids.take(order), pa.array(rows[counted]).take(order)], schema=LAYOUT.schema)


def find_entries(rows: MappedBatch, suppressions: SuppressionList) -> Places:
    """Return the entries that rows were found by, each once for each of its rows, as places in the list.

    Several entries of one kind and value are represented by the first of them.
    """
    pairs = [rule.find_entries(rows, suppressions) for rule in OBJECTION_RULES]
    keys = np.concatenate([row * len(suppressions) + entry for row, entry in pairs])
    return np.unique(keys) % len(suppressions)

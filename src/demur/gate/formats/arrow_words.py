"""The dictionaries of an Arrow file without the words of withheld rows: gathered in one reading, applied in another.

An Arrow file has one dictionary for all its record batches, and it stands before them. So which of its words kept rows
use is known only when all of them were seen. A stream may exchange a dictionary between two batches, or add to it: then
each is gathered for itself.
"""

from collections.abc import Callable, Iterator
from itertools import count

import numpy as np
import pyarrow as pa

from demur.gate.formats.data_format import filter_rows
from demur.gate.string_window import BoolMask
from demur.gate.used_words import keep_words, map_dictionaries, used_words

UsedWords = list[list[BoolMask]]
"""By column of words, at any depth, and by dictionary, in the order of the batches: which words kept rows use."""


class WordMarker:
    """Takes note of the words that kept rows use.

    Attributes:
        used: what was noted.
    """

    def __init__(self) -> None:
        self.used: UsedWords = []
        self._last: list[pa.Array | None] = []

    def mark(self, batch: pa.RecordBatch) -> None:
        """Take note of a batch of kept rows, which may have none left."""
        _map_columns(batch, self._mark)

    def _mark(self, leaf: int, values: pa.DictionaryArray) -> pa.DictionaryArray:
        if leaf == len(self._last):
            self._last.append(None)
            self.used.append([])
        if self._last[leaf] is None or not values.dictionary.equals(self._last[leaf]):
            self._last[leaf] = values.dictionary
            self.used[leaf].append(np.zeros(len(values.dictionary), bool))
        self.used[leaf][-1] |= used_words(values)
        return values


class WordDropper:
    """Drops the other words from the same batches, in the same order."""

    def __init__(self, used: UsedWords) -> None:
        self._used: list[Iterator[BoolMask]] = [iter(masks) for masks in used]
        self._last: list[pa.Array | None] = [None] * len(used)
        self._kept: list[tuple[BoolMask, pa.Array]] = [(np.zeros(0, bool), None)] * len(used)

    def drop(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Return the batch with the words that kept rows of any batch with the same dictionary use."""
        return _map_columns(batch, self._drop)

    def _drop(self, leaf: int, values: pa.DictionaryArray) -> pa.DictionaryArray:
        if self._last[leaf] is None or not values.dictionary.equals(self._last[leaf]):
            used = next(self._used[leaf])
            words = filter_rows(values.dictionary, used, "a dictionary")
            self._last[leaf], self._kept[leaf] = values.dictionary, (used, words)
        return keep_words(values, *self._kept[leaf])


def _map_columns(
    batch: pa.RecordBatch, change: Callable[[int, pa.DictionaryArray], pa.DictionaryArray]
) -> pa.RecordBatch:
    leaves = count()
    columns = [map_dictionaries(column, lambda values: change(next(leaves), values)) for column in batch.columns]
    return pa.RecordBatch.from_arrays(columns, schema=batch.schema)

"""PyTorch: an IterableDataset that yields the rows of another that may train."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, Final

from torch.utils.data import IterableDataset

from demur.adapters.batch_gate import BatchGate

_ROWS_AHEAD: Final = 1_024
"""So many rows are read before the first is given out: one by one they would cost a hundred times as much."""

Row = Mapping[str, Any]


class KeptRows(IterableDataset[Row]):
    """The rows that may train, in their order. Each worker of a DataLoader opens the list, or has it by its fork.

    Which worker reads which rows is the business of the dataset inside, as it is without a gate.
    """

    def __init__(self, rows: Iterable[Row], gate: BatchGate) -> None:
        """Wrap a dataset.

        Args:
            rows: mappings from column to value, before anything is tokenised.
            gate: what decides.
        """
        self.rows, self.gate = rows, gate

    def __iter__(self) -> Iterator[Row]:
        """Yield kept rows.

        Raises:
            DemurError: see `BatchGate.decide`.
        """
        rows = iter(self.rows)
        while block := list(islice(rows, _ROWS_AHEAD)):
            kept = self.gate.decide_rows(block).kept_mask
            yield from (row for row, is_kept in zip(block, kept.tolist(), strict=True) if is_kept)

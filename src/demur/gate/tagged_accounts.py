"""The lists of tagged people, seen as one flat column of accounts and the row that each belongs to."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from demur.gate.string_window import BoolMask, present


class TaggedAccounts:
    """n lists of accounts, laid flat.

    Attributes:
        accounts: the m elements of all lists that are not null, one after another; nulls possible.
        namespace: of bare ids; None when each value is `namespace:stable-id` itself.
        unknown: bool[n], which lists are null.
    """

    def __init__(self, lists: pa.Array, namespace: str | None) -> None:
        self.accounts: pa.Array = lists.flatten()
        self.namespace = namespace
        self.unknown: BoolMask = ~present(lists)
        lengths = pc.fill_null(pc.list_value_length(lists), 0)
        self._ends: npt.NDArray[np.int64] = np.cumsum(lengths.to_numpy(zero_copy_only=False), dtype=np.int64)

    def rows_of(self, elements: BoolMask) -> BoolMask:
        """Return which rows have at least one of the marked elements.

        Args:
            elements: bool[m].

        Returns:
            bool[n].
        """
        rows = np.zeros(len(self._ends), bool)
        rows[self.row_of_each(elements)] = True
        return rows

    def row_of_each(self, elements: BoolMask) -> npt.NDArray[np.int64]:
        """Return the row of each marked element, in their order: int64[marked]."""
        return np.searchsorted(self._ends, np.flatnonzero(elements), side="right")


def nobody_tagged(rows: int) -> TaggedAccounts:
    """Return n empty lists: what a dataset without such a column has."""
    lists = pa.ListArray.from_arrays(pa.array(np.zeros(rows + 1, np.int32)), pa.array([], pa.string()))
    return TaggedAccounts(lists, None)

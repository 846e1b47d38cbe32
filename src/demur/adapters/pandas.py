"""pandas: `frame[is_kept(frame, gate)]`."""

import pandas as pd

from demur.adapters.batch_gate import BatchGate
from demur.adapters.python_values import table_of_columns
from demur.gate.errors import ColumnMissingError
from demur.gate.string_window import BoolMask


def is_kept(frame: pd.DataFrame, gate: BatchGate) -> BoolMask:
    """Return which of n rows may train: bool[n]. A NaN counts as null; a column of mixed types raises.

    Raises:
        DemurError: see `BatchGate.decide`.
    """
    opened = gate.open()
    for column in opened.columns:
        if (frame.columns == column).sum() > 1:
            raise ColumnMissingError(f'the frame has more than one column "{column}"', hint="rename one of them")
    columns = {column: frame[column] for column in opened.columns if column in frame.columns}
    return opened.decide(table_of_columns(columns, opened.mapping, nan_is_null=True)).kept_mask

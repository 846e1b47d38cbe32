"""Polars: `frame.filter(is_kept(gate))`, for a DataFrame or a LazyFrame."""

import polars as pl

from demur.adapters.batch_gate import BatchGate


def is_kept(gate: BatchGate) -> pl.Expr:
    """Return an expression that is true for rows that may train. It reads only the columns that rules read.

    What the gate raises comes out of `filter` or `collect` as Polars passes it on: as it is, or as a ComputeError.
    """
    struct = pl.struct(gate.open().columns)
    return struct.map_batches(lambda rows: _is_kept(rows, gate), return_dtype=pl.Boolean, is_elementwise=True)


def _is_kept(rows: pl.Series, gate: BatchGate) -> pl.Series:
    return pl.Series(gate.kept_mask(rows.struct.unnest().to_arrow()))

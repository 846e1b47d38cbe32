"""Spark: `kept_rows(frame, gate)`. Only the columns that rules read go to Python, and only one bit a row comes back.

The sealed list is broadcast; each Python worker opens it once, with the keys folder on its own machine.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql.functions import col
from pyspark.sql.pandas.functions import arrow_udf
from pyspark.sql.pandas.types import to_arrow_schema
from pyspark.sql.types import StructType

from demur.adapters.batch_gate import BatchGate, OpenGate
from demur.controller.catalogue import Audience, Kind
from demur.gate.mapped_batch import check_columns

if TYPE_CHECKING:
    from pyspark import Broadcast


def kept_rows(frame: DataFrame, gate: BatchGate) -> DataFrame:
    """Return the kept rows with all their columns, in a classic session: Spark Connect has no broadcast.

    What the gate raises on a worker ends the job, as a PythonException.

    Raises:
        DemurError: see `BatchGate.open`; and a column is missing, there twice, or of another type than its role.
    """
    opened = gate.open()
    fields = [field for field in frame.schema.fields if field.name in opened.columns]
    check_columns(to_arrow_schema(StructType(fields)), opened.mapping, "the frame")
    sealed = frame.sparkSession.sparkContext.broadcast(gate.read_list())
    is_kept = arrow_udf(decider(gate, sealed), "boolean")  # type: ignore[call-overload]
    return frame.filter(_may_be_kept(opened)).filter(is_kept(*(_column(name) for name in opened.columns)))


def decider(gate: BatchGate, sealed: "Broadcast[bytes]") -> Callable[..., pa.Array]:
    """Return what a worker runs: from the columns that rules read to which rows may train."""

    def is_kept(*columns: pa.Array) -> pa.Array:
        opened = gate.open(lambda: sealed.value)
        return pa.array(opened.decide(pa.RecordBatch.from_arrays(list(columns), opened.columns)).kept_mask)

    return is_kept


def _may_be_kept(opened: OpenGate) -> Column:
    """Return what Spark can tell by itself, without moving a row: a row for which it is not true is withheld.

    It never keeps: what it lets through is decided about whole. A row without id goes through, so that it raises.
    """
    mapping = opened.mapping
    kinds = [value for value, kind in mapping.kind_values.items() if kind is not Kind.MESSAGE]
    allowed = _column(mapping.kind).isin(kinds) & ~_column(mapping.author_is_minor)
    if opened.catalogue is None:
        public = [value for value, audience in mapping.audience_values.items() if audience is Audience.PUBLIC]
        allowed &= _column(mapping.audience).isin(public)
    return allowed | _column(mapping.row_id).isNull()


def _column(name: str) -> Column:
    return col("`" + name.replace("`", "``") + "`")

"""DuckDB: the rows of a relation that may train, as a stream of record batches that DuckDB can query in turn.

kept = kept_rows(connection.sql("FROM 'lake/*.parquet'"), gate)
connection.cursor().sql("COPY (FROM kept) TO 'kept.parquet'")
"""

from collections.abc import Iterator

import duckdb
import pyarrow as pa

from demur.adapters.batch_gate import BATCH_ROWS, BatchGate
from demur.gate.mapped_batch import check_columns


def kept_rows(relation: duckdb.DuckDBPyRelation, gate: BatchGate) -> pa.RecordBatchReader:
    """Return a reader of the kept rows, in the relation's order and with its columns; it can be read once.

    Raises:
        DemurError: see `BatchGate.decide`; of a later batch when it is read.
    """
    opened = gate.open()
    reader = relation.to_arrow_reader(BATCH_ROWS)
    check_columns(reader.schema, opened.mapping, "the relation")

    def read() -> Iterator[pa.RecordBatch]:
        for batch in reader:
            yield gate.kept_rows(batch)

    return pa.RecordBatchReader.from_batches(reader.schema, read())

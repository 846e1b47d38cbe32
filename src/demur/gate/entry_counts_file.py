"""The file of withheld rows by entry, which the gate writes and the list's publisher reads: docs/spec/gate-manifest.md.

Apart from the counting, so that who only reads the file does not load what decides about rows.
"""

from itertools import pairwise
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from demur.core.errors import FormatError
from demur.gate.output import Layout
from demur.gate.suppression_list import ENTRY_ID_BYTES

WITHHELD_BY_ENTRY: Final = "withheld-by-entry.parquet"
LAYOUT: Final = Layout(
    schema=pa.schema(
        [
            pa.field("entry_id", pa.binary(ENTRY_ID_BYTES), nullable=False),
            pa.field("rows", pa.int64(), nullable=False),
        ],
    ),
    compression="zstd",
    dictionary_columns=[],
    store_schema=True,
)


def parse_entry_counts(raw: bytes) -> dict[bytes, int]:
    """Return the number of withheld rows by entry id, from the bytes of a file whose digest a signed manifest names.

    Raises:
        FormatError: not a file of counts. Arrow does not withstand every damage: check the digest before.
    """
    try:
        table = pq.ParquetFile(pa.BufferReader(raw)).read()
        table.validate(full=True)
    except (pa.ArrowException, OSError) as error:
        raise FormatError("the counts by entry are not a Parquet file, or are damaged") from error
    if not table.schema.equals(LAYOUT.schema) or any(column.null_count for column in table.columns):
        raise FormatError("the counts by entry have other columns than this version knows, or an empty field")
    ids, rows = table["entry_id"].to_pylist(), table["rows"].to_pylist()
    if any(later <= earlier for earlier, later in pairwise(ids)) or min(rows, default=1) < 1:
        raise FormatError("the counts by entry are out of order, or one is there twice or less than one")
    return dict(zip(ids, rows, strict=True))

"""The rows of an input file, of whatever format, with only the columns that rules read."""

from collections.abc import Iterator

import pyarrow as pa

from demur.gate.json_lines import is_json_lines, read_lines
from demur.gate.mapped_batch import needed_columns
from demur.gate.mapping import SourceMapping
from demur.gate.source import InputFile, open_parquet, read_row_group


def read_needed(file: InputFile, mapping: SourceMapping) -> Iterator[tuple[str, pa.RecordBatch]]:
    """Yield the rows in order, in batches, with words that name the file and the part of it.

    Raises:
        UnreadableInputError: names the file and the row group or line.
        ColumnTypeError: the mapping gives one field of JSON Lines two roles that have not the same type.
    """
    if is_json_lines(file.name):
        for block in read_lines(file.path, file.name, mapping):
            yield block.where, block.batch
        return
    columns = needed_columns(mapping)
    with open_parquet(file.path, file.name) as parquet:
        for row_group in range(parquet.num_row_groups):
            for batch in read_row_group(parquet, file.name, row_group, columns):
                yield f"{file.name}, row group {row_group}", batch

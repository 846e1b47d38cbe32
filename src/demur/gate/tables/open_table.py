"""Opens the table that an input is, through the library of its format."""

from pathlib import Path
from typing import Final

from demur.gate.formats.data_format import unreadable
from demur.gate.tables.table import Table
from demur.gate.tables.table_kind import TableKind, find_table_kind

_METADATA_SUFFIX: Final = ".metadata.json"


def find_table(inputs: Path, version: int | None) -> Table | None:
    """Return the table that an input is; None if it is plain files.

    Args:
        inputs: the folder of a table, a metadata file of an Iceberg table, or plain files.
        version: of a Delta table, or the id of an Iceberg snapshot; None stands for what is current.

    Raises:
        UnreadableInputError: the table cannot be read, or has no such version.
    """
    try:
        kind = find_table_kind(inputs) if inputs.is_dir() else None
    except OSError as error:
        raise unreadable(f'the folder "{inputs.name}" could not be read', error) from error
    if kind is TableKind.DELTA:
        from demur.gate.tables.delta import open_delta_table  # noqa: PLC0415  (its library is optional)

        return open_delta_table(inputs, version)
    if kind is TableKind.ICEBERG or (inputs.is_file() and inputs.name.endswith(_METADATA_SUFFIX)):
        from demur.gate.tables.iceberg import open_iceberg_table  # noqa: PLC0415  (the same)

        return open_iceberg_table(inputs, version)
    return None

"""Opens the table that an input is, through the library of its format."""

from pathlib import Path
from typing import Final

from demur.gate.errors import UnreadableInputError
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
    is_iceberg = kind is TableKind.ICEBERG or (inputs.is_file() and inputs.name.endswith(_METADATA_SUFFIX))
    try:
        if kind is TableKind.DELTA:
            return _open_delta(inputs, version)
        return _open_iceberg(inputs, version) if is_iceberg else None
    except ModuleNotFoundError as error:
        raise UnreadableInputError(
            f"the table cannot be read: {error.name} is not installed",
            hint="install the gate with it: demur[delta], or demur[iceberg]",
        ) from error


def _open_delta(inputs: Path, version: int | None) -> Table:
    from demur.gate.tables.delta import open_delta_table  # noqa: PLC0415  (its library is optional)

    return open_delta_table(inputs, version)


def _open_iceberg(inputs: Path, version: int | None) -> Table:
    from demur.gate.tables.iceberg import open_iceberg_table  # noqa: PLC0415  (the same)

    return open_iceberg_table(inputs, version)

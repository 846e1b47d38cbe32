"""All formats that the gate reads and writes, by the ends of file names."""

from typing import Final

from demur.gate.formats.arrow_ipc import ArrowIpc
from demur.gate.formats.comma_separated import CommaSeparated
from demur.gate.formats.data_format import DataFormat
from demur.gate.formats.json_lines import JsonLines
from demur.gate.formats.parquet import Parquet
from demur.gate.formats.webdataset import WebDataset

FORMATS: Final[tuple[DataFormat, ...]] = (Parquet(), JsonLines(), CommaSeparated(), ArrowIpc(), WebDataset())
SUFFIXES: Final = tuple(suffix for known in FORMATS for suffix in known.SUFFIXES)

LEFT_OUT: Final = (".", "_")
"""Names that begin so are marks and indexes of the engines that wrote the folder (`_SUCCESS`, `.crc`), never data."""


def format_of(name: str) -> DataFormat:
    """Return the format of a file by its name; what has none of the known ends is taken for Parquet."""
    return next((known for known in FORMATS if name.endswith(known.SUFFIXES)), FORMATS[0])

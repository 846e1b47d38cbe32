"""How a format of tables writes down which rows of a file are no more, without writing the file again."""

from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from demur.core.gate_manifest import ManifestFile


class RowDeletes(Protocol):
    """A format's own way; it can be pickled."""

    def write(self, folder: Path, name: str, positions: npt.NDArray[np.int64]) -> ManifestFile:
        """Write the places of rows that are no more into a file of their own.

        Args:
            folder: where the output is made.
            name: of the file of data, below `kept/`.
            positions: places in it, counted from 0, in order, each once; at least one.

        Returns:
            The new file; its rows are the places that it names.

        Raises:
            OutputWriteError: it could not be written.
        """

"""The input of a run: plain files, or the files of a table at one version."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import pyarrow as pa

from demur.core.gate_manifest import KEPT, GateManifest, GateMode, ManifestFile
from demur.gate.errors import OutputExistsError, OutputWriteError, UnreadableInputError
from demur.gate.file_gate import FileResult
from demur.gate.mapping import SourceMapping
from demur.gate.source import InputFile, find_inputs, load_schema
from demur.gate.stores.address import Place, would_read
from demur.gate.tables.open_table import find_table
from demur.gate.tables.table import DataFile, Table, hash_log


@dataclass(frozen=True)
class GateInput:
    """What a run reads.

    Attributes:
        files: of data, in the order of their names.
        table: whose they are; None if they are plain files.
        out: the final name of the output, of a run that writes a table there.
    """

    files: Sequence[InputFile]
    table: Table | None = None
    out: Path | None = None

    def hash_log(self) -> list[ManifestFile]:
        """Return the files of the table's log; none of plain files.

        Raises:
            InputChangedError: one of them changed since the run began.
        """
        return [] if self.table is None else hash_log(self.table.log)

    def complete(self, manifest: GateManifest, folder: Path, results: Sequence[FileResult]) -> GateManifest:
        """Write the log of the table of the kept rows, and return the manifest with what is the table's in it.

        Args:
            manifest: of the files of data.
            folder: where the output is made.
            results: what became of each file, in their order.

        Raises:
            InputChangedError: the log of the input changed since the run began.
            OutputWriteError: no log could be written, or its library finds other rows in it than were kept.
        """
        if self.table is None:
            return manifest
        deletes = [result.deletes for result in results if result.deletes is not None]
        files = cast("Sequence[DataFile]", self.files)
        log = [] if self.out is None else self.table.write_log(folder, self.out, files, results)
        kept = [file for file in manifest.outputs if file.path.startswith(f"{KEPT}/")]
        others = manifest.outputs[len(kept) :]
        inputs = sorted((*manifest.inputs, *self.hash_log()), key=lambda file: file.path)
        return replace(
            manifest, table=self.table.version, inputs=tuple(inputs), outputs=(*kept, *deletes, *log, *others)
        )


def open_input(inputs: Place, mapping: SourceMapping, table_version: int | None) -> GateInput:
    """Return what a run reads that writes no table.

    Args:
        inputs: plain files, or a table.
        mapping: what their columns must fit.
        table_version: of the table; None for the one that it has now.

    Raises:
        UnreadableInputError: it cannot be read, or there is a version and no table.
        ColumnMissingError: a column of the mapping is not there.
        ColumnTypeError: a column has a type that its role cannot have.
    """
    table = find_table(inputs, table_version) if isinstance(inputs, Path) else None
    if table is None:
        _refuse_version(table_version)
        return GateInput(find_inputs(inputs, mapping))
    return GateInput(table.find_files(mapping, None), table)


def open_input_of_run(
    inputs: Place, mapping: SourceMapping, table_version: int | None, out: Place, mode: GateMode
) -> GateInput:
    """Return what a run reads that writes.

    Args:
        inputs: plain files, or a table.
        mapping: what their columns must fit.
        table_version: of the table; None for the one that it has now.
        out: the final name of the output.
        mode: what is written of the kept rows.

    Raises:
        UnreadableInputError: as `open_input`; or row deletes are asked for, and there is no table.
        OutputExistsError: the output lies in the table.
        OutputWriteError: a table cannot be written there.
    """
    table = find_table(inputs, table_version) if isinstance(inputs, Path) else None
    if table is None:
        if mode is GateMode.DELETES:
            raise UnreadableInputError(
                "only tables of Delta Lake and Iceberg have row deletes, and the input is plain files",
                hint="choose another --mode; link writes only files in which a row is withheld",
            )
        return open_input(inputs, mapping, table_version)
    if would_read(table.folder, out):
        raise OutputExistsError("the output lies in the table", hint="choose another folder with --out")
    if mode is GateMode.IDS:
        return GateInput(table.find_files(mapping, None), table)
    if not isinstance(out, Path):
        raise OutputWriteError(
            "a table cannot be written into an object store yet",
            hint="choose a folder on this machine with --out, or --mode ids",
        )
    return GateInput(table.find_files(mapping, out), table, out)


def load_input_schema(inputs: Place) -> pa.Schema:
    """Return the columns of a table, or of the first of plain files.

    Raises:
        UnreadableInputError: it cannot be read.
    """
    table = find_table(inputs, None) if isinstance(inputs, Path) else None
    return load_schema(inputs) if table is None else table.load_schema()


def _refuse_version(table_version: int | None) -> None:
    if table_version is not None:
        raise UnreadableInputError("the input is no table, so it has no version", hint="leave out --table-version")

"""An Iceberg table as output: metadata of one snapshot over the kept files, and position deletes of withheld rows.

Iceberg's metadata spell locations in full, so they are written for the place where the output will appear, and the
output cannot be moved. No time of day and no random number goes into them: the same input and place give the same
bytes. Smallest and largest values of columns, which could be a withheld row's, are left out.
Source: https://iceberg.apache.org/spec/
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final, cast
from uuid import UUID, uuid5

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyiceberg.io.pyarrow import PyArrowFile, PyArrowFileIO
from pyiceberg.manifest import DataFile, DataFileContent, FileFormat
from pyiceberg.schema import Schema
from pyiceberg.table import FileScanTask, StaticTable, TableProperties
from pyiceberg.table.metadata import TableMetadata, TableMetadataV1

from demur.core.gate_manifest import KEPT, ManifestFile, TableVersion
from demur.gate.errors import OutputWriteError
from demur.gate.file_gate import FileResult
from demur.gate.output import Layout, OutputFile, writing
from demur.gate.tables.iceberg_manifests import SEQUENCE_NUMBER, Manifests
from demur.gate.tables.output_file import write_whole

_NAMESPACE: Final = UUID("3a1b9a52-6f0e-5a53-8b8f-4f4f5b7a9d10")
"""Of the ids that are made out of a table's id and a snapshot's."""

_SNAPSHOT_ID_BITS: Final = 63
_METADATA: Final = "metadata/v1.metadata.json"
_HINT: Final = "metadata/version-hint.text"
_UNSAFE: Final = "%?#"
"""Characters of a path that some readers of Iceberg take for parts of an address."""

_FILE_PATH_ID, _POS_ID = 2147483546, 2147483545
_POSITION_DELETES: Final = pa.schema(
    [
        pa.field("file_path", pa.string(), nullable=False, metadata={"PARQUET:field_id": str(_FILE_PATH_ID)}),
        pa.field("pos", pa.int64(), nullable=False, metadata={"PARQUET:field_id": str(_POS_ID)}),
    ]
)
_LAYOUT: Final = Layout(_POSITION_DELETES, "zstd", ["file_path"], store_schema=False)


@dataclass(frozen=True)
class PositionDeletes:
    """Writes position delete files, one for each file of data; see `RowDeletes`.

    Attributes:
        location: of the table of the kept rows, when it has its final name.
    """

    location: str

    @classmethod
    def below(cls, out: Path) -> "PositionDeletes":
        """Return what writes below an output folder, by its final name.

        Raises:
            OutputWriteError: some readers of Iceberg would not find the output under such a name.
        """
        folder = out.resolve() / KEPT
        if any(character in str(folder) for character in _UNSAFE):
            raise OutputWriteError(
                "an Iceberg table cannot be written below a folder whose name has %, ? or #",
                hint="choose another folder with --out",
            )
        return cls(f"file://{folder}")

    def write(self, folder: Path, name: str, positions: npt.NDArray[np.int64]) -> ManifestFile:
        """Write positions; see `RowDeletes`."""
        path = PurePosixPath(name)
        own = f"{KEPT}/{path.with_name(f'{path.stem}-deletes.parquet')}"
        locations = pa.repeat(f"{self.location}/{name}", len(positions))
        with OutputFile(folder / own, _LAYOUT) as file:
            file.append_batch(pa.RecordBatch.from_arrays([locations, pa.array(positions)], schema=_POSITION_DELETES))
            return ManifestFile(own, file.close(), file.rows)


@dataclass(frozen=True)
class IcebergOutput:
    """Writes the metadata of a table of kept rows.

    Attributes:
        folder: where the output is made.
        location: of the table, when it has its final name.
        version: of the table that was gated.
        metadata: of the same.
        schema: its columns.
        timestamp_ms: when its snapshot was made; the new one is said to be as old.
    """

    folder: Path
    location: str
    version: TableVersion
    metadata: TableMetadata
    schema: Schema
    timestamp_ms: int

    def write(self, tasks: Sequence[FileScanTask], results: Sequence[FileResult]) -> list[ManifestFile]:
        """Write the metadata, and have the library count the rows.

        Args:
            tasks: the files of data of the table that was gated.
            results: what became of each, in the same order.

        Raises:
            OutputWriteError: they could not be written, or the library finds other rows in the table.
        """
        snapshot_id = self._id("snapshot").int >> (128 - _SNAPSHOT_ID_BITS)
        manifests = Manifests(self.location, self.schema, self.metadata.specs(), snapshot_id)
        for task, result in zip(tasks, results, strict=True):
            manifests.add_data(self._entry(task, result))
            if result.deletes is not None:
                manifests.add_deletes(self._delete_entry(task, _kept(result), result.deletes))
        files = manifests.to_files()
        files[_METADATA], files[_HINT] = self._new_metadata(snapshot_id, manifests.list_location), b"1"
        written = [write_whole(self.folder, name, raw, 0) for name, raw in files.items()]
        self._check(sum(result.source.rows - result.withheld.rows for result in results))
        return written

    def _entry(self, task: FileScanTask, result: FileResult) -> DataFile:
        kept = _kept(result)
        rows = kept.rows if result.deletes is None else task.file.record_count
        return self._file(task, kept.path, DataFileContent.DATA, rows, {})

    def _delete_entry(self, task: FileScanTask, kept: ManifestFile, deletes: ManifestFile) -> DataFile:
        bounds = {_FILE_PATH_ID: self._location(kept.path).encode()}
        return self._file(task, deletes.path, DataFileContent.POSITION_DELETES, deletes.rows, bounds)

    def _file(
        self, task: FileScanTask, path: str, content: DataFileContent, rows: int, bounds: dict[int, bytes]
    ) -> DataFile:
        with writing():
            size_bytes = (self.folder / path).stat().st_size
        file = DataFile.from_args(
            _table_format_version=2,
            content=content,
            file_path=self._location(path),
            file_format=FileFormat.PARQUET,
            partition=task.file.partition,
            record_count=rows,
            file_size_in_bytes=size_bytes,
            lower_bounds=bounds or None,
            upper_bounds=bounds or None,
        )
        file.spec_id = task.file.spec_id
        return file

    def _new_metadata(self, snapshot_id: int, list_location: str) -> bytes:
        """Return the table's own metadata, with one snapshot. Of its properties only what names columns is kept.

        Others may name the place of the table that was gated, into which somebody would write.
        """
        old = self.metadata.to_v2() if isinstance(self.metadata, TableMetadataV1) else self.metadata
        mapping = TableProperties.DEFAULT_NAME_MAPPING
        snapshot = {
            "snapshot-id": snapshot_id,
            "sequence-number": SEQUENCE_NUMBER,
            "timestamp-ms": self.timestamp_ms,
            "manifest-list": list_location,
            "summary": {"operation": "append"},
            "schema-id": self.schema.schema_id,
        }
        changes = {
            "location": self.location,
            "table-uuid": str(self._id("table")),
            "last-updated-ms": self.timestamp_ms,
            "last-sequence-number": SEQUENCE_NUMBER,
            "current-schema-id": self.schema.schema_id,
            "properties": {name: text for name, text in old.properties.items() if name == mapping},
            "current-snapshot-id": snapshot_id,
            "snapshots": [snapshot],
            "snapshot-log": [],
            "metadata-log": [],
            "refs": {"main": {"snapshot-id": snapshot_id, "type": "branch"}},
            "statistics": [],
            "partition-statistics": [],
        }
        return json.dumps({**json.loads(old.model_dump_json()), **changes}, sort_keys=True).encode()

    def _check(self, kept_rows: int) -> None:
        """Count the rows of the new table as its readers will.

        Raises:
            OutputWriteError: there are others than were kept.
        """
        try:
            table = StaticTable.from_metadata(str(self.folder / KEPT / _METADATA))
            table.io = _MovedFiles(self.location, str(self.folder / KEPT))
            counted = table.scan(selected_fields=(self.schema.fields[0].name,)).count()
        except (pa.ArrowException, OSError, ValueError) as error:
            raise OutputWriteError("the table of the kept rows cannot be read by its library (pyiceberg)") from error
        if counted != kept_rows:
            raise OutputWriteError("the table of the kept rows has not the rows that were kept")

    def _location(self, path: str) -> str:
        return f"{self.location}{path.removeprefix(KEPT)}"

    def _id(self, what: str) -> UUID:
        return uuid5(_NAMESPACE, f"{self.version.id} {self.version.version} {what}")


class _MovedFiles(PyArrowFileIO):
    """Reads files from where they are made, by the locations that they will have."""

    def __init__(self, location: str, folder: str) -> None:
        super().__init__()
        self._places = location, folder

    def new_input(self, location: str) -> PyArrowFile:
        return super().new_input(location.replace(*self._places, 1))


def _kept(result: FileResult) -> ManifestFile:
    return cast("ManifestFile", result.kept)  # None only in the mode "ids", which writes no metadata

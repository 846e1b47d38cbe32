"""An Iceberg table as input: its files, columns and removed rows in one snapshot, read through pyiceberg."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyiceberg.exceptions import ValidationError
from pyiceberg.io.pyarrow import schema_to_pyarrow
from pyiceberg.manifest import DataFile as IcebergFile
from pyiceberg.manifest import DataFileContent, FileFormat, ManifestContent
from pyiceberg.manifest import ManifestFile as IcebergManifest
from pyiceberg.schema import Schema
from pyiceberg.table import FileScanTask, StaticTable
from pyiceberg.table.snapshots import Snapshot
from pyiceberg.transforms import IdentityTransform

from demur.core.gate_manifest import ManifestFile, TableVersion
from demur.gate.errors import UnreadableInputError
from demur.gate.file_gate import FileResult
from demur.gate.formats.data_format import DAMAGED
from demur.gate.mapping import SourceMapping
from demur.gate.source import InputFile
from demur.gate.tables.iceberg_output import IcebergOutput, PositionDeletes
from demur.gate.tables.table import DataFile, look_at, look_at_data
from demur.gate.tables.table_parquet import Positions, TableColumn, TableParquet

METADATA: Final = "metadata"
METADATA_SUFFIX: Final = ".metadata.json"
_HINT: Final = "version-hint.text"
_FORMAT_VERSIONS: Final = (1, 2)
_LOCAL_SCHEMES: Final = ("", "file")
_NONE: Final = np.zeros(0, np.int64)

_REFUSED: Final = (*DAMAGED, ValidationError, LookupError, TypeError, AttributeError, RuntimeError)
"""What pyiceberg raises over metadata that are damaged, or say something that it cannot read yet."""


@dataclass(frozen=True)
class IcebergInput:
    """An Iceberg table in one snapshot; see `Table`.

    Attributes:
        library: the table as the library has read it.
        snapshot: which one.
        schema: the columns.
        tasks: the files of data, by their names.
        removed: the rows that are the table's no more, by the name of the file.
    """

    version: TableVersion
    folder: Path
    log: tuple[InputFile, ...]
    library: StaticTable
    snapshot: Snapshot
    schema: Schema
    tasks: dict[str, FileScanTask]
    removed: dict[str, Positions]

    def load_schema(self) -> pa.Schema:
        """Return the columns of the table."""
        return schema_to_pyarrow(self.schema, include_field_ids=False)

    def find_files(self, mapping: SourceMapping, out: Path | None) -> list[DataFile]:
        """Return the files of data; see `Table`."""
        deletes = None if out is None else PositionDeletes.below(out)
        return [
            look_at_data(
                self.folder,
                name,
                task.file.file_size_in_bytes,
                TableParquet(self._columns(task.file), self.removed.get(name, _NONE), deletes),
                mapping,
            )
            for name, task in sorted(self.tasks.items())
        ]

    def write_log(
        self, folder: Path, out: Path, files: Sequence[DataFile], results: Sequence[FileResult]
    ) -> list[ManifestFile]:
        """Write metadata of one snapshot; see `Table`."""
        output = IcebergOutput(
            folder=folder,
            location=PositionDeletes.below(out).location,
            version=self.version,
            metadata=self.library.metadata,
            schema=self.schema,
            timestamp_ms=self.snapshot.timestamp_ms,
        )
        return output.write([self.tasks[file.name] for file in files], results)

    def _columns(self, file: IcebergFile) -> tuple[TableColumn, ...]:
        mapped = self.library.name_mapping()
        names = {} if mapped is None else {field.field_id: tuple(field.names) for field in mapped}
        constants = self._partition_values(file)
        return tuple(
            TableColumn(
                name=field.name,
                type=arrow.type,
                field_id=field.field_id,
                names=names.get(field.field_id, ()),
                constant=constants.get(field.field_id),
            )
            for field, arrow in zip(self.schema.fields, self.load_schema(), strict=True)
        )

    def _partition_values(self, file: IcebergFile) -> dict[int, Any]:
        """Return the values that every row of a file has, by field id, of columns that need not be in the file."""
        spec = self.library.specs()[file.spec_id]
        return {
            field.source_id: file.partition[place]
            for place, field in enumerate(spec.fields)
            if isinstance(field.transform, IdentityTransform)
        }


def open_iceberg_table(inputs: Path, snapshot_id: int | None) -> IcebergInput:
    """Return a table in a snapshot; None stands for the current one.

    Args:
        inputs: the table's folder, if it says which metadata count; or a metadata file.
        snapshot_id: of the snapshot.

    Raises:
        UnreadableInputError: the table has no such snapshot, is damaged, or has a feature that is not known.
    """
    try:
        metadata = _find_metadata(inputs) if inputs.is_dir() else inputs.resolve()
        library = StaticTable.from_metadata(str(metadata))
        snapshot = _find_snapshot(library, snapshot_id)
        manifests = snapshot.manifests(library.io)
        _refuse_unknown(library, manifests)
        tasks = list(library.scan(snapshot_id=snapshot_id).plan_files())
        return _input(library, metadata, snapshot, manifests, tasks, snapshot_id)
    except _REFUSED as error:
        raise UnreadableInputError(
            "the table cannot be read by its library (pyiceberg)",
            hint="read it with the engine that wrote it to see what is wrong, or give another snapshot "
            "with --table-version",
        ) from error


def _input(
    library: StaticTable,
    metadata: Path,
    snapshot: Snapshot,
    manifests: list[IcebergManifest],
    tasks: list[FileScanTask],
    snapshot_id: int | None,
) -> IcebergInput:
    root = _local(library.metadata.location).resolve()
    named = {_name(task.file.file_path, root): task for task in tasks}
    if len(named) != len(tasks):
        raise UnreadableInputError("the snapshot names a file of data twice")
    deletes = {file.file_path: file for task in tasks for file in task.delete_files}
    own = [snapshot.manifest_list, *(each.manifest_path for each in manifests), *deletes]
    names = {_name(str(metadata), root), *(_name(location, root) for location in own)}
    return IcebergInput(
        version=TableVersion("iceberg", str(library.metadata.table_uuid), str(snapshot.snapshot_id)),
        folder=root,
        log=tuple(look_at(root / name, name) for name in sorted(names)),
        library=library,
        snapshot=snapshot,
        schema=library.schema() if snapshot_id is None else library.scan(snapshot_id=snapshot_id).projection(),
        tasks=named,
        removed=_removed(named, deletes, root),
    )


def _find_metadata(folder: Path) -> Path:
    """Return the metadata file that counts. Which one that is, only a catalog knows, or a hint beside them.

    Raises:
        UnreadableInputError: nothing says which.
    """
    found = sorted((folder / METADATA).glob(f"*{METADATA_SUFFIX}*"))
    hint = folder / METADATA / _HINT
    if hint.exists():
        text = hint.read_text(encoding="utf-8").strip()
        name = text if text.endswith(METADATA_SUFFIX) else f"{'v' * text.isdecimal()}{text}{METADATA_SUFFIX}"
        found = [path for path in found if path.name == name]
    if len(found) != 1:
        raise UnreadableInputError(
            f'nothing in the folder of the Iceberg table "{folder.name}" says which of its metadata files counts',
            hint="give the metadata file that the table's catalog names (metadata_location) in place of the folder",
        )
    return found[0].resolve()


def _find_snapshot(library: StaticTable, snapshot_id: int | None) -> Snapshot:
    snapshot = library.current_snapshot() if snapshot_id is None else library.snapshot_by_id(snapshot_id)
    if snapshot is None:
        raise UnreadableInputError(
            "the Iceberg table has no such snapshot" if snapshot_id else "the Iceberg table has no snapshot yet",
            hint="give one that the table has with --table-version",
        )
    return snapshot


def _refuse_unknown(library: StaticTable, manifests: list[IcebergManifest]) -> None:
    version = library.metadata.format_version
    if version not in _FORMAT_VERSIONS:
        raise _unknown(f"format version {version}")
    for manifest in manifests:
        if manifest.content is not ManifestContent.DELETES:
            continue
        for entry in manifest.fetch_manifest_entry(library.io):
            if entry.data_file.content is DataFileContent.EQUALITY_DELETES:
                raise _unknown("equality deletes")


def _unknown(what: str) -> UnreadableInputError:
    return UnreadableInputError(
        f"the Iceberg table has a feature that the gate cannot read: {what}",
        hint="rewrite the table without it with the engine that wrote it, and gate that",
    )


def _removed(tasks: dict[str, FileScanTask], deletes: dict[str, IcebergFile], root: Path) -> dict[str, Positions]:
    """Return which rows of each file are removed. Which delete files apply to which file, the library has decided."""
    by_file: dict[str, dict[str, Positions]] = {
        location: dict(_read_positions(file, root)) for location, file in deletes.items()
    }
    removed = {}
    for name, task in tasks.items():
        if task.file.file_format != FileFormat.PARQUET:
            raise _unknown(f"data files in {task.file.file_format.name}")
        found = [by_file[file.file_path].get(task.file.file_path, _NONE) for file in task.delete_files]
        removed[name] = np.unique(np.concatenate([_NONE, *found]))
    return removed


def _read_positions(file: IcebergFile, root: Path) -> Iterator[tuple[str, Positions]]:
    """Yield the location of each file that a delete file speaks of, and places of rows in it."""
    if file.file_format != FileFormat.PARQUET:
        raise _unknown(f"row deletes in {file.file_format.name}")
    table = pq.ParquetFile(root / _name(file.file_path, root)).read(["file_path", "pos"])
    for location in pc.unique(table["file_path"]).to_pylist():
        of_file = table.filter(pc.equal(table["file_path"], location))
        yield location, of_file["pos"].to_numpy()


def _local(location: str) -> Path:
    """Return where a location is on this machine. Locations are taken as they are spelled, as the library does.

    Raises:
        UnreadableInputError: it is elsewhere.
    """
    scheme = urlsplit(location).scheme
    if scheme not in _LOCAL_SCHEMES:
        raise UnreadableInputError(
            f"the Iceberg table has files in another place than this machine ({scheme})",
            hint="copy the table to this machine with the engine that wrote it",
        )
    path = location.removeprefix("file:")
    return Path("/" + path.lstrip("/"))


def _name(location: str, root: Path) -> str:
    path = _local(location).resolve()
    if not path.is_relative_to(root):
        raise UnreadableInputError(
            "the Iceberg table has files outside its own folder",
            hint="copy the table in full with the engine that wrote it, and gate the copy",
        )
    return path.relative_to(root).as_posix()

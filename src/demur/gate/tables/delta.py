"""A Delta Lake table as input: its files, columns and removed rows at one version, read through deltalake."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

import numpy as np
import pyarrow as pa
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from demur.core.gate_manifest import ManifestFile, TableVersion
from demur.gate.errors import UnreadableInputError
from demur.gate.file_gate import FileResult
from demur.gate.formats.data_format import DAMAGED
from demur.gate.mapping import SourceMapping
from demur.gate.source import InputFile
from demur.gate.tables.delta_log import Action, DeltaLog, find_latest_version, read_delta_log
from demur.gate.tables.delta_output import DeletionVectors, write_delta_log
from demur.gate.tables.table import DataFile, look_at, look_at_data
from demur.gate.tables.table_parquet import Positions, TableColumn, TableParquet

_COLUMN_MAPPING: Final = "delta.columnMapping.mode"
_BY_ID: Final = "id"
_PHYSICAL_NAME: Final = "delta.columnMapping.physicalName"
_FIELD_ID: Final = "delta.columnMapping.id"
_NONE: Final = np.zeros(0, np.int64)


@dataclass(frozen=True)
class DeltaInput:
    """A Delta Lake table at one version; see `Table`.

    Attributes:
        folder: of the table.
        actions: what its log says.
        schema: its columns.
        removed: the rows that are the table's no more, by the name of the file.
    """

    version: TableVersion
    log: tuple[InputFile, ...]
    folder: Path
    actions: DeltaLog
    schema: pa.Schema
    removed: dict[str, Positions]

    def load_schema(self) -> pa.Schema:
        """Return the columns of the table."""
        return self.schema

    def find_files(self, mapping: SourceMapping, out: Path | None) -> list[DataFile]:
        """Return the files of data; see `Table`."""
        del out  # a log does not say where it is
        return [self._find_file(name, add, mapping) for name, add in sorted(self.actions.adds.items())]

    def write_log(
        self, folder: Path, out: Path, files: Sequence[DataFile], results: Sequence[FileResult]
    ) -> list[ManifestFile]:
        """Write a log of one version; see `Table`."""
        del out  # a log does not say where it is
        return write_delta_log(folder, self.version, self.actions, files, results)

    def _find_file(self, name: str, add: Action, mapping: SourceMapping) -> DataFile:
        columns = _columns(self.schema, self.actions.metadata, add["partitionValues"], name)
        form = TableParquet(columns, self.removed.get(name, _NONE), DeletionVectors(self.version))
        return look_at_data(self.folder, name, add["size"], form, mapping)


def open_delta_table(folder: Path, version: int | None) -> DeltaInput:
    """Return a table at a version; None stands for the latest.

    Raises:
        UnreadableInputError: the table has no such version, is damaged, or has a feature that is not known.
    """
    try:
        actions = read_delta_log(folder, find_latest_version(folder) if version is None else version)
        log = tuple(look_at(folder / name, name) for name in sorted({*actions.names, *actions.vector_files}))
        library = DeltaTable(folder.resolve().as_uri(), version=actions.version)
        found = pa.table(library.get_add_actions())["path"].to_pylist()
        removed = _removed(library, folder, actions)
        schema = pa.schema(library.schema().to_arrow())
    except (DeltaError, *DAMAGED, KeyError, TypeError) as error:
        raise UnreadableInputError(
            "the table cannot be read by its library (deltalake)",
            hint="read it with the engine that wrote it to see what is wrong, or give another version "
            "with --table-version",
        ) from error
    if sorted(map(unquote, found)) != sorted(actions.adds):
        raise UnreadableInputError("the log of the table is not clear: its library finds other files in it")
    return DeltaInput(
        version=TableVersion("delta", str(actions.metadata["id"]), str(actions.version)),
        log=log,
        folder=folder,
        actions=actions,
        schema=schema,
        removed=removed,
    )


def _removed(library: DeltaTable, folder: Path, actions: DeltaLog) -> dict[str, Positions]:
    """Return which rows of each file are removed, as the library reads it out of the deletion vectors.

    Raises:
        UnreadableInputError: the log promises other vectors.
    """
    found: dict[str, Positions] = {}
    root = folder.resolve()
    for batch in library.deletion_vectors():
        rows = pa.record_batch(batch)
        for place, kept in zip(rows["filepath"], rows["selection_vector"], strict=True):
            path = Path(unquote(urlsplit(place.as_py()).path))
            kept_mask = kept.values.to_numpy(zero_copy_only=False)
            found[path.relative_to(root).as_posix()] = np.flatnonzero(~kept_mask)
    promised = {name: vector["cardinality"] for name, vector in actions.vectors.items()}
    if promised != {name: len(positions) for name, positions in found.items()}:
        raise UnreadableInputError("the deletion vectors of the table are not those that its log names")
    return found


def _columns(
    schema: pa.Schema, metadata: Action, partition_values: dict[str, str | None], name: str
) -> tuple[TableColumn, ...]:
    """Return the table's columns as a file has them that was written for these partition values."""
    mode = (metadata.get("configuration") or {}).get(_COLUMN_MAPPING, "none")
    fields = json.loads(metadata["schemaString"])["fields"]
    columns = []
    for field in fields:
        kind = schema.field(field["name"]).type
        physical = field["name"] if mode == "none" else field["metadata"][_PHYSICAL_NAME]
        if field["name"] in metadata["partitionColumns"]:
            value = _partition_value(partition_values, physical, kind, name)
            columns.append(TableColumn(field["name"], kind, None, (), value))
        elif mode == _BY_ID:
            columns.append(TableColumn(field["name"], kind, field["metadata"][_FIELD_ID], (), None))
        else:
            columns.append(TableColumn(field["name"], kind, None, (physical,), None))
    return tuple(columns)


def _partition_value(values: dict[str, str | None], column: str, kind: pa.DataType, name: str) -> object:
    """Return the value of a partition column; the empty text stands for null, as the protocol says."""
    try:
        text = values[column]
        return pa.array([text or None], pa.string()).cast(kind)[0].as_py()
    except (KeyError, pa.ArrowException) as error:
        raise UnreadableInputError(f"the log of the table gives {name} no value for a partition column") from error

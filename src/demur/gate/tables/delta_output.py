"""A Delta Lake table as output: a log of one version over the kept files, and deletion vectors where rows are no more.

Paths in the log are relative, so the output may be moved. No time of day and no random number goes into it: the same
input gives the same bytes. Smallest and largest values of columns, which could be a withheld row's, are left out.
Source: https://github.com/delta-io/delta/blob/master/PROTOCOL.md
"""

import json
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast
from uuid import UUID, uuid5

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from deltalake import DeltaTable, QueryBuilder
from deltalake.exceptions import DeltaError
from pyroaring import BitMap

from demur.core.gate_manifest import KEPT, ManifestFile, TableVersion
from demur.gate.errors import OutputWriteError
from demur.gate.file_gate import FileResult
from demur.gate.tables.delta_log import LOG_FOLDER, Action, DeltaLog
from demur.gate.tables.output_file import write_whole
from demur.gate.tables.table import DataFile
from demur.gate.tables.z85 import encode_z85

_NAMESPACE: Final = UUID("9f6f7c1e-8f0b-5c43-9d6a-3f1c6a3f7b52")
"""Of the ids that are made out of a table's id, a version and a name."""

_KEPT_FEATURES: Final = {"columnMapping", "timestampNtz"}
_KEPT_PROPERTIES: Final = ("delta.columnMapping.mode", "delta.columnMapping.maxColumnId")
_FORMAT_VERSION: Final = b"\x01"
_ARRAY_MAGIC: Final = 1681511377
_FRAME_BYTES: Final = len(_FORMAT_VERSION) + 8
_KEY_BITS: Final = 32


@dataclass(frozen=True)
class DeletionVectors:
    """Writes deletion vectors, each into a file of its own; see `RowDeletes`.

    Attributes:
        version: of the table that is gated; the vectors' names are made out of it.
    """

    version: TableVersion

    def write(self, folder: Path, name: str, positions: npt.NDArray[np.int64]) -> ManifestFile:
        """Write a vector; see `RowDeletes`."""
        array = _bitmap_array(positions)
        raw = _FORMAT_VERSION + struct.pack(">I", len(array)) + array + struct.pack(">I", zlib.crc32(array))
        return write_whole(folder, _vector_name(_vector_id(self.version, name)), raw, len(positions))


def write_delta_log(
    folder: Path, version: TableVersion, log: DeltaLog, files: Sequence[DataFile], results: Sequence[FileResult]
) -> list[ManifestFile]:
    """Write the log of the table of the kept rows, and have the library count them.

    Args:
        folder: where the output is made.
        version: of the table that was gated.
        log: of the same.
        files: its files of data.
        results: what became of each, in the same order.

    Raises:
        OutputWriteError: it could not be written, or the library finds other rows in it.
    """
    adds = [
        _add(folder, version, log.adds[file.name], file, result) for file, result in zip(files, results, strict=True)
    ]
    features = log.reader_features & _KEPT_FEATURES
    if any("deletionVector" in add for add in adds):
        features.add("deletionVectors")
    actions = [
        {"protocol": _protocol(features)},
        {"metaData": _metadata(version, log.metadata, features)},
        *({"add": add} for add in adds),
    ]
    raw = "".join(json.dumps(action, separators=(",", ":"), sort_keys=True) + "\n" for action in actions).encode()
    written = write_whole(folder, f"{LOG_FOLDER}/{0:020}.json", raw, 0)
    _check(folder / KEPT, sum(result.source.rows - result.withheld.rows for result in results))
    return [written]


def _add(folder: Path, version: TableVersion, add: Action, file: DataFile, result: FileResult) -> dict[str, Any]:
    kept = cast("ManifestFile", result.kept)  # None only in the mode "ids", which writes no log
    rows = kept.rows + (0 if result.deletes is None else len(file.table_format.removed))
    written: dict[str, Any] = {
        "path": add["path"],
        "partitionValues": add["partitionValues"],
        "size": (folder / kept.path).stat().st_size,
        "modificationTime": add["modificationTime"],
        "dataChange": True,
        "stats": json.dumps({"numRecords": rows}),
    }
    if result.deletes is not None:
        written["deletionVector"] = {
            "storageType": "u",
            "pathOrInlineDv": encode_z85(_vector_id(version, file.name).bytes),
            "offset": len(_FORMAT_VERSION),
            "sizeInBytes": (folder / result.deletes.path).stat().st_size - _FRAME_BYTES,
            "cardinality": result.deletes.rows,
        }
    return written


def _protocol(features: set[str]) -> dict[str, Any]:
    """Return what the table asks of its readers: no more than it needs."""
    if not features:
        return {"minReaderVersion": 1, "minWriterVersion": 2}
    return {
        "minReaderVersion": 3,
        "minWriterVersion": 7,
        "readerFeatures": sorted(features),
        "writerFeatures": sorted(features),
    }


def _metadata(version: TableVersion, metadata: Action, features: set[str]) -> dict[str, Any]:
    configuration = metadata.get("configuration") or {}
    kept = {name: configuration[name] for name in _KEPT_PROPERTIES if name in configuration}
    if "deletionVectors" in features:
        kept["delta.enableDeletionVectors"] = "true"
    return {
        "id": str(uuid5(_NAMESPACE, f"{version.id} {version.version}")),
        "name": metadata.get("name"),
        "description": metadata.get("description"),
        "format": {"provider": "parquet", "options": {}},
        "schemaString": metadata["schemaString"],
        "partitionColumns": metadata["partitionColumns"],
        "createdTime": metadata.get("createdTime"),
        "configuration": kept,
    }


def _check(folder: Path, kept_rows: int) -> None:
    """Count the rows of the new table as its readers will.

    Raises:
        OutputWriteError: there are others than were kept.
    """
    try:
        table = QueryBuilder().register("kept", DeltaTable(folder.resolve().as_uri()))
        counted = pa.table(table.execute("select count(*) as rows from kept"))["rows"].to_pylist()
    except (DeltaError, pa.ArrowException, OSError) as error:
        raise OutputWriteError("the table of the kept rows cannot be read by its library (deltalake)") from error
    if counted != [kept_rows]:
        raise OutputWriteError("the table of the kept rows has not the rows that were kept")


def _vector_id(version: TableVersion, name: str) -> UUID:
    return uuid5(_NAMESPACE, f"{version.id} {version.version} {name}")


def _vector_name(known: UUID) -> str:
    return f"deletion_vector_{known}.bin"


def _bitmap_array(positions: npt.NDArray[np.int64]) -> bytes:
    """Return positions as the protocol's RoaringBitmapArray: a bitmap for each value of their upper 32 bits."""
    keys = positions >> _KEY_BITS
    raw = [struct.pack("<IQ", _ARRAY_MAGIC, len(np.unique(keys)))]
    for key in np.unique(keys):
        lower = (positions[keys == key] & ((1 << _KEY_BITS) - 1)).astype(np.uint32)
        raw += [struct.pack("<I", key), BitMap(lower).serialize()]
    return b"".join(raw)

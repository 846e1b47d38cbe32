"""The log of a Delta Lake table, read to one version: which files are the table's, and under which names.

The library reads the log too, and is believed only where both come to the same files: neither tells alone which
deletion vectors there are, what a new log must repeat, and which files of the log a manifest has to name.
Source: https://github.com/delta-io/delta/blob/master/PROTOCOL.md
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit
from uuid import UUID

import pyarrow.parquet as pq

from demur.gate.errors import UnreadableInputError
from demur.gate.formats.data_format import DAMAGED
from demur.gate.tables.z85 import decode_z85

LOG_FOLDER: Final = "_delta_log"
_COMMIT: Final = re.compile(r"(\d{20})\.json")
_CHECKPOINT: Final = re.compile(r"(\d{20})\.checkpoint(?:\.(\d{10})\.(\d{10}))?\.parquet")
_LAST_CHECKPOINT: Final = "_last_checkpoint"
_CHECKPOINTED: Final = ("add", "metaData", "protocol", "sidecar")
_UUID_Z85_CHARACTERS: Final = 20

READER_FEATURES: Final = {"columnMapping", "deletionVectors", "timestampNtz", "v2Checkpoint", "vacuumProtocolCheck"}
"""What a table may ask of its readers; under anything else a reader that does not know it would read wrong rows."""

_FEATURES_VERSION: Final = 3
_COLUMN_MAPPING_VERSION: Final = 2

Action = Mapping[str, Any]
_Live = dict[tuple[str, str], Action]
_VECTOR_ID: Final = ("storageType", "pathOrInlineDv", "offset")


@dataclass
class DeltaLog:
    """What a log says up to one version.

    Attributes:
        version: up to which.
        names: the files of the log that say so, inside the table's folder.
        protocol: the action of that name.
        metadata: the action `metaData`.
        adds: the action `add` of each file of data, by its path in the table's folder.
    """

    version: int
    names: list[str]
    protocol: Action = field(default_factory=dict)
    metadata: Action = field(default_factory=dict)
    adds: dict[str, Action] = field(default_factory=dict)

    @property
    def reader_features(self) -> set[str]:
        """What the table asks of its readers."""
        version = self.protocol["minReaderVersion"]
        if version < _FEATURES_VERSION:
            return {"columnMapping"} if version == _COLUMN_MAPPING_VERSION else set()
        return set(self.protocol.get("readerFeatures") or ())

    @property
    def vectors(self) -> dict[str, Action]:
        """The descriptor of each deletion vector, by the path of the file of data."""
        return {name: add["deletionVector"] for name, add in self.adds.items() if add.get("deletionVector")}

    @property
    def vector_files(self) -> set[str]:
        """The files that deletion vectors are in, inside the table's folder.

        Raises:
            UnreadableInputError: one is outside.
        """
        return {name for name in map(_vector_file, self.vectors.values()) if name is not None}


def read_delta_log(folder: Path, version: int) -> DeltaLog:
    """Return what the log of a table says up to a version.

    Raises:
        UnreadableInputError: a part of the log is missing or damaged, or the table has a feature that is not known.
    """
    names, checkpoint = _segment(folder, version)
    log, live = DeltaLog(version, names), _Live()
    try:
        for name in names:
            for action in _checkpointed(folder / name) if name in checkpoint else _committed(folder / name):
                _apply(log, live, action)
        _refuse_unknown(log)
        log.adds.update({path: add for (path, _), add in live.items()})
    except (*DAMAGED, KeyError, TypeError, AttributeError) as error:
        raise UnreadableInputError("the log of the table is damaged, or of a form that nobody has specified") from error
    if len(log.adds) != len(live):
        raise UnreadableInputError("the log of the table names a file of data twice")
    return log


def find_latest_version(folder: Path) -> int:
    """Return the latest version of a table.

    Raises:
        UnreadableInputError: the log has no commit.
        OSError: the log cannot be looked into.
    """
    commits = [_COMMIT.fullmatch(path.name) for path in (folder / LOG_FOLDER).iterdir()]
    versions = [int(match[1]) for match in commits if match]
    if not versions:
        raise UnreadableInputError("the log of the table is empty")
    return max(versions)


def _segment(folder: Path, version: int) -> tuple[list[str], set[str]]:
    """Return the files of the log that are needed for a version, in order, and those of them that are a checkpoint."""
    found = sorted(path.name for path in (folder / LOG_FOLDER).iterdir())
    checkpoint, parts = _last_complete_checkpoint(found, version)
    first = 0 if checkpoint is None else checkpoint + 1
    commits = [f"{number:020}.json" for number in range(first, version + 1)]
    lacking = sorted(set(commits) - set(found))
    if lacking and not any(_COMMIT.fullmatch(name) and name >= commits[-1] for name in found):
        raise UnreadableInputError(
            f"the log of the table says nothing of a version {version}",
            hint="leave out --table-version for the latest, or give one that the log has",
        )
    if lacking:
        raise UnreadableInputError(
            f"the log of the table lacks {lacking[0]}: without it, or a later checkpoint, nobody can tell which rows "
            "the table has",
            hint="give a later version with --table-version, or mend the log with the engine that wrote it",
        )
    last = folder / LOG_FOLDER / _LAST_CHECKPOINT
    if last.exists():
        hinted = json.loads(last.read_bytes())["version"]
        if hinted <= version and hinted != checkpoint:
            raise UnreadableInputError(
                f"the log of the table lacks the checkpoint of version {hinted}, which it says is there",
                hint="write a new checkpoint with the engine that wrote the table",
            )
    names = [*parts, *commits]
    return [f"{LOG_FOLDER}/{name}" for name in names], {f"{LOG_FOLDER}/{name}" for name in parts}


def _last_complete_checkpoint(found: list[str], version: int) -> tuple[int | None, list[str]]:
    by_version: dict[tuple[int, int], list[str]] = {}
    for name in found:
        match = _CHECKPOINT.fullmatch(name)
        if match and int(match[1]) <= version:
            by_version.setdefault((int(match[1]), int(match[3] or 1)), []).append(name)
    complete = [key for key, parts in by_version.items() if len(parts) == key[1]]
    return (max(complete)[0], by_version[max(complete)]) if complete else (None, [])


def _committed(path: Path) -> Iterator[Action]:
    yield from map(json.loads, path.read_bytes().splitlines())


def _checkpointed(path: Path) -> Iterator[Action]:
    file = pq.ParquetFile(path)
    columns = [name for name in _CHECKPOINTED if name in file.schema_arrow.names]
    for batch in file.iter_batches(columns=columns):
        for row in batch.to_pylist(maps_as_pydicts="strict"):
            yield {name: value for name, value in row.items() if value is not None}


def _apply(log: DeltaLog, live: _Live, action: Action) -> None:
    if "sidecar" in action:
        raise UnreadableInputError(
            "the log of the table has a checkpoint with sidecars (v2Checkpoint), which the gate cannot read yet",
            hint="write a classic checkpoint, or copy the table, with the engine that wrote it",
        )
    if "protocol" in action:
        log.protocol = action["protocol"]
    if "metaData" in action:
        log.metadata = action["metaData"]
    if "remove" in action:
        live.pop(_key(action["remove"]), None)
    if "add" in action:
        live[_key(action["add"])] = action["add"]


def _key(action: Action) -> tuple[str, str]:
    """Return what a file and its deletion vector are known by together: an action may take the place of a former one.

    Source: the section "Action Reconciliation" of the protocol.
    """
    vector = action.get("deletionVector")
    spelled = "" if vector is None else json.dumps([vector.get(name) for name in _VECTOR_ID])
    return _own_path(action["path"]), spelled


def _own_path(spelled: str) -> str:
    parts = urlsplit(spelled)
    if parts.scheme or parts.netloc or spelled.startswith("/"):
        raise _outside()
    return unquote(spelled)


def _vector_file(vector: Action) -> str | None:
    """Return where a deletion vector is, inside the table's folder; None if it is in the log itself.

    Raises:
        UnreadableInputError: it is outside.
    """
    kind, text = vector["storageType"], vector["pathOrInlineDv"]
    if kind == "i":
        return None
    if kind != "u":
        raise _outside()
    prefix, spelled = text[:-_UUID_Z85_CHARACTERS], text[-_UUID_Z85_CHARACTERS:]
    name = f"deletion_vector_{UUID(bytes=decode_z85(spelled))}.bin"
    return f"{prefix}/{name}" if prefix else name


def _outside() -> UnreadableInputError:
    return UnreadableInputError(
        "the table refers to files outside its own folder (a shallow clone, for example)",
        hint="copy the table in full with the engine that wrote it, and gate the copy",
    )


def _refuse_unknown(log: DeltaLog) -> None:
    reader_version = log.protocol["minReaderVersion"]
    unknown = sorted(log.reader_features - READER_FEATURES)
    if reader_version > _FEATURES_VERSION or unknown:
        what = ", ".join(unknown) or f"reader version {reader_version}"
        raise UnreadableInputError(
            f"the table has a feature that the gate cannot read: {what}",
            hint="copy the table without that feature with the engine that wrote it, and gate the copy",
        )
    if log.metadata["format"]["provider"] != "parquet":
        raise UnreadableInputError("the files of the table are not Parquet")

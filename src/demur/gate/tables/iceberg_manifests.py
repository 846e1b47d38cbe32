"""The manifests of an Iceberg snapshot: lists of its files, written by the library into memory."""

import io
from typing import Final, cast

from pyiceberg.io import OutputFile, OutputStream
from pyiceberg.manifest import (
    DataFile,
    ManifestContent,
    ManifestEntry,
    ManifestEntryStatus,
    ManifestFile,
    ManifestWriterV2,
    write_manifest_list,
)
from pyiceberg.partitioning import PartitionSpec
from pyiceberg.schema import Schema

SEQUENCE_NUMBER: Final = 1
_CODEC: Final = "deflate"
_LIST: Final = "metadata/snapshot.avro"
_FORMAT_VERSION: Final = 2
_MARKER_BYTES: Final = 16


class Manifests:
    """Gathers the files of a snapshot.

    Attributes:
        list_location: where the list of manifests will be.
    """

    def __init__(self, location: str, schema: Schema, specs: dict[int, PartitionSpec], snapshot_id: int) -> None:
        self.list_location = f"{location}/{_LIST}"
        self._location, self._schema, self._specs, self._snapshot_id = location, schema, specs, snapshot_id
        self._files: dict[tuple[ManifestContent, int], list[DataFile]] = {}

    def add_data(self, file: DataFile) -> None:
        """Add a file of data."""
        self._files.setdefault((ManifestContent.DATA, file.spec_id), []).append(file)

    def add_deletes(self, file: DataFile) -> None:
        """Add a file of row deletes."""
        self._files.setdefault((ManifestContent.DELETES, file.spec_id), []).append(file)

    def to_files(self) -> dict[str, bytes]:
        """Return the manifests and their list, by their names below the table's location."""
        files, written = {}, []
        for (content, spec_id), members in sorted(self._files.items()):
            name = f"metadata/{content.name.lower()}-{spec_id}.avro"
            out = _InMemory(f"{self._location}/{name}")
            with _Writer(
                content, self._specs[spec_id], self._schema, cast("OutputFile", out), self._snapshot_id
            ) as writer:
                for file in members:
                    writer.add(
                        ManifestEntry.from_args(
                            status=ManifestEntryStatus.ADDED, sequence_number=SEQUENCE_NUMBER, data_file=file
                        )
                    )
            written.append(writer.to_manifest_file())
            files[name] = out.raw
        files[_LIST] = self._list(written)
        return files

    def _list(self, manifests: list[ManifestFile]) -> bytes:
        out = _InMemory(self.list_location)
        writer = write_manifest_list(
            _FORMAT_VERSION, cast("OutputFile", out), self._snapshot_id, None, SEQUENCE_NUMBER, _CODEC
        )
        with writer:
            writer.add_manifests(manifests)
        return out.raw


class _Writer(ManifestWriterV2):
    """The library's writer, which by itself can only list files of data."""

    def __init__(
        self, content: ManifestContent, spec: PartitionSpec, schema: Schema, out: OutputFile, snapshot_id: int
    ) -> None:
        super().__init__(spec, schema, out, snapshot_id, _CODEC)
        self._content = content

    def content(self) -> ManifestContent:
        return self._content

    @property
    def _meta(self) -> dict[str, str]:
        return {**super()._meta, "content": self._content.name.lower()}


class _InMemory:
    """A file that will be at a location, and is written into memory; as much of one as the library's writers need."""

    def __init__(self, location: str) -> None:
        self.location = location
        self._stream = _Kept()

    @property
    def raw(self) -> bytes:
        """What was written. Avro puts a random marker between blocks, in place of which a fixed one is put."""
        written = self._stream.getvalue()
        return written.replace(written[-_MARKER_BYTES:], bytes(_MARKER_BYTES))

    def __len__(self) -> int:
        return len(self._stream.getvalue())

    def create(self, *, overwrite: bool) -> OutputStream:
        """Return what to write to; there is never anything to overwrite."""
        del overwrite
        return self._stream


class _Kept(io.BytesIO):
    """Bytes that outlive the closing of the stream."""

    def close(self) -> None:
        pass

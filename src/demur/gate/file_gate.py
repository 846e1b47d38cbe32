"""One file of a run: decided about, and written as the mode asks.

    rewrite    every kept row is written again. Each row group is read once, whole.
    link       a file without a withheld row is linked, or copied byte for byte where it cannot be. Only the columns
               that the mapping names are read first; files with a withheld row are then read again, and written.
    ids        no kept row is written. Only the columns that the mapping names are read.

All of them write the ids of the withheld rows, with their reasons.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from itertools import compress
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from demur.controller.catalogue import Catalogue
from demur.core.gate_manifest import KEPT, WITHHELD, GateMode, ManifestFile
from demur.gate.decision import REASONS, Decision, decide_at
from demur.gate.entry_counts import EntryCounter
from demur.gate.errors import InputChangedError, UnreadableInputError
from demur.gate.json_lines import LinesFile, is_json_lines, read_lines
from demur.gate.mapped_batch import needed_columns, without_unread
from demur.gate.mapping import SourceMapping
from demur.gate.output import Layout, OutputFile, layout_of, writing
from demur.gate.source import InputFile, hash_unchanged, open_parquet, read_row_group
from demur.gate.string_window import BoolMask
from demur.gate.suppression_list import SuppressionList

REASONS_COLUMN: Final = "reasons"
_WITHHELD_CODEC: Final = "zstd"
_REASONS_LEAF: Final = "reasons.list.element"
_COPY_BYTES: Final = 1 << 20

Advance = Callable[[int], None]
"""Is told how many more rows were decided about."""


@dataclass(frozen=True)
class FileResult:
    """What became of one input file.

    Attributes:
        source: the input.
        kept: the file of its kept rows; None if the mode writes none.
        is_linked: whether `kept` is the input itself, byte for byte.
        withheld: the file of its withheld ids.
        reason_rows: rows by reason, int64[len(REASONS)].
    """

    source: ManifestFile
    kept: ManifestFile | None
    is_linked: bool
    withheld: ManifestFile
    reason_rows: npt.NDArray[np.int64]


@dataclass(frozen=True)
class FileGate:
    """Gates one file after another into one folder; safe to use from several threads.

    Attributes:
        mapping: which column plays which role.
        suppressions: the verified list.
        catalogue: what may train at all; None to run without one.
        mode: what is written of the kept rows.
        by_entry: counts the withheld rows of each entry, over all files.
        folder: where to write.
    """

    mapping: SourceMapping
    suppressions: SuppressionList
    catalogue: Catalogue | None
    mode: GateMode
    by_entry: EntryCounter
    folder: Path

    def run(self, file: InputFile, advance: Advance) -> FileResult:
        """Read a file; write what the mode asks for.

        Raises:
            GateError: see `demur.gate.errors`.
        """
        if is_json_lines(file.name):
            return self._gate_lines(file, advance)
        with open_parquet(file.path, file.name) as parquet:
            if self.mode is GateMode.REWRITE:
                return self._rewrite(file, parquet, advance)
            return self._decide_first(file, parquet, advance)

    def _rewrite(self, file: InputFile, parquet: pq.ParquetFile, advance: Advance) -> FileResult:
        layout = layout_of(parquet, file.name)
        id_layout = self._withheld_layout(layout.schema)
        reason_rows = np.zeros(len(REASONS), np.int64)
        with self._create(KEPT, file, layout) as kept, self._create(WITHHELD, file, id_layout) as withheld:
            for row_group in range(parquet.num_row_groups):
                for batch in read_row_group(parquet, file.name, row_group):
                    where = f"{file.name}, row group {row_group}"
                    decision = self._decide(batch, where, self.mapping)
                    kept.append(_rows(batch, decision.kept_mask, where))
                    withheld.append(self._withheld_rows(batch, decision, where))
                    reason_rows += decision.count_by_reason()
                    advance(batch.num_rows)
                kept.end_row_group()
                withheld.end_row_group()
            return FileResult(
                source=ManifestFile(file.name, hash_unchanged(file), parquet.metadata.num_rows),
                kept=ManifestFile(f"{KEPT}/{file.name}", kept.close(), kept.rows),
                is_linked=False,
                withheld=ManifestFile(f"{WITHHELD}/{file.name}", withheld.close(), withheld.rows),
                reason_rows=reason_rows,
            )

    def _decide_first(self, file: InputFile, parquet: pq.ParquetFile, advance: Advance) -> FileResult:
        mapping, columns = without_unread(self.mapping), needed_columns(self.mapping)
        reason_rows = np.zeros(len(REASONS), np.int64)
        kept_masks: list[npt.NDArray[np.uint8]] = []
        with self._create(WITHHELD, file, self._withheld_layout(parquet.schema_arrow)) as withheld:
            for row_group in range(parquet.num_row_groups):
                masks = [np.zeros(0, bool)]
                for batch in read_row_group(parquet, file.name, row_group, columns):
                    where = f"{file.name}, row group {row_group}"
                    decision = self._decide(batch, where, mapping)
                    masks.append(decision.kept_mask)
                    withheld.append(self._withheld_rows(batch, decision, where))
                    reason_rows += decision.count_by_reason()
                    advance(batch.num_rows)
                kept_masks.append(np.packbits(np.concatenate(masks)))
                withheld.end_row_group()
            ids = ManifestFile(f"{WITHHELD}/{file.name}", withheld.close(), withheld.rows)
        is_linked = self.mode is GateMode.LINK and not ids.rows
        kept = self._write_kept(file, parquet, kept_masks) if self.mode is GateMode.LINK and ids.rows else None
        source = ManifestFile(file.name, hash_unchanged(file), parquet.metadata.num_rows)
        if is_linked:
            kept = self._link(file, source)
        return FileResult(source, kept, is_linked, ids, reason_rows)

    def _write_kept(
        self, file: InputFile, parquet: pq.ParquetFile, kept_masks: Sequence[npt.NDArray[np.uint8]]
    ) -> ManifestFile:
        with self._create(KEPT, file, layout_of(parquet, file.name)) as kept:
            for row_group, packed in enumerate(kept_masks):
                mask, start = np.unpackbits(packed).view(bool), 0
                for batch in read_row_group(parquet, file.name, row_group):
                    where = f"{file.name}, row group {row_group}"
                    kept.append(_rows(batch, mask[start : start + batch.num_rows], where))
                    start += batch.num_rows
                kept.end_row_group()
            return ManifestFile(f"{KEPT}/{file.name}", kept.close(), kept.rows)

    def _gate_lines(self, file: InputFile, advance: Advance) -> FileResult:
        mapping, rows = without_unread(self.mapping), 0
        reason_rows = np.zeros(len(REASONS), np.int64)
        with ExitStack() as opened:
            writes = self.mode is not GateMode.IDS
            kept = opened.enter_context(LinesFile(self.folder / KEPT / file.name)) if writes else None
            withheld = opened.enter_context(LinesFile(self.folder / WITHHELD / file.name))
            for block in read_lines(file.path, file.name, mapping):
                decision = self._decide(block.batch, block.where, mapping)
                if kept is not None:
                    kept.append(compress(block.lines, decision.kept_mask))
                withheld.append(map(_line, self._withheld_rows(block.batch, decision, block.where).to_pylist()))
                reason_rows += decision.count_by_reason()
                rows += len(block.lines)
                advance(len(block.lines))
            source = ManifestFile(file.name, hash_unchanged(file), rows)
            written = None if kept is None else ManifestFile(f"{KEPT}/{file.name}", kept.close(), kept.rows)
            ids = ManifestFile(f"{WITHHELD}/{file.name}", withheld.close(), withheld.rows)
        is_linked = self.mode is GateMode.LINK and not ids.rows
        if is_linked:
            (self.folder / KEPT / file.name).unlink()
            written = self._link(file, source)
        return FileResult(source, written, is_linked, ids, reason_rows)

    def _link(self, file: InputFile, source: ManifestFile) -> ManifestFile:
        """Give a file a second name in the output, or copy it to another disk.

        Raises:
            InputChangedError: the file is not the one that was decided about any more.
        """
        target = self.folder / KEPT / file.name
        with writing():
            target.parent.mkdir(parents=True, exist_ok=True)
            with suppress(OSError):  # another disk, a file of somebody else's, or a file system without links
                os.link(file.path.resolve(), target)
            digest = source.sha256 if target.exists() else _copy(file.path, target)
            with target.open("rb") as stream:
                os.fsync(stream.fileno())
                state = os.fstat(stream.fileno())
        is_copy = state.st_nlink == 1
        is_same = is_copy or (state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns) == file.state[:4]
        if digest != source.sha256 or not is_same:
            raise InputChangedError(f"{file.name} changed while it was read", hint="run again when nobody writes to it")
        return ManifestFile(f"{KEPT}/{file.name}", source.sha256, source.rows)

    def _create(self, folder: str, file: InputFile, layout: Layout) -> OutputFile:
        return OutputFile(self.folder / folder / file.name, layout)

    def _decide(self, batch: pa.RecordBatch, where: str, mapping: SourceMapping) -> Decision:
        return decide_at(where, batch, mapping, self.suppressions, self.catalogue)

    def _withheld_rows(self, batch: pa.RecordBatch, decision: Decision, where: str) -> pa.RecordBatch:
        """Return the ids of a batch's withheld rows with their reasons, and count them by entry."""
        with _filtering(where):
            ids = batch.column(self.mapping.row_id).filter(pa.array(~decision.kept_mask))
            self.by_entry.add(batch, decision)
        schema = self._withheld_layout(batch.schema).schema
        return pa.RecordBatch.from_arrays([ids, decision.withheld_reasons()], schema=schema)

    def _withheld_layout(self, schema: pa.Schema) -> Layout:
        columns = [schema.field(self.mapping.row_id), pa.field(REASONS_COLUMN, pa.list_(pa.string()), nullable=False)]
        return Layout(pa.schema(columns), _WITHHELD_CODEC, [_REASONS_LEAF], store_schema=True)


def _rows(batch: pa.RecordBatch, mask: BoolMask, where: str) -> pa.RecordBatch:
    with _filtering(where):
        return batch.filter(pa.array(mask))


@contextmanager
def _filtering(where: str) -> Iterator[None]:
    try:
        yield
    except pa.ArrowNotImplementedError as error:
        raise UnreadableInputError(
            f"{where}, has a column of a type out of which Arrow cannot take rows yet (a view)",
            hint="write the file again without string views and binary views",
        ) from error


def _line(row: dict[str, object]) -> bytes:
    return json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode()


def _copy(source: Path, target: Path) -> bytes:
    """Copy a file; return the SHA-256 of what was written (32 bytes)."""
    digest = hashlib.sha256()
    with source.open("rb") as reading, target.open("xb") as stream:
        while part := reading.read(_COPY_BYTES):
            digest.update(part)
            stream.write(part)
    return digest.digest()

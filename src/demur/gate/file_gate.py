"""One file of a run: decided about, and written as the mode asks, whatever its format.

    rewrite    every kept row is written again. The file is read once, whole.
    link       a file without a withheld row is linked, or copied byte for byte where it cannot be. Where columns can be
               read apart, only those that rules read are read first; a file with a withheld row is then read again.
    deletes    of a table: every file is linked, and what the table's format has for rows that are no more says which of
               them were withheld.
    ids        no kept row is written. Only the columns that rules read are read.

All of them write the ids of the withheld rows, with their reasons. If asked, they note the accounts that
stand in the file.
"""

import os
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from demur.controller.catalogue import Catalogue
from demur.core.gate_manifest import KEPT, WITHHELD, GateMode, ManifestFile
from demur.gate.decision import REASONS, Decision, decide_at
from demur.gate.entry_counts import EntryCounter, EntryRows
from demur.gate.file_state import file_state
from demur.gate.formats.data_format import Block, KeptFile, WithheldFile, filter_rows, withheld_schema
from demur.gate.kept_marks import KeptMarks, changed
from demur.gate.mapped_batch import without_unread
from demur.gate.mapping import SourceMapping
from demur.gate.noted_accounts import AccountNoter, FileCounts
from demur.gate.output import write_copy, writing
from demur.gate.row_tally import RowTally
from demur.gate.source import InputFile
from demur.gate.suppression_list import SuppressionList

if TYPE_CHECKING:
    from demur.gate.tables.table_parquet import TableParquet

_COPY_BYTES: Final = 1 << 20
_MARKS: Final = (GateMode.LINK, GateMode.DELETES)
"""Modes that need to know, after all rows were decided about, which were kept."""


ReasonRows = npt.NDArray[np.int64]
"""Rows by reason, int64[len(REASONS)]."""

Advance = Callable[[int, ReasonRows], None]
"""Is told how many more rows were decided about, and how many of them have each reason."""


@dataclass(frozen=True)
class FileResult:
    """What became of one input file. Small, and can be pickled.

    Attributes:
        source: the input.
        kept: the file of its kept rows; None if the mode writes none.
        is_linked: whether `kept` is the input itself, byte for byte.
        withheld: the file of its withheld ids.
        reason_rows: rows by reason, int64[len(REASONS)].
        entry_rows: rows by entry of the list.
        tally: rows by product and by month.
        deletes: says which rows of `kept` are no more; None if none are, and in all modes but `deletes`.
        accounts: the note of its accounts; None if none was asked for.
    """

    source: ManifestFile
    kept: ManifestFile | None
    is_linked: bool
    withheld: ManifestFile
    reason_rows: ReasonRows
    entry_rows: EntryRows
    tally: RowTally
    deletes: ManifestFile | None = None
    accounts: ManifestFile | None = None


Finished = Callable[[InputFile, FileResult], None]
"""Is told what became of a file, once its outputs are in their place and on the disk."""


def tell_nobody(_file: InputFile, _result: FileResult) -> None:
    """Let a file be finished without a word."""


@dataclass(frozen=True)
class FileGate:
    """Gates one file after another into one folder. It has no state: threads may share it, and workers make their own.

    Attributes:
        mapping: which column plays which role.
        suppressions: the verified list.
        catalogue: what may train at all; None to run without one.
        mode: what is written of the kept rows.
        folder: where to write.
        notes_accounts: whether the accounts of each file are noted.
        finished: what an engine tells of each file, from one thread at a time. It stays in the process of the run.
    """

    mapping: SourceMapping
    suppressions: SuppressionList
    catalogue: Catalogue | None
    mode: GateMode
    folder: Path
    notes_accounts: bool = False
    finished: Finished = tell_nobody

    def run(self, file: InputFile, advance: Advance) -> FileResult:
        """Read a file; write what the mode asks for.

        Raises:
            GateError: see `demur.gate.errors`.
        """
        with file.at_hand() as path:
            return _FileRun(self, file, path).run(advance)


class _FileRun:
    """The gating of one file."""

    def __init__(self, gate: FileGate, file: InputFile, path: Path) -> None:
        self._gate, self._file, self._path, self._name = gate, file, path, file.name
        self._format, self._mapping = file.format, without_unread(gate.mapping).beside(path)
        self._names = {KEPT: file.name, WITHHELD: f"{file.name}{self._format.WITHHELD_SUFFIX}"}
        self._targets = {part: gate.folder / part / name for part, name in self._names.items()}
        self._rows, self._reason_rows = 0, np.zeros(len(REASONS), np.int64)
        self._entries = EntryCounter(self._mapping, gate.suppressions)
        self._tally = RowTally(gate.mapping, gate.catalogue)
        self._kept_marks = KeptMarks()
        self._noter = AccountNoter(self._mapping) if gate.notes_accounts else None

    def run(self, advance: Advance) -> FileResult:
        """Do all of it, and return what became of the file."""
        mode = self._gate.mode
        kept, withheld = self._decide(advance)
        is_whole = not (withheld.rows or self._file.has_removed_rows)
        is_linked = mode is GateMode.DELETES or (mode is GateMode.LINK and is_whole)
        if mode is GateMode.LINK and not is_linked and kept is None:
            kept = self._write_marked()
        source = ManifestFile(self._name, self._file.hash_unchanged(self._path), self._rows)
        if is_linked:
            kept = self._link(source)
        deletes = self._write_deletes() if mode is GateMode.DELETES else None
        entries = self._entries.result()
        accounts = self._write_accounts(entries)
        return FileResult(source, kept, is_linked, withheld, self._reason_rows, entries, self._tally, deletes, accounts)

    def _decide(self, advance: Advance) -> tuple[ManifestFile | None, ManifestFile]:
        """Decide about every row, and write the withheld ids; the kept rows too if the file is read whole anyway."""
        gate = self._gate
        writes = gate.mode is GateMode.REWRITE or (gate.mode is GateMode.LINK and not self._format.READS_COLUMNS)
        with ExitStack() as opened:
            kept = opened.enter_context(self._create_kept()) if writes else None
            withheld = opened.enter_context(self._create_withheld())
            for block in self._file.read(self._path, gate.mapping, whole=writes):
                decision = decide_at(block.where, block.batch, self._mapping, gate.suppressions, gate.catalogue)
                if kept is not None:
                    kept.append(block, decision.kept_mask)
                elif gate.mode in _MARKS:
                    self._kept_marks.append(decision.kept_mask)
                withheld.append(self._withheld_rows(block, decision), ends_part=block.ends_part)
                reason_rows = decision.count_by_reason()
                self._reason_rows += reason_rows
                self._tally.add(block.batch, decision.kept_mask)
                if self._noter is not None:
                    self._noter.add(block.batch)
                self._rows += block.batch.num_rows
                advance(block.batch.num_rows, reason_rows)
            return None if kept is None else self._finish(KEPT, kept), self._finish(WITHHELD, withheld)

    def _write_marked(self) -> ManifestFile:
        """Read the file again, whole, and write the rows that were decided to be kept."""
        with self._create_kept() as kept:
            for block in self._file.read(self._path, self._gate.mapping, whole=True):
                kept.append(block, self._kept_marks.take(block.batch.num_rows, self._name))
            return self._finish(KEPT, kept)

    def _write_deletes(self) -> ManifestFile | None:
        """Write down which rows are no more, of a file that is linked whatever was withheld of it."""
        known = cast("TableParquet", self._format)  # no other input is gated in this mode: see open_input_of_run
        return known.write_deletes(self._gate.folder, self._name, self._kept_marks.take(self._rows, self._name))

    def _write_accounts(self, entries: EntryRows) -> ManifestFile | None:
        if self._noter is None:
            return None
        counts = FileCounts(self._reason_rows, self._tally)
        return self._noter.write(self._gate.folder, self._name, entries, self._gate.suppressions, counts)

    def _link(self, source: ManifestFile) -> ManifestFile:
        """Give a file a second name in the output, or copy it to another disk.

        Raises:
            InputChangedError: the file is not the one that was decided about any more.
        """
        target = self._targets[KEPT]
        with writing():
            target.parent.mkdir(parents=True, exist_ok=True)
            target.unlink(missing_ok=True)
            with suppress(OSError):  # another disk, a file of somebody else's, or a file system without links
                os.link(self._path.resolve(), target)
            digest = source.sha256 if target.exists() else self._copy(target)
            with target.open("rb") as stream:
                os.fsync(stream.fileno())
                state = os.fstat(stream.fileno())
        is_copy = state.st_nlink == 1
        is_same = is_copy or self._file.is_still(file_state(state))
        if digest != source.sha256 or not is_same:
            raise changed(self._name)
        return ManifestFile(f"{KEPT}/{self._name}", source.sha256, source.rows)

    def _copy(self, target: Path) -> bytes:
        with self._path.open("rb") as reading:
            return write_copy(reading, target)

    def _create_kept(self) -> KeptFile:
        return self._format.create_kept(self._make_room(KEPT), self._path, self._name)

    def _create_withheld(self) -> WithheldFile:
        return self._format.create_withheld(self._make_room(WITHHELD), self._path, self._name, self._mapping)

    def _make_room(self, part: str) -> Path:
        with writing():
            self._targets[part].parent.mkdir(parents=True, exist_ok=True)
        return self._targets[part]

    def _finish(self, part: str, file: KeptFile | WithheldFile) -> ManifestFile:
        return ManifestFile(f"{part}/{self._names[part]}", file.close(), file.rows)

    def _withheld_rows(self, block: Block, decision: Decision) -> pa.RecordBatch:
        """Return the ids of a block's withheld rows with their reasons, and count them by entry."""
        row_id = self._mapping.row_id
        ids = filter_rows(block.batch.column(row_id), ~decision.kept_mask, block.where)
        self._entries.add(block.batch, decision, block.where)
        schema = withheld_schema(block.batch.schema, row_id)
        return pa.RecordBatch.from_arrays([ids, decision.withheld_reasons()], schema=schema)

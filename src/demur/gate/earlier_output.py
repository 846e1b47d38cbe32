"""Going on from the output of an earlier run: files whose rows would be decided about as before are not read again.

    training/2026-10/    the earlier output, with its notes of accounts
    training/2026-11/    the new one: files that are taken over are links to those of the earlier one, byte for byte
                         what a full run would write

A file is taken over if the input still has the digest that the earlier manifest names, the new list holds just those of
its accounts that the old one held (demur.gate.noted_accounts), and what the earlier run wrote of it still has its
digests. Whatever is changed, damaged or not there is done anew. The manifest must be signed by this gate, and of a run
with the same mapping, catalogue, mode and rules: else nothing would be alike, and the run is refused.
"""

import hashlib
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from demur.core.errors import DemurError
from demur.core.gate_manifest import (
    KEPT,
    MANIFEST,
    WITHHELD,
    GateManifest,
    GateMode,
    ManifestFile,
    verify_manifest,
)
from demur.core.note import VerifierKey
from demur.gate.embedded_engine import GateFiles, do_in_threads, gate_those_left
from demur.gate.errors import EarlierOutputError
from demur.gate.file_gate import Advance, FileGate, FileResult
from demur.gate.noted_accounts import ACCOUNTS, AccountNote, load_note, note_place
from demur.gate.output import write_copy, writing
from demur.gate.row_tally import RowTally
from demur.gate.rules import rules_for
from demur.gate.source import InputFile
from demur.gate.trained_values import catalogue_sha256

_HINT: Final = "leave out --after to decide about every file anew"


class EarlierOutput:
    """The output of an earlier run, whose manifest was verified. Its other files are believed one by one."""

    def __init__(self, folder: Path, manifest: GateManifest, gate: FileGate) -> None:
        self._folder, self._gate = folder, gate
        self._inputs = {file.path: file for file in manifest.inputs}
        self._outputs = {file.path: file for file in manifest.outputs}
        self._linked = frozenset(manifest.linked)

    def go_on(self, gate_files: GateFiles, tell_taken_over: Callable[[int], None]) -> GateFiles:
        """Return an engine that takes over what it can, and gates the other files.

        Args:
            gate_files: the engine that does the work.
            tell_taken_over: is told how many files were taken over.
        """

        def gate_rest(files: Sequence[InputFile], gate: FileGate, advance: Advance) -> list[FileResult]:
            taken = do_in_threads(files, self._take, advance)
            tell_taken_over(sum(result is not None for result in taken))
            return gate_those_left(files, taken, gate_files, gate, advance)

        return gate_rest

    def _take(self, file: InputFile, advance: Advance) -> FileResult | None:
        """Take over what the earlier run wrote of a file; None if it has to be done anew."""
        source = self._inputs.get(file.name)
        parts = self._find_parts(file)
        if source is None or parts is None:
            return None
        kept, withheld, accounts = parts
        note = self._load_note(accounts)
        entry_rows = None if note is None else note.entry_rows(self._gate.suppressions)
        if note is None or entry_rows is None:
            return None
        with file.at_hand() as path:
            if file.hash_unchanged(path) != source.sha256:
                return None
        if not self._link_all([part for part in parts if part is not None]):
            return None
        counts = note.counts
        advance(source.rows, counts.reason_rows)
        is_linked = kept is not None and kept.path in self._linked
        return FileResult(
            source, kept, is_linked, withheld, counts.reason_rows, entry_rows, counts.tally, accounts=accounts
        )

    def _find_parts(self, file: InputFile) -> tuple[ManifestFile | None, ManifestFile, ManifestFile] | None:
        """Return what was written of a file: kept rows, if the mode writes some, withheld ids, and accounts."""
        kept = self._outputs.get(f"{KEPT}/{file.name}")
        withheld = self._outputs.get(f"{WITHHELD}/{file.name}{file.format.WITHHELD_SUFFIX}")
        accounts = self._outputs.get(note_place(file.name))
        if withheld is None or accounts is None or (kept is None) != (self._gate.mode is GateMode.IDS):
            return None
        return kept, withheld, accounts

    def _load_note(self, file: ManifestFile) -> AccountNote | None:
        with suppress(OSError):
            raw = (self._folder / file.path).read_bytes()
            if hashlib.sha256(raw).digest() == file.sha256:
                return load_note(raw, RowTally(self._gate.mapping, self._gate.catalogue))
        return None

    def _link_all(self, parts: Sequence[ManifestFile]) -> bool:
        """Give files of the earlier output a second name in this one; tell whether they are what its manifest says.

        If one is not, none is left there.
        """
        targets = [self._gate.folder / part.path for part in parts]
        is_whole = False
        with suppress(OSError):  # one cannot be read
            is_whole = all(self._link(part, target) for part, target in zip(parts, targets, strict=True))
        if not is_whole:
            for target in targets:
                target.unlink(missing_ok=True)
        return is_whole

    def _link(self, part: ManifestFile, target: Path) -> bool:
        source = self._folder / part.path
        with writing():
            target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_symlink() or not source.is_file():
            return False
        with suppress(OSError):  # another disk, a file of somebody else's, or a file system without links
            os.link(source, target)
        if not target.exists():
            with source.open("rb") as reading:
                return write_copy(reading, target) == part.sha256
        with target.open("rb") as stream:  # now that nobody can put another file in its place
            return hashlib.file_digest(stream, "sha256").digest() == part.sha256


def open_earlier_output(folder: Path, gate: FileGate, key: VerifierKey) -> EarlierOutput:
    """Return an earlier output whose files may be taken over.

    Args:
        folder: the output of a run that noted accounts.
        gate: of the run that goes on from it.
        key: this gate's own.

    Raises:
        EarlierOutputError: it has no manifest by this key, or is of a run that decided or wrote otherwise.
    """
    try:
        manifest = verify_manifest((folder / MANIFEST).read_bytes(), key)
    except (OSError, DemurError) as error:
        raise EarlierOutputError(
            f'nothing can be taken over from "{folder.name}": it has no manifest that this gate signed', hint=_HINT
        ) from error
    catalogue = None if gate.catalogue is None else catalogue_sha256(gate.catalogue)
    for what, then, now in (
        ("mapping", manifest.mapping_sha256, gate.mapping.sha256),
        ("catalogue", manifest.catalogue_sha256, catalogue),
        ("--mode", manifest.mode, gate.mode),
        ("rules", manifest.rules, {rule.CODE: rule.VERSION for rule in rules_for(gate.mapping, gate.catalogue)}),
    ):
        if then != now:
            raise EarlierOutputError(
                f'nothing can be taken over from "{folder.name}": it was made with another {what}', hint=_HINT
            )
    if not any(file.path.startswith(f"{ACCOUNTS}/") for file in manifest.outputs):
        raise EarlierOutputError(
            f'nothing can be taken over from "{folder.name}": no accounts were noted',
            hint="make it with --note-accounts, or leave out --after to decide about every file anew",
        )
    return EarlierOutput(folder, manifest, gate)

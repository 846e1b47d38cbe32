"""What a run notes of each input file that it is done with, so that the run after its death need not do it again.

    training/.2026-11.partial-9f02c4d1e5a7b683/finished/6a0f….note

A note is signed by the gate's key: who can write into the hidden folder can take work away from the next run, and not
slip a row in. It is believed only by a run that would do the very same (list, mapping, catalogue, mode, versions), of
an input file that is as it was, and if every output file still has its bytes.
"""

import hashlib
import json
import os
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from demur.core.canonical import JsonObject, canonical_json
from demur.core.errors import DemurError
from demur.core.gate_manifest import ManifestFile
from demur.core.note import Signer
from demur.core.statement import sign_statement, verify_statement
from demur.gate.embedded_engine import GateFiles, gate_those_left
from demur.gate.entry_counts import EntryRows
from demur.gate.file_gate import Advance, FileGate, FileResult
from demur.gate.output import writing
from demur.gate.row_tally import RowTally
from demur.gate.rules import rules_for
from demur.gate.source import InputFile
from demur.gate.staging import Staging
from demur.gate.trained_values import catalogue_sha256
from demur.gate.versions import writer_versions

FORM: Final = "demur-gate-finished-file/v1"
_LINK_STATE: Final = slice(0, 4)
"""Of a file's state, what making a link to it does not change."""


class FinishedFiles:
    """The notes of one run, beside its output."""

    def __init__(self, staging: Staging, gate: FileGate, signer: Signer) -> None:
        self._staging, self._gate, self._signer = staging, gate, signer
        self._run_sha256 = _run_sha256(gate)
        self._done: Mapping[str, FileResult] = {}

    def save(self, file: InputFile, result: FileResult) -> None:
        """Note what became of a file. Its outputs are on the disk already.

        Raises:
            OutputWriteError: it cannot be noted.
        """
        body = {
            "name": file.name,
            "result": self._result_text(result),
            "run_sha256": self._run_sha256,
            "state": file.state_text,
        }
        raw = sign_statement(FORM, body, self._signer)
        note = self._note(file.name)
        with writing():
            unfinished = note.with_suffix(".unfinished")
            with unfinished.open("wb") as stream:
                stream.write(raw)
                stream.flush()
                os.fsync(stream.fileno())
            unfinished.rename(note)

    def take_over(self, files: Sequence[InputFile]) -> None:
        """Believe what the dead run did of these files, as far as it is still there; remove all else that it left.

        Removing a link changes the state of the input that it is a link to: find the input again afterwards.
        """
        found = {file.name: self._load(file) for file in files}
        self._done = {name: result for name, result in found.items() if result is not None}
        outputs = [part.path for result in self._done.values() for part in _parts(result)]
        with writing():
            _keep_only(self._staging.folder, outputs)
            _keep_only(self._staging.notes, [self._note(name).name for name in self._done])

    def go_on(self, gate_files: GateFiles, tell_taken_over: Callable[[int], None]) -> GateFiles:
        """Return an engine that gates the files that are not done yet.

        Args:
            gate_files: the engine that does the work.
            tell_taken_over: is told how many files are done already, if any.
        """

        def gate_rest(files: Sequence[InputFile], gate: FileGate, advance: Advance) -> list[FileResult]:
            done = [self._done.get(file.name) for file in files]
            taken_over = [result for result in done if result is not None]
            if taken_over:
                tell_taken_over(len(taken_over))
                rows = sum(result.source.rows for result in taken_over)
                advance(rows, np.sum([result.reason_rows for result in taken_over], axis=0))
            return gate_those_left(files, done, gate_files, replace(gate, finished=self.save), advance)

        return gate_rest

    def _note(self, name: str) -> Path:
        return self._staging.notes / f"{hashlib.sha256(name.encode()).hexdigest()}.note"

    def _load(self, file: InputFile) -> FileResult | None:
        """Return what a note says of a file, if all of it is still true."""
        with suppress(OSError, DemurError):  # not there, cut off, of another key or run: the file is done anew
            note = verify_statement(self._note(file.name).read_bytes(), FORM, self._signer.verifier_key)
            if note["run_sha256"] != self._run_sha256 or note["name"] != file.name:
                return None
            result = self._parse_result(str(note["result"]))
            parts = _parts(result)
            if self._is_unchanged(file, str(note["state"]), result) and all(map(self._is_there, parts)):
                return result
        return None

    def _is_unchanged(self, file: InputFile, state: str, result: FileResult) -> bool:
        if not file.state_text:  # nothing shows whether it changed
            return False
        if state == file.state_text:
            return True
        if not file.state or result.kept is None or not result.is_linked:
            return False
        # The dead run's own link has changed the inode's time of change; the bytes are compared with the digest.
        is_link = (self._staging.folder / result.kept.path).samefile(file.path)
        return is_link and state.split()[_LINK_STATE] == file.state_text.split()[_LINK_STATE]

    def _is_there(self, part: ManifestFile) -> bool:
        path = self._staging.folder / part.path
        if path != path.resolve():  # another name for something elsewhere, which can be something else later
            return False
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").digest() == part.sha256

    def _result_text(self, result: FileResult) -> str:
        return json.dumps(
            {
                "source": _file_fields(result.source),
                "kept": None if result.kept is None else _file_fields(result.kept),
                "is_linked": result.is_linked,
                "withheld": _file_fields(result.withheld),
                "reason_rows": result.reason_rows.tolist(),
                "entry_places": result.entry_rows.places.tolist(),
                "entry_rows": result.entry_rows.rows.tolist(),
                "accounts": None if result.accounts is None else _file_fields(result.accounts),
                "tally": result.tally.to_body(),
            }
        )

    def _parse_result(self, text: str) -> FileResult:
        """Return what a note says. This key has signed it for a run like this, so it is what a run has found."""
        found = json.loads(text)
        tally = RowTally(self._gate.mapping, self._gate.catalogue)
        tally.add_body(found["tally"])
        return FileResult(
            source=_parse_file(found["source"]),
            kept=None if found["kept"] is None else _parse_file(found["kept"]),
            is_linked=found["is_linked"],
            withheld=_parse_file(found["withheld"]),
            reason_rows=np.array(found["reason_rows"], np.int64),
            entry_rows=EntryRows(np.array(found["entry_places"], np.int64), np.array(found["entry_rows"], np.int64)),
            tally=tally,
            accounts=None if found["accounts"] is None else _parse_file(found["accounts"]),
        )


def _run_sha256(gate: FileGate) -> str:
    """Return what two runs share only if they would write the same of the same input, in hexadecimal."""
    body: JsonObject = {
        "catalogue_sha256": None if gate.catalogue is None else catalogue_sha256(gate.catalogue).hex(),
        "list_header_sha256": gate.suppressions.header_sha256.hex(),
        "mapping_sha256": gate.mapping.sha256.hex(),
        "mode": str(gate.mode),
        "notes_accounts": gate.notes_accounts,
        "rules": {rule.CODE: rule.VERSION for rule in rules_for(gate.mapping, gate.catalogue)},
        "versions": dict(writer_versions()),
    }
    return hashlib.sha256(canonical_json(body)).hexdigest()


def _parts(result: FileResult) -> list[ManifestFile]:
    return [part for part in (result.kept, result.withheld, result.accounts) if part is not None]


def _file_fields(file: ManifestFile) -> tuple[str, str, int]:
    return file.path, file.sha256.hex(), file.rows


def _parse_file(fields: tuple[str, str, int]) -> ManifestFile:
    path, digest, rows = fields
    return ManifestFile(path, bytes.fromhex(digest), rows)


def _keep_only(folder: Path, names: Collection[str]) -> None:
    """Remove every file of a folder but these, and what folders are empty then."""
    for place, folders, files in os.walk(folder, topdown=False):
        links = [name for name in folders if Path(place, name).is_symlink()]
        for name in (*files, *links):
            path = Path(place, name)
            if path.relative_to(folder).as_posix() not in names:
                path.unlink()
        if Path(place) != folder and not any(Path(place).iterdir()):
            Path(place).rmdir()

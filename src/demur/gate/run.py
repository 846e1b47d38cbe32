"""One run of the gate: a dataset in, and out come kept rows, withheld row ids with reasons, and a signed manifest.

    1. Every Parquet footer of the input is held against the mapping; nothing is written before all of them fit.
    2. Each file is decided about, row group by row group, and what the mode asks for is written to a hidden folder
       (demur.gate.file_gate). Two files at a time; memory does not grow with the input.
    3. Each input file is hashed, and refused if it changed since step 1.
    4. The manifest is signed and written last; then the hidden folder gets the output's name, in one rename.

The same input, mapping and list give the same bytes (with one version of Arrow). Specified in
docs/spec/gate-manifest.md.
"""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Final

import numpy as np

from demur.controller.catalogue import Catalogue
from demur.core.gate_manifest import GateManifest, GateMode, ManifestFile
from demur.core.note import Signer
from demur.gate.decision import rows_by_code
from demur.gate.entry_counts import EntryCounter
from demur.gate.entry_counts_file import LAYOUT, WITHHELD_BY_ENTRY
from demur.gate.errors import MappingError, OutputExistsError
from demur.gate.file_gate import REASONS_COLUMN, FileGate, FileResult
from demur.gate.mapped_batch import check_product
from demur.gate.mapping import SourceMapping
from demur.gate.output import OutputFile, writing
from demur.gate.rules import kinds_not_applied, rules_for
from demur.gate.source import InputFile, count_rows, find_inputs
from demur.gate.staging import open_staging
from demur.gate.suppression_list import SuppressionList
from demur.gate.trained_values import catalogue_sha256

MANIFEST: Final = "manifest.note"
_FILES_AT_A_TIME: Final = 2

Tell = Callable[[int, int | None], None]


@dataclass(frozen=True)
class GateRequest:
    """What to run.

    Attributes:
        inputs: a Parquet or JSON Lines file, or a folder of them at any depth.
        mapping: which column plays which role.
        out: the output folder; it must not exist, or be empty.
        catalogue: what may train at all, from the controller's file; None to run without one.
        mode: what is written of the rows that are kept.
    """

    inputs: Path
    mapping: SourceMapping
    out: Path
    catalogue: Catalogue | None = None
    mode: GateMode = GateMode.REWRITE


class _StoppedError(Exception):
    """Another file of the same run has failed: there is nothing left to do."""


class _Progress:
    """Counts rows over all files, tells the caller, and stops the others when one file fails."""

    def __init__(self, total_rows: int | None, tell: Tell) -> None:
        self._done_rows, self._total_rows, self._tell = 0, total_rows, tell
        self._lock = Lock()
        self.stopped = False

    def advance(self, rows: int) -> None:
        """Count rows that were decided about.

        Raises:
            _StoppedError: there is no point in going on.
        """
        with self._lock:
            if self.stopped:
                raise _StoppedError
            self._done_rows += rows
            self._tell(self._done_rows, self._total_rows)


def run_gate(
    request: GateRequest,
    suppressions: SuppressionList,
    signer: Signer,
    progress: Tell,
) -> GateManifest:
    """Gate a dataset and return the manifest that was signed and written.

    Args:
        request: what to read and where to write.
        suppressions: the verified list; that it is current was checked when it was loaded.
        signer: the gate's key.
        progress: is told (rows done, rows in all) after each batch, from one thread at a time; None where nobody knows
            before all is read. What it raises ends the run.

    Raises:
        GateError: see `demur.gate.errors`. Nothing stands under the output's name then.
    """
    _check_apart(request)
    check_product(request.mapping, request.catalogue)
    files = find_inputs(request.inputs, request.mapping)
    with open_staging(request.out) as staging:
        counter = _Progress(count_rows(files), progress)
        by_entry = EntryCounter(request.mapping, suppressions)
        gate = FileGate(request.mapping, suppressions, request.catalogue, request.mode, by_entry, staging.folder)
        results = _gate_files(files, gate, counter)
        counts = _write_entry_counts(staging.folder, by_entry)
        manifest = _manifest(request, suppressions, results, counts)
        with writing(), (staging.folder / MANIFEST).open("xb") as stream:
            stream.write(manifest.sign(signer))
            stream.flush()
            os.fsync(stream.fileno())
        staging.publish()
    return manifest


def _check_apart(request: GateRequest) -> None:
    if request.mapping.row_id == REASONS_COLUMN:
        raise MappingError(
            f'the row id column cannot be called "{REASONS_COLUMN}": withheld files have one of that name'
        )
    if request.out.resolve().is_relative_to(request.inputs.resolve()):
        raise OutputExistsError(
            "the output lies in the input: the next run would read what this one wrote",
            hint="choose another folder with --out",
        )


def _gate_files(files: Sequence[InputFile], gate: FileGate, progress: _Progress) -> list[FileResult]:
    """Gate every file, two at a time, and return what became of each in the order of the files."""
    with ThreadPoolExecutor(_FILES_AT_A_TIME) as pool:
        futures = [pool.submit(gate.run, file, progress.advance) for file in files]
        try:
            wait(futures, return_when=FIRST_EXCEPTION)
        finally:  # all is done, a file has failed, or somebody interrupts
            progress.stopped = True
            pool.shutdown(cancel_futures=True)
    for future in futures:
        error = None if future.cancelled() else future.exception()
        if error is not None and not isinstance(error, _StoppedError):
            raise error
    return [future.result() for future in futures]


def _write_entry_counts(folder: Path, by_entry: EntryCounter) -> ManifestFile:
    with OutputFile(folder / WITHHELD_BY_ENTRY, LAYOUT) as file:
        file.append(by_entry.to_batch())
        return ManifestFile(WITHHELD_BY_ENTRY, file.close(), file.rows)


def _manifest(
    request: GateRequest, suppressions: SuppressionList, results: Sequence[FileResult], counts: ManifestFile
) -> GateManifest:
    rules = rules_for(request.mapping, request.catalogue)
    reason_rows = np.sum([result.reason_rows for result in results], axis=0)
    kept = [result.kept for result in results if result.kept is not None]
    return GateManifest(
        list_number=suppressions.header.number,
        list_header_sha256=suppressions.header_sha256,
        list_kinds=suppressions.kinds,
        kinds_not_applied=kinds_not_applied(rules, suppressions),
        mapping_sha256=request.mapping.sha256,
        catalogue_sha256=None if request.catalogue is None else catalogue_sha256(request.catalogue),
        rules={rule.CODE: rule.VERSION for rule in rules},
        inputs=tuple(result.source for result in results),
        mode=request.mode,
        outputs=(*kept, *(result.withheld for result in results), counts),
        linked=tuple(result.kept.path for result in results if result.kept is not None and result.is_linked),
        kept_rows=sum(result.source.rows - result.withheld.rows for result in results),
        withheld_rows=sum(result.withheld.rows for result in results),
        withheld_by_reason=rows_by_code(reason_rows, rules),
    )

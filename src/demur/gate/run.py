"""One run of the gate: a dataset in, and out come kept rows, withheld row ids with reasons, and a signed manifest.

    1. Every header and footer of the input is held against the mapping; nothing is written before all of them fit.
    2. Each file is decided about, part by part, and what the mode asks for is written to a hidden folder
       (demur.gate.file_gate). Two files at a time, or as another engine does it; memory does not grow with the input.
    3. Each input file is hashed, and refused if it changed since step 1.
    4. The manifest is signed and written last; then the hidden folder gets the output's name, in one rename.

A run that follows a dead one into the same output goes on from the files that were done (demur.gate.finished_files).

The same input, mapping and list give the same bytes (with one version of Arrow). Specified in
docs/spec/gate-manifest.md.
"""

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from demur.controller.catalogue import Catalogue
from demur.core.gate_manifest import MANIFEST, GateManifest, GateMode, ManifestFile
from demur.core.note import Signer
from demur.gate.decision import rows_by_code
from demur.gate.earlier_output import open_earlier_output
from demur.gate.embedded_engine import (
    GateFiles,
    Tell,
    TellReasons,
    count_done,
    gate_in_threads,
    tell_no_reasons,
)
from demur.gate.entry_counts import add_up, entry_rows_batch
from demur.gate.entry_counts_file import LAYOUT, WITHHELD_BY_ENTRY
from demur.gate.errors import MappingError, OutputExistsError, UnreadableInputError
from demur.gate.file_gate import FileGate, FileResult
from demur.gate.finished_files import FinishedFiles
from demur.gate.formats.data_format import REASONS_COLUMN, KeptBeside
from demur.gate.mapped_batch import check_product
from demur.gate.mapping import SourceMapping
from demur.gate.noted_accounts import check_notable
from demur.gate.output import OutputFile, writing
from demur.gate.row_tally import RowTally
from demur.gate.rules import kinds_not_applied, rules_for
from demur.gate.source import count_rows, find_companions_of, find_images_of
from demur.gate.staging import open_staging
from demur.gate.stores.address import Address, Place, would_read
from demur.gate.stores.remote_staging import open_remote_staging
from demur.gate.suppression_list import SuppressionList
from demur.gate.tables.table_input import GateInput, open_input_of_run
from demur.gate.trained_values import catalogue_sha256


@dataclass(frozen=True)
class GateRequest:
    """What to run.

    Attributes:
        inputs: a file of a format that the gate knows, a folder of them at any depth, or a pattern of such; on this
            machine, or in an object store.
        mapping: which column plays which role.
        out: the output folder, or the prefix in an object store; it must not exist, or be empty.
        catalogue: what may train at all, from the controller's file; None to run without one.
        mode: what is written of the rows that are kept.
        table_version: of the table that is the input: a Delta version, or the id of an Iceberg snapshot; None for the
            one that it has now.
        notes_accounts: whether to note which accounts stand in each file, so that a later run can go on from this one.
        after: the output of an earlier run that noted them, to go on from; this one notes them too then.
    """

    inputs: Place
    mapping: SourceMapping
    out: Place
    catalogue: Catalogue | None = None
    mode: GateMode = GateMode.REWRITE
    table_version: int | None = None
    notes_accounts: bool = False
    after: Path | None = None


def run_gate(  # noqa: PLR0913, PLR0917  (half of it is what a person who waits may be told)
    request: GateRequest,
    suppressions: SuppressionList,
    signer: Signer,
    progress: Tell,
    gate_files: GateFiles = gate_in_threads,
    tell_taken_over: Callable[[int], None] = lambda _files: None,
    tell_unaffected: Callable[[int], None] = lambda _files: None,
    tell_reasons: TellReasons = tell_no_reasons,
) -> GateManifest:
    """Gate a dataset and return the manifest that was signed and written.

    Args:
        request: what to read and where to write.
        suppressions: the verified list; that it is current was checked when it was loaded.
        signer: the gate's key.
        progress: is told (rows done, rows in all) after each batch, from one thread at a time; None where nobody knows
            before all is read. What it raises ends the run.
        gate_files: the engine that does the work.
        tell_taken_over: is told how many files a dead run had finished, if this one goes on from there.
        tell_unaffected: is told how many files were taken over from an earlier output, if there is one.
        tell_reasons: is told of the reasons so far, before `progress` is.

    Raises:
        GateError: see `demur.gate.errors`. Nothing stands under the output's name then.
    """
    _check_apart(request)
    check_product(request.mapping, request.catalogue)
    found = _open_input(request)
    _check_notable(request, is_table=found.table is not None)
    opened = open_remote_staging(request.out) if isinstance(request.out, Address) else open_staging(request.out)
    with opened as staging:
        notes = request.notes_accounts or request.after is not None
        gate = FileGate(request.mapping, suppressions, request.catalogue, request.mode, staging.folder, notes)
        if request.after is not None:
            earlier = open_earlier_output(request.after, gate, signer.verifier_key)
            gate_files = earlier.go_on(gate_files, tell_unaffected)
        finished = FinishedFiles(staging, gate, signer)
        if staging.follows_dead_run:
            finished.take_over([] if found.table else found.files)
            found = _open_input(request)
        gate_files = gate_files if found.table else finished.go_on(gate_files, tell_taken_over)
        found_images = find_images_of(found.files, request.mapping)
        companions = find_companions_of(request.inputs, found.files)
        advance = count_done(progress, count_rows(found.files), tell_reasons)
        results = gate_files(found.files, gate, advance)
        kept = {result.source.path: result.kept for result in results if result.kept is not None}
        beside = [
            *found_images.write_kept(staging.folder, request.mode),
            *companions.write_kept(staging.folder, request.mode, kept),
        ]
        counts = _write_entry_counts(staging.folder, results, suppressions)
        manifest = found.complete(_manifest(request, suppressions, results, beside, counts), staging.folder, results)
        with writing(), (staging.folder / MANIFEST).open("xb") as stream:
            stream.write(manifest.sign(signer))
            stream.flush()
            os.fsync(stream.fileno())
        staging.publish()
    return manifest


def _open_input(request: GateRequest) -> GateInput:
    return open_input_of_run(request.inputs, request.mapping, request.table_version, request.out, request.mode)


def _check_apart(request: GateRequest) -> None:
    if request.mapping.row_id == REASONS_COLUMN:
        raise MappingError(
            f'the row id column cannot be called "{REASONS_COLUMN}": withheld files have one of that name'
        )
    if would_read(request.inputs, request.out):
        raise OutputExistsError(
            "the output lies in the input: the next run would read what this one wrote",
            hint="choose another folder with --out",
        )


def _check_notable(request: GateRequest, *, is_table: bool) -> None:
    if not request.notes_accounts and request.after is None:
        return
    check_notable(request.mapping)
    if is_table:
        raise UnreadableInputError("accounts are noted only of plain files, and the input is a table")


def _write_entry_counts(folder: Path, results: Iterable[FileResult], suppressions: SuppressionList) -> ManifestFile:
    counted = add_up(result.entry_rows for result in results)
    with OutputFile(folder / WITHHELD_BY_ENTRY, LAYOUT) as file:
        file.append_batch(entry_rows_batch(counted, suppressions))
        return ManifestFile(WITHHELD_BY_ENTRY, file.close(), file.rows)


def _manifest(
    request: GateRequest,
    suppressions: SuppressionList,
    results: Sequence[FileResult],
    beside: Sequence[KeptBeside],
    counts: ManifestFile,
) -> GateManifest:
    rules = rules_for(request.mapping, request.catalogue)
    reason_rows = np.sum([result.reason_rows for result in results], axis=0)
    kept = [result.kept for result in results if result.kept is not None]
    notes = [result.accounts for result in results if result.accounts is not None]
    tally = RowTally(request.mapping, request.catalogue)
    for result in results:
        tally.merge(result.tally)
    return GateManifest(
        list_number=suppressions.header.number,
        list_header_sha256=suppressions.header_sha256,
        list_kinds=suppressions.kinds,
        kinds_not_applied=kinds_not_applied(rules, suppressions),
        mapping_sha256=request.mapping.sha256,
        catalogue_sha256=None if request.catalogue is None else catalogue_sha256(request.catalogue),
        rules={rule.CODE: rule.VERSION for rule in rules},
        inputs=(*(result.source for result in results), *(file.source for file in beside)),
        mode=request.mode,
        outputs=(*kept, *(file.kept for file in beside), *(result.withheld for result in results), *notes, counts),
        linked=(
            *(result.kept.path for result in results if result.kept is not None and result.is_linked),
            *(file.kept.path for file in beside if file.is_linked),
        ),
        kept_rows=sum(result.source.rows - result.withheld.rows for result in results),
        withheld_rows=sum(result.withheld.rows for result in results),
        withheld_by_reason=rows_by_code(reason_rows, rules),
        rows_by_product=tally.by_product,
        rows_by_month=tally.by_month,
    )

"""The driver of a run on a cluster: it alone puts files in their place, one attempt for each file.

    OUT/../.OUT.partial-…/attempts/17-host-4711-9f02…/kept/part-017.parquet     <- written by an attempt
    OUT/../.OUT.partial-…/output/kept/part-017.parquet                          <- renamed to, if it is the first one

An engine may try a file as often as it likes, at the same time too. The first attempt that comes to its end counts,
the others are left where they are, and go with the hidden folder. Why: docs/adr/0013-make-one-file-one-task.md.
"""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Final, Protocol

from demur.cluster.errors import ClusterError
from demur.cluster.job import Attempt, Job
from demur.cluster.worker import VERSIONS
from demur.core.errors import DemurError
from demur.gate.embedded_engine import GateFiles
from demur.gate.errors import OutputWriteError
from demur.gate.file_gate import Advance, FileGate, FileResult
from demur.gate.output import writing
from demur.gate.source import InputFile

_ATTEMPTS: Final = "attempts"


class Engine(Protocol):
    """What runs attempts on other machines."""

    def run(self, job: Job, files: Sequence[InputFile]) -> Iterator[Attempt]:
        """Start the engine, yield at least one attempt at each file, in any order, and stop the engine at the end.

        Raises:
            ClusterError: it could not be started, or gave up on a file.
        """
        ...


def gate_files_on(engine: Engine, keys_folder: Path) -> GateFiles:
    """Return what `run_gate` gates files with.

    Args:
        engine: where attempts run.
        keys_folder: what workers open the list with, at the same path on each machine.
    """

    def gate_files(files: Sequence[InputFile], gate: FileGate, advance: Advance) -> list[FileResult]:
        job = _job(gate, keys_folder.absolute())
        with writing():
            job.attempts.mkdir(exist_ok=True)
        everywhere = [replace(file, path=file.path.absolute()) for file in files]
        results: dict[int, FileResult] = {}
        with closing(engine.run(job, everywhere)) as attempts:  # type: ignore[type-var]
            for attempt in attempts:
                if attempt.index in results:
                    continue
                results[attempt.index] = result = _accept(attempt, job, gate.folder)
                gate.finished(files[attempt.index], result)
                advance(result.source.rows, result.reason_rows)
        if len(results) < len(files):
            raise ClusterError("the engine ended without a result for every file")
        return [results[index] for index in range(len(files))]

    return gate_files


def _job(gate: FileGate, keys_folder: Path) -> Job:
    return Job(
        mapping=gate.mapping,
        catalogue=gate.catalogue,
        mode=gate.mode,
        notes_accounts=gate.notes_accounts,
        attempts=gate.folder.parent / _ATTEMPTS,
        keys_folder=keys_folder,
        list_header_sha256=gate.suppressions.header_sha256,
        versions=VERSIONS,
    )


def _accept(attempt: Attempt, job: Job, folder: Path) -> FileResult:
    """Put what an attempt wrote in its place; it is on the disk already."""
    result = attempt.outcome
    if isinstance(result, DemurError):
        raise result
    for file in (result.kept, result.deletes, result.withheld, result.accounts):
        if file is None:
            continue
        target = folder / file.path
        try:
            with writing():
                target.parent.mkdir(parents=True, exist_ok=True)
                (job.attempts / attempt.folder / file.path).rename(target)
        except OutputWriteError as error:
            if isinstance(error.__cause__, FileNotFoundError):
                raise ClusterError(
                    f"what a worker wrote for {result.source.path} is not to be seen on the driver",
                    hint="give --out on storage that all machines have at the same path",
                ) from error
            raise
    return result

"""The engine that needs nothing else: files are gated two at a time, in threads of this process."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from threading import Lock
from typing import Final, TypeVar

import numpy as np

from demur.gate.decision import REASONS
from demur.gate.file_gate import Advance, FileGate, FileResult, ReasonRows
from demur.gate.source import InputFile

_FILES_AT_A_TIME: Final = 2
_Result = TypeVar("_Result")

Tell = Callable[[int, int | None], None]
"""Is told (rows done, rows in all); None where nobody knows before all is read."""

TellReasons = Callable[[Mapping[str, int]], None]
"""Is told how many rows have each reason so far, by code; reasons without a row are left out."""

GateFiles = Callable[[Sequence[InputFile], FileGate, Advance], list[FileResult]]
"""Gates every file, and returns what became of each in the order of the files.

`advance` is told of the rows that were decided about, and the gate's `finished` of each file that is done, from one
thread at a time.
"""


def tell_no_reasons(_rows: Mapping[str, int]) -> None:
    """Let reasons go by without a word."""


def count_done(tell: Tell, total_rows: int | None, tell_reasons: TellReasons = tell_no_reasons) -> Advance:
    """Return what counts rows over all files, and tells how many are done, and with which reasons."""
    done_rows, done_reasons = 0, np.zeros(len(REASONS), np.int64)

    def advance(rows: int, reason_rows: ReasonRows) -> None:
        nonlocal done_rows, done_reasons
        done_rows, done_reasons = done_rows + rows, done_reasons + reason_rows
        tell_reasons({code: int(count) for code, count in zip(REASONS, done_reasons, strict=True) if count})
        tell(done_rows, total_rows)

    return advance


class _StoppedError(Exception):
    """Another file of the same run has failed: there is nothing left to do."""


class _Turnstile:
    """Lets one thread at a time tell of its rows, and none any more once a file has failed."""

    def __init__(self, advance: Advance) -> None:
        self._advance, self.lock = advance, Lock()
        self.stopped = False

    def advance(self, rows: int, reason_rows: ReasonRows) -> None:
        """Tell of rows that were decided about.

        Raises:
            _StoppedError: there is no point in going on.
        """
        with self.lock:
            if self.stopped:
                raise _StoppedError
            self._advance(rows, reason_rows)


def gate_in_threads(files: Sequence[InputFile], gate: FileGate, advance: Advance) -> list[FileResult]:
    """Gate every file; see `GateFiles`.

    Raises:
        GateError: see `demur.gate.errors`.
    """
    return do_in_threads(files, gate.run, advance, gate.finished)


def gate_those_left(
    files: Sequence[InputFile],
    done: Sequence[FileResult | None],
    gate_files: GateFiles,
    gate: FileGate,
    advance: Advance,
) -> list[FileResult]:
    """Gate the files with which nobody is done, and return what became of each in the order of the files.

    Args:
        files: n files.
        done: what became of each already, if anything: n.
        gate_files: the engine that does the rest.
        gate: what it does it with.
        advance: is told of the rows that it decides about.
    """
    left = [file for file, result in zip(files, done, strict=True) if result is None]
    new = iter(gate_files(left, gate, advance) if left else [])
    return [next(new) if result is None else result for result in done]


def do_in_threads(
    files: Sequence[InputFile],
    work: Callable[[InputFile, Advance], _Result],
    advance: Advance,
    finished: Callable[[InputFile, _Result], None] = lambda _file, _result: None,
) -> list[_Result]:
    """Work on every file, two at a time, and return what came of each in the order of the files.

    `advance` and `finished` are called from one thread at a time. What any of them raises ends all.
    """
    turnstile = _Turnstile(advance)

    def work_on(file: InputFile) -> _Result:
        result = work(file, turnstile.advance)
        with turnstile.lock:
            finished(file, result)
        return result

    with ThreadPoolExecutor(_FILES_AT_A_TIME) as pool:
        futures = [pool.submit(work_on, file) for file in files]
        try:
            wait(futures, return_when=FIRST_EXCEPTION)
        finally:  # all is done, a file has failed, or somebody interrupts
            turnstile.stopped = True
            pool.shutdown(cancel_futures=True)
    for future in futures:
        error = None if future.cancelled() else future.exception()
        if error is not None and not isinstance(error, _StoppedError):
            raise error
    return [future.result() for future in futures]

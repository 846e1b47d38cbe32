"""The engine that needs nothing else: files are gated two at a time, in threads of this process."""

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from threading import Lock
from typing import Final

from demur.gate.file_gate import Advance, FileGate, FileResult
from demur.gate.source import InputFile

_FILES_AT_A_TIME: Final = 2

GateFiles = Callable[[Sequence[InputFile], FileGate, Advance], list[FileResult]]
"""Gates every file, and returns what became of each in the order of the files.

`advance` is told how many more rows were decided about, and the gate's `finished` of each file that is done, from one
thread at a time.
"""


class _StoppedError(Exception):
    """Another file of the same run has failed: there is nothing left to do."""


class _Turnstile:
    """Lets one thread at a time tell of its rows, and none any more once a file has failed."""

    def __init__(self, advance: Advance) -> None:
        self._advance, self._lock = advance, Lock()
        self.stopped = False

    def advance(self, rows: int) -> None:
        """Tell of rows that were decided about.

        Raises:
            _StoppedError: there is no point in going on.
        """
        with self._lock:
            if self.stopped:
                raise _StoppedError
            self._advance(rows)

    def gate(self, file: InputFile, gate: FileGate) -> FileResult:
        """Gate a file, and say that it is done."""
        result = gate.run(file, self.advance)
        with self._lock:
            gate.finished(file, result)
        return result


def gate_in_threads(files: Sequence[InputFile], gate: FileGate, advance: Advance) -> list[FileResult]:
    """Gate every file; see `GateFiles`.

    Raises:
        GateError: see `demur.gate.errors`.
    """
    turnstile = _Turnstile(advance)
    with ThreadPoolExecutor(_FILES_AT_A_TIME) as pool:
        futures = [pool.submit(turnstile.gate, file, gate) for file in files]
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

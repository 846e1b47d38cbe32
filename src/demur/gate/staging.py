"""Where a run writes until it is complete: a hidden folder beside the output, renamed at the very end.

    training/                                        <- where the output goes
    training/.2026-11.partial-9f02c4d1e5a7b683/      <- hidden, so that nobody takes it for an output
        lock                                         <- locked by the run for as long as it lives
        output/kept/…  withheld/…  manifest.note     <- becomes training/2026-11, in one rename

Whoever kills a run at any instant finds either the whole output under its name, or nothing under it. What a dead run
left is removed by the next run into the same output, which knows it for dead because its lock is free.
"""

import errno
import fcntl
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from demur.gate.errors import OutputBusyError, OutputExistsError
from demur.gate.output import writing

_LOCK: Final = "lock"
_OUTPUT: Final = "output"
_RANDOM_BYTES: Final = 8
_TAKEN: Final = {errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR}


class Staging:
    """The hidden folder of one run.

    Attributes:
        folder: where to write.
    """

    def __init__(self, out: Path, folder: Path) -> None:
        self.folder = folder
        self._out = out

    def publish(self) -> None:
        """Give the complete output its name. Every file in it must be on the disk already.

        Raises:
            OutputExistsError: somebody put something there meanwhile.
        """
        with writing():
            for folder, _, _ in os.walk(self.folder, topdown=False):
                _sync_folder(Path(folder))
            try:
                self.folder.rename(self._out)  # onto nothing, or an empty folder
            except OSError as error:
                if error.errno in _TAKEN:
                    raise _exists(self._out) from error
                raise
            _sync_folder(self._out.parent)


@contextmanager
def open_staging(out: Path) -> Iterator[Staging]:
    """Give a folder to write in, and take away what is left of it at the end, published or not.

    Args:
        out: the output folder's final name. Folders above it are created.

    Raises:
        OutputExistsError: `out` is there already and is not an empty folder.
        OutputBusyError: another run is writing to the same output.
    """
    with writing():
        out = out.resolve()
        out.parent.mkdir(parents=True, exist_ok=True)
    partial = out.parent / f".{out.name}.partial-{secrets.token_hex(_RANDOM_BYTES)}"
    with ExitStack() as alive:
        with writing(), _locked(out.parent):  # looking for others and appearing are one step
            _remove_dead_runs(out)
            if out.exists() and (not out.is_dir() or any(out.iterdir())):
                raise _exists(out)
            partial.mkdir()
            (partial / _LOCK).touch()
            (partial / _OUTPUT).mkdir()
            alive.enter_context(_locked(partial / _LOCK))
        try:
            yield Staging(out, partial / _OUTPUT)
        finally:
            with _locked(out.parent):  # nobody may see it half taken away
                shutil.rmtree(partial, ignore_errors=True)


def _remove_dead_runs(out: Path) -> None:
    pattern = re.compile(re.escape(f".{out.name}.partial-") + r"[0-9a-f]+")
    for partial in out.parent.iterdir():
        if not pattern.fullmatch(partial.name):
            continue
        try:
            with _locked(partial / _LOCK, fcntl.LOCK_NB):
                pass
        except BlockingIOError as error:
            raise OutputBusyError(
                f'another run is writing to "{out.name}"',
                hint="wait until it ends, or choose another folder with --out",
            ) from error
        except FileNotFoundError:
            pass  # it died before it had a lock, or while it was taken away
        shutil.rmtree(partial)


@contextmanager
def _locked(path: Path, flags: int = 0) -> Iterator[None]:
    """Hold a file or folder; whoever dies lets go."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | flags)
        yield
    finally:
        os.close(descriptor)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _exists(out: Path) -> OutputExistsError:
    return OutputExistsError(
        f'the output "{out.name}" is there already and is not an empty folder',
        hint="choose another folder with --out: an output is never written over",
    )

"""Where a run writes until it is complete: a hidden folder beside the output, renamed at the very end.

    training/                                        <- where the output goes
    training/.2026-11.partial-9f02c4d1e5a7b683/      <- hidden, so that nobody takes it for an output
        lock                                         <- locked by the run for as long as it lives
        finished/…                                   <- notes of what is done (demur.gate.finished_files)
        output/kept/…  withheld/…  manifest.note     <- becomes training/2026-11, in one rename

Whoever kills a run at any instant finds either the whole output under its name, or nothing under it. The next run into
the same output knows a dead run because its lock is free. It goes on in that one's folder, and removes all but the
output and the notes; without notes it removes the folder.
"""

import errno
import fcntl
import os
import re
import secrets
import shutil
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from demur.gate.errors import OutputBusyError, OutputExistsError
from demur.gate.output import writing
from demur.synced_folder import sync_folder

_LOCK: Final = "lock"
_OUTPUT: Final = "output"
_NOTES: Final = "finished"
_RANDOM_BYTES: Final = 8
_TAKEN: Final = {errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR}


class Staging:
    """The hidden folder of one run.

    Attributes:
        folder: where to write.
        notes: the folder for notes of the input files that are done.
        follows_dead_run: whether a dead run was found: it is gone, or this is its folder, and the notes are its.
    """

    def __init__(self, out: Path, partial: Path, *, follows_dead_run: bool = False) -> None:
        self.folder = partial / _OUTPUT
        self.notes = partial / _NOTES
        self.follows_dead_run = follows_dead_run
        self._out = out

    def publish(self) -> None:
        """Give the complete output its name. Every file in it must be on the disk already.

        Raises:
            OutputExistsError: somebody put something there meanwhile.
        """
        with writing():
            for folder, _, _ in os.walk(self.folder, topdown=False):
                sync_folder(Path(folder))
            try:
                self.folder.rename(self._out)  # onto nothing, or an empty folder
            except OSError as error:
                if error.errno in _TAKEN:
                    raise _exists(self._out) from error
                raise
            sync_folder(self._out.parent)


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
    with ExitStack() as alive:
        with writing(), _locked(out.parent):  # looking for others and appearing are one step
            is_taken = out.exists() and (not out.is_dir() or any(out.iterdir()))
            dead = _find_dead_runs(out)
            begun = next(filter(_has_notes, dead), None) if not is_taken else None
            for partial in dead:
                _clear(partial, () if partial != begun else (_LOCK, _OUTPUT, _NOTES))
            if is_taken:
                raise _exists(out)
            partial = begun or out.parent / f".{out.name}.partial-{secrets.token_hex(_RANDOM_BYTES)}"
            for folder in (partial, partial / _OUTPUT, partial / _NOTES):
                folder.mkdir(exist_ok=True)
            (partial / _LOCK).touch()
            alive.enter_context(_locked(partial / _LOCK))
        try:
            yield Staging(out, partial, follows_dead_run=bool(dead))
        finally:
            with _locked(out.parent):  # nobody may see it half taken away
                shutil.rmtree(partial, ignore_errors=True)


def _find_dead_runs(out: Path) -> list[Path]:
    """Return the folders of runs into this output that are no more.

    Raises:
        OutputBusyError: one of them is alive.
    """
    pattern = re.compile(re.escape(f".{out.name}.partial-") + r"[0-9a-f]+")
    found = sorted(path for path in out.parent.iterdir() if pattern.fullmatch(path.name))
    for partial in found:
        _check_dead(partial, out)
    return found


def _has_notes(partial: Path) -> bool:
    return (partial / _OUTPUT).is_dir() and (partial / _NOTES).is_dir() and any((partial / _NOTES).iterdir())


def _clear(partial: Path, kept: Collection[str]) -> None:
    """Remove a folder, or what is in it but these."""
    if not kept:
        shutil.rmtree(partial)
        return
    for path in partial.iterdir():
        if path.name not in kept:
            shutil.rmtree(path)


def _check_dead(partial: Path, out: Path) -> None:
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


@contextmanager
def _locked(path: Path, flags: int = 0) -> Iterator[None]:
    """Hold a file or folder; whoever dies lets go."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | flags)
        yield
    finally:
        os.close(descriptor)


def _exists(out: Path) -> OutputExistsError:
    return OutputExistsError(
        f'the output "{out.name}" is there already and is not an empty folder',
        hint="choose another folder with --out: an output is never written over",
    )

"""Where a run into an object store writes: a local scratch folder, and at the very end under the output's prefix.

    s3://bucket/training/2026-11/          <- the output's prefix; empty before
        .demur-lock                        <- created by the run unless there is one; removed before the manifest comes
        kept/…  withheld/…                 <- uploaded when every file has been decided about
        manifest.note                      <- created last, when all others were found there with their sizes

A store has no rename of folders, so a reader sees files before the output is complete. What says that it is complete is
the manifest, and nothing else. Nor does a store let go of a dead run's lock. The machine on which the run died can tell
whose it is, and goes on from there, as over a dead run on a disk; anywhere else a person has to remove what it left:

    $TMPDIR/demur-<hash of the address>/   <- of this user alone
        held-lock                          <- what the lock says, for as long as it may be there
        .2026-11.partial-9f02…/            <- see demur.gate.staging; while it is locked, its run is alive
"""

import hashlib
import os
import secrets
import stat
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from demur.core.gate_manifest import MANIFEST
from demur.gate.errors import OutputBusyError, OutputExistsError, OutputWriteError, StoreError
from demur.gate.output import writing
from demur.gate.staging import Staging, open_staging
from demur.gate.stores.address import Address
from demur.gate.stores.store import Store

_OUTPUT: Final = "output"
_HELD: Final = "held-lock"
_NAME_DIGITS: Final = 32
_LOCK: Final = ".demur-lock"
_LOCK_BYTES: Final = 16


class RemoteStaging(Staging):
    """The local folder of one run, and the prefix that its output goes to."""

    def __init__(self, store: Store, local: Staging, held: Path) -> None:
        self.folder, self.notes, self.follows_dead_run = local.folder, local.notes, local.follows_dead_run
        self._store, self._held = store, held
        self._lock = self._key(_LOCK)
        self._is_locked = False

    def publish(self) -> None:
        """Upload the complete output, the manifest last.

        Raises:
            StoreError: the store refuses, or cannot be reached. What was uploaded is then taken away again, as far as
                it can be.
            OutputWriteError: somebody else writes there too.
            OutputExistsError: somebody else has written a manifest there.
        """
        files = {
            self._key(path.relative_to(self.folder).as_posix()): path
            for path in sorted(self.folder.rglob("*"))
            if path.is_file()
        }
        manifest = self._key(MANIFEST)
        raw = files.pop(manifest).read_bytes()
        try:
            for key, path in files.items():
                self._store.put(path, key)
            self.release()
            self._check_uploaded({key: path.stat().st_size for key, path in files.items()})
            is_ours = self._store.create(manifest, raw)
        except BaseException:
            self._take_back(manifest, files)
            raise
        if not is_ours:
            raise OutputExistsError(f"{self._store.label(manifest)} is there already: another run has written it")

    def lock(self) -> None:
        """Take the prefix for this run.

        Raises:
            OutputExistsError: something lies under it already.
            OutputBusyError: another run has it, or died with it.
            StoreError: the store cannot keep two runs apart, refuses, or cannot be reached.
        """
        if not self._store.can_create():
            raise self._cannot_lock()
        self._is_locked = self._has_lock_of_dead_run()
        self._refuse_others()  # first, so that nothing is ever written into a finished output
        if not self._is_locked:
            with writing():
                self._held.write_bytes(secrets.token_bytes(_LOCK_BYTES))
            self._is_locked = self._store.create(self._lock, self._held.read_bytes())
        if not self._is_locked:
            raise self._busy()
        if self._store.create(self._lock, b"a second run"):
            raise self._cannot_lock()
        self._refuse_others()
        with suppress(StoreError):  # of a run that died; who may write need not be allowed to see these
            self._store.abort_uploads(self._store.root)

    def release(self) -> None:
        """Let go of the prefix, if this run still has it.

        Raises:
            StoreError: the store refuses, or cannot be reached.
        """
        if self._is_locked:
            self._store.remove([self._lock])
            self._is_locked = False
        self._held.unlink(missing_ok=True)

    def _has_lock_of_dead_run(self) -> bool:
        """Tell whether the lock is that of a run of this machine. It is dead, or it would hold the local folder."""
        return (
            self._held.exists()
            and self._store.is_object(self._lock)
            and self._store.read(self._lock) == self._held.read_bytes()
        )

    def _refuse_others(self) -> None:
        found = [each.key for each in self._store.list_objects(self._store.root)]
        if found == [self._lock] and not self._is_locked:
            raise self._busy()
        if [key for key in found if key != self._lock]:
            raise OutputExistsError(
                f"the output {self._label} is there already and is not empty",
                hint="choose another with --out: an output is never written over. What has no manifest.note, a run has "
                "left that died: look at it, and remove it",
            )

    def _check_uploaded(self, sizes_bytes: Mapping[str, int]) -> None:
        """Refuse to call an output complete unless exactly its files are there, in full."""
        found = {each.key: each.state[0] for each in self._store.list_objects(self._store.root)}
        wrong = sorted(key for key in found.keys() | sizes_bytes.keys() if found.get(key) != sizes_bytes.get(key))
        if wrong:
            raise OutputWriteError(
                f"{self._store.label(wrong[0])} is not what this run has uploaded: somebody else writes there, or the "
                "store has lost it",
                hint="choose another place with --out, and run again",
            )

    def _take_back(self, manifest: str, keys: Iterable[str]) -> None:
        """Remove what was uploaded, the manifest before all else: it may be there though its answer was lost.

        A store that cannot be reached keeps what it has. Without its manifest that is no output; with it, it is whole.
        """
        with suppress(StoreError):
            self._store.remove([manifest, *keys])
        with suppress(StoreError):
            self._store.abort_uploads(self._store.root)

    def _key(self, name: str) -> str:
        return f"{self._store.root}/{name}"

    @property
    def _label(self) -> str:
        return self._store.label(self._store.root)

    def _busy(self) -> OutputBusyError:
        return OutputBusyError(
            f"another run is writing to {self._label}, or has died there",
            hint=f"wait until it ends, or choose another place with --out. If none runs, remove {_LOCK} there",
        )

    def _cannot_lock(self) -> StoreError:
        return StoreError(
            f"{self._label}: this store cannot keep two runs apart, since it has no write that succeeds only where "
            "there is nothing yet",
            hint="write to a local folder with --out, and copy that",
        )


@contextmanager
def open_remote_staging(out: Address) -> Iterator[RemoteStaging]:
    """Give a local folder to write in, and take the output's prefix for as long; both go away at the end.

    Raises:
        OutputExistsError: something lies under the prefix already.
        OutputBusyError: another run has it, or died with it.
        StoreError: the store cannot keep two runs apart, refuses, or cannot be reached.
    """
    store = Store(out)
    scratch = _private_folder(store)
    with open_staging(scratch / (out.name or _OUTPUT)) as local:
        staging = RemoteStaging(store, local, scratch / _HELD)
        try:
            staging.lock()
            yield staging
        finally:
            with suppress(StoreError):  # the lock then stays, and what it says: the next run here takes it over
                staging.release()
    with suppress(OSError):  # another run is there, or the lock is
        scratch.rmdir()


def _private_folder(store: Store) -> Path:
    """Return the folder of this user alone in which runs into a place in a store work; created if need be.

    Raises:
        OutputWriteError: it cannot be created, or somebody else could look into it.
    """
    named = hashlib.sha256(store.label(store.root).encode()).hexdigest()[:_NAME_DIGITS]
    folder = Path(tempfile.gettempdir(), f"demur-{named}")
    with writing():
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise OutputWriteError(
            f"the folder {folder} is not this user's alone, so nothing is written there",
            hint="remove it, or set TMPDIR to a folder of your own",
        )
    return folder

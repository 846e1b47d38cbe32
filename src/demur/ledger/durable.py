"""Files that survive a crash: written beside their place, synced, then moved into it.

A reader sees the old file or the new one, never a part. A crash may leave a hidden `.<name>.tmp`, which the next write
of the same file replaces. Folders are synced too, since a rename is durable only when its folder is.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from demur import synced_folder
from demur.ledger.errors import StorageError

PUBLIC_MODE = 0o644
PRIVATE_MODE = 0o600


def save_durably(path: Path, data: bytes, mode: int = PUBLIC_MODE) -> None:
    """Replace a file whole; when this returns, the new bytes survive a power cut.

    Raises:
        StorageError: the disk refused. The old file or the new one is there, whole.
    """
    place_file(path, data, mode)
    sync_folder(path.parent)


def place_file(path: Path, data: bytes, mode: int = PUBLIC_MODE) -> None:
    """Do what `save_durably` does but for the last step, so that many files of a folder share one `sync_folder`."""
    with storage_errors(path):
        temporary = temporary_path(path)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, mode)
        try:
            left = memoryview(data)
            while left:
                left = left[os.write(descriptor, left) :]
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        os.replace(temporary, path)  # noqa: PTH105  (the calls that matter here are the system's own)


def temporary_path(path: Path) -> Path:
    """Return where a file is written before it is moved into its place."""
    return path.with_name(f".{path.name}.tmp")


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    with storage_errors(folder):
        synced_folder.sync_folder(folder)


def make_folder(folder: Path, mode: int = 0o777) -> None:
    """Create a folder and those above it that are missing, durably. One that exists is left as it is."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    with storage_errors(folder):
        folder.mkdir(mode=mode, exist_ok=True)
    sync_folder(folder.parent)


@contextmanager
def storage_errors(path: Path) -> Iterator[None]:
    """Turn the system's errors into a StorageError that names the file."""
    try:
        yield
    except OSError as error:
        raise StorageError(
            f'"{path.name}" could not be written: {(error.strerror or "unknown reason").lower()}',
            hint="check free space and permissions, then try again; nothing that was acknowledged is lost",
        ) from error

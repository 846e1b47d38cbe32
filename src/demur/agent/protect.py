"""Protecting photos before they are posted: which files, where the new ones go, and that each is whole or not there.

A photo is written beside its place under a name that begins with a dot, synced, read back, compared with the original
pixel by pixel, and only then moved into its place. A crash leaves the original, and at most such a hidden file.
"""

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from demur.agent.errors import PhotoNotWrittenError
from demur.agent.photo_key import PhotoKey
from demur.agent.picture import picture_sha256
from demur.agent.signed_no import has_no_place_for_xmp, is_signed_by, reserve_and_sign
from demur.reservations.photo import Wish, find_kind, find_other_kind, has_reservation, is_signed, read_parts, reserve
from demur.reservations.photo_errors import DamagedPhotoError, PhotoError
from demur.reservations.photo_parts import PhotoParts
from demur.reservations.photo_telling import Telling, tell
from demur.synced_folder import sync_folder

MAX_PHOTO_BYTES = 512 * 1024 * 1024
_HEAD_BYTES = 1_024


class Done(StrEnum):
    """What became of a photo."""

    WRITTEN = "written"
    ALREADY_RESERVED = "already reserved"


class Signature(StrEnum):
    """What became of the signed content credentials of a photo."""

    NONE = "none, or as it was"
    BROKEN = "broken"
    MADE = "made"
    MADE_OVER_ANOTHER = "made over another"
    MADE_ALONE = "made, without a reservation in XMP"


@dataclass(frozen=True)
class Task:
    """A photo, and where the protected one goes; the same path to replace it."""

    source: Path
    target: Path


@dataclass(frozen=True)
class Outcome:
    """What became of a photo.

    Attributes:
        done: whether a file was written.
        signature: what became of signatures.
        left: what tells about the person and is still in it.
        behind_bytes: how much stands behind the picture, in which only the place of a film is looked for.
    """

    done: Done
    signature: Signature
    left: tuple[Telling, ...]
    behind_bytes: int


@dataclass(frozen=True)
class Portrait:
    """What a photo says, to be shown to its owner."""

    is_reserved: bool
    is_signed: bool
    telling: tuple[Telling, ...]
    behind_bytes: int


def find_tasks(sources: Sequence[Path], out: Path | None) -> Iterator[Task]:
    """Yield every photo and where it goes: a file as it is named, a folder with all that is below it.

    Of a folder, hidden files, links, the output folder and files that are no pictures are passed over.

    Args:
        sources: files and folders.
        out: the folder for the new ones; None to replace the photos themselves.
    """
    for source in sources:
        if not source.is_dir():
            yield Task(source, out / source.name if out else source.resolve())
            continue
        for found in _pictures_below(source, out):
            yield Task(found, out / found.relative_to(source) if out else found.resolve())


def protect_photo(task: Task, wish: Wish, key: PhotoKey | None = None) -> Outcome:
    """Write one photo with its reservation, and with a key also signed.

    The new file has the old one's date and permissions. Where nothing has to change and the photo is to be replaced, it
    is left alone.

    Raises:
        PhotoError: the photo cannot be read or changed.
        PhotoNotWrittenError: the disk refused, or something else is at the new place. Nothing is there that was not
            there before.
    """
    raw, status = _load_photo(task.source)
    changed = reserve_and_sign(raw, wish, key) if key else reserve(raw, wish)
    is_unchanged = changed == raw
    if not is_unchanged:
        _verify(raw, changed)
    is_in_place = task.target == task.source.resolve()
    is_there = is_unchanged if is_in_place else _is_there(task.target, changed, key)
    if not is_there:
        _save_photo(task, changed, status, may_replace=is_in_place)
    parts = PhotoParts() if has_no_place_for_xmp(changed) else read_parts(changed)
    return Outcome(
        Done.ALREADY_RESERVED if is_unchanged else Done.WRITTEN,
        Signature.NONE if is_unchanged else _signature(raw, parts, key),
        _tell_left(parts),
        len(parts.behind),
    )


def look_at_photo(source: Path) -> Portrait:
    """Return what a photo says; it is only read.

    Raises:
        PhotoError: it cannot be read.
        PhotoNotWrittenError: the disk refused.
    """
    raw, _status = _load_photo(source)
    parts = read_parts(raw)
    return Portrait(has_reservation(parts), is_signed(parts), tuple(tell(parts)), len(parts.behind))


def _is_there(target: Path, changed: bytes, key: PhotoKey | None) -> bool:
    """Tell whether the same command was run before: its new photo is there, but for the bytes of its signature."""
    try:
        found = target.read_bytes()
        if found == changed or key is None:
            return found == changed
        return is_signed_by(found, changed, key) and picture_sha256(found) == picture_sha256(changed)
    except (OSError, PhotoError):
        return False


def _signature(raw: bytes, parts: PhotoParts, key: PhotoKey | None) -> Signature:
    if key is None:
        return Signature.BROKEN if is_signed(parts) else Signature.NONE
    if has_no_place_for_xmp(raw):
        return Signature.MADE_ALONE
    return Signature.MADE_OVER_ANOTHER if is_signed(read_parts(raw)) else Signature.MADE


def _pictures_below(folder: Path, out: Path | None) -> Iterator[Path]:
    left_out = out.resolve() if out else None
    for each in sorted(folder.iterdir()):
        if each.name.startswith(".") or each.is_symlink() or (left_out and each.resolve() == left_out):
            continue
        if each.is_dir():
            yield from _pictures_below(each, out)
        elif each.is_file() and _is_picture(each):
            yield each


def _is_picture(path: Path) -> bool:
    """Tell it by the first bytes; what cannot be opened is taken for one, so that it is not passed over in silence."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except OSError:
        return True
    return find_kind(head) is not None or find_other_kind(head) not in (None, "PDF")


def _load_photo(path: Path) -> tuple[bytes, os.stat_result]:
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise PhotoNotWrittenError("it is no file")
            if status.st_size > MAX_PHOTO_BYTES:
                raise PhotoNotWrittenError(f"it is larger than {MAX_PHOTO_BYTES // 1024**2} MB")
            return file.read(), status
    except OSError as error:
        raise PhotoNotWrittenError(f"it cannot be read: {_reason(error)}") from error


def _verify(raw: bytes, changed: bytes) -> None:
    """Refuse a change after which the picture would not be the same, or the reservation could not be read.

    Raises:
        PhotoError: so it is, or the picture was damaged before.
    """
    is_said = has_no_place_for_xmp(changed) or has_reservation(read_parts(changed))
    if picture_sha256(raw) != picture_sha256(changed) or not is_said:
        raise DamagedPhotoError("its picture would not stay the same")


def _save_photo(task: Task, changed: bytes, status: os.stat_result, *, may_replace: bool) -> None:
    target = task.target
    try:
        if may_replace and not os.access(target, os.W_OK):
            raise PhotoNotWrittenError("it is write-protected", hint="allow writing to it, or use --out")
        if not may_replace and target.exists():
            raise PhotoNotWrittenError(
                f'there is another file in "{target.parent.name}" already', hint="choose another folder with --out"
            )
        target.parent.mkdir(parents=True, exist_ok=True)
        _place(target, changed, status)
    except OSError as error:
        raise PhotoNotWrittenError(
            f"it cannot be written: {_reason(error)}", hint="check free space and permissions, then try again"
        ) from error


def _place(target: Path, changed: bytes, status: os.stat_result) -> None:
    """Write beside the place, sync, read back, and move into the place; what does not succeed is taken away."""
    temporary = target.with_name(f".{target.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "r+b") as file:
            file.write(changed)
            file.flush()
            os.fchmod(file.fileno(), stat.S_IMODE(status.st_mode))
            os.utime(file.fileno(), ns=(status.st_atime_ns, status.st_mtime_ns))
            os.fsync(file.fileno())
            file.seek(0)
            if file.read() != changed:
                raise PhotoNotWrittenError("the disk gave back something else than was written")
        temporary.replace(target)
        sync_folder(target.parent)
    finally:
        temporary.unlink(missing_ok=True)


def _tell_left(parts: PhotoParts) -> tuple[Telling, ...]:
    try:
        return tuple(each for each in tell(parts) if each.personal)
    except PhotoError:  # what could not be read was not to be removed either, and stays as it was
        return ()


def _reason(error: OSError) -> str:
    return (error.strerror or "unknown reason").lower()

"""Photos on the disk: the original stays or is replaced whole, and what cannot be done leaves nothing behind."""

import errno
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from PIL import Image

from demur.agent.errors import PhotoNotWrittenError, PictureError
from demur.agent.picture import picture_sha256
from demur.agent.protect import Done, Task, find_tasks, look_at_photo, protect_photo
from demur.reservations.photo import Wish, has_reservation, read_parts
from demur.reservations.photo_errors import DamagedPhotoError

WISH = Wish()
LONG_AGO_NS = 1_000_000_000_000_000_000


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "holiday.jpg"
    Image.effect_noise((40, 30), 80).convert("RGB").save(path)
    path.chmod(0o640)
    os.utime(path, ns=(LONG_AGO_NS, LONG_AGO_NS))
    return path


def only(photo: Path, out: Path | None) -> Task:
    (task,) = find_tasks([photo], out)
    return task


def is_reserved(path: Path) -> bool:
    return has_reservation(read_parts(path.read_bytes()))


def names(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.rglob("*"))


def test_new_photo_has_the_old_ones_date_and_permissions(photo: Path, tmp_path: Path) -> None:
    before = photo.read_bytes()
    outcome = protect_photo(only(photo, tmp_path / "out" / "deep"), WISH)
    new = tmp_path / "out" / "deep" / "holiday.jpg"
    assert outcome.done is Done.WRITTEN
    assert is_reserved(new)
    assert photo.read_bytes() == before
    assert (new.stat().st_mtime_ns, new.stat().st_mode & 0o777) == (LONG_AGO_NS, 0o640)


def test_photo_is_replaced_only_in_place_and_then_left_alone(photo: Path) -> None:
    assert protect_photo(only(photo, None), WISH).done is Done.WRITTEN
    inode = photo.stat().st_ino
    assert is_reserved(photo)
    assert photo.stat().st_mtime_ns == LONG_AGO_NS
    assert protect_photo(only(photo, None), WISH).done is Done.ALREADY_RESERVED
    assert photo.stat().st_ino == inode


def test_link_stays_a_link_and_its_photo_is_replaced(photo: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.jpg"
    link.symlink_to(photo)
    protect_photo(only(link, None), WISH)
    assert link.is_symlink()
    assert is_reserved(photo)


def test_same_command_twice_is_no_error(photo: Path, tmp_path: Path) -> None:
    for _ in range(2):
        protect_photo(only(photo, tmp_path / "out"), WISH)
    assert is_reserved(tmp_path / "out" / "holiday.jpg")


def test_photo_that_says_no_already_is_copied_to_the_folder(photo: Path, tmp_path: Path) -> None:
    protect_photo(only(photo, None), WISH)
    assert protect_photo(only(photo, tmp_path / "out"), WISH).done is Done.ALREADY_RESERVED
    assert (tmp_path / "out" / "holiday.jpg").read_bytes() == photo.read_bytes()


def test_another_file_of_the_name_is_not_replaced(photo: Path, tmp_path: Path) -> None:
    other = tmp_path / "out" / "holiday.jpg"
    other.parent.mkdir()
    other.write_bytes(b"another")
    with pytest.raises(PhotoNotWrittenError, match="another file"):
        protect_photo(only(photo, other.parent), WISH)
    assert other.read_bytes() == b"another"


def test_folder_is_walked_without_hidden_files_links_and_other_things(photo: Path, tmp_path: Path) -> None:
    below = tmp_path / "below"
    below.mkdir()
    (below / "b.jpg").write_bytes(photo.read_bytes())
    (tmp_path / ".hidden.jpg").write_bytes(photo.read_bytes())
    (tmp_path / "link.jpg").symlink_to(photo)
    (tmp_path / "letter.txt").write_text("no photo")
    (tmp_path / "letter.pdf").write_bytes(b"%PDF-1.7")
    (tmp_path / "moving.gif").write_bytes(b"GIF89a")
    out = tmp_path / "out"
    for _ in range(2):  # the second time, the output folder is there, in the folder itself
        tasks = list(find_tasks([tmp_path], out))
        assert [each.target.relative_to(out).as_posix() for each in tasks] == [
            "below/b.jpg",
            "holiday.jpg",
            "moving.gif",
        ]
        protect_photo(tasks[0], WISH)
    assert [each.target for each in find_tasks([below], None)] == [below / "b.jpg"]


def test_unreadable_file_in_a_folder_is_not_passed_over(photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: object, **_options: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    (task,) = find_tasks([photo.parent], None)
    with pytest.raises(PhotoNotWrittenError, match="permission denied"):
        protect_photo(task, WISH)


def test_folder_that_cannot_be_made_is_told(photo: Path) -> None:
    with pytest.raises(PhotoNotWrittenError, match="cannot be written"):
        protect_photo(Task(photo, photo / "in a file" / "holiday.jpg"), WISH)


def test_write_protected_photo_is_refused(photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda _path, _mode: False)
    before = photo.read_bytes()
    with pytest.raises(PhotoNotWrittenError, match="write-protected"):
        protect_photo(only(photo, None), WISH)
    assert photo.read_bytes() == before


@pytest.mark.parametrize("failing", ["fsync", "fchmod", "utime"])
@pytest.mark.parametrize("is_in_place", [True, False])
def test_full_disk_leaves_nothing_behind(
    photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str, *, is_in_place: bool
) -> None:
    def refuse(*_arguments: object, **_options: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    before = photo.read_bytes()
    out = None if is_in_place else tmp_path / "out"
    monkeypatch.setattr(os, failing, refuse)
    with pytest.raises(PhotoNotWrittenError, match="no space left"):
        protect_photo(only(photo, out), WISH)
    assert photo.read_bytes() == before
    assert [name for name in names(tmp_path) if name != "out"] == ["holiday.jpg"]


def test_file_size_limit_of_the_system_leaves_nothing_behind(photo: Path, tmp_path: Path) -> None:
    code = """
        import resource, signal, sys
        from pathlib import Path
        from demur.agent.errors import PhotoNotWrittenError
        from demur.agent.protect import Task, protect_photo
        from demur.reservations.photo import Wish
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (500, 500))
        try:
            protect_photo(Task(Path(sys.argv[1]), Path(sys.argv[2])), Wish())
        except PhotoNotWrittenError as error:
            print(error)
    """
    done = _python(code, str(photo), str(tmp_path / "out" / "holiday.jpg"))
    assert "it cannot be written: file too large" in done.stdout
    assert names(tmp_path) == ["holiday.jpg", "out"]


@pytest.mark.parametrize("moment", ["fsync", "utime", "replace"])
def test_kill_in_the_middle_leaves_the_original_whole(photo: Path, moment: str) -> None:
    before = photo.read_bytes()
    code = f"""
        import os, pathlib, signal, sys
        from demur.agent.protect import Task, protect_photo
        from demur.reservations.photo import Wish
        def die(*a, **k): os.kill(os.getpid(), signal.SIGKILL)
        setattr(pathlib.Path if "{moment}" == "replace" else os, "{moment}", die)
        path = pathlib.Path(sys.argv[1])
        protect_photo(Task(path, path), Wish())
    """
    assert _python(code, str(photo)).returncode == -signal.SIGKILL
    assert photo.read_bytes() == before
    assert protect_photo(only(photo, None), WISH).done is Done.WRITTEN


def test_disk_that_gives_back_something_else_is_not_believed(photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.fsync

    def damage(descriptor: int) -> None:
        os.pwrite(descriptor, b"X", 100)
        real(descriptor)

    before = photo.read_bytes()
    monkeypatch.setattr(os, "fsync", damage)
    with pytest.raises(PhotoNotWrittenError, match="something else"):
        protect_photo(only(photo, None), WISH)
    assert photo.read_bytes() == before
    assert names(photo.parent) == ["holiday.jpg"]


def test_change_that_would_change_the_picture_is_not_written(photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = photo.with_name("other.jpg")
    Image.effect_noise((40, 30), 80).convert("RGB").save(other)
    monkeypatch.setattr("demur.agent.protect.reserve", lambda _raw, _wish: other.read_bytes())
    before = photo.read_bytes()
    with pytest.raises(DamagedPhotoError, match="would not stay the same"):
        protect_photo(only(photo, None), WISH)
    assert photo.read_bytes() == before


def test_picture_that_cannot_be_decoded_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "damaged.png"
    Image.effect_noise((40, 30), 80).save(path)
    raw = bytearray(path.read_bytes())
    raw[raw.index(b"IDAT") + 40] ^= 0xFF
    path.write_bytes(raw)
    with pytest.raises(PictureError, match="cannot be shown"):
        protect_photo(only(path, None), WISH)
    assert path.read_bytes() == raw


@pytest.mark.parametrize("source", ["nowhere.jpg", "/dev/zero"])
def test_what_is_no_file_is_refused(tmp_path: Path, source: str) -> None:
    with pytest.raises(PhotoNotWrittenError):
        protect_photo(Task(tmp_path / source, tmp_path / "x.jpg"), WISH)


def test_too_large_file_is_refused_before_it_is_read(photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("demur.agent.protect.MAX_PHOTO_BYTES", 10)
    with pytest.raises(PhotoNotWrittenError, match="larger than"):
        look_at_photo(photo)


def test_too_large_picture_is_refused_before_it_is_decoded(photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("demur.agent.picture.MAX_PIXELS", 1_000)
    with pytest.raises(PictureError, match="too large"):
        picture_sha256(photo.read_bytes())


def test_photo_is_shown_without_being_written(photo: Path) -> None:
    portrait = look_at_photo(photo)
    assert not portrait.is_reserved
    assert not portrait.telling
    assert names(photo.parent) == ["holiday.jpg"]


def test_photo_with_damaged_exif_is_protected_all_the_same(photo: Path) -> None:
    raw = photo.read_bytes()
    photo.write_bytes(raw[:20] + b"\xff\xe1\0\x0cExif\0\0NONE" + raw[20:])
    assert not protect_photo(only(photo, None), WISH).left
    with pytest.raises(DamagedPhotoError):
        look_at_photo(photo)


def _python(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", textwrap.dedent(code), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

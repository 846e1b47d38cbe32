"""`demur protect` as a person types it who is about to post photos."""

import os
import subprocess
import sys
import zlib
from pathlib import Path

import pytest
import typer
from PIL import Image
from typer.main import get_command
from typer.testing import CliRunner

from demur.agent.errors import PhotoKeyError
from demur.cli.protect import protect

app = typer.Typer(add_completion=False)
app.command()(protect)


@pytest.fixture
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "photos"
    folder.mkdir()
    exif = Image.Exif()
    exif.get_ifd(0x8825).update({1: "N", 2: (45.0, 26.0, 20.4), 3: "E", 4: (10.0, 59.0, 39.6)})
    exif.get_ifd(0x8769).update({0xA431: "SN-\x1b[31m-1", 0x927C: b"NOTES"})
    exif[0x013B] = "A" * 100
    Image.effect_noise((40, 30), 80).convert("RGB").save(folder / "a.jpg", exif=exif)
    Image.effect_noise((40, 30), 80).save(folder / "b.png")
    return folder


def run(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, arguments, env={"COLUMNS": "200"})
    return done.exit_code, done.output


def test_folder_is_protected_beside_the_originals(photos: Path) -> None:
    before = {each.name: each.read_bytes() for each in photos.iterdir()}
    code, told = run(str(photos))
    assert code == 0
    assert '2 photos protected\nThe protected photos are in "protected"; the originals are untouched.' in told
    assert "1 photo still tells where it was taken" in told
    assert "This is a reservation, not a lock" in told
    assert {each.name: each.read_bytes() for each in photos.iterdir()} == before
    assert (photos.parent / "protected" / "b.png").exists()


def test_second_time_in_place_nothing_is_written(photos: Path) -> None:
    assert "2 photos protected" in run(str(photos), "--in-place")[1]
    told = run(str(photos), "--in-place")[1]
    assert "0 photos protected; 2 photos said no already" in told
    assert "originals are untouched" not in told


@pytest.mark.parametrize(("option", "place", "identity"), [("--remove-location", 0, 1), ("--remove-personal", 0, 0)])
def test_what_was_asked_is_removed_and_what_is_left_is_told(
    photos: Path, option: str, place: int, identity: int
) -> None:
    told = run(str(photos), option)[1]
    assert ("tells where it was taken" in told) == bool(place)
    assert ("tells about you or your camera" in told) == bool(identity)


def test_show_prints_a_table_and_writes_nothing(photos: Path) -> None:
    code, told = run("--show", str(photos / "a.jpg"))
    assert code == 0
    assert "45.43900 N, 10.99433 E" in told
    assert "--remove-location" in told
    assert "\x1b[31m" not in told
    assert "A" * 59 + "…" in told
    assert sorted(each.name for each in photos.parent.iterdir()) == ["photos"]


def test_show_tells_of_signatures_and_of_what_is_behind(photos: Path) -> None:
    raw = (photos / "b.png").read_bytes()
    (photos / "b.png").write_bytes(raw[:33] + b"\0\0\0\0caBX" + zlib.crc32(b"caBX").to_bytes(4) + raw[33:] + b"film")
    told = run("--show", str(photos / "b.png"))[1]
    assert "content credentials" in told
    assert "4 bytes" in told
    code, told = run(str(photos / "b.png"))
    assert code == 5
    assert "hint: use --sign to keep them and sign the change, or --break-signature" in told
    told = run(str(photos / "b.png"), "--break-signature")[1]
    assert "their signature is broken" in told
    assert "carries a film or further pictures" in told


def test_photo_that_cannot_be_protected_costs_a_sentence_and_the_others_are(photos: Path) -> None:
    for name in ("c.gif", "d.gif"):
        (photos / name).write_bytes(b"GIF89a")
    code, told = run(str(photos))
    assert code == 5
    assert 'demur: error: "c.gif" was not protected: it is GIF' in told
    assert told.count("demur: hint: export it as JPEG") == 1
    assert "2 photos protected; 2 photos not protected, see above" in told
    assert run("--show", str(photos / "c.gif"))[0] == 5


def test_folder_named_from_here_is_replaced_in_place(photos: Path) -> None:
    code, told = run(photos.name, "--in-place")
    assert (code, told.splitlines()[0]) == (0, "2 photos protected")
    assert not (photos.parent / "protected").exists()


def test_signing_makes_a_key_of_ones_own_once_and_says_what_it_is_worth(
    photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(photos.parent / "mine"))
    Image.effect_noise((40, 30), 80).save(photos / "c.avif")
    key_file = photos.parent / "mine" / "demur" / "photo-key.pem"
    code, told = run(str(photos), "--sign")
    assert code == 0
    assert f'A key of your own was made: "{key_file}". It names nobody.' in told
    assert "1 photo of HEIC or AVIF: only signed" in told
    assert "3 photos signed. Nobody trusts your key by itself" in told
    assert key_file.stat().st_mode & 0o777 == 0o600
    again = run(str(photos), "--sign")[1]
    assert "A key of your own was made" not in again
    assert "3 photos protected" in again


@pytest.mark.parametrize("home", ["", "not/absolute"])
def test_key_is_kept_below_the_home_folder(photos: Path, monkeypatch: pytest.MonkeyPatch, home: str) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", home)
    monkeypatch.setenv("HOME", str(photos.parent))
    assert run(str(photos), "--sign")[0] == 0
    assert (photos.parent / ".local" / "share" / "demur" / "photo-key.pem").exists()


def test_signed_photo_is_signed_over_and_that_is_told(photos: Path) -> None:
    for number in (1, 2):
        code, told = run(str(photos / "b.png"), "--sign", "--key", f"{number}.pem", "--out", f"out{number}")
        assert code == 0
    signed = photos.parent / "out1" / "b.png"
    raw = signed.read_bytes()
    at = raw.index(b"iTXt") - 4
    end = at + 12 + int.from_bytes(raw[at : at + 4])
    signed.write_bytes(raw[:at] + raw[end:])  # a site took the XMP out, so the signature fits no longer
    told = run(str(signed), "--sign", "--key", "2.pem", "--out", "out3")[1]
    assert "1 photo had signed content credentials; these are kept below yours" in told


def test_key_that_others_can_read_stops_before_the_first_photo(photos: Path) -> None:
    key_file = photos.parent / "key.pem"
    key_file.write_bytes(b"")
    key_file.chmod(0o644)
    done = CliRunner().invoke(app, [str(photos), "--sign", "--key", str(key_file)])
    assert isinstance(done.exception, PhotoKeyError)
    assert not (photos.parent / "protected").exists()


@pytest.mark.parametrize("arguments", [(), ("--show",)])
def test_empty_folder_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]) -> None:
    monkeypatch.chdir(tmp_path)
    code, told = run(str(tmp_path), *arguments)
    assert code == 0
    assert "No photos were found there" in told


def test_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    code, told = run(str(tmp_path / "nowhere.jpg"))
    assert code == 1
    assert '"nowhere.jpg" was not protected: it cannot be read: no such file' in told


def test_page_for_data_subjects_names_every_option() -> None:
    page = (Path(__file__).parents[2] / "docs" / "data-subject" / "protect.md").read_text(encoding="utf-8")
    options = {option for each in get_command(app).params for option in each.opts if option.startswith("--")}
    assert options
    assert {option for option in options if f"`{option}`" not in page and f" {option} " not in page} <= {"--help"}


def test_command_loads_neither_django_nor_arrow(photos: Path) -> None:
    code = (
        "import sys; from demur.cli.main import app; app([*sys.argv[1:]], standalone_mode=False); "
        "sys.exit(bool({'django', 'pyarrow', 'numpy'} & set(sys.modules)))"
    )
    command = [sys.executable, "-c", code, "protect", "--show", str(photos)]
    assert subprocess.run(command, capture_output=True, timeout=60, check=False, env=os.environ).returncode == 0

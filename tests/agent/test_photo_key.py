"""A person's key for signing photos: private, the same at every use, and silent about the person."""

import errno
import getpass
import os
import platform
import secrets
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from demur.agent.errors import PhotoKeyError
from demur.agent.photo_key import open_photo_key


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "mine" / "photo-key.pem"


def test_key_is_made_once_and_for_its_owner_only(file: Path) -> None:
    before = os.umask(0)
    try:
        first = open_photo_key(file)
    finally:
        os.umask(before)
    again = open_photo_key(file)
    assert (first.is_new, again.is_new) == (True, False)
    assert (first.certificate_pem, first.private_pem) == (again.certificate_pem, again.private_pem)
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert [each.name for each in file.parent.iterdir()] == [file.name]


def test_certificate_names_nobody_and_no_day(file: Path) -> None:
    one, two = (open_photo_key(each) for each in (file, file.with_name("other.pem")))
    first, second = (x509.load_pem_x509_certificate(each.certificate_pem) for each in (one, two))
    assert first.subject != second.subject
    assert first.not_valid_before_utc == second.not_valid_before_utc
    assert first.not_valid_after_utc == second.not_valid_after_utc
    for who in (getpass.getuser(), platform.node()):
        assert who.encode() not in one.certificate


def test_private_half_is_not_shown_when_the_key_is_printed(file: Path) -> None:
    assert "PRIVATE" not in repr(open_photo_key(file))


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_key_that_others_can_read_is_refused(file: Path, mode: int) -> None:
    open_photo_key(file)
    file.chmod(mode)
    with pytest.raises(PhotoKeyError, match="read by others"):
        open_photo_key(file)


def test_file_of_something_else_is_refused_and_stays(file: Path) -> None:
    file.parent.mkdir()
    file.write_bytes(b"my letters")
    file.chmod(0o600)
    with pytest.raises(PhotoKeyError, match="something else"):
        open_photo_key(file)
    assert file.read_bytes() == b"my letters"


def test_certificate_of_another_key_is_refused(file: Path) -> None:
    open_photo_key(file)
    other = open_photo_key(file.with_name("other.pem"))
    file.write_bytes(other.certificate_pem + file.read_bytes().partition(b"-----END CERTIFICATE-----\n")[2])
    with pytest.raises(PhotoKeyError, match="something else"):
        open_photo_key(file)


def test_key_of_another_kind_is_refused(file: Path) -> None:
    own = open_photo_key(file)
    private = ed25519.Ed25519PrivateKey.generate()
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(own.certificate_pem + pem)
    with pytest.raises(PhotoKeyError, match="something else"):
        open_photo_key(file)


@pytest.mark.parametrize("failing", ["fsync", "link"])
def test_full_disk_leaves_no_key_and_no_part_of_one(file: Path, monkeypatch: pytest.MonkeyPatch, failing: str) -> None:
    def refuse(*_arguments: object, **_options: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, failing, refuse)
    with pytest.raises(PhotoKeyError, match="no space left"):
        open_photo_key(file)
    assert not list(file.parent.iterdir())


def test_key_that_another_program_made_meanwhile_is_taken(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = secrets.token_hex

    def be_second(count_bytes: int) -> str:
        command = (
            "import pathlib, sys; from demur.agent import photo_key as k; k.open_photo_key(pathlib.Path(sys.argv[1]))"
        )
        subprocess.run([sys.executable, "-c", command, str(file)], check=True, timeout=60)
        return real(count_bytes)

    monkeypatch.setattr(secrets, "token_hex", be_second)
    key = open_photo_key(file)
    assert not key.is_new
    assert key.private_pem in file.read_bytes()
    assert [each.name for each in file.parent.iterdir()] == [file.name]

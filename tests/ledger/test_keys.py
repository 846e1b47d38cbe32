import os
import stat
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
from failing_disk import FailingDisk, PowerOffError, disk_is_full

from demur.core.note import sign_note, verify_note
from demur.ledger.errors import KeyFileError, LedgerError, StorageError
from demur.ledger.keys import (
    PUBLIC_KEYS_NAME,
    KeyRole,
    SecretName,
    create_missing_keys,
    find_verifier_key,
    load_secret,
    load_signer,
    load_verifier_keys,
)

PRIVATE = [*(f"{role}.seed" for role in KeyRole), *(f"{name}.secret" for name in SecretName)]


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    folder = tmp_path / "home" / "keys"
    create_missing_keys(folder, "lumen.example")
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_keys_are_named_after_the_controller_and_the_public_file_fits_them(keys: Path) -> None:
    public = load_verifier_keys(keys / PUBLIC_KEYS_NAME)
    assert list(public) == ["lumen.example/log", "lumen.example/list", "lumen.example/gate"]
    for role in KeyRole:
        note = sign_note("hello\n", load_signer(keys, role))
        assert verify_note(note, find_verifier_key(public, role)) == "hello\n"


def test_no_two_secrets_are_alike(keys: Path) -> None:
    secrets = [load_secret(keys, name) for name in SecretName] + [load_signer(keys, role).seed for role in KeyRole]
    assert len(set(secrets)) == 6
    assert {len(secret) for secret in secrets} == {32}


def test_only_the_owner_can_read_secrets(keys: Path) -> None:
    assert stat.S_IMODE(keys.stat().st_mode) == 0o700
    for name in PRIVATE:
        assert stat.S_IMODE((keys / name).stat().st_mode) == 0o600
    assert stat.S_IMODE((keys / PUBLIC_KEYS_NAME).stat().st_mode) == 0o644


def test_a_second_run_changes_nothing(keys: Path) -> None:
    before = contents(keys)
    create_missing_keys(keys, "lumen.example")
    assert contents(keys) == before


@pytest.mark.parametrize("name", PRIVATE)
def test_a_missing_key_is_made_and_the_others_stay(name: str, keys: Path) -> None:
    before = contents(keys)
    (keys / name).unlink()
    create_missing_keys(keys, "lumen.example")
    after = contents(keys)
    assert after[name] != before[name]
    changed = {other for other in before if after[other] != before[other]}
    assert changed == ({name, PUBLIC_KEYS_NAME} if name.endswith(".seed") else {name})


def test_a_missing_or_damaged_public_file_is_written_again(keys: Path) -> None:
    before = contents(keys)
    (keys / PUBLIC_KEYS_NAME).unlink()
    create_missing_keys(keys, "lumen.example")
    assert contents(keys) == before
    (keys / PUBLIC_KEYS_NAME).write_text("nonsense")
    create_missing_keys(keys, "lumen.example")
    assert contents(keys) == before


def test_the_keys_of_another_controller_are_refused(keys: Path) -> None:
    with pytest.raises(KeyFileError, match="belong to another controller"):
        create_missing_keys(keys, "agora.example")


@pytest.mark.parametrize("name", ["", "Lumen.example", "lumen example", "lumen+example", "lumen/log", ".lumen", "a\n"])
def test_what_is_no_host_name_names_no_controller(name: str, tmp_path: Path) -> None:
    with pytest.raises(KeyFileError, match="host name"):
        create_missing_keys(tmp_path / "keys", name)
    assert not (tmp_path / "keys").exists()


@pytest.mark.parametrize("name", PRIVATE)
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o601, 0o644, 0o666])
def test_key_that_others_could_read_or_change_is_refused(name: str, mode: int, keys: Path) -> None:
    (keys / name).chmod(mode)
    with pytest.raises(KeyFileError, match=f'"{name}" can be read by others'):
        load(keys, name)


@pytest.mark.parametrize("name", PRIVATE)
@pytest.mark.parametrize("text", [b"", b"00" * 32, b"00" * 31 + b"\n", b"00" * 33 + b"\n", b"AB" * 32 + b"\n", b"\xff"])
def test_damaged_key_is_refused_without_showing_it(name: str, text: bytes, keys: Path) -> None:
    (keys / name).write_bytes(text)
    with pytest.raises(KeyFileError, match="is damaged") as caught:
        load(keys, name)
    assert "abab" not in str(caught.value).casefold()


@pytest.mark.parametrize("name", PRIVATE)
def test_missing_key_is_refused_by_name(name: str, keys: Path) -> None:
    (keys / name).unlink()
    with pytest.raises(KeyFileError, match=f'no readable file "{name}"'):
        load(keys, name)


def load(keys: Path, name: str) -> object:
    stem, _, kind = name.partition(".")
    return load_signer(keys, KeyRole(stem)) if kind == "seed" else load_secret(keys, SecretName(stem))


def test_a_key_whose_controller_is_unknown_is_refused(keys: Path) -> None:
    (keys / "controller.name").write_bytes(b"\xff\n")
    with pytest.raises(KeyFileError, match="holds no host name"):
        load_signer(keys, KeyRole.LOG)
    (keys / "controller.name").unlink()
    with pytest.raises(KeyFileError, match="no readable file"):
        load_signer(keys, KeyRole.LOG)


def test_damaged_public_keys_are_refused(keys: Path) -> None:
    path = keys / PUBLIC_KEYS_NAME
    raw = path.read_bytes()
    for at in range(len(raw)):
        flipped = raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]
        path.write_bytes(flipped)
        with pytest.raises(KeyFileError):
            load_verifier_keys(path)
    for damaged in (b"", b"\n" + raw, raw + raw, b"\xff"):
        path.write_bytes(damaged)
        with pytest.raises(KeyFileError):
            load_verifier_keys(path)
    path.unlink()
    with pytest.raises(KeyFileError, match="no readable file"):
        load_verifier_keys(path)


def test_the_key_of_a_role_is_never_guessed(keys: Path, tmp_path: Path) -> None:
    create_missing_keys(tmp_path / "other", "agora.example")
    ours, theirs = (load_verifier_keys(folder / PUBLIC_KEYS_NAME) for folder in (keys, tmp_path / "other"))
    with pytest.raises(KeyFileError, match="hold 2 keys"):
        find_verifier_key({**ours, **theirs}, KeyRole.LOG)
    with pytest.raises(KeyFileError, match="hold 0 keys"):
        find_verifier_key({}, KeyRole.LOG)


def test_many_who_start_at_once_agree_on_one_set_of_keys(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: create_missing_keys(tmp_path / "keys", "lumen.example"), range(16)))
    public = load_verifier_keys(tmp_path / "keys" / PUBLIC_KEYS_NAME)
    assert [public[f"lumen.example/{role}"] for role in KeyRole] == [
        load_signer(tmp_path / "keys", role).verifier_key for role in KeyRole
    ]


@pytest.mark.parametrize("stored", [True, False])
@pytest.mark.parametrize("error", [disk_is_full, PowerOffError])
def test_a_failure_at_any_operation_is_mended_by_the_next_run(stored: bool, error: type, tmp_path: Path) -> None:  # noqa: FBT001
    for number in range(1000):
        folder = tmp_path / str(number) / "keys"
        disk = FailingDisk(number, stored=stored, error=error)
        with disk(), suppress(LedgerError, PowerOffError):
            create_missing_keys(folder, "lumen.example")
        if not disk.failed:
            break
        before = contents(folder) if folder.exists() else {}
        create_missing_keys(folder, "lumen.example")
        after = contents(folder)
        assert all(after[name] == raw for name, raw in before.items() if name in PRIVATE)
        for name in PRIVATE:
            load(folder, name)
    assert number > 20


def test_a_folder_that_cannot_be_made_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="could not be written") as caught:
        create_missing_keys(tmp_path / "file" / "keys", "lumen.example")
    assert caught.value.retry_can_help
    assert os.sep not in str(caught.value)

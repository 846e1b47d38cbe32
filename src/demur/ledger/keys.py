"""The keys of a controller: three that sign, three that seal or hide, in one private folder.

    controller.name      the host name that the keys are named after
    log.seed             signs checkpoints            list-seal.secret   seals suppression lists
    list.seed            signs suppression lists      docket.secret      hashes codes and links in the docket
    gate.seed            signs gate manifests         django.secret      signs Django's cookies
    public.keys          the three public halves, one a line, for everybody

Secret files are 32 bytes as hexadecimal text, mode 0600, in a folder of mode 0700. Who reads a seed can sign in the
controller's name; who reads list-seal.secret and a list can read whom the list protects. A file that others could
have read is refused, since nobody can know whether they did.
"""

import fcntl
import os
import re
import secrets
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path

from demur.core.errors import FormatError
from demur.core.host_name import HOST_NAME
from demur.core.note import Signer, VerifierKey, parse_verifier_key
from demur.ledger.durable import PRIVATE_MODE, make_folder, save_durably, storage_errors
from demur.ledger.errors import KeyFileError

PUBLIC_KEYS_NAME = "public.keys"
_CONTROLLER_NAME = "controller.name"
_FOLDER_MODE = 0o700
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_SECRET_BYTES = 32
_SECRET_TEXT = re.compile(rb"[0-9a-f]{64}\n\Z")


class KeyRole(StrEnum):
    """What a signing key signs; no key has two roles."""

    LOG = "log"
    LIST = "list"
    GATE = "gate"


class SecretName(StrEnum):
    """The secrets that sign nothing that leaves the house."""

    LIST_SEAL = "list-seal"
    DOCKET = "docket"
    DJANGO = "django"


def create_missing_keys(folder: Path, controller: str) -> None:
    """Create the keys that are not there yet; those that are there stay. Safe to interrupt and to run twice at once.

    Args:
        folder: created with mode 0700 if absent.
        controller: the controller's host name, e.g. `lumen.example`; the keys are named after it.

    Raises:
        KeyFileError: another controller's folder, no host name, or a file that `load_signer` would refuse.
        StorageError: the disk refused.
    """
    if not HOST_NAME.match(controller):
        raise KeyFileError("a controller is named by its host name, in lower case, e.g. lumen.example")
    make_folder(folder, _FOLDER_MODE)
    with _locked(folder):
        if not (folder / _CONTROLLER_NAME).exists():
            save_durably(folder / _CONTROLLER_NAME, f"{controller}\n".encode(), PRIVATE_MODE)
        if _load_controller_name(folder) != controller:
            raise KeyFileError("these keys belong to another controller", hint="give each controller its own folder")
        for path in (*(_seed_path(folder, role) for role in KeyRole), *(_secret_path(folder, n) for n in SecretName)):
            if not path.exists():
                save_durably(path, f"{secrets.token_hex(_SECRET_BYTES)}\n".encode(), PRIVATE_MODE)
        public = "".join(f"{load_signer(folder, role).verifier_key}\n" for role in KeyRole).encode()
        path = folder / PUBLIC_KEYS_NAME
        if not path.exists() or path.read_bytes() != public:
            save_durably(path, public)


def load_signer(folder: Path, role: KeyRole) -> Signer:
    """Return the signing key of a role.

    Raises:
        KeyFileError: absent, damaged, or readable by others.
    """
    return Signer(f"{_load_controller_name(folder)}/{role}", _load_secret_file(_seed_path(folder, role)))


def load_secret(folder: Path, name: SecretName) -> bytes:
    """Return 32 secret bytes.

    Raises:
        KeyFileError: absent, damaged, or readable by others.
    """
    return _load_secret_file(_secret_path(folder, name))


def load_verifier_keys(path: Path) -> dict[str, VerifierKey]:
    """Return the public keys of a `public.keys` file by their names.

    Raises:
        KeyFileError: absent, damaged, empty, or with two keys of one name.
    """
    try:
        keys = [parse_verifier_key(line) for line in path.read_text().removesuffix("\n").split("\n")]
    except OSError as error:
        raise _absent(path) from error
    except (FormatError, UnicodeDecodeError) as error:
        raise KeyFileError(f'"{path.name}" is not a file of public keys, or is damaged') from error
    by_name = {key.name: key for key in keys}
    if not keys or len(by_name) != len(keys):
        raise KeyFileError(f'"{path.name}" does not hold one key for each name')
    return by_name


def find_verifier_key(keys: Mapping[str, VerifierKey], role: KeyRole) -> VerifierKey:
    """Return the one key of a role.

    Raises:
        KeyFileError: there is none, or more than one, so that it would have to be guessed whose is meant.
    """
    found = [key for name, key in keys.items() if name.endswith(f"/{role}")]
    if len(found) != 1:
        raise KeyFileError(
            f'the public keys hold {len(found)} keys named "…/{role}", wanted one',
            hint="give the public.keys file of one controller",
        )
    return found[0]


def _seed_path(folder: Path, role: KeyRole) -> Path:
    return folder / f"{role}.seed"


def _secret_path(folder: Path, name: SecretName) -> Path:
    return folder / f"{name}.secret"


def _load_controller_name(folder: Path) -> str:
    path = folder / _CONTROLLER_NAME
    try:
        name = path.read_text(errors="replace").removesuffix("\n")
    except OSError as error:
        raise _absent(path) from error
    if not HOST_NAME.match(name):
        raise KeyFileError(f'"{path.name}" is damaged: it holds no host name')
    return name


def _load_secret_file(path: Path) -> bytes:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise _absent(path) from error
    with open(descriptor, "rb") as file:  # noqa: PTH123  (mode and content of one open file, not of a name)
        if os.fstat(descriptor).st_mode & _OTHERS:
            raise KeyFileError(
                f'the key file "{path.name}" can be read by others, so it is not used',
                hint=f"if nobody can have read it: chmod 600 {path.name}; otherwise replace the key",
            )
        text = file.read()
    if not _SECRET_TEXT.match(text):
        raise KeyFileError(f'the key file "{path.name}" is damaged', hint="restore it from a backup")
    return bytes.fromhex(text.decode())


def _absent(path: Path) -> KeyFileError:
    return KeyFileError(
        f'there is no readable file "{path.name}"',
        hint="keys are created by the first run; name another folder of keys with --keys-folder, or DEMUR_HOME",
    )


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    with storage_errors(folder):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)

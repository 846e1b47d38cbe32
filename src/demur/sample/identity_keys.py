"""The keys of the sample's identity provider: made at its first start, kept for the next ones.

id-token.jwk     RSA, signs ID tokens; its public half is on /jwks.json
cookie.secret    signs the cookie that remembers who is signed in
"""

import json
import os
import secrets
from collections.abc import Callable
from pathlib import Path

from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from demur.sample.errors import SampleFolderError

_FOLDER_MODE, _FILE_MODE = 0o700, 0o600
_KEY_BITS = 2048


def load_signing_key(folder: Path) -> RSAKey:
    """Return the key that signs ID tokens; make it if there is none.

    Raises:
        SampleFolderError: the folder cannot be written, or holds another thing under that name.
    """
    try:
        return RSAKey.import_key(json.loads(_load(folder / "id-token.jwk", _new_signing_key)))
    except (ValueError, JoseError) as error:
        raise SampleFolderError(f"{folder} holds no key that can be read", hint="remove it, and start again") from error


def load_cookie_secret(folder: Path) -> str:
    """Return the secret that signs the cookie; make it if there is none.

    Raises:
        SampleFolderError: the folder cannot be written.
    """
    return _load(folder / "cookie.secret", secrets.token_hex)


def _new_signing_key() -> str:
    key = RSAKey.generate_key(_KEY_BITS, {"use": "sig", "alg": "RS256"}, auto_kid=True)
    return json.dumps(key.as_dict(private=True))


def _load(path: Path, make: Callable[[], str]) -> str:
    """Return a file's text; write it first where there is none, so that a file that is there is always whole."""
    try:
        path.parent.mkdir(_FOLDER_MODE, parents=True, exist_ok=True)
        if not path.exists():
            temporary = path.with_name(f".{path.name}.tmp")
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, _FILE_MODE)
            with open(descriptor, "w") as file:  # noqa: PTH123  (of a descriptor, for its mode)
                file.write(make())
            temporary.rename(path)
        return path.read_text()
    except OSError as error:
        raise SampleFolderError(
            f"the folder {path.parent} cannot be written", hint="make room, or set its mode"
        ) from error

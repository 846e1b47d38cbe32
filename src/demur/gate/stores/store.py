"""One object store, through fsspec: list, fetch, put, create, remove, with every failure in a sentence of ours.

fsspec is loaded when a store is opened, and not before: a run over local files never waits for it. Who may open the
store is decided by the environment (AWS_…, GOOGLE_…, fsspec's own settings), never by an option of ours, and no
sentence here quotes what a library said: that may hold an access key.
"""

import errno
import importlib
import inspect
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TypeAlias

from demur.gate.errors import GateError, InputChangedError, NoSpaceError, StoreError, UnreadableInputError
from demur.gate.stores.address import Address

ObjectState: TypeAlias = tuple[int, str]
"""Size in bytes, and what the store changes with each write: the first of _TAGS that it tells."""

_TAGS: Final = (
    "ETag", "etag", "generation", "md5Hash", "content_md5", "LastModified", "last_modified", "mtime", "updated",
    "created",
)  # fmt: skip
_QUIET_HINT: Final = "run again when nobody writes there"
_NO_CREDENTIALS: Final = {"NoCredentialsError", "PartialCredentialsError", "DefaultCredentialsError"}
_FULL: Final = {errno.ENOSPC, errno.EDQUOT}
_UNREACHED: Final = {
    "ConnectionError", "TimeoutError", "HTTPClientError", "ClientConnectionError", "ClientPayloadError",
}  # fmt: skip
"""Names of errors of Python and of the libraries below fsspec, none of which is imported for this."""


@dataclass(frozen=True)
class StoredObject:
    """An object of a store: its key there, and its state when it was listed."""

    key: str
    state: ObjectState


class Store:
    """The store that an address names.

    Attributes:
        root: the address as the store spells it, without scheme: bucket and prefix.
    """

    def __init__(self, address: Address) -> None:
        """Open the store.

        Raises:
            StoreError: what it needs is not installed, or the address has a scheme that nobody knows.
        """
        self._scheme = str(address).partition("://")[0]
        try:
            core = importlib.import_module("fsspec.core")
            self._files, root = core.url_to_fs(address.text, use_listings_cache=False)
        except ImportError as error:
            raise StoreError(
                f"{self._scheme}:// needs packages that are not installed",
                hint='install them: pip install "demur[stores]" brings S3; for others see docs/data-engineer/'
                "object-stores.md",
            ) from error
        except ValueError as error:
            raise StoreError(f"{self._scheme}:// is not an address that can be opened") from error
        self.root = str(root).rstrip("/")

    def label(self, key: str) -> str:
        """Return an object's address, for people."""
        bare = key.removeprefix(f"{self._scheme}://").lstrip("/")  # the web's library spells the scheme in its keys
        return str(Address(f"{self._scheme}://{bare}"))

    def is_object(self, key: str) -> bool:
        """Tell whether a key is that of an object; else it may be a folder, or nothing.

        Raises:
            StoreError: the store refuses, or cannot be reached.
        """
        with self._asking("looking for", key):
            try:
                return bool(self._files.info(key)["type"] == "file")
            except FileNotFoundError:
                return False

    def names_in(self, folder: str) -> list[str]:
        """Return the names right below a folder; none if it is not there, or may not be looked into.

        Raises:
            StoreError: the store cannot be reached.
        """
        with self._asking("listing", folder):
            try:
                self._files.invalidate_cache()
                return [str(key).rstrip("/").rpartition("/")[2] for key in self._files.ls(folder, detail=False)]
            except (FileNotFoundError, NotADirectoryError, PermissionError):
                return []

    def list_objects(self, folder: str) -> list[StoredObject]:
        """Return what lies below a folder at any depth, in the order of keys; a folder's own mark is left out.

        Raises:
            StoreError: the store refuses, cannot be reached, or does not say when an object changes.
        """
        with self._asking("listing", folder):
            self._files.invalidate_cache()
            found: Mapping[str, Mapping[str, Any]] = self._files.find(folder, detail=True)
        return [self._object(key, found[key]) for key in sorted(found) if not key.endswith("/")]

    def list_matching(self, pattern: str) -> list[StoredObject]:
        """Return the objects that a pattern names, and what lies below the folders that it names, sorted by key.

        Raises:
            StoreError: the store refuses, cannot be reached, or does not say when an object changes.
        """
        with self._asking("listing", pattern):
            self._files.invalidate_cache()
            matches: Mapping[str, Mapping[str, Any]] = self._files.glob(pattern, detail=True)
        found: dict[str, StoredObject] = {}
        for key, info in matches.items():
            is_folder = info["type"] == "directory" or key.endswith("/")
            each = self.list_objects(key.rstrip("/")) if is_folder else [self._object(key, info)]
            found |= {stored.key: stored for stored in each}
        return [found[key] for key in sorted(found)]

    def look(self, key: str) -> StoredObject:
        """Return an object as it is now.

        Raises:
            StoreError: it is not there, the store refuses, or cannot be reached.
        """
        with self._asking("reading", key):
            self._files.invalidate_cache()
            return self._object(key, self._files.info(key))

    def fetch(self, stored: StoredObject, target: Path) -> None:
        """Copy an object to a local file.

        Raises:
            InputChangedError: it is not what was listed, or it is gone.
            UnreadableInputError: it came cut off.
            StoreError: the store refuses, or cannot be reached.
        """
        label = self.label(stored.key)
        with self._asking("reading", stored.key):
            try:
                self._files.get_file(stored.key, os.fspath(target))
                self._files.invalidate_cache()
                after = self._object(stored.key, self._files.info(stored.key))
            except FileNotFoundError as error:
                raise InputChangedError(f"{label} went away while it was read", hint=_QUIET_HINT) from error
        if after.state != stored.state:
            raise InputChangedError(f"{label} changed while it was read", hint=_QUIET_HINT)
        if target.stat().st_size != stored.state[0]:
            raise UnreadableInputError(
                f"{label} came cut off: {target.stat().st_size:,} of {stored.state[0]:,} bytes",
                hint="run again",
            )

    def put(self, source: Path, key: str) -> None:
        """Copy a local file to an object.

        Raises:
            StoreError: the store refuses, or cannot be reached. What came through of a large one is taken away again,
                if the store can still be reached.
        """
        with self._asking("writing", key):
            self._files.put_file(os.fspath(source), key)

    def create(self, key: str, raw: bytes) -> bool:
        """Create a small object unless there is one of that key already; return whether it is this one now.

        What counts is what the store holds afterwards: a write may have been stored though its answer was lost.

        Raises:
            StoreError: nobody can tell.
        """
        failure: Exception | None = None
        try:
            self._files.pipe_file(key, raw, mode="create")
        except Exception as error:  # noqa: BLE001  (whatever a store's library raises: the object itself is asked)
            failure = error
        with self._asking("writing", key):
            try:
                return bool(self._files.cat_file(key) == raw)
            except FileNotFoundError:
                raise (failure or FileNotFoundError(key)) from None

    def read(self, key: str) -> bytes:
        """Return a small object's bytes.

        Raises:
            StoreError: it is not there, the store refuses, or cannot be reached.
        """
        with self._asking("reading", key):
            return bytes(self._files.cat_file(key))

    def can_create(self) -> bool:
        """Tell whether the store's library has a write of its own that succeeds only if there is no object yet.

        fsspec's common one looks first and writes then, so that two could both find nothing.
        """
        kind, common = type(self._files), importlib.import_module("fsspec.spec").AbstractFileSystem.pipe_file
        writes = getattr(kind, "_pipe_file", kind.pipe_file)
        return writes is not common and "mode" in inspect.signature(writes).parameters

    def remove(self, keys: Iterable[str]) -> None:
        """Remove objects; those that are not there are none.

        Raises:
            StoreError: the store refuses, or cannot be reached.
        """
        for key in keys:
            with self._asking("removing", key), suppress(FileNotFoundError):
                self._files.rm_file(key)

    def abort_uploads(self, folder: str) -> None:
        """Take away parts of large objects below a folder that were never finished; they cost money and show nowhere.

        Only S3 keeps such parts until they are taken away.

        Raises:
            StoreError: the store refuses, or cannot be reached.
        """
        if not hasattr(self._files, "list_multipart_uploads"):
            return
        bucket, _, prefix = f"{folder}/".partition("/")
        with self._asking("clearing", folder):
            for upload in self._files.list_multipart_uploads(bucket):
                if upload["Key"].startswith(prefix):
                    self._files.abort_mpu(bucket, upload["Key"], upload["UploadId"])

    def _object(self, key: str, info: Mapping[str, Any]) -> StoredObject:
        if info.get("size") is None or not any(info.get(tag) for tag in _TAGS):  # a listing may say less
            info = self._files.info(key)
        tag = next((info[tag] for tag in _TAGS if info.get(tag)), None)
        if info.get("size") is None or tag is None:
            raise StoreError(
                f"{self.label(key)}: the store does not say when an object changes",
                hint="copy the data to a local folder, and gate that",
            )
        return StoredObject(key, (int(info["size"]), _tag_text(tag)))

    @contextmanager
    def _asking(self, doing: str, key: str) -> Iterator[None]:
        """Turn what a store's library raises into a sentence that names the object, and quotes nobody."""
        try:
            yield
        except GateError:
            raise
        except Exception as error:
            raise _failure(f"{doing} {self.label(key)}", error) from error


def _tag_text(tag: object) -> str:
    """Return a tag as text; an instant in whole seconds, since a store may say it in several ways."""
    if isinstance(tag, float):
        tag = datetime.fromtimestamp(tag, UTC)
    return tag.astimezone(UTC).isoformat(timespec="seconds") if isinstance(tag, datetime) else str(tag)


def _failure(what: str, error: Exception) -> GateError:
    if isinstance(error, OSError) and error.errno in _FULL:
        return NoSpaceError(
            f"{what}: there is no room left on this machine", hint="set TMPDIR to a disk with more room"
        )
    if isinstance(error, FileNotFoundError):
        return StoreError(f"{what}: it is not there", hint="check the address")
    kinds = {kind.__name__ for kind in type(error).__mro__}
    if isinstance(error, PermissionError):
        return StoreError(
            f"{what}: access denied", hint="check which credentials the environment gives, and their rights"
        )
    if kinds & _NO_CREDENTIALS:
        return StoreError(f"{what}: no credentials were found", hint="give them in the environment, e.g. AWS_PROFILE")
    if kinds & _UNREACHED:
        return StoreError(f"{what}: the store cannot be reached", hint="check the network and the address; run again")
    return StoreError(f"{what}: the store answered with an error ({type(error).__name__})", hint="run again")

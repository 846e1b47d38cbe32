"""The objects that an address names: listed once, and each brought to a local file while it is worked on."""

import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from demur.gate.errors import UnreadableInputError
from demur.gate.stores.address import Address, fixed_part, has_wildcard
from demur.gate.stores.store import Store, StoredObject
from demur.gate.tables.table_kind import TableKind, table_refused

_METADATA: Final = "metadata"
_TABLE_MARKS: Final = {"_delta_log": TableKind.DELTA, ".hoodie": TableKind.HUDI}
_NO_NAMES: Final = ("", ".", "..")
"""Parts of a key that would lead a file of the output to another place than its own."""


@dataclass(frozen=True)
class RemoteObject:
    """An object of the input.

    Attributes:
        address: of the input; a process that has not opened the store yet opens it by this.
        stored: its key and state when it was listed.
        name: its path inside the input, with "/"; a manifest and an error name it so.
    """

    address: Address
    stored: StoredObject
    name: str

    @contextmanager
    def at_hand(self) -> Iterator[Path]:
        """Give the object as a local file, which goes away again.

        Raises:
            InputChangedError: it is not what was listed.
            UnreadableInputError: it came cut off.
            StoreError: the store refuses, or cannot be reached.
            OSError: there is no room for it on this machine.
        """
        with tempfile.TemporaryDirectory(prefix="demur-") as folder:
            path = Path(folder, PurePosixPath(self.name).name)
            Store(self.address).fetch(self.stored, path)
            yield path


def list_remote(address: Address, is_data: Callable[[str], bool]) -> list[RemoteObject]:
    """Return the objects that an address names, a folder, a pattern or a single one, in the order of their names.

    Args:
        address: of the input.
        is_data: tells by its name whether what lies in a folder is data, and raises for what may not lie there.

    Raises:
        UnreadableInputError: a key that could lead out of the output folder, or a part of a table.
        StoreError: the store refuses, or cannot be reached.
    """
    store = Store(address)
    if has_wildcard(store.root) and not store.is_object(store.root):
        base, found = fixed_part(store.root), store.list_matching(store.root)
        _refuse_tables(store, (each.key for each in found))
    elif not str(address).endswith("/") and store.is_object(store.root):
        _refuse_tables(store, [store.root])
        return [RemoteObject(address, store.look(store.root), PurePosixPath(store.root).name)]
    else:
        base, found = store.root, store.list_objects(store.root)
        _refuse_tables(store, [f"{base}/"])
        _refuse_listed_tables(store, base, found)
    named = sorted((_name(store, each.key, base), each) for each in found)
    return [RemoteObject(address, each, name) for name, each in named if is_data(name)]


def _refuse_tables(store: Store, keys: Iterable[str]) -> None:
    """Refuse objects that are a part of a table, wherever above them its log is; see `refuse_tables` for a disk.

    Every folder above them is looked into once. One that may not be looked into is passed over: who was let into the
    folder below it only could gate nothing else. The web has no folders that could be looked into.
    """
    folders = {"/".join(key.split("/")[:depth]) for key in keys for depth in range(1, key.count("/") + 1)}
    for folder in sorted(each for each in folders if each and not each.startswith(("http:", "https:"))):
        names = store.names_in(folder)
        marks = [f"{name}/" for name in names]
        if _METADATA in names:
            marks += [f"{_METADATA}/{name}" for name in store.names_in(f"{folder}/{_METADATA}")]
        _refuse_marks(store, folder, marks)


def _refuse_listed_tables(store: Store, base: str, found: Iterable[StoredObject]) -> None:
    """Refuse a folder that has a table somewhere below it, by what was listed anyway."""
    for each in found:
        parts = each.key.split("/")
        for depth in range(base.count("/") + 1, len(parts)):
            _refuse_marks(store, "/".join(parts[:depth]), ["/".join(parts[depth:])])


def _refuse_marks(store: Store, folder: str, names: Iterable[str]) -> None:
    for name in names:
        top, _, rest = name.partition("/")
        is_iceberg = top == _METADATA and ".metadata.json" in rest
        kind = TableKind.ICEBERG if is_iceberg else _TABLE_MARKS.get(top)
        if kind is not None:
            raise table_refused(store.label(folder), kind)


def _name(store: Store, key: str, base: str) -> str:
    name = key.removeprefix(base).removeprefix("/")
    if any(part in _NO_NAMES for part in name.split("/")):
        raise UnreadableInputError(
            f"{store.label(key)} has a name that no file can have: an empty part, or dots alone",
            hint="give it another name: nothing is passed over in silence",
        )
    return name

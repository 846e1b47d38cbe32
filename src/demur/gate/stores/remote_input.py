"""The objects that an address names: listed once, and each brought to a local file while it is worked on."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from demur.gate.errors import UnreadableInputError
from demur.gate.stores.address import Address, fixed_part, has_wildcard
from demur.gate.stores.store import Store, StoredObject

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
        UnreadableInputError: a key that could lead out of the output folder.
        StoreError: the store refuses, or cannot be reached.
    """
    store = Store(address)
    if has_wildcard(store.root):
        base, found = fixed_part(store.root), store.list_matching(store.root)
    elif not str(address).endswith("/") and store.is_object(store.root):
        name = PurePosixPath(store.root).name
        return [RemoteObject(address, store.look(store.root), name)]
    else:
        base, found = store.root, store.list_objects(store.root)
    named = sorted((_name(store, each.key, base), each) for each in found)
    return [RemoteObject(address, each, name) for name, each in named if is_data(name)]


def _name(store: Store, key: str, base: str) -> str:
    name = key.removeprefix(base).removeprefix("/")
    if any(part in _NO_NAMES for part in name.split("/")):
        raise UnreadableInputError(
            f"{store.label(key)} has a name that no file can have: an empty part, or dots alone",
            hint="give it another name: nothing is passed over in silence",
        )
    return name

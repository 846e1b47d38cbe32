"""A disk that remembers what was synced, so that the power can be cut at any instant afterwards.

The rules are POSIX's, read against the writer: a file's bytes are safe when the file was synced, a name (of a file or
a folder, new, replaced or removed) when its folder was synced. Until then the cut may keep or lose each by itself.
"""

import os
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest


@dataclass
class File:
    """A file's bytes as written, and as last synced; None if never."""

    written: bytes = b""
    synced: bytes | None = None


@dataclass
class Folder:
    """A folder's names as they are, and as last synced."""

    names: dict[str, "File | Folder"] = field(default_factory=dict)
    synced: dict[str, "File | Folder"] = field(default_factory=dict)


class RememberingDisk:
    """Watches what is done to one folder, and can say what would be left of it."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._before = self._read(root)
        self._done: list[tuple[str, tuple[Any, ...]]] = []
        self._acknowledged: list[tuple[int, int]] = []
        self._open: dict[int, Path] = {}

    @property
    def instants(self) -> int:
        """How many instants there are at which the power can go."""
        return len(self._done) + 1

    def acknowledge(self, size: int) -> None:
        """Note that from now on a log of this size has been promised."""
        self._acknowledged.append((len(self._done), size))

    @contextmanager
    def __call__(self) -> Iterator[None]:
        """Watch."""
        with pytest.MonkeyPatch.context() as patch:
            for name in ("open", "write", "fsync", "replace", "mkdir", "unlink", "rmdir"):
                patch.setattr(os, name, self._watched(name, getattr(os, name)))
            yield

    def cut_power(self, instant: int, left: Path, seed: int) -> int:
        """Write down what is left when the power goes after so many operations; return the size promised by then.

        Seed 0 loses all that was not synced, seed 1 nothing; others choose name by name and file by file.
        """
        tree = self._copy(self._before)
        for name, arguments in self._done[:instant]:
            getattr(self, f"_do_{name}")(tree, *arguments)
        chance = random.Random(f"{instant} {seed}")
        self._write(tree, left, lambda: seed == 1 or (seed != 0 and chance.random() < 0.5))
        return max((size for at, size in self._acknowledged if at <= instant), default=0)

    def _watched(self, name: str, operation: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*arguments: Any, **keywords: Any) -> Any:
            result = operation(*arguments, **keywords)
            if name == "open":
                self._open[result] = Path(arguments[0])
                if arguments[1] & os.O_CREAT:
                    self._note("create", Path(arguments[0]))
            elif name == "write":
                self._note("write", self._open[arguments[0]], bytes(arguments[1][:result]))
            elif name == "fsync":
                self._note("fsync", self._open[arguments[0]])
            else:
                self._note(name, *(Path(argument) for argument in arguments if not isinstance(argument, int)))
            return result

        return watched

    def _note(self, name: str, *arguments: Any) -> None:
        inside = [path.relative_to(self._root).parts if isinstance(path, Path) else path for path in arguments]
        self._done.append((name, tuple(inside)))

    def _read(self, path: Path) -> Folder:
        names = {p.name: self._read(p) if p.is_dir() else File(p.read_bytes(), p.read_bytes()) for p in path.iterdir()}
        return Folder(dict(names), dict(names))

    def _copy(self, folder: Folder) -> Folder:
        names = {
            n: self._copy(c) if isinstance(c, Folder) else File(c.written, c.synced) for n, c in folder.names.items()
        }
        return Folder(dict(names), dict(names))

    def _at(self, tree: Folder, parts: tuple[str, ...]) -> Any:
        node: Any = tree
        for part in parts:
            node = node.names[part]
        return node

    def _do_create(self, tree: Folder, parts: tuple[str, ...]) -> None:
        self._at(tree, parts[:-1]).names[parts[-1]] = File()

    def _do_write(self, tree: Folder, parts: tuple[str, ...], raw: bytes) -> None:
        self._at(tree, parts).written += raw

    def _do_fsync(self, tree: Folder, parts: tuple[str, ...]) -> None:
        node = self._at(tree, parts)
        node.synced = node.written if isinstance(node, File) else dict(node.names)

    def _do_replace(self, tree: Folder, old: tuple[str, ...], new: tuple[str, ...]) -> None:
        self._at(tree, new[:-1]).names[new[-1]] = self._at(tree, old[:-1]).names.pop(old[-1])

    def _do_mkdir(self, tree: Folder, parts: tuple[str, ...]) -> None:
        self._at(tree, parts[:-1]).names[parts[-1]] = Folder()

    def _do_unlink(self, tree: Folder, parts: tuple[str, ...]) -> None:
        del self._at(tree, parts[:-1]).names[parts[-1]]

    _do_rmdir = _do_unlink

    def _write(self, folder: Folder, path: Path, is_kept: Callable[[], bool]) -> None:
        path.mkdir()
        for name in sorted({*folder.names, *folder.synced}):
            now, safe = folder.names.get(name), folder.synced.get(name)
            node = now if now is safe or is_kept() else safe
            if isinstance(node, Folder):
                self._write(node, path / name, is_kept)
            elif node is not None:
                kept = node.written if node.written == node.synced or is_kept() else node.synced
                (path / name).write_bytes(kept or b"")

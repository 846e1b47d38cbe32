"""The child processes of this process that look at pictures, shared by its threads."""

import atexit
import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from demur.gate.pictures.looking_frames import UNREADABLE, Embeddings, Task
from demur.gate.pictures.looking_process import LookingProcess, starting
from demur.gate.pictures.picture_finding import PictureFinding
from demur.photos.gray import USUAL_LIMITS
from demur.photos.pdq import PdqHash

_MOST_BYTES: Final = USUAL_LIMITS.most_bytes
"""A larger picture would be refused, and is not even handed to a child."""


class LookingPool:
    """At most one child for each core. A thread has one for as long as its pictures take; others wait."""

    def __init__(self) -> None:
        self._all = [LookingProcess() for _ in os.sched_getaffinity(0)]
        self._free = list(self._all)
        self._places = threading.BoundedSemaphore(len(self._all))

    def look_at_each(self, pictures: Sequence[bytes]) -> list[PictureFinding]:
        """Return what is found out about each picture."""
        return self._ask(Task.LOOK, pictures)

    def hash_each_in_full(self, pictures: Sequence[bytes]) -> list[PdqHash | None]:
        """Return the hash of each picture from all its pixels."""
        return [finding.hash for finding in self._ask(Task.HASH_IN_FULL, pictures)]

    def find_faces_in_each(self, pictures: Sequence[bytes]) -> list[Embeddings | None]:
        """Return the embeddings of the faces in each picture."""
        with self._borrow() as child:
            return [None if len(raw) > _MOST_BYTES else child.find_faces(raw) for raw in pictures]

    def end(self) -> None:
        """End all children."""
        for child in self._all:
            child.end()

    def forget(self) -> None:
        """Let go of all children, which are those of the process that this one is a fork of."""
        for child in self._all:
            child.forget()

    def _ask(self, task: Task, pictures: Sequence[bytes]) -> list[PictureFinding]:
        if not pictures:
            return []
        with self._borrow() as child:
            return [UNREADABLE if len(raw) > _MOST_BYTES else child.look(task, raw) for raw in pictures]

    @contextmanager
    def _borrow(self) -> Iterator[LookingProcess]:
        """Have a child for oneself: the one that was used last, so that few are started where few are needed."""
        with self._places:
            child = self._free.pop()
            try:
                yield child
            finally:
                self._free.append(child)


_pool = LookingPool()


def get_pool() -> LookingPool:
    """Return the children of this process."""
    return _pool


def begin_anew() -> None:
    """After a fork: the copy has children of its own, and none of the locks that threads hold elsewhere."""
    global _pool  # noqa: PLW0603  (there is one for a process)
    _pool.forget()
    _pool = LookingPool()
    starting.release()


def _end() -> None:
    _pool.end()


atexit.register(_end)
os.register_at_fork(before=starting.acquire, after_in_parent=starting.release, after_in_child=begin_anew)

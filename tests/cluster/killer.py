"""What kills workers: it watches the folders that attempts make, which carry the number of the process."""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread
from typing import Self

_LOOK_EVERY_SECONDS = 0.002


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


class Killer:
    """Kills the workers that have begun to write one file, as often as is said.

    Attributes:
        killed: processes that were killed in the middle of that file.
        attempts: the folders of all attempts that were seen, at that file and at others.
    """

    def __init__(self, root: Path, name: str, times: int, victim: Callable[[int], int] = lambda pid: pid) -> None:
        self._root, self._name, self._times, self._victim = root, name, times, victim
        self._ended, self._thread = Event(), Thread(target=self._watch)
        self.killed: list[int] = []
        self.attempts: set[str] = set()

    def attempts_at(self, index: int) -> set[str]:
        return {name for name in self.attempts if name.startswith(f"{index}-")}

    def workers(self) -> set[str]:
        return {name.rsplit("-", 2)[1] for name in self.attempts}

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        struck: set[str] = set()
        while not self._ended.wait(_LOOK_EVERY_SECONDS):
            for folder in self._root.glob(".out.partial-*/attempts/*"):
                self.attempts.add(folder.name)
                begun = (folder / "kept" / self._name).exists()
                if begun and folder.name not in struck and len(struck) < self._times:
                    struck.add(folder.name)
                    self._kill(int(folder.name.rsplit("-", 2)[1]))

    def _kill(self, worker: int) -> None:
        victim = self._victim(worker)
        os.kill(victim, signal.SIGKILL)
        self.killed.append(victim)

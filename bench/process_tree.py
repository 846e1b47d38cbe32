"""CPU time and memory of processes with all of their children, as the operating system accounts for them."""

import os
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_PARENT, _CPU = 1, slice(11, 15)  # fields of /proc/<pid>/stat behind the name: utime, stime, and those of dead children


@dataclass(frozen=True)
class Usage:
    """CPU seconds so far, those of children that have ended included, and resident bytes now (shared ones shared)."""

    cpu_seconds: float
    resident_bytes: int


def usage_of(root: int) -> Usage:
    """Return what a process and everything below it use; zeros if it has ended."""
    stats = {int(path.parent.name): _fields(path) for path in Path("/proc").glob("[0-9]*/stat")}
    tree, added = {root} & stats.keys(), True
    while added:
        added = {pid for pid, fields in stats.items() if fields and int(fields[_PARENT]) in tree} - tree
        tree |= added
    ticks = sum(int(ticks) for pid in tree for ticks in stats[pid][_CPU])
    return Usage(ticks / _TICKS, sum(map(_resident_bytes, tree)))


def children_of(parent: int) -> list[int]:
    """Return the processes that a process started and that still run."""
    stats = {int(path.parent.name): _fields(path) for path in Path("/proc").glob("[0-9]*/stat")}
    return [pid for pid, fields in stats.items() if fields and int(fields[_PARENT]) == parent]


def _fields(path: Path) -> list[str]:
    try:
        return path.read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _resident_bytes(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))

"""Which children look at pictures for a process."""

from pathlib import Path


def children_of(pid: int) -> list[int]:
    """Return the process ids of those that run."""
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    children = [int(each) for task in tasks for each in task.read_text().split()]
    return [each for each in children if b"_child" in Path(f"/proc/{each}/cmdline").read_bytes()]

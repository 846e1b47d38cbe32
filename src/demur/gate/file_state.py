"""What would show that a file is another one than before, or was written to."""

import os
from typing import TypeAlias

FileState: TypeAlias = tuple[int, ...]
"""Device, inode, size, and the times of change of content and inode in nanoseconds."""


def file_state(stat: os.stat_result) -> FileState:
    """Return the state of a file that was looked at."""
    return stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns

"""Run commands as whole processes and measure them as the operating system accounts for them."""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
"""Python keeps what it compiles, as it does wherever nobody forbids it."""


@dataclass(frozen=True)
class Run:
    """One finished process: wall and CPU seconds, and peak resident memory in bytes."""

    wall_seconds: float
    cpu_seconds: float
    peak_bytes: int


def measure(command: Sequence[str]) -> Run:
    """Run a command to its end; a failing one ends the benchmark."""
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=_ENVIRONMENT)
    _, status, used = os.wait4(process.pid, 0)
    wall = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"failed with {process.returncode}: {' '.join(command)}")
    return Run(wall, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024)


def bars(figures: Mapping[str, float]) -> str:
    """Draw figures as bars of text, the longest 50 signs wide."""
    most, width = max(figures.values()), max(map(len, figures))
    return "\n".join(
        f"{name:<{width}}  {'█' * max(1, round(50 * figure / most))} {figure:,.1f}" for name, figure in figures.items()
    )


def median(runs: Sequence[Run]) -> Run:
    """Return the median of each figure."""
    return Run(
        statistics.median(run.wall_seconds for run in runs),
        statistics.median(run.cpu_seconds for run in runs),
        int(statistics.median(run.peak_bytes for run in runs)),
    )

"""Run commands as whole processes and measure them as the operating system accounts for them."""

import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

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


def run_in_turn(contestants: Mapping[str, Sequence[str]], out: Path, rounds: int) -> dict[str, list[Run]]:
    """Run each command once a round, in turn, each into a folder that is not there; return its runs by its name."""
    runs: dict[str, list[Run]] = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, command in contestants.items():
            shutil.rmtree(out, ignore_errors=True)
            runs[name].append(measure(command))
    shutil.rmtree(out, ignore_errors=True)
    return runs


def print_table(runs: Mapping[str, Sequence[Run]]) -> None:
    """Print the medians, also as bars, with the medians of the rounds' ratios to the first, a plain copy."""
    base = next(iter(runs.values()))
    print("| | wall s | CPU s | peak MB | wall / copy | CPU / copy |\n|---|---|---|---|---|---|")
    for name, of_name in runs.items():
        middle = median(of_name)
        wall = statistics.median(one.wall_seconds / copy.wall_seconds for one, copy in zip(of_name, base, strict=True))
        cpu = statistics.median(one.cpu_seconds / copy.cpu_seconds for one, copy in zip(of_name, base, strict=True))
        print(
            f"| {name} | {middle.wall_seconds:.1f} | {middle.cpu_seconds:.1f} | {middle.peak_bytes / 1e6:,.0f} "
            f"| {wall:.2f} | {cpu:.2f} |",
        )
    print("\nwall seconds\n" + bars({name: median(of_name).wall_seconds for name, of_name in runs.items()}))

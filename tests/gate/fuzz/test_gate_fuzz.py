"""Ten thousand damaged files of each format: the gate stops, or what it lets through holds no row that it must not.

A failure names its seed. This makes it again:
    PYTHONPATH=tests/gate python tests/gate/fuzz/fuzz_child.py FORMAT SEED 1 FOLDER
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from fuzz_formats import FORMATS

CHILD = Path(__file__).with_name("fuzz_child.py")
MUTANTS = 10_000
MUTANTS_A_CHILD = 1000  # so that what the readers keep for good does not count as the gate's memory
MOST_FAILURES = 20


@pytest.mark.long
@pytest.mark.parametrize("name", FORMATS)
def test_no_damaged_file_gets_a_withheld_row_through_or_ends_the_process(name: str, tmp_path: Path) -> None:
    failures: list[str] = []
    seed = 0
    while seed < MUTANTS and len(failures) < MOST_FAILURES:
        mutants = min(MUTANTS_A_CHILD, MUTANTS - seed)
        said, crash = run_child(name, seed, mutants, tmp_path)
        failures += [line for line in said if " failed " in line]
        if not crash:
            seed += mutants
            continue
        begun = [line for line in said if line.endswith((" gate", " read"))]
        if not begun:
            failures.append(crash)
            break
        last, phase = begun[-1].split()
        if phase == "gate":  # a reader that dies over a file that it is given is no fault of the gate's
            failures.append(f"{last} {crash}")
        seed = int(last) + 1
    assert not failures, "\n".join([f"{name}, seed and what happened:", *failures])


def run_child(name: str, seed: int, mutants: int, folder: Path) -> tuple[list[str], str]:
    """Return what a child said, and how it died; "" if it did not."""
    paths = os.pathsep.join([str(CHILD.parent.parent), os.environ.get("PYTHONPATH", "")])
    child = subprocess.run(
        [sys.executable, str(CHILD), name, str(seed), str(mutants), str(folder)],
        env={**os.environ, "PYTHONPATH": paths, "POLARS_MAX_THREADS": "1", "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    crash = f"ended with {child.returncode}: {child.stderr[-1000:]}" if child.returncode else ""
    return child.stdout.splitlines(), crash

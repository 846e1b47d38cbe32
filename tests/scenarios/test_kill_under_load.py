"""Processes die while many people object at once: what each was told is true afterwards, with both databases.

The same as `bench/centre.py --kills`, shorter: it fails by itself when somebody's status page, receipt, entry of the
log, or place in the suppression list is missing.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.long
BENCH = Path(__file__).parents[2] / "bench" / "centre.py"


@pytest.mark.parametrize("database", ["postgresql", "sqlite"])
def test_nobody_who_was_told_that_they_are_confirmed_is_forgotten(database: str, tmp_path: Path) -> None:
    record = tmp_path / "record.json"
    run = [sys.executable, str(BENCH), "--databases", database, "--people", "12", "--seconds", "15", "--kills", "8"]
    subprocess.run([*run, "--record", str(record)], check=True, timeout=300)
    [seen] = json.loads(record.read_text())
    assert seen["faults"], "nobody noticed a kill: the test shows nothing"
    assert seen["found of those who were told"] == seen["confirmed"] > 10
    assert sum(seen["killed"].values()) == 8
    assert (seen["mails left"], seen["log entries left"], seen["cases not listed left"]) == (0, 0, 0)

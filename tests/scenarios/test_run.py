"""`demur run` and `demur demo` in bad company: killed between two steps, or beside a real installation."""

import os
import subprocess
import sys

from demur.cli.demo import wait_for_list
from demur.cli.processes import Installation
from demur.cli.run import run_gate_over_sample


def test_manifest_of_a_run_that_was_killed_before_it_was_logged_is_logged_later(installation: Installation) -> None:
    number = wait_for_list(installation, 0)
    out = run_gate_over_sample(installation, number, quiet=True)
    receipt = out / "manifest.receipt.json"
    receipt.unlink()  # as a kill between the gate and the log leaves it
    assert run_gate_over_sample(installation, number, quiet=True) == out
    assert installation.demur("verify", str(receipt), "--keys", "keys/public.keys").returncode == 0


def test_demonstration_leaves_the_database_of_a_real_installation_alone() -> None:
    nowhere = {"DEMUR_DATABASE_URL": "postgresql://user:password@127.0.0.1:1/real"}
    command = [sys.executable, "-m", "demur", "demo"]
    done = subprocess.run(command, env={**os.environ, **nowhere}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "That was the whole chain" in done.stdout

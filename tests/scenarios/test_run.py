"""`demur run` and `demur demo`: what they show, and killed between two steps, or beside a real installation."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from demur.cli.demo import object_as, wait_for_list
from demur.cli.processes import Installation, Ports, PortTakenError
from demur.cli.run import run_gate_over_sample
from demur.cli.visitor import Visitor


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
    for words in ("exit code 0", "exit code 3", "author-objected", "That was the whole chain"):
        assert words in done.stdout


def consecutive_ports() -> Ports:
    """Return three free ports that lie as `demur run` lays them."""
    while True:
        ports = Ports.counted_from(Ports.free().centre)
        with suppress(PortTakenError):
            ports.check_free()
            return ports


@contextmanager
def running(home: Path, ports: Ports) -> Iterator[subprocess.Popen[str]]:
    """Somebody's `demur run` in a terminal, ended with Ctrl-C."""
    command = [sys.executable, "-m", "demur", "run", "--home", str(home), "--port", str(ports.centre)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            yield process
        finally:
            process.send_signal(signal.SIGINT)
            last, _ = process.communicate()
    assert "Stopped. Everything is kept" in last
    assert process.returncode == 0


def read_until(process: subprocess.Popen[str], words: str) -> str:
    """Read what the terminal shows until some words come; what came is in a failing test."""
    assert process.stdout is not None
    shown = ""
    for line in process.stdout:
        shown += line
        if words in line:
            return shown
    raise AssertionError(shown)


@pytest.mark.slow
def test_run_gates_again_for_each_objection_and_goes_on_after_ctrl_c(tmp_path: Path) -> None:
    home, ports = tmp_path / "home", consecutive_ports()
    with running(home, ports) as process:
        shown = read_until(process, "Kept rows, withheld ids")
        assert "making up a platform" in shown
        assert f"http://127.0.0.1:{ports.centre}/privacy/genai" in shown
        assert "author-objected" not in shown
        handle = re.search(r"@(\S+) \(", shown)
        assert handle is not None
        status_url = object_as(Installation(home, ports), "ada@people.example", handle[1])
        assert "author-objected" in read_until(process, "Kept rows, withheld ids")
    with running(home, ports) as process:
        shown = read_until(process, "Kept rows, withheld ids")
        assert "making up" not in shown
        assert Visitor(ports.base_url).open(status_url).status == 200

"""What people meet before anything runs: each gets one sentence that says what to do."""

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from demur.cli.processes import Ports, PortTakenError

ROOT = Path(__file__).resolve().parents[2]

NOWHERE = {
    "PIP_CONFIG_FILE": os.devnull,
    "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
    "PIP_EXTRA_INDEX_URL": "",
    "PIP_FIND_LINKS": "",
    "PIP_RETRIES": "0",
}


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """As much of a fresh clone as the set-up needs."""
    for name in ("scripts", "requirements"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def set_up(clone: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    base = Path(sys.base_prefix) / "bin" / "python3"
    return subprocess.run(
        [str(base if base.exists() else sys.executable), "scripts/setup.py", "run"],
        cwd=clone,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_python_without_venv_is_told_which_package_to_install(clone: Path) -> None:
    (clone / "without").mkdir()
    (clone / "without" / "ensurepip.py").write_text("raise ImportError\n")
    done = set_up(clone, PYTHONPATH=str(clone / "without"))
    assert done.returncode == 1
    assert "python3-venv is missing" in done.stderr
    assert "sudo apt install" in done.stderr
    assert not (clone / ".venv").exists()


def test_without_a_network_a_half_finished_set_up_is_begun_again_and_says_what_is_missing(clone: Path) -> None:
    (clone / ".venv" / "bin").mkdir(parents=True)
    (clone / ".venv" / "bin" / "python").write_text("#!/bin/sh\nexit 1\n")
    (clone / ".venv" / "bin" / "python").chmod(0o755)
    done = set_up(clone, **NOWHERE)
    assert done.returncode == 1
    assert "package index could not be reached" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (clone / ".venv" / "demur-set-up").exists()
    ours = subprocess.run([str(clone / ".venv/bin/python"), "-c", "import pip"], check=False)
    assert ours.returncode == 0, "the broken environment was not replaced"


def test_a_package_that_is_not_the_locked_one_is_refused(clone: Path) -> None:
    lock = clone / "requirements" / "run.txt"
    name = lock.read_text().splitlines()[0].split(" ")[0]
    lock.write_text(f"{name} \\\n    --hash=sha256:{'0' * 64}\n")
    done = set_up(clone)
    assert done.returncode == 1
    assert "not the one in the lock file" in done.stderr


def test_a_port_that_is_taken_is_named_before_anything_starts() -> None:
    ports = Ports.free()
    with socket.create_server(("127.0.0.1", ports.smtp)), pytest.raises(PortTakenError, match=str(ports.smtp)):
        ports.check_free()

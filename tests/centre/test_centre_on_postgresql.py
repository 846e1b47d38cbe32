"""The centre's tests once more, pages and attacks, in a child process, on a private PostgreSQL cluster of this run."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.mark.long
def test_centre_passes_its_tests_on_postgresql(postgresql_url: str) -> None:
    modules = [str(path) for path in sorted(HERE.glob("test_*.py")) if path.name != Path(__file__).name]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_"))}
    environment["DEMUR_DATABASE_URL"] = postgresql_url
    child = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *modules],
        check=False,
        cwd=HERE.parent.parent,
        env=environment,
        capture_output=True,
        text=True,
        timeout=1_500,
    )
    assert child.returncode == 0, child.stdout[-6000:] + child.stderr[-2000:]

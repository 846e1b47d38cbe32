"""What every room's tests need: a home folder with keys, in place before Django reads its settings.

Settings are read here, at import, and not by pytest-django, which would read them before this file. The variable
that names them is taken back, so that an xdist worker, which inherits the environment, does the same with a home of
its own.
"""

import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import django
import numpy as np
import pytest
from hypothesis import settings

from demur.ledger.keys import create_missing_keys

HOME = Path(tempfile.mkdtemp(prefix="demur-test-home-"))
os.environ["DEMUR_HOME"] = str(HOME)
create_missing_keys(HOME / "keys", "lumen.example")
(HOME / "uploads").mkdir(mode=0o700)

os.environ["DJANGO_SETTINGS_MODULE"] = "demur.web.settings"
django.setup()
del os.environ["DJANGO_SETTINGS_MODULE"]


settings.register_profile("demur", deadline=None)  # a busy machine is no failure
settings.load_profile("demur")


@pytest.fixture(scope="session", autouse=True)
def _remove_home() -> Iterator[None]:
    yield
    shutil.rmtree(HOME, ignore_errors=True)


@pytest.fixture
def uncompile(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Let modules run their compiled loops as Python, in which a tracer sees every line."""

    def uncompile_all(*modules: ModuleType) -> None:
        for module in modules:
            for name, function in list(vars(module).items()):
                if hasattr(function, "py_func"):
                    monkeypatch.setattr(module, name, function.py_func)

    with np.errstate(over="ignore"):  # hashes, and the counting of bits, overflow on purpose
        yield uncompile_all


def _binary(name: str) -> str:
    found = shutil.which(name) or next(map(str, sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))), None)
    assert found, f"{name} is missing: install postgresql (scripts/system-packages.sh does)"
    return found


def _unprivileged() -> dict[str, object]:
    """PostgreSQL refuses to run as root: name somebody else to run it as."""
    if os.getuid() != 0:
        return {}
    names = {entry.pw_name for entry in pwd.getpwall()}
    user = pwd.getpwnam("postgres" if "postgres" in names else "nobody")
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


@pytest.fixture
def pass_on_postgresql(postgresql_url: str) -> Callable[..., None]:
    """Run the tests beside a file once more, in a child process, on PostgreSQL; without that file and some others."""

    def run(file: Path, *without: str) -> None:
        modules = [
            str(path) for path in sorted(file.parent.glob("test_*.py")) if path.name not in {file.name, *without}
        ]
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_"))}
        child = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *modules],
            check=False,
            cwd=Path(__file__).parent.parent,
            env={**environment, "DEMUR_DATABASE_URL": postgresql_url},
            capture_output=True,
            text=True,
            timeout=1_500,
        )
        assert child.returncode == 0, child.stdout[-6000:] + child.stderr[-2000:]

    return run


@pytest.fixture(scope="module")
def postgresql_url() -> Iterator[str]:
    """A cluster in a temporary folder, on a loopback port, without durability, which these tests do not need of it."""
    folder = Path(tempfile.mkdtemp(prefix="demur-pg-"))
    who = _unprivileged()
    if who:
        os.chown(folder, who["user"], who["group"])  # type: ignore[arg-type]
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    options = f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories= -c fsync=off"

    def run(*command: str) -> None:
        subprocess.run(command, check=True, cwd=folder, capture_output=True, **who)  # type: ignore[call-overload]

    data, log = str(folder / "data"), str(folder / "server.log")
    run(_binary("initdb"), "--pgdata", data, "--username", "demur", "--auth", "trust", "--encoding", "UTF8")
    run(_binary("pg_ctl"), "--pgdata", data, "--log", log, "--options", options, "--wait", "start")
    host = ("--host", "127.0.0.1", "--port", str(port), "--username", "demur")
    run(_binary("createdb"), *host, "demur")
    yield f"postgresql://demur@127.0.0.1:{port}/demur"
    run(_binary("pg_ctl"), "--pgdata", data, "--mode", "immediate", "--wait", "stop")
    shutil.rmtree(folder)

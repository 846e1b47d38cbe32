"""The docket's tests once more, in a child process, on a private PostgreSQL cluster that exists for this run only."""

import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).parent


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
    yield f"postgresql://demur@127.0.0.1:{port}/demur"
    run(_binary("pg_ctl"), "--pgdata", data, "--mode", "immediate", "--wait", "stop")
    shutil.rmtree(folder)


@pytest.mark.slow
def test_docket_passes_its_tests_on_postgresql(postgresql_url: str) -> None:
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
        timeout=600,
    )
    assert child.returncode == 0, child.stdout[-6000:] + child.stderr[-2000:]

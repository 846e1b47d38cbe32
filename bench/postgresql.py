"""A private PostgreSQL cluster for a benchmark: a folder with its socket, and the durability that is the default."""

import os
import pwd
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_USER = "demur"


@dataclass(frozen=True)
class Cluster:
    """A running cluster: DEMUR_DATABASE_URL for it, and the process above all of its processes."""

    url: str
    postmaster: int


@contextmanager
def private_cluster(folder: Path) -> Iterator[Cluster]:
    """Start a cluster in a new folder and stop it afterwards."""
    folder.mkdir()
    who = _unprivileged()
    if who:
        os.chown(folder, who["user"], who["group"])
    data, log = str(folder / "data"), str(folder / "server.log")
    options = f"-c listen_addresses= -c unix_socket_directories={folder}"

    def run(*command: str) -> None:
        subprocess.run(command, check=True, cwd=folder, stdout=subprocess.DEVNULL, **who)

    run(_binary("initdb"), "--pgdata", data, "--username", _USER, "--auth", "trust", "--encoding", "UTF8")
    run(_binary("pg_ctl"), "--pgdata", data, "--log", log, "--options", options, "--wait", "start")
    run(_binary("createdb"), "--host", str(folder), "--username", _USER, _USER)
    try:
        postmaster = int((folder / "data" / "postmaster.pid").read_text().split()[0])
        yield Cluster(f"postgresql://{_USER}@/{_USER}?host={folder}", postmaster)
    finally:
        run(_binary("pg_ctl"), "--pgdata", data, "--mode", "immediate", "--wait", "stop")


def _binary(name: str) -> str:
    found = shutil.which(name) or next(map(str, sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))), None)
    return found or sys.exit(f"{name} is missing: install postgresql (scripts/system-packages.sh does)")


def _unprivileged() -> dict[str, Any]:
    """PostgreSQL refuses to run as root: name somebody else to run it as."""
    if os.getuid() != 0:
        return {}
    names = {entry.pw_name for entry in pwd.getpwall()}
    user = pwd.getpwnam("postgres" if "postgres" in names else "nobody")
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}

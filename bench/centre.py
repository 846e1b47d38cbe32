"""The privacy centre under load: objections confirmed a second, with PostgreSQL and with SQLite.

    .venv/bin/python bench/centre.py                                64 people for 60 seconds with each database
    .venv/bin/python bench/centre.py --total 100000 --seconds 3600  until so many objections are confirmed
    .venv/bin/python bench/centre.py --databases sqlite --people 8
    .venv/bin/python bench/centre.py --kills 20                     and check afterwards what people were told

Each database gets a fresh installation in a temporary folder: server, worker, the database with the durability that
the product asks for, and a mail server, all on this machine, with the people who object (bench/centre_people.py).
Prints a table for each, and writes everything that was measured to a JSON file.
"""

import argparse
import json
import os
import random
import select
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import psycopg

from demur.cli.processes import Installation, Ports
from kills import Killer, check_told
from postgresql import private_cluster
from process_tree import Usage, usage_of

ROOT = Path(__file__).resolve().parent
DATABASES = ("postgresql", "sqlite")
SAMPLE_PEOPLE, SAMPLE_ROWS = 20_000, 20_000
_SETTLE_SECONDS = 90.0
_LOOK_SECONDS = 2.0
_AGAIN_SECONDS = 0.2
_WARM_UP_PEOPLE = 150
_PEER_SECONDS = 15.0
_MOST = 1_000_000_000
_WAITING = "SELECT count(*) FROM docket_mail WHERE state IN ('queued', 'sending')"
_CONFIRMED = "SELECT count(*) FROM docket_case WHERE confirmed_at IS NOT NULL"
_UNLOGGED = "SELECT count(*) FROM docket_logentry WHERE leaf_index IS NULL"
_UNLISTED = "SELECT count(*) FROM docket_case WHERE confirmed_at IS NOT NULL AND first_list_number IS NULL"


People = subprocess.Popen[str]


@dataclass
class Stand:
    """A fresh installation that runs.

    Attributes:
        installation: its processes.
        roots: the process at the top of each part, by name.
        samples: what each part used, by seconds since the start.
    """

    installation: Installation
    roots: dict[str, int]
    samples: list[tuple[float, dict[str, Usage]]] = field(default_factory=list)

    @property
    def told(self) -> Path:
        """The file with a line for everybody who was told that their objection is confirmed."""
        return self.installation.home / "told.txt"

    def look(self, at: float) -> dict[str, Usage]:
        """Note what each part uses now."""
        used = {name: usage_of(pid) for name, pid in self.roots.items()}
        self.samples.append((at, used))
        return used

    def ask(self, question: str) -> int:
        """Return the one number that a question to the database gives."""
        url = self.installation.environment.get("DEMUR_DATABASE_URL")
        if url:
            with _connected(url) as postgresql:
                return int(postgresql.execute(question.encode()).fetchone()[0])  # type: ignore[index]
        with sqlite3.connect(self.installation.home / "docket.sqlite3") as sqlite:
            return int(sqlite.execute(question).fetchone()[0])


def _connected(url: str) -> psycopg.Connection[tuple[Any, ...]]:
    """Connect, also to a database that begins anew because one of its processes was killed."""
    give_up_at = time.monotonic() + _SETTLE_SECONDS
    while True:
        try:
            return psycopg.connect(url)
        except psycopg.OperationalError:
            if time.monotonic() > give_up_at:
                raise
            time.sleep(_AGAIN_SECONDS)


@contextmanager
def stand(database: str, folder: Path) -> Iterator[Stand]:
    """Make a fresh installation and run it."""
    if database == "sqlite":
        os.environ.pop("DEMUR_DATABASE_URL", None)
        with _installation(folder / "home") as installation:
            yield Stand(installation, {name: process.pid for name, process in installation.running.items()})
        return
    with private_cluster(folder / "cluster") as cluster:
        os.environ["DEMUR_DATABASE_URL"] = cluster.url
        with _installation(folder / "home") as installation:
            roots = {name: process.pid for name, process in installation.running.items()}
            yield Stand(installation, {**roots, "database": cluster.postmaster})


@contextmanager
def _installation(home: Path) -> Iterator[Installation]:
    home.mkdir()
    installation = Installation(home, Ports.free())
    with as_file(files("demur.sample") / "data" / "controller.yaml") as controller:
        _finish(installation.demur("init", str(controller)))
    sample = ["--people", str(SAMPLE_PEOPLE), "--rows", str(SAMPLE_ROWS), "--photos", "8"]
    _finish(installation.demur("sample", "--out", str(home / "sample"), *sample))
    with sqlite3.connect(home / "sample" / "accounts.sqlite3") as accounts:
        handles = [handle for (handle,) in accounts.execute("SELECT DISTINCT handle FROM accounts ORDER BY 1")]
    (home / "handles.txt").write_text("\n".join(handles))
    try:
        for name in ("centre", "worker"):
            installation.start(name)
            installation.wait_until_ready(name)
        yield installation
    finally:
        installation.stop_all()


def _finish(done: subprocess.CompletedProcess[str]) -> None:
    if done.returncode:
        sys.exit(done.stderr)


@contextmanager
def people(one: Stand, count: int, total: int, seconds: float, story: str = "objection") -> Iterator[People]:
    """Let people through, so many at a time; their mail server stays until the end of the context."""
    ports, home = one.installation.ports, one.installation.home
    plan = {
        "base": ports.base_url,
        "port": ports.centre,
        "smtp_port": ports.smtp,
        "people": count,
        "total": total,
        "seconds": seconds,
        "handles": str(home / "handles.txt"),
        "told": str(one.told),
        "story": story,
    }
    command = [sys.executable, str(ROOT / "centre_people.py"), json.dumps(plan)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        one.roots["people and mail server"] = process.pid
        try:
            yield process
        except BaseException:
            process.kill()
            raise


def watch(one: Stand, process: People, killer: Killer) -> dict[str, Any]:
    """Look at what the parts use until the people report, and let the killer do its work; return the report."""
    assert process.stdout is not None
    began = time.monotonic()
    one.look(0)
    while not select.select([process.stdout], [], [], _AGAIN_SECONDS)[0]:
        killer.kill_if_due(time.monotonic() - began)
        if time.monotonic() - began > one.samples[-1][0] + _LOOK_SECONDS:
            one.look(time.monotonic() - began)
    one.look(time.monotonic() - began)
    report = process.stdout.readline()
    return dict(json.loads(report)) if report else sys.exit("the people gave up")


def warm_up(one: Stand) -> None:
    """Let some people through before anything is measured: each process reads and compiles what it needs but once."""
    with people(one, 16, _WARM_UP_PEOPLE, _SETTLE_SECONDS) as process:
        watch(one, process, Killer(one.installation, 0, []))
        settle(one)
    one.samples.clear()
    one.told.unlink()


def run_peer(one: Stand, count: int) -> float:
    """Let as many people fill in the plain form, on the same machine and database; return how many a second."""
    port = Ports.free().centre
    environment = {**one.installation.environment, "DEMUR_HOME": str(one.installation.home)}
    server = subprocess.Popen([sys.executable, str(ROOT / "plain_form.py"), str(port)], env=environment)
    try:
        wait_until_answers(port)
        plan_of_peer = Stand(Installation(one.installation.home, replace(one.installation.ports, centre=port)), {})
        with people(plan_of_peer, count, _MOST, _PEER_SECONDS, "plain") as process:
            report = watch(plan_of_peer, process, Killer(one.installation, 0, []))
    finally:
        server.terminate()
        server.wait()
        one.told.unlink(missing_ok=True)
    return float(report["confirmed"] / report["wall_seconds"])


def wait_until_answers(port: int) -> None:
    """Wait until somebody listens on a port."""
    give_up_at = time.monotonic() + _SETTLE_SECONDS
    while time.monotonic() < give_up_at:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(_AGAIN_SECONDS)
    sys.exit("the plain form does not start")


def settle(one: Stand) -> dict[str, int]:
    """Wait until nothing is outstanding; return what was when the last person was done, and what still is."""
    outstanding = {"mails": _WAITING, "log entries": _UNLOGGED, "cases not listed": _UNLISTED}
    at_end = {f"{name} waiting at the end": one.ask(question) for name, question in outstanding.items()}
    give_up_at = time.monotonic() + _SETTLE_SECONDS
    while any(map(one.ask, outstanding.values())) and time.monotonic() < give_up_at:
        time.sleep(_LOOK_SECONDS)
    left = {f"{name} left": one.ask(question) for name, question in outstanding.items()}
    return {**at_end, **left, "confirmed in the database": one.ask(_CONFIRMED)}


def measure(database: str, arguments: argparse.Namespace) -> dict[str, Any]:
    """Run one database's stand; return its record."""
    with tempfile.TemporaryDirectory(prefix="demur-bench-") as folder:
        Path(folder).chmod(0o711)  # the user whom PostgreSQL runs as must reach its own folder inside
        with stand(database, Path(folder)) as one:
            warm_up(one)
            peer = run_peer(one, arguments.people) if not arguments.kills else None
            with people(one, arguments.people, arguments.total, arguments.seconds) as process:
                instants = sorted(random.uniform(0, arguments.seconds) for _ in range(arguments.kills))
                killer = Killer(one.installation, one.roots.get("database", 0), instants)
                report = watch(one, process, killer)
                record = {"database": database, **report, **settle(one), "killed": dict(Counter(killer.killed))}
                if arguments.kills:
                    record["found of those who were told"] = check_told(one.installation, one.told)
    # What a killed process used is not known any more.
    return {**record, "peer": peer, "parts": {} if arguments.kills else _parts(one, report["confirmed"])}


def _parts(one: Stand, confirmed: int) -> dict[str, dict[str, float]]:
    _, first = one.samples[0]
    parts = {}
    for name, before in first.items():
        seen = [used[name] for _, used in one.samples]
        thirds = len(seen) // 3
        parts[name] = {
            "cpu_ms_an_objection": (seen[-1].cpu_seconds - before.cpu_seconds) / confirmed * 1000,
            "mb_after_a_third": seen[thirds].resident_bytes / 1e6,
            "mb_at_the_end": seen[-1].resident_bytes / 1e6,
        }
    return parts


def print_record(record: dict[str, Any]) -> None:
    """Print a record as tables."""
    a_second = record["confirmed"] / record["wall_seconds"]
    print(f"\n## {record['database']}: {a_second:.1f} objections confirmed a second", end="")
    print(f" ({record['confirmed']:,} in {record['wall_seconds']:.0f} s)\n")
    if record["peer"]:
        print(f"A plain Django form that stores a row: {record['peer']:.1f} a second.\n")
    print("| page | times | p50 ms | p99 ms | longest ms |\n|---|---|---|---|---|")
    for kind, seen in record["latencies"].items():
        print(f"| {kind} | {seen['count']:,} | {seen['p50_ms']:.0f} | {seen['p99_ms']:.0f} | {seen['max_ms']:.0f} |")
    if record["parts"]:
        _print_parts(record["parts"])
    print()
    known = {"database", "confirmed", "wall_seconds", "latencies", "parts", "peer"}
    print(", ".join(f"{name}: {value}" for name, value in record.items() if name not in known))


def _print_parts(parts: dict[str, dict[str, float]]) -> None:
    print("\n| part | CPU ms an objection | MB after a third | MB at the end |\n|---|---|---|---|")
    for name, part in parts.items():
        after, end = part["mb_after_a_third"], part["mb_at_the_end"]
        print(f"| {name} | {part['cpu_ms_an_objection']:.1f} | {after:.0f} | {end:.0f} |")
    print(f"| all | {sum(part['cpu_ms_an_objection'] for part in parts.values()):.1f} | | |")


def main() -> None:
    """Measure each database, print the tables, write the record."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--databases", nargs="+", choices=DATABASES, default=DATABASES)
    parser.add_argument("--people", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--total", type=int, default=1_000_000)
    parser.add_argument("--kills", type=int, default=0, help="how many processes are killed meanwhile")
    parser.add_argument("--record", type=Path, default=ROOT / "data" / "centre.json")
    arguments = parser.parse_args()
    records = [measure(database, arguments) for database in arguments.databases]
    for record in records:
        print_record(record)
    arguments.record.parent.mkdir(exist_ok=True)
    arguments.record.write_text(json.dumps(records, indent=2))


if __name__ == "__main__":
    main()

"""Killing the parts of an installation while people object, and whether what they were told is true afterwards."""

import os
import random
import signal
import sys
from dataclasses import dataclass, field
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

from demur.cli.processes import Installation, StartError
from demur.core.receipt import parse_receipt, verify_receipt
from demur.ledger.keys import KeyRole, find_verifier_key, load_verifier_keys
from demur.ledger.log import verify_log
from process_tree import children_of

_MOST_STARTS = 50


@dataclass
class Killer:
    """Kills one part after the other at random instants, each by SIGKILL, and starts again what does not by itself.

    Attributes:
        installation: whose server and worker are killed.
        postmaster: of a PostgreSQL, one of whose processes is killed, which makes all of it begin anew; or 0.
        instants: when, in seconds from the start.
        killed: what was.
    """

    installation: Installation
    postmaster: int
    instants: list[float]
    killed: list[str] = field(default_factory=list)

    def kill_if_due(self, seconds: float) -> None:
        """Kill the next part if its instant has come. To be called by the thread that started the installation.

        Children are told to end when the thread ends that started them.
        """
        parts = ["centre", "one process of the centre", "worker", *(["database"] if self.postmaster else [])]
        if self.instants and seconds >= self.instants[0]:
            self.instants.pop(0)
            part = parts[len(self.killed) % len(parts)]
            self._kill(part)
            self.killed.append(part)

    def _kill(self, part: str) -> None:
        if part in self.installation.running:
            self.installation.running[part].kill()
            self.installation.running[part].wait()
            self._revive(part)
            return
        if part == "database":
            # One that serves us: without the one that recovers, killed a moment after another, there is no database.
            pids = [pid for pid in children_of(self.postmaster) if b"127.0.0.1" in _command_line(pid)]
        else:
            pids = children_of(self.installation.running["centre"].pid)
        if pids:
            os.kill(random.choice(pids), signal.SIGKILL)

    def _revive(self, part: str) -> None:
        """Start a part until it stays, as a service manager would: it gives up where the database is away."""
        for _ in range(_MOST_STARTS):
            self.installation.revive()
            try:
                self.installation.wait_until_ready(part)
            except StartError:
                continue
            return
        sys.exit(f"the {part} does not start any more")


def _command_line(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def check_told(installation: Installation, told: Path) -> int:
    """Check for everybody who was told that their objection is confirmed that it is; return for how many.

    Raises:
        AssertionError: says for whom something is missing.
    """
    home = installation.home
    log_key = find_verifier_key(load_verifier_keys(home / "keys" / "public.keys"), KeyRole.LOG)
    places = []
    for line in told.read_text().splitlines():
        email, status = line.split()
        assert _get(installation, status), f"{email} has no status page"
        receipt = parse_receipt(_get(installation, f"{status}/receipt"))
        verify_receipt(receipt, log_key)
        assert receipt.statement["email"] == email, f"{email} has the receipt of somebody else"
        places.append(receipt.leaf_index)
    assert len(set(places)) == len(places), "two people share an entry of the log"
    verify_log(home / "log", log_key)
    return len(places)


def _get(installation: Installation, path: str) -> bytes:
    try:
        with urlopen(f"{installation.ports.base_url}{path}") as answer:  # noqa: S310  (our own server)
            return bytes(answer.read())
    except HTTPError:
        return b""

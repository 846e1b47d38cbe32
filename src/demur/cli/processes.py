"""The processes of one installation on this machine: centre, worker, mail catcher and sign-in, kept alive together.

They share nothing but the home folder. Any of them can be killed at any instant; `revive` starts it again and it goes
on from what is on disk.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import astuple, dataclass, field, fields
from pathlib import Path

from demur.core.errors import DemurError

LOOPBACK = "127.0.0.1"
_STOP_SECONDS = 10
_START_SECONDS = 30
_SILENCE_SECONDS = 2
_POLL_SECONDS = 0.05


class PortTakenError(DemurError):
    """Another program listens on a port that is needed."""


class StartError(DemurError):
    """A process of the installation did not come up."""

    retry_can_help = True


@dataclass(frozen=True)
class Ports:
    """Where the processes listen on loopback: the pages, the mail catcher's SMTP and its page, the sign-in."""

    centre: int
    smtp: int
    mailbox: int
    identity: int

    @classmethod
    def counted_from(cls, centre: int) -> "Ports":
        """Return the usual four: 8000, 8025, 8026 and 8027 when the centre is on 8000."""
        return cls(centre, centre + 25, centre + 26, centre + 27)

    @classmethod
    def free(cls) -> "Ports":
        """Return ports that nobody uses now, for tests and the demonstration."""
        with ExitStack() as held:
            probes = [held.enter_context(socket.socket()) for _ in fields(cls)]
            for probe in probes:
                probe.bind((LOOPBACK, 0))
            return cls(*(probe.getsockname()[1] for probe in probes))

    @property
    def base_url(self) -> str:
        """The address of the centre."""
        return f"http://{LOOPBACK}:{self.centre}"

    @property
    def issuer(self) -> str:
        """The address of the sign-in."""
        return f"http://{LOOPBACK}:{self.identity}"

    def check_free(self) -> None:
        """Refuse to start over another program.

        Raises:
            PortTakenError: names the first port that is taken.
        """
        for port in astuple(self):
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind((LOOPBACK, port))
                except PermissionError as error:
                    raise PortTakenError(
                        f"port {port} on {LOOPBACK} is not open to this user; nothing was started",
                        hint='choose ports from 1024 on: "demur run --port 9000"',
                    ) from error
                except OSError as error:
                    raise PortTakenError(
                        f"port {port} on {LOOPBACK} is taken by another program; nothing was started",
                        hint='stop that program, or choose other ports: "demur run --port 9000"',
                    ) from error


@dataclass
class Installation:
    """The running processes over one home folder."""

    home: Path
    ports: Ports
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables that every process of the installation gets."""
        return {
            **os.environ,
            "DEMUR_HOME": str(self.home),
            "DEMUR_BASE_URL": self.ports.base_url,
            "DEMUR_SMTP": f"{LOOPBACK}:{self.ports.smtp}",
            "DEMUR_ACCOUNT_DIRECTORY": "demur.sample.directory.open_directory",
            "DEMUR_SIGN_IN_ISSUER": self.ports.issuer,
        }

    @property
    def commands(self) -> Mapping[str, Sequence[str]]:
        """The subcommand of each process."""
        return {
            "mailbox": ["mailbox", "--smtp-port", str(self.ports.smtp), "--page-port", str(self.ports.mailbox)],
            "identity": ["identity", "--port", str(self.ports.identity)],
            "worker": ["worker"],
            "centre": ["serve", "--port", str(self.ports.centre)],
        }

    def demur(self, *arguments: str, capture: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a command to its end in the home folder, as somebody at this installation's terminal would.

        Args:
            arguments: of the `demur` command.
            capture: whether its words come back here, or go to this terminal.
        """
        return subprocess.run(  # noqa: S603  (our own command line)
            [sys.executable, "-m", "demur", *arguments],
            cwd=self.home,
            env=self.environment,
            capture_output=capture,
            text=True,
            check=False,
        )

    def start(self, name: str) -> None:
        """Start one process. Its words go to `<home>/<name>.log`, since the terminal belongs to the person."""
        with (self.home / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(  # noqa: S603  (our own command line)
                [*_die_with_parent(), sys.executable, "-m", "demur", *self.commands[name]],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def start_all(self) -> None:
        """Start everything and wait until each process is ready.

        Raises:
            PortTakenError: nothing was started.
            StartError: a process ended or did not answer in time; the others were stopped.
        """
        self.ports.check_free()
        for name in self.commands:
            self.start(name)
        try:
            for name in self.commands:
                self.wait_until_ready(name)
        except DemurError:
            self.stop_all()
            raise

    def revive(self) -> list[str]:
        """Start again whatever has ended; return the names."""
        ended = [name for name, process in self.running.items() if process.poll() is not None]
        for name in ended:
            self._wait_until_silent(name)
            self.start(name)
        return ended

    def stop_all(self) -> None:
        """End every process in good order, by force after ten seconds."""
        for process in self.running.values():
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in self.running.values():
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.running.clear()

    def wait_until_ready(self, name: str) -> None:
        """Wait until a process answers on its port; the worker has none, and is ready when it runs.

        Raises:
            StartError: it ended, or did not answer in time.
        """
        port = self._port_of(name)
        give_up_at = time.monotonic() + _START_SECONDS
        while time.monotonic() < give_up_at:
            if self.running[name].poll() is not None:
                break
            if port is None or _answers(port):
                return
            time.sleep(_POLL_SECONDS)
        raise StartError(f"the {name} did not start", hint=f"its last words are in {self.home.name}/{name}.log")

    def _wait_until_silent(self, name: str) -> None:
        """Wait for what a process that was killed had started: it ends a moment later, and holds the port till then."""
        port = self._port_of(name)
        give_up_at = time.monotonic() + _SILENCE_SECONDS
        while port is not None and _answers(port) and time.monotonic() < give_up_at:
            time.sleep(_POLL_SECONDS)

    def _port_of(self, name: str) -> int | None:
        ports = {"mailbox": self.ports.smtp, "identity": self.ports.identity, "centre": self.ports.centre}
        return ports.get(name)


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((LOOPBACK, port)) == 0


def _die_with_parent() -> list[str]:
    """Let the kernel end a process when the one that started it is gone, even by kill -9 (util-linux setpriv)."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "TERM", "--"] if setpriv else []

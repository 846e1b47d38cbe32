"""`demur run`: the whole chain on this machine, until Ctrl-C."""

import fcntl
import os
import shutil
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import as_file, files
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer
from rich.console import Console
from rich.panel import Panel
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

from demur.cli.home import DEFAULT_HOME, HomeOption, open_home
from demur.cli.processes import Installation, Ports, StartError
from demur.core.errors import DemurError

LOCK_FILE = "run.lock"
_PRIVATE_FOLDER_MODE, _PRIVATE_FILE_MODE = 0o700, 0o600
PEOPLE, ROWS, SEED, PHOTOS = 2_000, 60_000, 2026, 48
_KEPT_RUNS = 3
_LOOK_SECONDS = 1.0


def run(
    home: HomeOption = DEFAULT_HOME,
    port: Annotated[
        int,
        typer.Option(help="The centre's port; mail is caught 25 and shown 26 above it.", min=1, max=65_535 - 27),
    ] = 8000,
) -> None:
    """Start the sample platform, the privacy centre, the worker, the mail catcher and a sign-in, until Ctrl-C.

    [bold]Examples[/bold]

      demur run

      demur run --port 9000 --home /tmp/second-installation
    """
    console = Console(highlight=False)
    ports = Ports.counted_from(port)
    ports.check_free()
    home = home.resolve()
    with only_run(home):
        prepare_home(home, console)
        _run_until_stopped(Installation(home, ports), console)


def _run_until_stopped(installation: Installation, console: Console) -> None:
    stop = threading.Event()

    def ask_to_stop(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, ask_to_stop)
    installation.start_all()
    try:
        console.print(_welcome(installation.home, installation.ports))
        _watch(installation, stop, console)
    finally:
        installation.stop_all()
        console.print("Stopped. Everything is kept; the same command goes on from here.")


@contextmanager
def only_run(home: Path) -> Iterator[None]:
    """Keep a second run out of a home folder: two would answer each other's mails and revive each other's worker.

    Raises:
        StartError: another run has the folder.
        StorageError: the folder cannot be made.
    """
    from demur.ledger.durable import make_folder

    make_folder(home, _PRIVATE_FOLDER_MODE)
    descriptor = os.open(home / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _PRIVATE_FILE_MODE)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StartError(
                f'"demur run" already works in the home folder "{home.name}"; nothing was started',
                hint="stop it first, or choose another folder with --home",
            ) from error
        yield
    finally:
        os.close(descriptor)


def prepare_home(home: Path, console: Console, *, people: int = PEOPLE, rows: int = ROWS) -> Path:
    """Make a home folder complete: keys, database, sample platform. What is there already is kept."""
    os.environ.setdefault("DEMUR_ACCOUNT_DIRECTORY", "demur.sample.directory.open_directory")
    home = open_home(home)
    from demur.docket.home import init_home
    from demur.sample.platform import SampleRequest, generate

    with as_file(files("demur.sample") / "data" / "controller.yaml") as controller:
        init_home(home, controller)
    if not (home / "sample").exists():
        with Progress(TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), console=console) as bar:
            task = bar.add_task(f"making up a platform: {people:,} people, {rows:,} rows", total=rows)
            generate(
                SampleRequest(out=home / "sample", people=people, rows=rows, seed=SEED, photos=PHOTOS),
                lambda done, total: bar.update(task, completed=done, total=total),
            )
    return home


def run_gate_over_sample(installation: Installation, list_number: int, *, quiet: bool = False) -> Path:
    """Run the gate over the sample lake with the newest list, and log its manifest; return the output folder."""
    out = installation.home / "training" / f"list-{list_number:06d}"
    sample, lists = installation.home / "sample", installation.home / "lists"
    gate = [str(sample / "lake"), "--mapping", str(sample / "mapping.yaml")]
    gate += ["--controller", str(installation.home / "controller.yaml")]
    gate += ["--list", str(lists / f"{list_number:06d}.list"), "--out", str(out)]
    manifest = out / "manifest.note"
    # Each by itself: a kill between them must not leave a manifest that is never logged.
    commands = [["gate", "run", *gate]] if not out.exists() else []
    commands += [["ledger", "add", str(manifest)]] if not manifest.with_suffix(".receipt.json").exists() else []
    for command in commands:
        done = installation.demur(*command, capture=quiet or command[0] == "ledger")
        if done.returncode:
            raise StartError(f"demur {command[0]} ended with {done.returncode}: {(done.stderr or '').strip()}")
    return out


def newest_list_number(home: Path) -> int:
    """Return the number of the newest published list; 0 when there is none yet."""
    latest = home / "lists" / "latest.list"
    return int(latest.readlink().stem) if latest.is_symlink() else 0


def _watch(installation: Installation, stop: threading.Event, console: Console) -> None:
    """Revive what ended, and gate the sample lake whenever a new list is out."""
    gated = 0
    while not stop.wait(_LOOK_SECONDS):
        for name in installation.revive():
            console.print(f"The {name} ended and was started again; its words are in {name}.log.")
        newest = newest_list_number(installation.home)
        if newest > gated:
            gated = newest
            console.rule(f"Suppression list {newest} is out: gating the sample lake")
            _gate_newest(installation, newest, console)


def _gate_newest(installation: Installation, number: int, console: Console) -> None:
    """Gate the lake; a run that fails (a full disk) is told and tried again with the next list."""
    try:
        out = run_gate_over_sample(installation, number)
    except DemurError as error:
        console.print(f"{error}\nThe pages go on; the gate runs again with the next list.\n")
        return
    console.print(f"Kept rows, withheld ids and the signed manifest are in {_short(out)}\n")
    _forget_old_runs(installation.home / "training")


def _forget_old_runs(training: Path) -> None:
    for old in sorted(training.glob("list-*"))[:-_KEPT_RUNS]:
        shutil.rmtree(old, ignore_errors=True)  # what cannot be removed now is tried again with the next list


def _short(path: Path) -> str:
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def _welcome(home: Path, ports: Ports) -> Panel:
    from demur.sample.truth import find_examples

    handles = "\n".join(f"  @{person.handle} ({person.rows} rows)" for person in find_examples(home / "sample", 3))
    return Panel(
        f"""[bold]Privacy centre[/bold]  {ports.base_url}/privacy/genai
[bold]Mails[/bold]           http://127.0.0.1:{ports.mailbox}/

Press "Right to object" and sign in as one of these made-up people, or go on
without that and give any e-mail address and their handle:
{handles}
The code arrives on the page of mails. Within a minute a new suppression
list is out, and the gate takes that person's rows out of the training set;
watch this terminal. The receipt comes by mail too; check it with
  demur verify receipt.json --keys {_short(home / "keys" / "public.keys")}

Ctrl-C stops; the same command goes on where it stopped.""",
        title="Demur is running",
        expand=False,
    )

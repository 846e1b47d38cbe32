"""The `demur` command: every subcommand has a file of its own, and loads its room only when it runs."""

import gc
import os
import sys
from collections.abc import Callable
from pathlib import Path

import typer
from rich.console import Console

from demur.cli.controller import controller_app
from demur.cli.demo import demo
from demur.cli.desk import desk_app
from demur.cli.exit_codes import exit_code
from demur.cli.gate import gate_app
from demur.cli.ledger import ledger_app
from demur.cli.me import me_app
from demur.cli.protect import protect
from demur.cli.run import run
from demur.cli.sample import sample
from demur.cli.serve import serve
from demur.cli.services import identity, init, mailbox, publish, worker
from demur.cli.verify import verify
from demur.core.errors import DemurError

app = typer.Typer(
    name="demur",
    help="The right to object to AI training, end to end.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)

BEGIN: tuple[Callable[..., None], ...] = (run, demo, verify)
OPERATE: tuple[Callable[..., None], ...] = (init, serve, worker, publish)
MADE_UP: tuple[Callable[..., None], ...] = (sample, mailbox, identity)
for command in BEGIN:
    app.command(rich_help_panel="Begin here")(command)
app.add_typer(gate_app, name="gate", rich_help_panel="For data engineers")
app.add_typer(desk_app, name="desk", rich_help_panel="For the controller's staff")
app.add_typer(me_app, name="me", rich_help_panel="For data subjects")
app.command(rich_help_panel="For data subjects")(protect)
for command in OPERATE:
    app.command(rich_help_panel="For operators")(command)
app.add_typer(controller_app, name="controller", rich_help_panel="For operators")
app.add_typer(ledger_app, name="ledger", rich_help_panel="For operators")
for command in MADE_UP:
    app.command(rich_help_panel="The made-up world")(command)


_GARBAGE_THRESHOLDS = (10_000, 20, 20)
"""Python's own (700, 10, 10) cost a fifth of the start of a gate's run, and a twentieth of a page of the centre."""


def main() -> None:
    """Run the command line; an error of ours becomes one sentence and a documented exit code."""
    gc.set_threshold(*_GARBAGE_THRESHOLDS)
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        told = error if isinstance(error, DemurError) else _told_by_others(error)
        if told is None:
            raise
        console = Console(stderr=True, highlight=False, soft_wrap=True, markup=False)
        console.print(f"demur: error: {told}")
        if told.hint:
            console.print(f"demur: hint: {told.hint}")
        sys.exit(exit_code(told))


def _told_by_others(error: Exception) -> DemurError | None:
    """Put into a sentence what the system, the database or a missing package says; None for what is a fault of ours."""
    if isinstance(error, OSError):
        name = f' ("{Path(os.fsdecode(error.filename)).name}")' if isinstance(error.filename, str | bytes) else ""
        reason = (error.strerror or type(error).__name__).lower()
        return DemurError(
            f"the system refused: {reason}{name}", hint="check permissions and free space, then try again"
        )
    if isinstance(error, ModuleNotFoundError) and error.name and not error.name.startswith("demur"):
        return DemurError(
            f'this command needs the package "{error.name}", which is not installed',
            hint='install what runs the whole, in the clone: pip install ".[centre,sample]"',
        )
    database = sys.modules.get("django.db")  # not imported here: who only verifies has no Django
    if database and isinstance(error, database.Error):
        # Its words can quote a row, so only its kind is told.
        return DemurError(
            f"the database cannot be used ({type(error).__name__})",
            hint="check that it runs, that this user may write to it, and that its disk is not full; then try again",
        )
    return None

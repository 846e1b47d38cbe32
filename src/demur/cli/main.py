"""The `demur` command: every subcommand has a file of its own, and loads its room only when it runs."""

import sys

import typer
from rich.console import Console

from demur.cli.exit_codes import exit_code
from demur.core.errors import DemurError

app = typer.Typer(
    name="demur",
    help="The right to object to AI training, end to end.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)


def main() -> None:
    """Run the command line; an error of ours becomes one sentence and a documented exit code."""
    try:
        app()
    except DemurError as error:
        console = Console(stderr=True, highlight=False, soft_wrap=True, markup=False)
        console.print(f"demur: error: {error}")
        if error.hint:
            console.print(f"demur: hint: {error.hint}")
        sys.exit(exit_code(error))
    except KeyboardInterrupt:
        sys.exit(130)

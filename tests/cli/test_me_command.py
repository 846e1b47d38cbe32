"""`demur me directory` as a data subject types it."""

import typer
from typer.testing import CliRunner

from demur.agent.procedure import load_directory
from demur.cli.me import directory

app = typer.Typer()
app.command()(directory)


def test_all_procedures_are_listed_without_words() -> None:
    shown = CliRunner().invoke(app, [], terminal_width=200, env={"COLUMNS": "200"})
    assert shown.exit_code == 0
    assert all(procedure.procedure_id in shown.output for procedure in load_directory())


def test_procedure_is_shown_with_its_steps_and_what_it_changes() -> None:
    shown = CliRunner().invoke(app, ["instagram"])
    assert "  1. " in shown.output
    assert "What it changes: " in shown.output


def test_unknown_platform_is_not_looked_up_on_the_network() -> None:
    shown = CliRunner().invoke(app, ["nowhere-at-all"])
    assert shown.exit_code == 0
    assert "Nothing was looked up on the network" in shown.output

"""`demur sample` as somebody types it."""

from pathlib import Path

import typer
from typer.testing import CliRunner

from demur.cli.sample import sample
from demur.sample.errors import SampleSizeError
from demur.sample.platform import find_summary

app = typer.Typer()
app.command()(sample)


def test_sample_is_made_and_summed_up(tmp_path: Path) -> None:
    out = tmp_path / "sample"
    figures = ["--people", "50", "--rows", "300", "--seed", "4", "--photos", "8"]
    result = CliRunner().invoke(app, [*figures, "--out", str(out)])
    assert result.exit_code == 0, result.output
    summary = find_summary(out)
    assert summary is not None
    assert (summary.people, summary.rows, summary.seed, summary.photos) == (50, 300, 4, 8)
    assert "300" in result.output
    assert str(out) in result.output.replace("\n", "")


def test_folder_must_be_named() -> None:
    assert CliRunner().invoke(app, []).exit_code == 2


def test_figures_that_no_sample_can_have_are_our_error(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["--people", "3", "--out", str(tmp_path / "sample")])
    assert isinstance(result.exception, SampleSizeError)

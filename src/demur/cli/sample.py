"""`demur sample`: make a sample platform with its data lake."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table


def sample(
    out: Annotated[Path, typer.Option(help="Folder to make; a sample that is there is replaced.")],
    people: Annotated[int, typer.Option(help="How many people, with and without accounts.")] = 2_000,
    rows: Annotated[int, typer.Option(help="How many rows the data lake holds.")] = 60_000,
    seed: Annotated[int, typer.Option(help="Equal seeds make equal bytes.")] = 2026,
    photos: Annotated[int, typer.Option(help="How many image files; rows share them.")] = 48,
) -> None:
    """Make a sample platform: a data lake, photos, an account directory, and the truth to hold results against.

    [bold]Examples[/bold]

      demur sample --out sample

      demur sample --people 1000000 --rows 20000000 --out /data/sample
    """
    from demur.sample.platform import SampleRequest, SampleSummary, generate

    console = Console(highlight=False)
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("rows", total=rows)
        summary: SampleSummary = generate(
            SampleRequest(out=out, people=people, rows=rows, seed=seed, photos=photos),
            lambda done, total: bar.update(task, completed=done, total=total),
        )
    table = Table(show_header=False, box=None)
    for what, figure in (
        ("people", summary.people),
        ("of them without an account", summary.people_without_account),
        ("accounts", summary.accounts),
        ("rows", summary.rows),
        ("bytes of the lake", summary.lake_bytes),
        ("image files", summary.photos),
        ("truth: pairs of a row and a person whom it concerns", summary.concerns),
    ):
        table.add_row(what, f"{figure:,}")
    console.print(table)
    console.print(f"The sample is in {out}", soft_wrap=True)

"""`demur gate reserved`: what files, and the site that they came from, say about training."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from demur.reservations.finding import Finding
    from demur.reservations.preference import Preference
    from demur.reservations.web_source import WebSource


def reserved(
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="[FILE]...", help="Photos, PDF, EPUB.", exists=True, dir_okay=False)
    ] = None,
    url: Annotated[str | None, typer.Option(help="Where the data were fetched.")] = None,
    headers: Annotated[
        Path | None, typer.Option(help="The headers of that answer, a line each.", exists=True, dir_okay=False)
    ] = None,
    page: Annotated[Path | None, typer.Option(help="The page.", exists=True, dir_okay=False)] = None,
    robots: Annotated[Path | None, typer.Option(help="The site's robots.txt.", exists=True, dir_okay=False)] = None,
    tdmrep: Annotated[
        Path | None, typer.Option(help="The site's .well-known/tdmrep.json.", exists=True, dir_okay=False)
    ] = None,
    ai_txt: Annotated[Path | None, typer.Option(help="The site's ai.txt.", exists=True, dir_okay=False)] = None,
) -> None:
    """Show what files, and the site that they came from, say about training, and by which standard.

    Nothing is fetched: give what was captured. Any "no" wins. What is damaged, or says no in a wrong way, is held.

    [bold]Examples[/bold]

      demur gate reserved photo.jpg book.epub

      demur gate reserved --url https://site.example/a/1 --headers headers.txt --robots robots.txt
    """
    from demur.reservations.in_file import read_in_file
    from demur.reservations.outcome import Purpose, settle
    from demur.reservations.preference import combine

    if not files and url is None:
        raise typer.BadParameter("give a file, or the address where the data were fetched", param_hint="FILE")
    console = Console(highlight=False, markup=False)
    all_said: list[Preference] = []
    for file in files or []:
        all_said += _tell(file.name, read_in_file(file.read_bytes()), console)
    if url is not None:
        source = _read_source(url, headers, page, robots, tdmrep, ai_txt)
        all_said += _tell(url, source.findings, console)
    together = combine(all_said)
    standing = settle(together)
    any_model, generative = standing.outcome(Purpose.TRAIN), standing.outcome(Purpose.GENAI)
    console.print(f"together: {_word(together)}; for any model: {any_model}; for generative models: {generative}")


def _read_source(
    url: str, headers: Path | None, page: Path | None, robots: Path | None, tdmrep: Path | None, ai_txt: Path | None
) -> "WebSource":
    from demur.reservations.site_file import SiteFile
    from demur.reservations.web_source import SiteFiles, read_web_source

    def captured(file: Path | None) -> SiteFile | None:
        return SiteFile(file.read_bytes()) if file else None

    site = SiteFiles(robots=captured(robots), tdmrep=captured(tdmrep), ai_txt=captured(ai_txt))
    lines = headers.read_text("latin-1").splitlines() if headers else []
    pairs = [(name, value.strip()) for name, colon, value in (line.partition(":") for line in lines) if colon]
    return read_web_source(url, pairs, html=page.read_bytes() if page else None, site=site)


def _tell(title: str, findings: Sequence["Finding"], console: Console) -> list["Preference"]:
    from demur.reservations.finding import shorten

    if not findings:
        console.print(f"{shorten(title)}: nothing is said")
        return []
    table = Table("standard", "where", "training", "words", "to be known", title=shorten(title), title_justify="left")
    for each in findings:
        said = each.preference
        table.add_row(each.standard, each.channel, _word(said), each.raw, ", ".join(sorted(said.flags)))
    console.print(table)
    return [each.preference for each in findings]


def _word(said: "Preference") -> str:
    from demur.reservations.preference import Word

    if Word.DENY in (said.train, said.genai):
        return "no" if said.train is Word.DENY else "no to generative models"
    if said.is_undetermined:
        return "cannot be told"
    return "yes" if said.train is Word.ALLOW else "nothing is said"

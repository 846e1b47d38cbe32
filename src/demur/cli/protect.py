"""`demur protect`: a person's photos say no to AI training before they are posted."""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from demur.cli.exit_codes import exit_code
from demur.core.errors import DemurError

if TYPE_CHECKING:
    from demur.agent.photo_key import PhotoKey
    from demur.agent.protect import Outcome, Portrait, Task
    from demur.reservations.personal import Personal
    from demur.reservations.photo import Wish
    from demur.reservations.photo_telling import Telling

_MAX_SHOWN = 60
_MAX_PATH_SHOWN = 400
_NOT_A_LOCK = (
    "This is a reservation, not a lock: it says no in a way that machines can read and that the law gives weight to. "
    "Who ignores it can still use the photo, and many platforms remove it on upload. Objecting to a platform is "
    "another step: demur me directory"
)
_NOT_TRUSTED = (
    "Nobody trusts your key by itself, and it says nothing about who you are. The signature shows that the no was not "
    "changed since, and, for as long as you keep the key, lets you show that the photos come from one person. Whoever "
    "sees two of them can tell that too."
)


class _Failures:
    """Keeps a sentence for each photo that could not be done, to tell when no progress bar is in the way."""

    def __init__(self) -> None:
        self.exit_code = 0
        self._sentences: list[str] = []
        self._hints: dict[str, None] = {}

    @contextmanager
    def of(self, source: Path, what_failed: str) -> Iterator[None]:
        try:
            yield
        except DemurError as error:
            self.exit_code = self.exit_code or exit_code(error)
            self._sentences.append(f'demur: error: "{_plain(source.name)}" {what_failed}: {error}')
            if error.hint:
                self._hints[error.hint] = None

    def tell(self) -> None:
        """Tell of each photo, and once for all what to do next."""
        console = Console(stderr=True, highlight=False, soft_wrap=True, markup=False)
        for line in [*self._sentences, *(f"demur: hint: {hint}" for hint in self._hints)]:
            console.print(line)


def protect(  # noqa: PLR0913  (each is an option of the command line)
    photos: Annotated[list[Path], typer.Argument(metavar="PHOTO...", help="JPEG, PNG or WebP files, or folders.")],
    out: Annotated[Path, typer.Option(help="The folder for the protected photos.")] = Path("protected"),
    *,
    in_place: Annotated[bool, typer.Option("--in-place", help="Replace the photos themselves.")] = False,
    remove_location: Annotated[
        bool, typer.Option("--remove-location", help="Also take out where the photo was taken.")
    ] = False,
    remove_personal: Annotated[
        bool,
        typer.Option(
            "--remove-personal",
            help="Also take out the place, serial numbers, the camera's owner and own notes, people's names and the "
            "small copy of the picture.",
        ),
    ] = False,
    break_signature: Annotated[
        bool, typer.Option("--break-signature", help="Also change photos with signed content credentials (C2PA).")
    ] = False,
    sign: Annotated[
        bool,
        typer.Option(
            "--sign",
            help="Also sign the no under a pseudonym, as content credentials (C2PA); HEIC and AVIF can only be signed.",
        ),
    ] = False,
    key: Annotated[
        Path | None, typer.Option(help="The file of your key for --sign; made if it is not there.", show_default=False)
    ] = None,
    show: Annotated[
        bool, typer.Option("--show", help="Only show what the photos tell about you; nothing is written.")
    ] = False,
) -> None:
    """Write into photos that they must not be used to train AI, before you post them.

    The pictures stay the same to the bit. The originals stay as they are, unless you ask with --in-place.

    [bold]Examples[/bold]

      demur protect --show holiday.jpg

      demur protect holiday.jpg

      demur protect Pictures/ --out to-post/ --remove-location --sign
    """
    from demur.agent.protect import find_tasks
    from demur.reservations.photo import Wish

    console = Console(highlight=False, soft_wrap=True, markup=False)
    tasks = list(find_tasks(photos, None if in_place or show else out))
    if show:
        raise typer.Exit(_show_all(tasks, console))
    remove = _removed(location=remove_location, personal=remove_personal)
    wish = Wish(remove, may_break_signature=break_signature)
    raise typer.Exit(_protect_all(tasks, wish, _key(key or _usual_key_file(), console) if sign else None, console))


def _usual_key_file() -> Path:
    """Return where programs keep a person's data (XDG Base Directory Specification 0.8)."""
    home = os.environ.get("XDG_DATA_HOME", "")
    return (Path(home) if Path(home).is_absolute() else Path.home() / ".local" / "share") / "demur" / "photo-key.pem"


def _key(file: Path, console: Console) -> "PhotoKey":
    from demur.agent.photo_key import open_photo_key

    key = open_photo_key(file)
    if key.is_new:
        console.print(f'A key of your own was made: "{_plain(str(file), most=_MAX_PATH_SHOWN)}". It names nobody.')
    return key


def _removed(*, location: bool, personal: bool) -> frozenset["Personal"]:
    from demur.reservations.personal import Personal

    if personal:
        return frozenset(Personal)
    return frozenset({Personal.PLACE} if location else ())


def _protect_all(tasks: Sequence["Task"], wish: "Wish", key: "PhotoKey | None", console: Console) -> int:
    """Protect photo by photo; return the exit code of the first that could not be, else 0."""
    from demur.agent.protect import protect_photo

    outcomes: list[Outcome] = []
    failures = _Failures()
    with _progress(console) as progress:
        bar = progress.add_task("protecting", total=len(tasks))
        for task in tasks:
            with failures.of(task.source, "was not protected"):
                outcomes.append(protect_photo(task, wish, key))
            progress.advance(bar)
    failures.tell()
    _tell_outcomes(tasks, outcomes, console)
    return failures.exit_code


def _show_all(tasks: Sequence["Task"], console: Console) -> int:
    from demur.agent.protect import look_at_photo

    failures = _Failures()
    for task in tasks:
        with failures.of(task.source, "cannot be shown"):
            console.print(_table(task.source, look_at_photo(task.source)))
    failures.tell()
    if not tasks:
        console.print("No photos were found there.")
    return failures.exit_code


def _table(source: Path, portrait: "Portrait") -> Table:
    table = Table("what it tells", "in the photo", "removed by", title=_plain(source.name), title_justify="left")
    reserved = "no, says the photo" if portrait.is_reserved else "nothing is said"
    table.add_row("may it train AI?", reserved, "")
    for each in portrait.telling:
        table.add_row(each.what, _plain(each.text) or "yes", _option(each))
    if portrait.is_signed:
        table.add_row("content credentials (C2PA)", "yes, signed; they may tell more", "")
    if portrait.behind_bytes:
        table.add_row("behind the picture", f"{portrait.behind_bytes:,} bytes: a film or further pictures", "")
    return table


def _option(telling: "Telling") -> str:
    from demur.reservations.personal import Personal

    options = {Personal.PLACE: "--remove-location", Personal.IDENTITY: "--remove-personal", None: "stays"}
    return options[telling.personal]


def _tell_outcomes(tasks: Sequence["Task"], outcomes: Sequence["Outcome"], console: Console) -> None:
    from demur.agent.protect import Done

    written = sum(each.done is Done.WRITTEN for each in outcomes)
    already = len(outcomes) - written
    failed = len(tasks) - len(outcomes)
    if not tasks:
        console.print("No photos were found there; nothing was written.")
        return
    counts = [f"{_photos(written)} protected", f"{_photos(already)} said no already" if already else ""]
    counts.append(f"{_photos(failed)} not protected, see above" if failed else "")
    console.print("; ".join(each for each in counts if each))
    if outcomes and tasks[0].target != tasks[0].source.resolve():
        console.print(
            f'The protected photos are in "{_plain(str(_common_folder(tasks)))}"; the originals are untouched.'
        )
    _tell_left(outcomes, console)
    if outcomes:
        console.print(_NOT_A_LOCK)


def _tell_left(outcomes: Sequence["Outcome"], console: Console) -> None:
    """Say what is still in the photos, so that nobody takes them for cleaner than they are."""
    from demur.reservations.personal import Personal

    left = [{telling.personal for telling in each.left} for each in outcomes]
    places, identities = (sum(kind in each for each in left) for kind in (Personal.PLACE, Personal.IDENTITY))
    if places:
        words = "tells where it was taken" if places == 1 else "tell where they were taken"
        console.print(f"{_photos(places)} still {words}: see --show, and --remove-location")
    if identities:
        words = "tells" if identities == 1 else "tell"
        console.print(
            f"{_photos(identities)} still {words} about you or your camera: see --show, and --remove-personal"
        )
    if behind := sum(each.behind_bytes > 0 for each in outcomes):
        console.print(
            f"{_photos(behind)} {'carries' if behind == 1 else 'carry'} a film or further pictures behind the picture; "
            "only a film's place is looked for in these, and they may tell more"
        )
    _tell_signatures(outcomes, console)


def _tell_signatures(outcomes: Sequence["Outcome"], console: Console) -> None:
    from demur.agent.protect import Signature

    counts = Counter(each.signature for each in outcomes)
    if broken := counts[Signature.BROKEN]:
        console.print(
            f"{_photos(broken)} had signed content credentials; these are still there and may tell more about you, "
            "but their signature is broken"
        )
    if over := counts[Signature.MADE_OVER_ANOTHER]:
        console.print(
            f"{_photos(over)} had signed content credentials; these are kept below yours and may tell more about you"
        )
    if alone := counts[Signature.MADE_ALONE]:
        console.print(
            f"{_photos(alone)} of HEIC or AVIF: only signed, without the sentence in XMP, and what else the file "
            "tells, as where it was taken, was not looked for"
        )
    if made := counts[Signature.MADE] + over + alone:
        console.print(f"{_photos(made)} signed. {_NOT_TRUSTED}")


def _common_folder(tasks: Sequence["Task"]) -> Path:
    folders = {task.target.parent for task in tasks}
    return min(folders, key=lambda folder: len(folder.parts))


def _photos(count: int) -> str:
    return f"{count} photo" if count == 1 else f"{count:,} photos"


def _progress(console: Console) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)


def _plain(text: str, most: int = _MAX_SHOWN) -> str:
    """Return text without what steers a terminal, on one line, and not too long."""
    shown = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)
    return shown if len(shown) <= most else shown[: most - 1] + "…"

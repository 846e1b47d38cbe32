"""`demur desk`: the controller's staff at the terminal of the server. Whoever can run it is believed to be staff."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from demur.cli.desk_matches import matches
from demur.cli.home import DEFAULT_HOME, HomeOption, open_ready_home
from demur.ledger.durable import storage_errors

if TYPE_CHECKING:
    from demur.docket.selectors import PhotoCounts

desk_app = typer.Typer(help="See the open cases, and decide.", no_args_is_help=True)
desk_app.command()(matches)
Reference = Annotated[str, typer.Argument(help="The case's reference, e.g. DMR-7K3F-9Q2M.")]
Staff = Annotated[str, typer.Option(help="Who does this; it stands in the case's history.")]


@desk_app.command()
def queue(home: HomeOption = DEFAULT_HOME) -> None:
    """Show the open cases, the earliest legal date first.

    [bold]Example[/bold]

      demur desk queue
    """
    open_ready_home(home)
    from demur.desk.queue import list_queue

    queued = list_queue(datetime.now(UTC))
    console = Console(highlight=False)
    table = Table(box=None, padding=(0, 1))
    for name in ("reference", "state", "due on", "", "country", "capacity"):
        table.add_column(name, no_wrap=name == "reference")
    for item in queued:
        case = item.case
        words = f"{item.urgency}, {abs(case.days_left)} days {'over' if case.days_left < 0 else 'left'}"
        table.add_row(case.reference, case.state, case.due_on.isoformat(), words, case.country, case.capacity)
    console.print(table if queued else "No case is open.")


@desk_app.command()
def show(reference: Reference, home: HomeOption = DEFAULT_HOME) -> None:
    """Show one case: what the person said, what was found, what has happened.

    [bold]Example[/bold]

      demur desk show DMR-7K3F-9Q2M
    """
    open_ready_home(home)
    from demur.docket.errors import CaseUnknownError
    from demur.docket.selectors import find_case

    case = find_case(reference, datetime.now(UTC))
    if case is None:
        raise CaseUnknownError
    status = case.status
    table = Table(box=None, padding=(0, 1), show_header=False)
    for name, value in (
        ("reference", status.reference),
        ("state", status.state),
        ("due on", status.due_on.isoformat()),
        ("country", status.country),
        ("capacity", status.capacity),
        ("name", status.name),
        ("written by", status.representative_name),
        ("accounts signed in", ", ".join(status.accounts)),
        ("accounts found for", ", ".join(status.handles_found)),
        ("no account found for", ", ".join(status.handles_not_found)),
        ("still looked up", ", ".join(status.handles_pending)),
        ("links", "\n".join(status.links)),
        ("photos", _photo_words(status.photos)),
        ("face agreed to by", ", ".join(f"photo {face.photo_number}" for face in status.faces_agreed)),
        ("how it affects them", case.effect),
        *((line.added_at.isoformat(" ", "minutes"), f"added {line.text}") for line in status.additions),
        *((line.changed_at.isoformat(" ", "minutes"), f"{line.state} {line.text}") for line in status.history),
    ):
        if value:
            table.add_row(name, Text(value))
    Console(highlight=False).print(table)


def _photo_words(photos: "PhotoCounts") -> str:
    if not (photos.of_person or photos.of_mandate):
        return ""
    fates = {
        "looked for": photos.looked_for,
        "still prepared": photos.pending,
        "with too little in them": photos.too_plain,
        "that could not be prepared": photos.given_up,
    }
    counted = ", ".join(f"{number} {fate}" for fate, number in fates.items() if number)
    return f"{photos.of_person}{f' ({counted})' if counted else ''}, and {photos.of_mandate} of a mandate"


@desk_app.command()
def photos(
    reference: Reference,
    to: Annotated[Path, typer.Option(help="A folder that does not exist yet; only you can read it.")],
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Save the photos of a case as files, to look at them. Delete the folder when the case is decided.

    [bold]Example[/bold]

      demur desk photos DMR-7K3F-9Q2M --to /dev/shm/photos
    """
    open_ready_home(home)
    from demur.docket.errors import CaseUnknownError
    from demur.docket.selectors import find_case, find_case_photos

    if find_case(reference, datetime.now(UTC)) is None:
        raise CaseUnknownError
    found = find_case_photos(reference)
    with storage_errors(to):
        to.mkdir(mode=0o700)
        for number, (purpose, jpeg) in enumerate(found, 1):
            if jpeg is not None:
                (to / f"{number:02}-{purpose.replace('_', '-')}.jpg").write_bytes(jpeg)
    erased = sum(jpeg is None for _, jpeg in found)
    console = Console(highlight=False)
    console.print(f"{len(found) - erased} photos saved.")
    if erased:
        console.print(f"{erased} more were erased, since the time to appeal against the decision is over.")


@desk_app.command()
def review(reference: Reference, staff: Staff, home: HomeOption = DEFAULT_HOME) -> None:
    """Take a case under review.

    [bold]Example[/bold]

      demur desk review DMR-7K3F-9Q2M --staff officer@lumen.example
    """
    open_ready_home(home)
    from demur.docket.services import start_review

    start_review(reference, staff, datetime.now(UTC))
    Console(highlight=False).print("Under review. The objection stays in force meanwhile.")


@desk_app.command()
def decide(
    reference: Reference,
    staff: Staff,
    outcome: Annotated[str, typer.Option(help="upheld, upheld_in_part or refused.")],
    ground: Annotated[str, typer.Option(help="The ground of the law; needed unless upheld in full.")] = "",
    text: Annotated[str, typer.Option(help="The reason in words, which the person reads.")] = "",
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Decide a case. The person is told by mail, with the complaint information that the law demands.

    [bold]Examples[/bold]

      demur desk decide DMR-7K3F-9Q2M --staff officer@lumen.example --outcome upheld

      demur desk decide DMR-7K3F-9Q2M --staff officer@lumen.example --outcome refused
        --ground gdpr-11-2-not-identified --text "We could not find the account that you named."
    """
    open_ready_home(home)
    from demur.core.objection import DECISIONS, CaseState
    from demur.docket.decision import Decision, RefusalGround
    from demur.docket.services import decide as decide_case

    outcomes, grounds = sorted(DECISIONS), sorted(RefusalGround)
    if outcome not in outcomes:
        raise typer.BadParameter(f"one of: {', '.join(outcomes)}", param_hint="--outcome")
    if ground and ground not in grounds:
        raise typer.BadParameter(f"one of: {', '.join(grounds)}", param_hint="--ground")
    decision = Decision(CaseState(outcome), RefusalGround(ground) if ground else None, text, staff)
    decide_case(reference, decision, datetime.now(UTC))
    Console(highlight=False).print("Decided and logged; the mail is on its way.")

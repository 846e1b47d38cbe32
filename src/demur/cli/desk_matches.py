"""`demur desk matches`: the photos of a case beside the pictures of a dataset that are copies of them."""

from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.console import Console

from demur.cli.gate_options import MappingFile, find_inputs_place, load_list
from demur.cli.gate_summary import gate_progress
from demur.cli.home import DEFAULT_HOME, HomeOption, open_ready_home
from demur.core.errors import DemurError
from demur.ledger.durable import PRIVATE_MODE, place_file

if TYPE_CHECKING:
    from demur.docket.photo_store import PersonPhoto

_QUERY_PIXELS: Final = 640
_COPY_PIXELS: Final = 240
_MOST: Final = 24


class NoPhotoToLookForError(DemurError):
    """A case has no photo of which copies could be looked for."""


class NoListYetError(DemurError):
    """An installation has published no suppression list."""


def matches(
    reference: Annotated[str, typer.Argument(help="The case's reference, e.g. DMR-7K3F-9Q2M.")],
    data: Annotated[
        str, typer.Argument(help="The dataset, as for `demur gate run`: a path, a pattern, or an address.")
    ],
    mapping: MappingFile,
    out: Annotated[
        Path, typer.Option(help="The page to write, which only you can read; one that is there is replaced.")
    ],
    most: Annotated[int, typer.Option(help="How many pictures are drawn of each photo.", min=0, max=500)] = _MOST,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Draw the photos of a case beside the pictures of a dataset that are copies of them, as one page.

    Pictures of rows that the gate withholds anyway (private messages, minors, people who objected with their account)
    are counted and not shown. The newest suppression list says who objected. Delete the page when the case is decided.

    [bold]Example[/bold]

      demur desk matches DMR-7K3F-9Q2M lake/ --mapping mapping.yaml --out /dev/shm/matches.html
    """
    place, home = find_inputs_place(data), open_ready_home(home)
    from demur.desk.matches_page import draw_matches
    from demur.gate.mapping import load_mapping
    from demur.gate.pictures.photo_search import search_photos

    photos = _load_photos(reference)
    looked_for = [photo.hashes for photo in photos if photo.hashes]
    suppressions = load_list(_find_list(home), home / "keys")
    with gate_progress("the photos of the case", "looking for") as progress:
        search = search_photos(
            place, load_mapping(mapping), suppressions, looked_for, lambda raw: _draw(raw, _COPY_PIXELS), most, progress
        )
    found = iter(search.photos)
    copies = [next(found) if photo.hashes else None for photo in photos]
    drawn = [photo.jpeg and (_draw(photo.jpeg, _QUERY_PIXELS) or photo.jpeg) for photo in photos]
    place_file(out, draw_matches(reference.strip().upper(), drawn, copies, search).encode(), PRIVATE_MODE)
    Console(highlight=False, markup=False, soft_wrap=True).print(f"The page is in {out}; only you can read it.")


def _find_list(home: Path) -> Path:
    from demur.docket.publishing import LATEST

    path = home / "lists" / LATEST
    if not path.exists():
        raise NoListYetError(
            "no suppression list was published yet, so nobody can say whose pictures may be shown",
            hint="the worker publishes one within minutes; is it running?",
        )
    return path


def _load_photos(reference: str) -> "list[PersonPhoto]":
    from demur.docket.errors import CaseUnknownError
    from demur.docket.selectors import find_case, find_photos_of_person

    if find_case(reference, datetime.now(UTC)) is None:
        raise CaseUnknownError
    photos = find_photos_of_person(reference)
    if not any(photo.hashes for photo in photos):
        raise NoPhotoToLookForError(
            "this case has no photo of which copies could be looked for; nothing was written",
            hint="demur desk show says what became of its photos; new ones are prepared within minutes",
        )
    return photos


def _draw(raw: bytes, long_edge_pixels: int) -> bytes | None:
    from demur.docket.errors import PhotoRefusedError
    from demur.docket.photographs import clean_photo

    try:
        return clean_photo(BytesIO(raw), long_edge_pixels).jpeg
    except PhotoRefusedError:
        return None

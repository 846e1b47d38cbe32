"""What a person adds to a case later, and how much a case can hold."""

from dataclasses import dataclass

from demur.docket.models import PhotoPurpose
from demur.docket.photographs import CleanPhoto

MAX_ADDITIONS_A_DAY = 20
MAX_ADDITIONS = 200
MAX_HANDLES_OF_CASE = 100
MAX_LINKS_OF_CASE = 200


@dataclass(frozen=True)
class Supplement:
    """What was sent; each part may be empty, but not all.

    Attributes:
        text: in the person's words.
        handles: handles or profile links, as typed.
        links: to posts by others, as typed.
        photos: drawn anew, each with why it was sent.
    """

    text: str = ""
    handles: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    photos: tuple[tuple[CleanPhoto, PhotoPurpose], ...] = ()

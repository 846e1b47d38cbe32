"""What is found out about a picture of a dataset."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from demur.reservations.outcome import Outcome

if TYPE_CHECKING:  # its tools may not be installed, which is only said once pictures are looked at
    from demur.photos.pdq import PdqHash


@dataclass(frozen=True)
class PictureFinding:
    """What was found out about one picture.

    Attributes:
        hash: its PDQ hash; None if the bytes could not be read as a picture within the limits.
        within: the hash of what is within an even frame around it; None if it has none.
        outcome: what the file itself says about training: drop is a no, hold is damaged or undecidable.
    """

    hash: "PdqHash | None"
    outcome: Outcome
    within: "PdqHash | None" = None

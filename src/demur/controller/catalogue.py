"""The data catalogue: what is collected, and which of it may train a model at all.

The privacy centre shows it, and the gate enforces it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from demur.controller.local_text import LocalText


class Kind(StrEnum):
    """What a piece of data is."""

    POST = "post"
    PHOTO = "photo"
    CAPTION = "caption"
    COMMENT = "comment"
    PROMPT = "prompt"
    MESSAGE = "message"


class Audience(StrEnum):
    """Who can see it on the platform."""

    PUBLIC = "public"
    FRIENDS = "friends"
    PRIVATE = "private"


Cell = tuple[Kind, str, Audience]
"""A kind of data, in a product (by its id), seen by an audience: what one answer is given for."""


@dataclass(frozen=True)
class Collected:
    """A kind of data that is collected.

    Attributes:
        id: stable, for anchors.
        name: as people read it.
        description: one or two sentences.
        purpose: what it is used for.
        legal_basis: of that use, e.g. legitimate interests.
        kinds: as the training data name them.
        products: ids of the products that collect it.
        audiences: which audiences' data are meant.
        kept_for: how long, in words.
        used_for_training: whether it is. Never true of private messages.
    """

    id: str
    name: LocalText
    description: LocalText
    purpose: LocalText
    legal_basis: LocalText
    kinds: tuple[Kind, ...]
    products: tuple[str, ...]
    audiences: tuple[Audience, ...]
    kept_for: LocalText
    used_for_training: bool

    @property
    def cells(self) -> frozenset[Cell]:
        """What the line speaks of."""
        return frozenset(
            (kind, product, audience) for kind in self.kinds for product in self.products for audience in self.audiences
        )


@dataclass(frozen=True)
class Catalogue:
    """Which data may train, as far as their kind decides it.

    Attributes:
        trained: the cells that a line of the file lets train. What it does not name may not.
    """

    trained: frozenset[Cell]


def make_catalogue(lines: Iterable[Collected]) -> Catalogue:
    """Return what the lines of a file say together. Lines that contradict one another are refused before this."""
    return Catalogue(frozenset().union(*(line.cells for line in lines if line.used_for_training)))

"""The controller's data catalogue in the words of a page."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext_lazy as _

from demur.controller.catalogue import Audience, Collected
from demur.controller.controller import Controller

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

_AUDIENCE_WORDS: Final[dict[Audience, "_StrPromise"]] = {
    Audience.PUBLIC: _("everybody"),
    Audience.FRIENDS: _("friends"),
    Audience.PRIVATE: _("only you and those you write to"),
}


@dataclass(frozen=True)
class CatalogueLine:
    """A line of the catalogue.

    Attributes:
        item: what the controller's file says.
        products: names of the products that collect it.
        audiences: who can see it there.
    """

    item: Collected
    products: tuple[str, ...]
    audiences: tuple["_StrPromise", ...]


def catalogue_lines(controller: Controller) -> list[CatalogueLine]:
    """Return the catalogue: first what models are trained on, then the rest, each in the file's order."""
    names = {product.id: product.name for product in controller.products}
    lines = [
        CatalogueLine(
            item,
            tuple(names[product] for product in item.products),
            tuple(_AUDIENCE_WORDS[audience] for audience in item.audiences),
        )
        for item in controller.collected
    ]
    return sorted(lines, key=lambda line: not line.item.used_for_training)

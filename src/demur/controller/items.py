"""The lists of the controller's file: campaigns, products and the lines of the catalogue."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Protocol, TypeVar
from zoneinfo import ZoneInfo

import yaml

from demur.controller.campaign import Campaign
from demur.controller.catalogue import Audience, Collected, Kind
from demur.controller.colour import COLOUR, LEAST_CONTRAST, contrast
from demur.controller.fields import Fields
from demur.controller.logo import Logo, LogoRefusedError, read_logo
from demur.controller.product import MenuLevel, Product

_ID: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?\Z")
_ID_WANTED: Final = 'may hold only a-z, 0-9 and "-", 64 at most'
_NAMESPACE: Final = re.compile(r"[a-z0-9-]+\Z")
_COLOUR_WANTED: Final = "is not a colour like #0b5d66"


class _HasId(Protocol):
    @property
    def id(self) -> str: ...


_Item = TypeVar("_Item", bound=_HasId)


def _read_items(fields: Fields, name: str, one: str, read: Callable[[Fields], _Item]) -> tuple[_Item, ...]:
    """Return the entries of a list of tables, each with an id of its own."""
    items: dict[str, _Item] = {}
    for number, node in enumerate(fields.nodes(name), 1):
        own = Fields(node, f"{one} {number}", fields.notes)
        id_node = own.node_of("id")
        if isinstance(id_node, yaml.ScalarNode):
            own.call_it(f'{one} "{id_node.value}"')
        item = read(own)
        own.end()
        if item.id in items:
            own.note("id", "stands twice in the list", id_node)
        items[item.id] = item
    return tuple(items.values())


def read_campaigns(fields: Fields, zone: ZoneInfo) -> tuple[Campaign, ...]:
    """Return the campaigns in the order in which they start."""

    def read(own: Fields) -> Campaign:
        own_id, name = own.text("id", _ID, _ID_WANTED), own.local_text("name")
        day = own.day("training_starts_on")
        starts_at = datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
        return Campaign(own_id, name, day, starts_at)

    campaigns = _read_items(fields, "campaigns", "campaign", read)
    return tuple(sorted(campaigns, key=lambda campaign: campaign.starts_at))


def read_products(fields: Fields, folder: Path) -> tuple[Product, ...]:
    """Return the products; their logos are read from files below a folder."""

    def read(own: Fields) -> Product:
        colour, text_colour = _read_colours(own)
        return Product(
            id=own.text("id", _ID, _ID_WANTED),
            name=own.text("name"),
            description=own.local_text("description"),
            namespace=own.text("namespace", _NAMESPACE, 'may hold only a-z, 0-9 and "-"'),
            sign_in_claim=own.text("sign_in_claim") if "sign_in_claim" in own else None,
            colour=colour,
            text_colour=text_colour,
            logo=_read_logo(own, folder) if "logo" in own else None,
            menu_path=tuple(_read_level(own, node) for node in own.nodes("menu_path")),
        )

    return _read_items(fields, "products", "product", read)


def _read_colours(own: Fields) -> tuple[str, str]:
    """Return the colours of the band and of the text on it, if the text can be read."""
    node = own.node_of("text_colour")
    colour = own.text("colour", COLOUR, _COLOUR_WANTED)
    text_colour = own.text("text_colour", COLOUR, _COLOUR_WANTED)
    if COLOUR.match(colour) and COLOUR.match(text_colour) and (found := contrast(colour, text_colour)) < LEAST_CONTRAST:
        wanted = f"their contrast is {found:.1f}:1, and must be {LEAST_CONTRAST}:1 or more"
        own.note("text_colour", f'is hard to read on "colour": {wanted}', node)
    return colour, text_colour


def _read_logo(own: Fields, folder: Path) -> Logo | None:
    node, path = own.node_of("logo"), own.text("logo")
    if not path:
        return None
    file = folder / path
    if not file.resolve().is_relative_to(folder):
        own.note("logo", "leads out of the folder of the controller's file", node)
        return None
    try:
        return read_logo(path, file.read_bytes())
    except OSError:
        own.note("logo", f'names the file "{path}", which cannot be read', node)
    except LogoRefusedError as refused:
        own.note("logo", f'names the file "{path}", which {refused}', node)
    return None


def _read_level(own: Fields, node: yaml.Node) -> MenuLevel:
    """Return a level of the menu: a text, or a table of the text and of what stands beside it."""
    names = {key.value for key, _ in node.value} if isinstance(node, yaml.MappingNode) else set()
    if "name" not in names:
        return MenuLevel(own.local_text_of(node, "menu_path"), ())
    level = own.inside(node, "menu_path")
    read = MenuLevel(
        level.local_text("name"),
        tuple(level.local_text_of(entry, "beside") for entry in level.nodes("beside")) if "beside" in level else (),
    )
    level.end()
    return read


def read_collected(fields: Fields, products: tuple[Product, ...]) -> tuple[Collected, ...]:
    """Return the lines of the catalogue, if no two contradict one another."""
    known = {product.id for product in products}
    earlier: list[Collected] = []

    def read(own: Fields) -> Collected:
        nodes = {name: own.node_of(name) for name in ("products", "used_for_training")}
        line = Collected(
            id=own.text("id", _ID, _ID_WANTED),
            name=own.local_text("name"),
            description=own.local_text("description"),
            purpose=own.local_text("purpose"),
            legal_basis=own.local_text("legal_basis"),
            kinds=own.choices("kinds", Kind),
            products=own.texts("products"),
            audiences=own.choices("audiences", Audience),
            kept_for=own.local_text("kept_for"),
            used_for_training=own.truth("used_for_training"),
        )
        for product in line.products:
            if known and product not in known:
                own.note("products", f'names "{product}", which is no product\'s id', nodes["products"])
        for wrong in _training_contradictions(line, earlier):
            own.note("used_for_training", wrong, nodes["used_for_training"])
        earlier.append(line)
        return line

    return _read_items(fields, "collected", "collected", read)


def _training_contradictions(line: Collected, earlier: list[Collected]) -> list[str]:
    """Return why a line cannot say what it says about training."""
    wrong = []
    if line.used_for_training and Kind.MESSAGE in line.kinds:
        wrong.append(
            "is true for messages; private messages are never used for training, and the gate withholds them all"
        )
    for other in earlier:
        shared = sorted(line.cells & other.cells)
        if shared and line.used_for_training != other.used_for_training:
            kind, product, audience = shared[0]
            what = f"{kind}, {product}, {audience}"
            wrong.append(f'says otherwise of the same data than collected "{other.id}" does ({what})')
    return wrong

"""A product of the controller, and the way to the privacy centre inside its app."""

from dataclasses import dataclass

from demur.controller.local_text import LocalText
from demur.controller.logo import Logo


@dataclass(frozen=True)
class MenuLevel:
    """One tap on the way.

    Attributes:
        name: the entry of the menu that leads on.
        beside: the other entries that stand in the same menu, after it.
    """

    name: LocalText
    beside: tuple[LocalText, ...]


@dataclass(frozen=True)
class Product:
    """A product of the controller.

    Attributes:
        id: stable; in addresses and in the catalogue.
        name: its brand, the same in every language.
        description: what it is, in a few words.
        namespace: of its accounts, as in `namespace:stable-id`.
        sign_in_claim: the claim of the platform's sign-in that holds the account's stable id; None if it states none.
        colour: of its band, like #0b5d66.
        text_colour: of the text on it; readable, which is checked.
        logo: None if it has none.
        menu_path: the taps in its app from the first screen to the article about generative AI.
    """

    id: str
    name: str
    description: LocalText
    namespace: str
    sign_in_claim: str | None
    colour: str
    text_colour: str
    logo: Logo | None
    menu_path: tuple[MenuLevel, ...]

"""Texts that are drawn once for everybody to whom they say the same, and kept; what is one person's is put in later.

Drawing a page or a mail from its template takes longer than all else that an answer needs. What is kept can hold
nothing of anybody's: it is drawn from what its key names, with a mark wherever something of one person's goes.
"""

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from django.utils.safestring import SafeString

from demur.controller.controller import Controller

_SECRET: Final = secrets.token_hex(16)
"""Nobody can type a mark."""

_MARK = re.compile(f"{_SECRET}-([a-z0-9_]+)-{_SECRET}")


@dataclass(frozen=True, eq=False)
class SameController:
    """The controller as a key that equals itself only, so that a file read anew leaves no text of the old one behind.

    Attributes:
        it: the controller.
    """

    it: Controller

    def __eq__(self, other: object) -> bool:
        """Tell whether it is the same object."""
        return isinstance(other, SameController) and other.it is self.it

    def __hash__(self) -> int:
        """Return a number that is the object's own."""
        return id(self.it)


def mark(name: str) -> SafeString:
    """Return what stands in a kept text for a value of one person's; it may be a part of an address too."""
    return SafeString(f"{_SECRET}-{name}-{_SECRET}")


def has_mark(text: str) -> bool:
    """Tell whether a text has a mark in it."""
    return _SECRET in text


def fill(text: str, value_of: Callable[[str], str]) -> str:
    """Return a kept text with the value of each mark's name in its place, as it is."""
    return _MARK.sub(lambda found: value_of(found[1]), text)

"""Pages into which nobody has typed anything yet: drawn once for each language and country, and kept.

Most people see the first two pages just so, and drawing them takes longer than all else that an answer needs. What is
kept can hold nothing of anybody's: a page is drawn without the request, from what the caller names as its key.
"""

import secrets
from dataclasses import dataclass
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.template.loader import render_to_string

from demur.controller.controller import Controller

_TOKEN_MARK: Final = secrets.token_hex(16)
"""Stands in kept pages where each browser's own token against cross-site posting goes."""


@dataclass(frozen=True, eq=False)
class SameController:
    """The controller as a key that equals itself only, so that a file read anew leaves no page of the old one behind.

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


def draw_untouched(template: str, controller: Controller, context: dict[str, object]) -> str:
    """Return a page's text in the active language, with a mark where the token goes."""
    return render_to_string(template, {**context, "controller": controller, "csrf_token": _TOKEN_MARK})


def answer_untouched(request: HttpRequest, page: str) -> HttpResponse:
    """Return such a page as the answer to a request, with the token of its browser."""
    return HttpResponse(page.replace(_TOKEN_MARK, get_token(request)))

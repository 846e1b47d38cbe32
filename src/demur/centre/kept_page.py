"""Pages that are drawn once for everybody to whom they show the same, and kept; what is one person's is put in later.

Most people see the same few pages, and drawing one takes longer than all else that an answer needs. What is kept can
hold nothing of anybody's: a page is drawn without the request, from what the caller names as its key, with a mark
wherever something of one person's goes.
"""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.template.loader import render_to_string
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString

from demur.controller.controller import Controller

_SECRET: Final = secrets.token_hex(16)
"""Nobody can type a mark."""

_MARK = re.compile(f"{_SECRET}-([a-z0-9_]+)-{_SECRET}")
_TOKEN: Final = "csrf_token"  # noqa: S105  (a name)


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


def mark(name: str) -> SafeString:
    """Return what stands in a kept page for a value of one person's; it may be a part of an address too."""
    return SafeString(f"{_SECRET}-{name}-{_SECRET}")


def draw_kept(template: str, controller: Controller, context: dict[str, object]) -> str:
    """Return a page's text in the active language, with marks where the context has them, and for the form's token."""
    return render_to_string(template, {**context, "controller": controller, _TOKEN: mark(_TOKEN)})


def answer_kept(
    request: HttpRequest, page: str, values: Mapping[str, str] = MappingProxyType({}), status: int = 200
) -> HttpResponse:
    """Return such a page as the answer to a request.

    Args:
        request: whose browser gets a token of its own against cross-site posting, if the page has a form.
        page: with marks.
        values: one for each mark; escaped here, but for those that are HTML already.
        status: of the answer.
    """

    def put_in(found: re.Match[str]) -> str:
        return get_token(request) if found[1] == _TOKEN else conditional_escape(values[found[1]])

    return HttpResponse(_MARK.sub(put_in, page), status=status)

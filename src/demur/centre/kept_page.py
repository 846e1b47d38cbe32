"""Pages that are kept once they were drawn (demur.docket.kept_text), as answers to a request.

Most people see the same few pages. They are drawn without the request, so that nothing of it is kept.
"""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.template.loader import render_to_string
from django.utils.html import conditional_escape

from demur.controller.controller import Controller
from demur.docket.kept_text import fill, mark

_TOKEN: Final = "csrf_token"  # noqa: S105  (a name)


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

    @cache
    def token() -> str:
        return get_token(request)

    def value_of(name: str) -> str:
        return token() if name == _TOKEN else conditional_escape(values[name])

    return HttpResponse(fill(page, value_of), status=status)

"""What the pages behind a private link have in common: the token in their address, and that nobody else learns it."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from typing import ParamSpec

from django.http import Http404, HttpResponse

from demur.docket.selectors import StatusView, find_status

P = ParamSpec("P")

TOKEN_PATTERN = re.compile(r"[A-Za-z0-9_-]{20,128}")


class TokenConverter:
    """The part of an address that is a secret: URL-safe Base64, so nothing odd reaches a look-up."""

    regex = TOKEN_PATTERN.pattern

    def to_python(self, value: str) -> str:
        """Return the token as it stands in the address."""
        return value

    def to_url(self, value: str) -> str:
        """Return the token as it will stand in the address."""
        return value


def private(view: Callable[P, HttpResponse]) -> Callable[P, HttpResponse]:
    """Keep a page out of search engines; that no cache stores it is the middleware's work."""

    @wraps(view)
    def answer(*args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        response = view(*args, **kwargs)
        response.headers["X-Robots-Tag"] = "noindex, nofollow"
        return response

    return answer


def get_status(token: str) -> StatusView:
    """Return what the status page of a private link shows.

    Raises:
        Http404: no case has this link.
    """
    status = find_status(token, datetime.now(UTC))
    if status is None:
        raise Http404
    return status


def no_referrer(view: Callable[P, HttpResponse]) -> Callable[P, HttpResponse]:
    """Tell no site, ours included, which page a link was followed from. Only for pages without a form.

    Browsers send `Origin: null` with a form on such a page, which looks like a forged request and is refused.
    """

    @wraps(view)
    def answer(*args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        response = view(*args, **kwargs)
        response.headers["Referrer-Policy"] = "no-referrer"
        return response

    return answer

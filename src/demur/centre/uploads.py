"""Which pages take photos, and so a large body; every other page refuses one unread (demur.web.middleware)."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

from django.http import HttpResponse

from demur.docket.photographs import MAX_UPLOAD_BYTES

P = ParamSpec("P")

MAX_FORM_BYTES = 1_000_000
"""The largest body of a form without photos."""


def takes_photos(view: Callable[P, HttpResponse]) -> Callable[P, HttpResponse]:
    """Let a view be sent as much as ten photos are."""

    @wraps(view)
    def answer(*args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        return view(*args, **kwargs)

    answer.__dict__["max_body_bytes"] = MAX_UPLOAD_BYTES
    return answer


def max_body_bytes(view: Callable[..., object], content_type: str) -> int:
    """Return how large a body a view is sent at most; photos come only in a body of several parts."""
    found = getattr(view, "max_body_bytes", MAX_FORM_BYTES)
    return int(found) if content_type == "multipart/form-data" else MAX_FORM_BYTES

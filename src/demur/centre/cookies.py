"""What a browser remembers for 24 hours between the pages of an objection: the country, and a draft's secret."""

from datetime import datetime

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from demur.centre.country import is_country
from demur.centre.sign_in import find_signed_in
from demur.docket.drafts import DRAFT_LIFETIME, DraftView, find_draft

_COUNTRY = "country"
_PATH = "/"

WRITER = "writer"
"""The field of a draft that tells who was signed in when it was written."""


def chosen_country(request: HttpRequest) -> str:
    """Return the code of the country chosen in this browser; empty if there is none."""
    country = request.COOKIES.get(_COUNTRY, "")
    return country if is_country(country) else ""


def remember_country(response: HttpResponse, country: str) -> None:
    """Let the form know the country. It stays when the form was sent: who goes back, or objects again, keeps it."""
    _set(response, _COUNTRY, country)


def find_open_draft(request: HttpRequest, now: datetime) -> DraftView | None:
    """Return the draft of this browser, None if there is none, it has ended, or somebody else is signed in now."""
    draft = find_draft(request.COOKIES.get(_draft_name(), ""), now)
    signed_in = find_signed_in(request) if draft else None
    writer = draft.fields.get(WRITER) if draft else None
    return None if signed_in and writer and writer != signed_in.key else draft


def remember_draft(response: HttpResponse, token: str) -> None:
    """Let the browser find the draft again, for as long as the draft is kept."""
    _set(response, _draft_name(), token)


def forget_cookies(response: HttpResponse, *, country: bool = False) -> None:
    """Let the browser forget the draft, and the country too if that is wanted."""
    for name in (_draft_name(), *([_COUNTRY] if country else [])):
        response.delete_cookie(name, path=_PATH, samesite="Lax")


def _draft_name() -> str:
    # With the prefix no other host can plant a draft of its own, and read later what is written into it.
    return "__Host-draft" if settings.CSRF_COOKIE_SECURE else "draft"


def _set(response: HttpResponse, name: str, value: str) -> None:
    response.set_cookie(
        name,
        value,
        max_age=DRAFT_LIFETIME,
        path=_PATH,
        secure=settings.CSRF_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )

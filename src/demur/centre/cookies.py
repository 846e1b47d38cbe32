"""What a browser remembers for 24 hours between the pages of an objection: the country, and a draft's secret."""

from datetime import datetime

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from demur.centre.country import is_country
from demur.docket.drafts import DRAFT_LIFETIME, DraftView, find_draft

_DRAFT = "draft"
_COUNTRY = "country"
_PATH = "/privacy/genai"


def chosen_country(request: HttpRequest) -> str:
    """Return the code of the country chosen in this browser; empty if there is none."""
    country = request.COOKIES.get(_COUNTRY, "")
    return country if is_country(country) else ""


def remember_country(response: HttpResponse, country: str) -> None:
    """Let the form know the country. It stays when the form was sent: who goes back, or objects again, keeps it."""
    _set(response, _COUNTRY, country)


def find_open_draft(request: HttpRequest, now: datetime) -> DraftView | None:
    """Return the draft of this browser, None if there is none or it has ended."""
    return find_draft(request.COOKIES.get(_DRAFT, ""), now)


def remember_draft(response: HttpResponse, token: str) -> None:
    """Let the browser find the draft again, for as long as the draft is kept."""
    _set(response, _DRAFT, token)


def forget_cookies(response: HttpResponse, *, country: bool = False) -> None:
    """Let the browser forget the draft, and the country too if that is wanted."""
    for name in (_DRAFT, *([_COUNTRY] if country else [])):
        response.delete_cookie(name, path=_PATH, samesite="Lax")


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

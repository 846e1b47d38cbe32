"""Choosing a language: any page with `?language=de` at its end remembers that, and leads to itself without it.

A link, so that it works in every browser without a script. All that somebody else's link could do is change the
language of this site in one browser; it leads nowhere else.
"""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import check_for_language

PARAMETER = "language"


class LanguageChoiceMiddleware:
    """Answers what carries the parameter, before any view sees it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Remember a known language in a cookie; pass everything else on."""
        wanted = request.GET.get(PARAMETER)
        if wanted is None or request.method != "GET":
            return self._get_response(request)
        rest = request.GET.copy()
        del rest[PARAMETER]
        # A path that begins with two slashes would be read as another host.
        address = "/" + request.path.lstrip("/\\") + (f"?{rest.urlencode()}" if rest else "")
        response = HttpResponseRedirect(address)
        if wanted in dict(settings.LANGUAGES) and check_for_language(wanted):
            response.set_cookie(
                settings.LANGUAGE_COOKIE_NAME,
                wanted,
                max_age=settings.LANGUAGE_COOKIE_AGE,
                httponly=settings.LANGUAGE_COOKIE_HTTPONLY,
                secure=settings.LANGUAGE_COOKIE_SECURE,
                samesite="Lax",
            )
        return response

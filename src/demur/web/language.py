"""Choosing a language: any page with `?language=de` at its end remembers that, and leads to itself without it.

A link, so that it works in every browser without a script. All that somebody else's link could do is change the
language of this site in one browser; it leads nowhere else. Without a choice the browser's own languages decide, among
those that the controller's file names; its texts are in no others.
"""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.middleware.locale import LocaleMiddleware
from django.utils import translation
from django.utils.translation import check_for_language
from django.utils.translation.trans_real import get_supported_language_variant, parse_accept_lang_header

from demur.controller.errors import ControllerFileError
from demur.docket.controller import get_controller

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


class OfferedLanguageMiddleware(LocaleMiddleware):
    """Django's own, but only with the languages that the controller offers; the first of them is the default."""

    def process_request(self, request: HttpRequest) -> None:
        """Draw the page in the language that was chosen before, or in the browser's first that is offered."""
        translation.activate(_find_language(request))
        request.LANGUAGE_CODE = translation.get_language()


def _find_language(request: HttpRequest) -> str:
    try:
        offered = get_controller().languages
    except ControllerFileError:  # the page will say so, in a language that Demur speaks
        offered = tuple(code for code, _ in settings.LANGUAGES)
    chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
    if chosen in offered:
        return chosen
    for wanted, _ in parse_accept_lang_header(request.headers.get("Accept-Language", "")):
        try:
            spoken = get_supported_language_variant(wanted)
        except LookupError:
            continue
        if spoken in offered:
            return spoken
    return offered[0]

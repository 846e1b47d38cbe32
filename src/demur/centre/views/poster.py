"""Ways to the form from outside: a short address, its QR code, and a poster to print."""

import io
from functools import cache

import segno
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from demur.docket.controller import get_controller


@require_safe
def short_address(request: HttpRequest) -> HttpResponse:  # noqa: ARG001  (Django's signature)
    """Lead from the address that people can remember and type to the form."""
    return redirect("centre:object")


@require_safe
@cache_control(public=True, max_age=3600)
def qr_code(request: HttpRequest) -> HttpResponse:  # noqa: ARG001  (Django's signature)
    """Return the QR code of the short address as a picture."""
    return HttpResponse(_draw(_short_address()), content_type="image/svg+xml")


@require_safe
def poster(request: HttpRequest) -> HttpResponse:
    """Show a page to print: the QR code, the address, and one sentence in the languages of the controller."""
    here = translation.get_language()
    others = [(code, _sentence(code)) for code in get_controller().languages if code != here]
    context = {"address": _short_address(), "sentence": _sentence(here or ""), "others": others}
    return render(request, "centre/poster.html", context)


def _sentence(language: str) -> str:
    name = get_controller().legal_name
    with translation.override(language):
        return gettext("You can say no to AI training on what you share at %(name)s.") % {"name": name}


def _short_address() -> str:
    return f"{settings.DEMUR_BASE_URL}{reverse('centre:short-address')}"


@cache
def _draw(address: str) -> bytes:
    picture = io.BytesIO()
    # Dark on white in either colour scheme: many phones do not read it the other way round.
    segno.make(address, error="m").save(
        picture, kind="svg", border=4, light="#fff", svgclass=None, lineclass=None, omitsize=True
    )
    return picture.getvalue()

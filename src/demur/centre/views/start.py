"""The first page of an objection: signed in or not, for whom, and from which country."""

from datetime import UTC, datetime
from functools import lru_cache

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods, require_POST

from demur.centre.cookies import chosen_country, find_open_draft, forget_cookies, remember_country
from demur.centre.country import likely_countries
from demur.centre.forms.objection import CountryForm
from demur.centre.kept_page import answer_kept, draw_kept
from demur.centre.meaning import Meaning
from demur.centre.sign_in import find_signed_in, sign_in_is_offered, sign_in_sentence
from demur.docket.controller import get_controller
from demur.docket.drafts import forget_draft
from demur.docket.kept_text import SameController

_TEMPLATE = "centre/start.html"
_OF_SOMEBODY = ("begun", "signed_in", "sign_in_sentence")
"""What the page can show that is one person's."""

_UNPROCESSABLE = 422
_KEPT_PAGES = 256
"""Of some 20 KB each."""


@require_http_methods(["GET", "HEAD", "POST"])
def start(request: HttpRequest) -> HttpResponse:
    """Ask what the person means and where they live, and lead to the form for that."""
    likely = likely_countries(request.headers.get("Accept-Language", ""))
    if request.method != "POST":
        return _open(request, likely)
    form = CountryForm(request.POST, likely=likely)
    meaning = _meaning(request.POST.get("meaning", ""))
    if not form.is_valid() or meaning is None:
        return render(request, _TEMPLATE, {"form": form, **_context(request)}, status=_UNPROCESSABLE)
    response = redirect("centre:form", meaning)
    remember_country(response, form.cleaned_data["country"])
    return response


@require_POST
def forget(request: HttpRequest) -> HttpResponse:
    """Erase the draft with its photos, and begin anew."""
    draft = find_open_draft(request, datetime.now(UTC))
    if draft is not None:
        forget_draft(draft.token)
    response = redirect("centre:object")
    forget_cookies(response, country=True)
    return response


def _open(request: HttpRequest, likely: tuple[str, ...]) -> HttpResponse:
    context, country = _context(request), chosen_country(request)
    if any(context[name] for name in _OF_SOMEBODY):
        form = CountryForm(initial={"country": country}, likely=likely)
        return render(request, _TEMPLATE, {"form": form, **context})
    language, controller = get_language() or "en", SameController(get_controller())
    is_offered = sign_in_is_offered()
    return answer_kept(request, _untouched(language, controller, country, likely, sign_in_is_offered=is_offered))


@lru_cache(maxsize=_KEPT_PAGES)
def _untouched(
    _language: str, controller: SameController, country: str, likely: tuple[str, ...], *, sign_in_is_offered: bool
) -> str:
    """Return the page for whoever has begun nothing and is not signed in."""
    form = CountryForm(initial={"country": country}, likely=likely)
    return draw_kept(_TEMPLATE, controller.it, {"form": form, "sign_in_is_offered": sign_in_is_offered})


def _context(request: HttpRequest) -> dict[str, object]:
    draft = find_open_draft(request, datetime.now(UTC))
    return {
        "begun": _meaning(draft.fields.get("meaning", "")) if draft else None,
        "signed_in": find_signed_in(request),
        "sign_in_is_offered": sign_in_is_offered(),
        "sign_in_sentence": sign_in_sentence(request),
    }


def _meaning(value: str) -> Meaning | None:
    return Meaning(value) if value in set(Meaning) else None

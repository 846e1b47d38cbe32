"""The form. Opening an address stores nothing; sending the form stores a draft, or the objection."""

from collections.abc import Mapping
from datetime import UTC, datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from demur.centre.cookies import chosen_country, find_open_draft, forget_cookies, remember_country, remember_draft
from demur.centre.forms.objection import FORMS, ObjectionForm
from demur.centre.meaning import Meaning
from demur.docket.drafts import DraftView, save_draft
from demur.docket.errors import LodgingRefusedError
from demur.docket.lodging import Lodging
from demur.docket.services import lodge_objection

_UNPROCESSABLE = 422
_TYPED_BEFORE = {"country"}


@require_http_methods(["GET", "HEAD", "POST"])
def object_to_training(request: HttpRequest, meaning: Meaning) -> HttpResponse:
    """Show the form for a meaning; take it in and lead to the code page."""
    draft = find_open_draft(request, _now())
    accept_language = request.headers.get("Accept-Language", "")
    if request.method != "POST":
        initial = dict(draft.fields) if draft else {}
        initial["country"] = chosen_country(request) or initial.get("country", "")
        return _form_page(request, meaning, FORMS[meaning](initial=initial, accept_language=accept_language))
    form = FORMS[meaning](request.POST, accept_language=accept_language)
    if form.is_valid():
        try:
            lodged = lodge_objection(_lodging(form, meaning, draft), _now())
        except LodgingRefusedError as error:
            form.add_error(error.field if error.field in form.fields else None, _refusal(error))
        else:
            done = redirect("centre:code", lodged.continue_token)
            forget_cookies(done)
            remember_country(done, form.cleaned_data["country"])
            return done
    response = _form_page(request, meaning, form)
    _keep(response, draft, {"meaning": meaning, **form.typed(request.POST)})
    return response


def _form_page(request: HttpRequest, meaning: Meaning, form: ObjectionForm) -> HttpResponse:
    """Return the form. Browsers may keep it with nothing in it: going back to it finds again what was typed.

    Over TLS they forget it for a page that must not be stored, and whoever mistyped the address would begin anew.
    """
    status = _UNPROCESSABLE if form.errors else 200
    response = render(request, "centre/object.html", {"form": form, "meaning": meaning}, status=status)
    if not form.is_bound and form.initial.keys() <= _TYPED_BEFORE:
        response.headers["Cache-Control"] = "private, no-cache"
    return response


def _keep(response: HttpResponse, draft: DraftView | None, typed: Mapping[str, str]) -> None:
    old: Mapping[str, str] = draft.fields if draft else {}
    remember_draft(response, save_draft(draft.token if draft else "", {**old, **typed}, _now()))


def _lodging(form: ObjectionForm, meaning: Meaning, draft: DraftView | None) -> Lodging:
    given = form.cleaned_data
    return Lodging(
        country=given["country"],
        email=given["email"],
        handles=given["handles"],
        effect=given["effect"],
        language=get_language() or "en",
        capacity=meaning.capacity,
        name=given.get("name", ""),
        representative_name=given.get("representative_name", ""),
        links=given.get("links", ()),
        draft_token=draft.token if draft else "",
    )


def _refusal(error: LodgingRefusedError) -> str:
    if error.field == "email":
        return _("We cannot send mail to this address. Use one with plain Latin letters before the @ sign.")
    return _("We could not take this as it is. Please write it in another way.")


def _now() -> datetime:
    return datetime.now(UTC)

"""The first page of an objection: signed in or not, for whom, and from which country."""

from datetime import UTC, datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from demur.centre.cookies import chosen_country, find_open_draft, forget_cookies, remember_country
from demur.centre.forms.objection import CountryForm
from demur.centre.meaning import Meaning
from demur.centre.sign_in import find_signed_in, sign_in_is_offered, sign_in_sentence
from demur.docket.drafts import forget_draft

_UNPROCESSABLE = 422


@require_http_methods(["GET", "HEAD", "POST"])
def start(request: HttpRequest) -> HttpResponse:
    """Ask what the person means and where they live, and lead to the form for that."""
    accept_language = request.headers.get("Accept-Language", "")
    if request.method != "POST":
        form = CountryForm(initial={"country": chosen_country(request)}, accept_language=accept_language)
        return _page(request, form)
    form = CountryForm(request.POST, accept_language=accept_language)
    meaning = _meaning(request.POST.get("meaning", ""))
    if not form.is_valid() or meaning is None:
        return _page(request, form, status=_UNPROCESSABLE)
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


def _page(request: HttpRequest, form: CountryForm, *, status: int = 200) -> HttpResponse:
    draft = find_open_draft(request, datetime.now(UTC))
    context = {
        "form": form,
        "begun": _meaning(draft.fields.get("meaning", "")) if draft else None,
        "signed_in": find_signed_in(request),
        "sign_in_is_offered": sign_in_is_offered(),
        "sign_in_sentence": sign_in_sentence(request),
    }
    return render(request, "centre/start.html", context, status=status)


def _meaning(value: str) -> Meaning | None:
    return Meaning(value) if value in set(Meaning) else None

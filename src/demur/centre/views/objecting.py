"""The form. Nothing is stored by opening an address; only by sending a form."""

from datetime import UTC, datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from demur.centre.forms.objection import ObjectionForm
from demur.core.objection import Capacity
from demur.docket.errors import LodgingRefusedError
from demur.docket.lodging import Lodging
from demur.docket.services import lodge_objection

_UNPROCESSABLE = 422


@require_http_methods(["GET", "HEAD", "POST"])
def object_to_training(request: HttpRequest) -> HttpResponse:
    """Show the form; take it in and lead to the code page."""
    accept_language = request.headers.get("Accept-Language", "")
    if request.method != "POST":
        return _blank_form(request, ObjectionForm(accept_language=accept_language))
    form = ObjectionForm(request.POST, accept_language=accept_language)
    if form.is_valid():
        try:
            lodged = lodge_objection(_lodging(form), _now())
            return redirect("centre:code", lodged.continue_token)
        except LodgingRefusedError as error:
            form.add_error(error.field if error.field in form.fields else None, _refusal(error))
    return render(request, "centre/object.html", {"form": form}, status=_UNPROCESSABLE)


def _blank_form(request: HttpRequest, form: ObjectionForm) -> HttpResponse:
    """Return the form with nothing in it, which browsers may keep: going back to it finds again what was typed.

    Over TLS they forget it for a page that must not be stored, and whoever mistyped the address would begin anew.
    """
    response = render(request, "centre/object.html", {"form": form})
    response.headers["Cache-Control"] = "private, no-cache"
    return response


def _lodging(form: ObjectionForm) -> Lodging:
    given = form.cleaned_data
    return Lodging(
        country=given["country"],
        email=given["email"],
        handles=given["handles"],
        effect=given["effect"],
        language=get_language() or "en",
        capacity=Capacity.ACCOUNT_HOLDER if given["handles"] else Capacity.NO_ACCOUNT,
        name=given["name"],
    )


def _refusal(error: LodgingRefusedError) -> str:
    if error.field == "email":
        return _("We cannot send mail to this address. Use one with plain Latin letters before the @ sign.")
    return _("We could not take this as it is. Please write it in another way.")


def _now() -> datetime:
    return datetime.now(UTC)

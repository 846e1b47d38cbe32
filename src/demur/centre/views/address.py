"""Correcting the address to which the code goes. What is stored of it is shown nowhere beyond its mask."""

from datetime import UTC, datetime

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from demur.centre.flood import read_asker, wait_page
from demur.centre.forms.code import AddressForm
from demur.centre.views.private import private
from demur.docket import selectors
from demur.docket.errors import (
    AlreadyConfirmedError,
    CorrectionLimitError,
    FloodError,
    LinkUnknownError,
    LodgingRefusedError,
)
from demur.docket.services import correct_address

_UNPROCESSABLE = 422


@private
@require_http_methods(["GET", "HEAD", "POST"])
def correct(request: HttpRequest, token: str) -> HttpResponse:
    """Ask for the right address; send the code there and lead to the code page's new address, by POST only."""
    if request.method != "POST":
        return _address_page(request, token, AddressForm())
    form = AddressForm(request.POST)
    if form.is_valid():
        now = datetime.now(UTC)
        try:
            corrected = correct_address(token, form.cleaned_data["email"], now, read_asker(request, now))
            return redirect(reverse("centre:code", args=[corrected.continue_token]) + "?corrected")
        except LinkUnknownError as error:
            raise Http404 from error
        except (AlreadyConfirmedError, CorrectionLimitError):  # the code page says what is possible now
            return redirect("centre:code", token)
        except LodgingRefusedError:
            words = _("We cannot send mail to this address. Use one with plain Latin letters before the @ sign.")
            form.add_error("email", words)
        except FloodError as error:
            return wait_page(request, error, now)
    return _address_page(request, token, form)


def _address_page(request: HttpRequest, token: str, form: AddressForm) -> HttpResponse:
    lodging = selectors.find_lodging(token, datetime.now(UTC))
    if lodging is None:
        raise Http404
    if not lodging.may_correct:
        return redirect("centre:code", token)
    context = {"form": form, "lodging": lodging, "token": token, "private": True}
    return render(request, "centre/address.html", context, status=_UNPROCESSABLE if form.errors else 200)

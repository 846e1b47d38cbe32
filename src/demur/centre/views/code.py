"""The code: typed in by POST only, since mail scanners open every link."""

from datetime import UTC, datetime, timedelta
from math import ceil

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from demur.centre.forms.code import CodeForm
from demur.centre.views.private import private
from demur.docket import selectors
from demur.docket.errors import (
    AlreadyConfirmedError,
    CodeError,
    CodeExpiredError,
    CodeWrongError,
    LinkUnknownError,
    MailLimitError,
)
from demur.docket.services import confirm_code, resend_code

_UNPROCESSABLE = 422
_TOO_MANY = 429


@private
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """Show where the code is typed in; confirm with it, by POST only (mail scanners open every link)."""
    if request.method != "POST":
        return _code_page(request, token, CodeForm())
    form = CodeForm(request.POST)
    if form.is_valid():
        try:
            confirmed = confirm_code(token, form.cleaned_data["code"], _now())
            return redirect("centre:status", confirmed.status_token)
        except LinkUnknownError as error:
            raise Http404 from error
        except AlreadyConfirmedError:
            return _code_page(request, token, CodeForm())
        except CodeError as error:
            form.add_error("code", _code_error(error))
    return _code_page(request, token, form, status=_UNPROCESSABLE)


@private
@require_POST
def resend(request: HttpRequest, token: str) -> HttpResponse:
    """Send a new code, which replaces the old one."""
    try:
        resend_code(token, _now())
    except LinkUnknownError as error:
        raise Http404 from error
    except AlreadyConfirmedError:
        return redirect("centre:code", token)
    except MailLimitError as error:
        form = CodeForm()
        return _code_page(request, token, form, limit=_mail_limit(error), status=_TOO_MANY)
    return redirect(reverse("centre:code", args=[token]) + "?sent")


def _code_page(request: HttpRequest, token: str, form: CodeForm, *, limit: str = "", status: int = 200) -> HttpResponse:
    lodging = selectors.find_lodging(token, _now())
    if lodging is None:
        raise Http404
    if lodging.expires_at is None:
        return render(request, "centre/confirmed_already.html", {"private": True})
    context = {
        "form": form,
        "lodging": lodging,
        "minutes_left": ceil((lodging.expires_at - _now()) / timedelta(minutes=1)),
        "token": token,
        "private": True,
        "limit": limit,
        "sent_again": "sent" in request.GET and not form.errors,
    }
    return render(request, "centre/code.html", context, status=status)


def _code_error(error: CodeError) -> str:
    if isinstance(error, CodeWrongError):
        return ngettext(
            "This is not the code that we sent. You have %(tries)d try left. Compare it with the newest mail.",
            "This is not the code that we sent. You have %(tries)d tries left. Compare it with the newest mail.",
            error.tries_left,
        ) % {"tries": error.tries_left}
    if isinstance(error, CodeExpiredError):
        return _("This code is more than an hour old. Nothing that you wrote is lost: send a new code, further down.")
    return _("This code was typed wrongly five times and no longer works. Send a new code, further down.")


def _mail_limit(error: MailLimitError) -> str:
    return _(
        "We have sent several codes already, and stop for a while so that nobody can flood a mailbox. Use the code of "
        "the newest mail, or ask again after %(time)s UTC on %(day)s."
    ) % {"time": formats.time_format(error.next_at), "day": formats.date_format(error.next_at)}


def _now() -> datetime:
    return datetime.now(UTC)

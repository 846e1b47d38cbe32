"""The code: typed in by POST only, since mail scanners open every link."""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from demur.centre.flood import next_minute, read_asker, wait_page
from demur.centre.forms.code import CodeForm
from demur.centre.kept_page import answer_kept, draw_kept
from demur.centre.templatetags.centre import moment
from demur.centre.views.private import private
from demur.docket import selectors
from demur.docket.controller import get_controller
from demur.docket.errors import (
    AlreadyConfirmedError,
    CodeError,
    CodeExpiredError,
    CodeWrongError,
    FloodError,
    LinkUnknownError,
    MailLimitError,
)
from demur.docket.kept_text import SameController, mark
from demur.docket.services import confirm_code, resend_code

_TEMPLATE = "centre/code.html"
_KEPT_PAGES = 256
"""Of some 10 KB each."""

_UNPROCESSABLE = 422
_TOO_MANY = 429


@dataclass(frozen=True)
class CodePage:
    """What a code page shows that many people see alike.

    Attributes:
        tries_left: how often a code may still be typed.
        may_correct: whether the address may still be corrected.
        is_over: whether the code's hour is.
        may_ask: whether a new code may be asked for now.
        too_early: whether one was just asked for, and it might not.
        sent_again: whether one was just asked for, and is on its way.
        corrected: whether the address was just corrected.
    """

    tries_left: int
    may_correct: bool
    is_over: bool
    may_ask: bool
    too_early: bool
    sent_again: bool
    corrected: bool


@private
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """Show where the code is typed in; confirm with it, by POST only (mail scanners open every link)."""
    if request.method != "POST":
        return _code_page(request, token, CodeForm())
    form = CodeForm(request.POST)
    if form.is_valid():
        try:
            confirmed = confirm_code(token, form.cleaned_data["code"], _now(), read_asker(request, _now()))
            return redirect("centre:status", confirmed.status_token)
        except LinkUnknownError as error:
            raise Http404 from error
        except AlreadyConfirmedError:
            return _code_page(request, token, CodeForm())
        except CodeError as error:
            form.add_error("code", _code_error(error))
        except FloodError as error:
            return wait_page(request, error, _now())
    return _code_page(request, token, form, status=_UNPROCESSABLE)


@private
@require_POST
def resend(request: HttpRequest, token: str) -> HttpResponse:
    """Send a new code, which replaces the old one."""
    try:
        resend_code(token, _now(), read_asker(request, _now()))
    except LinkUnknownError as error:
        raise Http404 from error
    except AlreadyConfirmedError:
        return redirect("centre:code", token)
    except MailLimitError:
        return _code_page(request, token, CodeForm(), status=_TOO_MANY)
    return redirect(reverse("centre:code", args=[token]) + "?sent")


def _code_page(request: HttpRequest, token: str, form: CodeForm, *, status: int = 200) -> HttpResponse:
    now = _now()
    lodging = selectors.find_lodging(token, now)
    if lodging is None:
        raise Http404
    if lodging.expires_at is None or lodging.ask_again_at is None:
        return render(request, "centre/confirmed_already.html", {"private": True})
    values = {
        "token": token,
        "email": lodging.email_masked,
        "ask_again_at": moment(next_minute(lodging.ask_again_at)),
    }
    shown = CodePage(
        tries_left=lodging.tries_left,
        may_correct=lodging.may_correct,
        is_over=now >= lodging.expires_at,
        may_ask=now >= lodging.ask_again_at,
        too_early=status == _TOO_MANY,
        sent_again="sent" in request.GET and not form.errors,
        corrected="corrected" in request.GET and not form.errors,
    )
    if form.is_bound:
        context = {"page": shown, "form": form, **values, "private": True}
        return render(request, _TEMPLATE, context, status=status)
    page = _untouched(get_language() or "en", SameController(get_controller()), shown)
    return answer_kept(request, page, values, status)


@lru_cache(maxsize=_KEPT_PAGES)
def _untouched(_language: str, controller: SameController, page: CodePage) -> str:
    """Return the page for whoever has typed nothing yet."""
    values = {name: mark(name) for name in ("token", "email", "ask_again_at")}
    return draw_kept(_TEMPLATE, controller.it, {"page": page, "form": CodeForm(), **values, "private": True})


def _code_error(error: CodeError) -> str:
    if isinstance(error, CodeWrongError):
        return ngettext(
            "This is not the code of the newest mail. You have %(tries)d try left.",
            "This is not the code of the newest mail. You have %(tries)d tries left.",
            error.tries_left,
        ) % {"tries": error.tries_left}
    if isinstance(error, CodeExpiredError):
        return _(
            "This code is more than an hour old. Nothing that you wrote is lost: ask for a new code, further down."
        )
    return _("A wrong code was typed five times, so no code works until you ask for a new one, further down.")


def _now() -> datetime:
    return datetime.now(UTC)

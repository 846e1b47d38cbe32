"""The private page on which a person follows the objection; whoever has its address may do what is offered on it."""

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import lru_cache
from operator import itemgetter

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from demur.centre.forms.appeal import AppealForm
from demur.centre.kept_page import answer_kept, draw_kept
from demur.centre.law import describe_law
from demur.centre.state_words import history_words, words_for
from demur.centre.templatetags.centre import moment
from demur.centre.views.private import get_status, no_referrer, private
from demur.controller.controller import Controller
from demur.core.entry import Event
from demur.core.errors import TransitionError
from demur.core.objection import DECISIONS, CaseState
from demur.docket import selectors
from demur.docket.controller import get_controller
from demur.docket.errors import CaseChangedError, LodgingRefusedError
from demur.docket.jurisdiction import find_jurisdiction
from demur.docket.kept_text import SameController, mark
from demur.docket.receipts import receipt_name
from demur.docket.selectors import StatusView
from demur.docket.services import appeal as appeal_decision
from demur.docket.services import withdraw as withdraw_objection
from demur.docket.services import withdraw_faces as withdraw_consent
from demur.docket.training_sets import training_sets

_TEMPLATE = "centre/status.html"
_KEPT_PAGES = 512
"""Of some 10 KB each."""

_LISTED = ("accounts", "handles_found", "handles_pending", "handles_not_found")
_SOME = ("",)
_NO_INSTANT = datetime.min.replace(tzinfo=UTC)
_AWAITING_ANSWER = frozenset({CaseState.RECEIVED, CaseState.UNDER_REVIEW, CaseState.APPEALED})


@private
@no_referrer
@require_safe
def show(request: HttpRequest, token: str) -> HttpResponse:
    """Show where the objection stands, what it covers, and what the person can do."""
    status, controller, now = get_status(token), get_controller(), datetime.now(UTC)
    today, values = controller.day_of(now), _values(status, token)
    if _is_usual(status) and "added" not in request.GET:
        page = _usual(get_language() or "en", SameController(controller), _marked(status), today)
        return answer_kept(request, page, values)
    context = {
        **_context(status, controller, today),
        **values,
        "was_added": "added" in request.GET,
        "faces_withdrawn": "face" in request.GET and status.faces and not status.faces_agreed,
        "may_appeal": status.appeal_until is not None and now < status.appeal_until,
        "training_sets": training_sets(token) if status.first_list_number else (),
        "history": _history(status),
    }
    return render(request, _TEMPLATE, context)


def _context(status: StatusView, controller: Controller, today: date) -> dict[str, object]:
    return {
        "status": status,
        "words": words_for(status.state),
        "law": describe_law(status.country, controller, today),
        "controller_jurisdiction": find_jurisdiction(controller.country),
        "awaits_answer": status.state in _AWAITING_ANSWER,
        "decision": next((line for line in reversed(status.history) if line.state in DECISIONS), None),
        "private": True,
    }


def _values(status: StatusView, token: str) -> dict[str, str]:
    """Return what of the page is this person's alone, where there is nothing unusual about the case."""
    instants = {f"changed_at_{place}": moment(line.changed_at) for place, line in enumerate(status.history)}
    return {
        "token": token,
        "reference": status.reference,
        "received": moment(status.received_at),
        "due_on": date_format(status.due_on, "DATE_FORMAT"),
        **{name: _joined(getattr(status, name)) for name in _LISTED},
        **instants,
    }


def _joined(texts: tuple[str, ...]) -> SafeString:
    return SafeString(", ".join(map(conditional_escape, texts)))


def _is_usual(status: StatusView) -> bool:
    """Tell whether a page holds nothing of the person's but `_values`, as for nearly everybody at first."""
    names = (status.name, status.representative_name)
    theirs = (*names, status.links, status.additions, status.faces, status.first_list_number)
    return status.state == CaseState.RECEIVED and not any(theirs)


def _marked(status: StatusView) -> StatusView:
    """Return a usual status with nothing in it that is one person's."""
    return replace(
        status,
        reference="",
        received_at=_NO_INSTANT,
        due_on=_NO_INSTANT.date(),
        history=tuple(replace(line, changed_at=_NO_INSTANT) for line in status.history),
        accounts=status.accounts and _SOME,
        handles_found=status.handles_found and _SOME,
        handles_pending=status.handles_pending and _SOME,
        handles_not_found=status.handles_not_found and _SOME,
    )


@lru_cache(maxsize=_KEPT_PAGES)
def _usual(_language: str, controller: SameController, status: StatusView, today: date) -> str:
    """Return the page of a usual status, with marks for `_values`."""
    names = ("token", "reference", "received", "due_on", *_LISTED)
    history = [(mark(f"changed_at_{place}"), history_words(line.state)) for place, line in enumerate(status.history)]
    context = {**_context(status, controller.it, today), **{name: mark(name) for name in names}, "history": history}
    return draw_kept(_TEMPLATE, controller.it, context)


@private
@no_referrer
@require_safe
def receipt(request: HttpRequest, token: str) -> HttpResponse:  # noqa: ARG001  (Django's signature)
    """Return the signed receipt as a file."""
    status = get_status(token)
    raw = selectors.receipt_bytes(token)
    if raw is None:
        raise Http404
    name = receipt_name(status.reference, Event.OBJECTION_RECEIVED)
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(raw, content_type="application/json", headers=headers)


@private
@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request: HttpRequest, token: str) -> HttpResponse:
    """Ask whether the objection is to be withdrawn; do it, by POST only."""
    status = get_status(token)
    if request.method != "POST":
        return render(request, "centre/withdraw.html", {"status": status, "token": token, "private": True})
    # A second click, or somebody decided at the same moment: the status page says where the case stands.
    with suppress(TransitionError, CaseChangedError):
        withdraw_objection(token, datetime.now(UTC))
    return redirect("centre:status", token)


@private
@require_http_methods(["GET", "HEAD", "POST"])
def withdraw_faces(request: HttpRequest, token: str) -> HttpResponse:
    """Ask whether the consent that a face is looked for is to be withdrawn; do it, by POST only."""
    status = get_status(token)
    if request.method == "POST":
        withdraw_consent(token, datetime.now(UTC))
        return redirect(reverse("centre:status", args=[token]) + "?face")
    if not status.faces_agreed:
        return redirect("centre:status", token)
    return render(request, "centre/withdraw_faces.html", {"status": status, "token": token, "private": True})


@private
@require_http_methods(["GET", "HEAD", "POST"])
def appeal(request: HttpRequest, token: str) -> HttpResponse:
    """Ask why the person does not agree, which may stay empty; pass the case on to somebody else, by POST only."""
    status = get_status(token)
    form = AppealForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            with suppress(TransitionError, CaseChangedError):
                appeal_decision(token, form.cleaned_data["text"], datetime.now(UTC))
            return redirect("centre:status", token)
        except LodgingRefusedError:  # longer once it is normalised
            form.add_error("text", _("We could not take this as it is. Please write it in another way."))
    context = {"status": status, "token": token, "form": form, "private": True}
    return render(request, "centre/appeal.html", context, status=422 if form.errors else 200)


def _history(status: StatusView) -> list[tuple[SafeString, str]]:
    """Return what has happened, by our side and by the person's, oldest first."""
    changes = [(line.changed_at, str(history_words(line.state))) for line in status.history]
    additions = [(line.added_at, _("You added information.")) for line in status.additions]
    agreed = {face.consented_at: _("You agreed that your face is looked for.") for face in status.faces}
    withdrawn = {face.withdrawn_at: _("You withdrew that agreement.") for face in status.faces if face.withdrawn_at}
    everything = [*changes, *additions, *agreed.items(), *withdrawn.items()]
    return [(moment(instant), words) for instant, words in sorted(everything, key=itemgetter(0))]

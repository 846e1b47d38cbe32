"""The private page on which a person follows the objection; whoever has its address may do what is offered on it."""

from contextlib import suppress
from datetime import UTC, datetime
from operator import itemgetter

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from demur.centre.forms.appeal import AppealForm
from demur.centre.law import describe_law
from demur.centre.state_words import history_words, words_for
from demur.centre.views.private import get_status, no_referrer, private
from demur.core.entry import Event
from demur.core.errors import TransitionError
from demur.core.objection import DECISIONS, CaseState
from demur.docket import selectors
from demur.docket.controller import get_controller
from demur.docket.errors import CaseChangedError, LodgingRefusedError
from demur.docket.jurisdiction import find_jurisdiction
from demur.docket.receipts import receipt_name
from demur.docket.selectors import StatusView
from demur.docket.services import appeal as appeal_decision
from demur.docket.services import withdraw as withdraw_objection
from demur.docket.training_sets import training_sets

_AWAITING_ANSWER = frozenset({CaseState.RECEIVED, CaseState.UNDER_REVIEW, CaseState.APPEALED})


@private
@no_referrer
@require_safe
def show(request: HttpRequest, token: str) -> HttpResponse:
    """Show where the objection stands, what it covers, and what the person can do."""
    status, controller, now = get_status(token), get_controller(), datetime.now(UTC)
    context = {
        "status": status,
        "token": token,
        "words": words_for(status.state),
        "law": describe_law(status.country, controller, controller.day_of(now)),
        "controller_jurisdiction": find_jurisdiction(controller.country),
        "was_added": "added" in request.GET,
        "awaits_answer": status.state in _AWAITING_ANSWER,
        "decision": next((line for line in reversed(status.history) if line.state in DECISIONS), None),
        "may_appeal": status.appeal_until is not None and now < status.appeal_until,
        "history": _history(status),
        "training_sets": training_sets(token) if status.first_list_number else (),
        "private": True,
    }
    return render(request, "centre/status.html", context)


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


def _history(status: StatusView) -> list[tuple[datetime, str]]:
    """Return what has happened, by our side and by the person's, oldest first."""
    changes = [(line.changed_at, str(history_words(line.state))) for line in status.history]
    additions = [(line.added_at, _("You added information.")) for line in status.additions]
    return sorted([*changes, *additions], key=itemgetter(0))

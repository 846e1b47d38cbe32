"""What the controller's staff decide, and the person's appeal against it."""

from datetime import datetime, timedelta

from django.db import transaction

from demur.core.canonical import instant_text
from demur.core.entry import Event
from demur.core.errors import TransitionError
from demur.core.objection import DECISIONS, CaseState
from demur.docket.controller import get_controller
from demur.docket.decision import Decision, check_decision, check_staff
from demur.docket.errors import DecisionRefusedError
from demur.docket.jurisdiction import answer_due_on
from demur.docket.lodging import MAX_EFFECT_CHARS, clean_text
from demur.docket.mail_text import write_mail
from demur.docket.models import Case, ListWish, MailKind
from demur.docket.services.outbox import queue_mail
from demur.docket.services.statement import record_statement
from demur.docket.services.transition import DATA_SUBJECT, change_state, get_case, get_case_by_status


def start_review(reference: str, staff: str, now: datetime) -> None:
    """Take a received case under review.

    Raises:
        CaseUnknownError: no such case.
        DecisionRefusedError: no id of a member of staff.
        TransitionError: it is not waiting for review.
        CaseChangedError: somebody else took it a moment ago.
    """
    check_staff(staff)
    with transaction.atomic():
        change_state(get_case(reference), CaseState.UNDER_REVIEW, now, actor=staff)


def decide(reference: str, decision: Decision, now: datetime) -> None:
    """Decide a case, tell the person, and log it.

    After an appeal, somebody who did not make the first decision decides.

    Raises:
        CaseUnknownError: no such case.
        DecisionRefusedError: grounds are missing, or the same person decides again.
        TransitionError: the case is not where it can be decided.
        CaseChangedError: somebody else decided a moment ago.
    """
    check_decision(decision)
    words = clean_text(decision.text, "text", MAX_EFFECT_CHARS)
    with transaction.atomic():
        case = get_case(reference)
        second = case.state == CaseState.APPEALED
        if second and decision.staff.casefold() in _deciders(case):
            raise DecisionRefusedError(
                "whoever made the first decision cannot make the second",
                hint="let a colleague decide",
            )
        change_state(
            case,
            decision.outcome,
            now,
            actor=decision.staff,
            ground=decision.ground.value if decision.ground else "",
            text=words,
            decided_at=now,
            list_wish=ListWish.WANTED,
        )
        _tell(case, decision, words, now, may_appeal=not second)


def appeal(status_token: str, text: str, now: datetime) -> None:
    """Appeal against a refusal, in whole or in part; once, within the controller's appeal days.

    Args:
        status_token: the secret part of the status page's address.
        text: why; may be empty, since the law asks for no reasons here.
        now: the instant.

    Raises:
        LinkUnknownError: no case has this link.
        LodgingRefusedError: the text is too long.
        TransitionError: there is nothing to appeal against, or it is too late, or it was appealed before.
        CaseChangedError: it changed a moment ago.
    """
    words = clean_text(text, "text", MAX_EFFECT_CHARS)
    controller = get_controller()
    with transaction.atomic():
        case = get_case_by_status(status_token)
        if case.changes.filter(new_state=CaseState.APPEALED).exists():
            raise TransitionError("this case was appealed before; the supervisory authority can still be asked")
        if case.decided_at and now >= case.decided_at + timedelta(days=controller.appeal_days):
            raise TransitionError("the time to appeal is over; the supervisory authority can still be asked")
        appealed_on = controller.day_of(now)
        change_state(
            case,
            CaseState.APPEALED,
            now,
            actor=DATA_SUBJECT,
            text=words,
            due_on=answer_due_on(case.country, appealed_on, controller.policy.answer_days),
            list_wish=ListWish.WANTED,
        )
        queue_mail(MailKind.APPEAL, case, write_mail(MailKind.APPEAL, case), now)


def _tell(case: Case, decision: Decision, words: str, now: datetime, *, may_appeal: bool) -> None:
    """State a decision for the log, and write to the person."""
    statement = {
        "controller": get_controller().name,
        "decided_at": instant_text(now),
        "decision": decision.outcome,
        "ground": decision.ground.value if decision.ground else "",
        "reference": case.reference,
    }
    entry = record_statement(Event.DECISION, statement, now, case)
    text = write_mail(
        MailKind.DECISION,
        case,
        outcome=decision.outcome,
        ground=decision.ground.words if decision.ground else "",
        text=words,
        may_appeal=may_appeal,
        in_force_until=now + timedelta(days=get_controller().appeal_days),
    )
    queue_mail(MailKind.DECISION, case, text, now, waits_for=entry)


def _deciders(case: Case) -> set[str]:
    decisions = case.changes.filter(new_state__in=DECISIONS)
    return {actor.casefold() for actor in decisions.values_list("actor", flat=True)}

"""Withdrawing an objection: the person may at any time."""

from datetime import datetime

from django.db import transaction

from demur.core.canonical import instant_text
from demur.core.entry import Event
from demur.core.objection import CaseState
from demur.docket.controller import get_controller
from demur.docket.mail_text import write_mail
from demur.docket.models import ListWish, MailKind
from demur.docket.services.outbox import queue_mail
from demur.docket.services.statement import record_statement
from demur.docket.services.transition import DATA_SUBJECT, change_state, get_case_by_status


def withdraw(status_token: str, now: datetime) -> None:
    """Withdraw an objection; the next suppression list no longer carries it.

    Raises:
        LinkUnknownError: no case has this link.
        TransitionError: it is withdrawn already.
        CaseChangedError: it changed a moment ago.
    """
    with transaction.atomic():
        case = get_case_by_status(status_token)
        change_state(case, CaseState.WITHDRAWN, now, actor=DATA_SUBJECT, list_wish=ListWish.WANTED)
        statement = {
            "controller": get_controller().name,
            "reference": case.reference,
            "withdrawn_at": instant_text(now),
        }
        entry = record_statement(Event.OBJECTION_WITHDRAWN, statement, now, case)
        text = write_mail(MailKind.WITHDRAWAL, case)
        queue_mail(MailKind.WITHDRAWAL, case, text, now, waits_for=entry)

"""Erasing what was never confirmed, or never sent, and photos that are no longer needed."""

from datetime import datetime, timedelta

from django.contrib.sessions.models import Session
from django.db import transaction

from demur.core.objection import UNCONFIRMED_LIFETIME, CaseState
from demur.docket.controller import get_controller
from demur.docket.models import Case, Draft, MailAllowance, Photo, UsedShare

_MOST_AT_ONCE = 500


def erase_unconfirmed(now: datetime) -> int:
    """Erase cases that were lodged 24 hours ago and never confirmed, with all that belongs to them; drafts, too.

    Returns:
        How many were erased. Safe to run at any time; a confirmation that arrives meanwhile wins or loses whole.
    """
    erased = 0
    while some := _erase_some(now):
        erased += some
    MailAllowance.objects.filter(expires_at__lte=now).delete()
    UsedShare.objects.filter(used_until__lte=now).delete()
    Draft.objects.filter(expires_at__lte=now).delete()
    Session.objects.filter(expire_date__lte=now).delete()  # of people who signed in, or began to
    return erased


def erase_photos(now: datetime) -> None:
    """Erase the photos of objections that were withdrawn, or refused and not appealed in time."""
    appeal_over = now - timedelta(days=get_controller().appeal_days)
    Photo.objects.filter(case__state=CaseState.WITHDRAWN).delete()
    Photo.objects.filter(case__state=CaseState.REFUSED, case__decided_at__lte=appeal_over).delete()


def _erase_some(now: datetime) -> int:
    with transaction.atomic():
        # The rows are locked first: a confirmation in another transaction is either seen here or finds no case.
        old = Case.objects.select_for_update().filter(state=CaseState.LODGED, lodged_at__lte=now - UNCONFIRMED_LIFETIME)
        ids = list(old.order_by("lodged_at").values_list("pk", flat=True)[:_MOST_AT_ONCE])
        Case.objects.filter(pk__in=ids).delete()
    return len(ids)

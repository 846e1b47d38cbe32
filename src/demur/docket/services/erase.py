"""Erasing what was never confirmed, or never sent, and photos that are no longer needed."""

from datetime import datetime, timedelta

from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Q

from demur.core.objection import UNCONFIRMED_LIFETIME, CaseState
from demur.docket.controller import get_controller
from demur.docket.models import MOST_HASHINGS, Case, Draft, MailAllowance, Photo, PhotoPurpose, UsedShare

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
    """Erase photos as soon as the case does not need them any more.

    With an objection that was withdrawn, or refused and not appealed in time, all of it goes. Of one that was upheld,
    in whole or in part, the picture goes once the time to appeal is over, that of a mandate too; what copies are
    recognised by stays in force, and so does the face. What was sent after the decision is kept for as long from then
    on: somebody may have to look at it.
    """
    appeal_over = now - timedelta(days=get_controller().appeal_days)
    # By their ids: Django reads what it deletes wherever something else goes with it, and here a face does.
    ended = Photo.objects.only("pk")
    ended.filter(case__state=CaseState.WITHDRAWN).delete()
    ended.filter(case__state=CaseState.REFUSED, case__decided_at__lte=appeal_over).delete()
    settled = Photo.objects.filter(
        case__state__in=(CaseState.UPHELD, CaseState.UPHELD_IN_PART),
        case__decided_at__lte=appeal_over,
        created_at__lte=appeal_over,
    )
    # A photo that still waits to be hashed, because the worker stood still, is needed for that.
    waits = Q(purpose=PhotoPurpose.SHOWS_PERSON, hashes=None, hashings__lt=MOST_HASHINGS)
    settled.exclude(sealed_jpeg=None).exclude(waits).update(sealed_jpeg=None)


def _erase_some(now: datetime) -> int:
    with transaction.atomic():
        # The rows are locked first: a confirmation in another transaction is either seen here or finds no case.
        old = Case.objects.select_for_update().filter(state=CaseState.LODGED, lodged_at__lte=now - UNCONFIRMED_LIFETIME)
        ids = list(old.order_by("lodged_at").values_list("pk", flat=True)[:_MOST_AT_ONCE])
        Case.objects.filter(pk__in=ids).delete()
    return len(ids)

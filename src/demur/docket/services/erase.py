"""Erasing what was never confirmed."""

from datetime import datetime

from django.db import transaction

from demur.core.objection import UNCONFIRMED_LIFETIME, CaseState
from demur.docket.models import Case, MailAllowance


def erase_unconfirmed(now: datetime) -> int:
    """Erase cases that were lodged 24 hours ago and never confirmed, with all that belongs to them.

    Returns:
        How many were erased. Safe to run at any time; a confirmation that arrives meanwhile wins or loses whole.
    """
    with transaction.atomic():
        # The rows are locked first: a confirmation in another transaction is either seen here or finds no case.
        old = Case.objects.select_for_update().filter(state=CaseState.LODGED, lodged_at__lte=now - UNCONFIRMED_LIFETIME)
        ids = list(old.values_list("pk", flat=True))
        Case.objects.filter(pk__in=ids).delete()
        MailAllowance.objects.filter(expires_at__lte=now).delete()
    return len(ids)

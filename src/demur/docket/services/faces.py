"""Withdrawing the consent that one's face is looked for, which leaves the objection as it is (GDPR Art. 7(3))."""

from datetime import datetime

from django.db import transaction

from demur.docket.models import Case, Face, ListWish
from demur.docket.services.transition import hold_case_by_status


def withdraw_faces(status_token: str, now: datetime) -> None:
    """Erase what every photo of a case tells of a face; the next suppression list no longer carries any of them.

    Doing it again changes nothing.

    Raises:
        LinkUnknownError: no case has this link.
    """
    with transaction.atomic():
        case = hold_case_by_status(status_token)
        agreed = Face.objects.filter(photo__case=case, withdrawn_at=None)
        if agreed.update(sealed_value=None, withdrawn_at=now):
            Case.objects.filter(pk=case.pk).update(list_wish=ListWish.WANTED)

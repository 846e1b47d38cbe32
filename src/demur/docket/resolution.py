"""Turning handles into accounts: what the directory answered becomes identifiers of the case."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from demur.core.identifier import IdentifierKind, Standing
from demur.docket.accounts import Answer, ask_directory
from demur.docket.lookup import rows_of_case
from demur.docket.models import Case, CaseIdentifier, ListWish
from demur.docket.row import change_if_still, insert_missing

_ENTRY_ID_BYTES = 16
_LEAST_PAUSE, _LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=6)


def new_identifier(
    case: Case,
    kind: IdentifierKind,
    value: str,
    *,
    standing: Standing = Standing.CLAIMED,
    typed: str = "",
    source: CaseIdentifier | None = None,
) -> CaseIdentifier:
    """Return an identifier for `add_identifiers`, claimed unless it is said to be verified."""
    entry_id = secrets.token_bytes(_ENTRY_ID_BYTES)
    return CaseIdentifier(
        case=case, kind=kind, value=value, standing=standing, entry_id=entry_id, typed=typed, source=source
    )


def add_identifiers(identifiers: Sequence[CaseIdentifier]) -> None:
    """Add identifiers to their cases; one that a case has already stays as it is."""
    insert_missing(identifiers)


def open_handles(case: Case) -> list[CaseIdentifier]:
    """Return the handles about which the directory has not answered yet."""
    return [one for one in rows_of_case(CaseIdentifier, case.pk) if is_open_handle(one)]


def is_open_handle(identifier: CaseIdentifier) -> bool:
    """Tell whether the directory has not answered about a handle yet."""
    return identifier.kind == IdentifierKind.HANDLE and identifier.accounts_found is None


def apply_answers(case: Case, handles: Sequence[CaseIdentifier], answers: Sequence[Answer]) -> None:
    """Store what the directory answered, inside the caller's transaction. Safe to repeat.

    A handle that means an account is from then on represented by it, and no longer listed itself: it may be given to
    somebody else later.

    Args:
        case: whose handles these are.
        handles: the open ones; those that were answered are updated in place.
        answers: what is known about them.
    """
    by_handle = {answer.handle: answer.accounts for answer in answers}
    for handle in handles:
        accounts = by_handle.get(handle.value)
        if accounts is None:
            continue
        add_identifiers([new_identifier(case, IdentifierKind.ACCOUNT, account, source=handle) for account in accounts])
        change_if_still(handle, {}, {"accounts_found": len(accounts), "ask_at": None})


def ask_later(case: Case, at: datetime) -> None:
    """Plan to ask the directory about the handles that are still open, inside the caller's transaction."""
    CaseIdentifier.objects.filter(case=case, kind=IdentifierKind.HANDLE, accounts_found=None).update(ask_at=at)


def ask_about_oldest(now: datetime, wait_seconds: float) -> bool:
    """Ask the directory about the case that is due first.

    What is not answered is asked again after as long as the case has waited already, from a minute to six hours.

    Returns:
        Whether a case was due.
    """
    # A date that only a clock, set back since, can have planned is not waited for.
    is_due = Q(ask_at__lte=now) | Q(ask_at__gt=now + _LONGEST_PAUSE)
    due = CaseIdentifier.objects.filter(is_due).order_by("ask_at").select_related("case").first()
    if due is None:
        return False
    case = due.case
    handles = open_handles(case)
    answers = ask_directory([handle.value for handle in handles], wait_seconds)
    waited = now - (case.confirmed_at or now)
    with transaction.atomic():
        if answers:
            apply_answers(case, handles, answers)
            Case.objects.filter(pk=case.pk).update(list_wish=ListWish.WANTED)
        ask_later(case, now + min(max(waited, _LEAST_PAUSE), _LONGEST_PAUSE))
    return True

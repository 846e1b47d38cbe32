"""Adding to a case after its code was confirmed: more words, accounts, links or photos."""

from datetime import datetime, timedelta

from django.db import transaction

from demur.core.identifier import IdentifierKind
from demur.core.objection import CaseState, is_in_force
from demur.docket.addition import MAX_ADDITIONS, MAX_ADDITIONS_A_DAY, MAX_HANDLES_OF_CASE, MAX_LINKS_OF_CASE, Supplement
from demur.docket.controller import get_controller
from demur.docket.errors import AdditionProblem, AdditionRefusedError, LodgingRefusedError
from demur.docket.lodging import MAX_EFFECT_CHARS, clean_handles, clean_links, clean_text
from demur.docket.mail_text import write_mail
from demur.docket.models import Addition, Case, Face, ListWish, MailKind
from demur.docket.photo_store import add_case_photo
from demur.docket.resolution import add_identifiers, ask_later, new_identifier
from demur.docket.services.outbox import queue_mail
from demur.docket.services.transition import hold_case_by_status

_DAY = timedelta(days=1)


def add_information(status_token: str, supplement: Supplement, now: datetime) -> None:
    """Add to a case; handles are in force from now on, as those of the form are.

    The receipt stays that of the first statement. What arrived is confirmed by mail, in counts only.

    Raises:
        LinkUnknownError: no case has this link.
        LodgingRefusedError: a field cannot be taken as it is.
        PhotoRefusedError: the case has ten photos already.
        AdditionRefusedError: the case is closed, or enough was added to it.
    """
    text = clean_text(supplement.text, "text", MAX_EFFECT_CHARS)
    handles, links = clean_handles(supplement.handles), clean_links(supplement.links)
    with transaction.atomic():
        case = hold_case_by_status(status_token)  # of two additions at once each sees what the other added
        _check_may_add(case, now)
        new_handles = _add_handles(case, handles)
        new_links = _add_links(case, links)
        for photo, purpose in supplement.photos:
            add_case_photo(case, photo, purpose, now)
        if not (text or new_handles or new_links or supplement.photos):
            raise AdditionRefusedError(AdditionProblem.NOTHING_NEW)
        Addition.objects.create(case=case, added_at=now, text=text)
        words = write_mail(
            MailKind.ADDITION,
            case,
            has_text=bool(text),
            handles=new_handles,
            links=new_links,
            photos=len(supplement.photos),
            agreed_to_faces=Face.objects.filter(photo__case=case, consented_at=now).exists(),
        )
        queue_mail(MailKind.ADDITION, case, words, now)
        ask_later(case, now)
        Case.objects.filter(pk=case.pk).update(list_wish=ListWish.WANTED)


def _check_may_add(case: Case, now: datetime) -> None:
    appeal_period = timedelta(days=get_controller().appeal_days)
    if not is_in_force(CaseState(case.state), case.decided_at, now, appeal_period):
        raise AdditionRefusedError(AdditionProblem.CLOSED)
    if case.additions.filter(added_at__gt=now - _DAY).count() >= MAX_ADDITIONS_A_DAY:
        raise AdditionRefusedError(AdditionProblem.ENOUGH_TODAY)
    if case.additions.count() >= MAX_ADDITIONS:
        raise AdditionRefusedError(AdditionProblem.ENOUGH)


def _add_handles(case: Case, handles: tuple[tuple[str, str], ...]) -> int:
    known = set(case.identifiers.filter(kind=IdentifierKind.HANDLE).values_list("value", flat=True))
    new = [(typed, handle) for typed, handle in handles if handle not in known]
    if len(known) + len(new) > MAX_HANDLES_OF_CASE:
        raise LodgingRefusedError("handles", f"a case has room for {MAX_HANDLES_OF_CASE} accounts")
    add_identifiers([new_identifier(case, IdentifierKind.HANDLE, handle, typed=typed) for typed, handle in new])
    return len(new)


def _add_links(case: Case, links: tuple[str, ...]) -> int:
    new = [link for link in links if link not in case.links]
    if len(case.links) + len(new) > MAX_LINKS_OF_CASE:
        raise LodgingRefusedError("links", f"a case has room for {MAX_LINKS_OF_CASE} links")
    if new:
        case.links = [*case.links, *new]
        case.save(update_fields=["links"])
    return len(new)

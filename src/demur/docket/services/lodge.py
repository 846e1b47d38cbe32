"""Lodging an objection, and sending its code."""

import secrets
from datetime import datetime, timedelta

from django.db import transaction

from demur.core.identifier import IdentifierKind, Standing, check_account
from demur.core.objection import UNCONFIRMED_LIFETIME, CaseState
from demur.docket.allowance import mailbox_of, take_allowance
from demur.docket.drafts import pass_photos_on
from demur.docket.errors import AlreadyConfirmedError, LinkUnknownError, MailLimitError
from demur.docket.lodging import CleanLodging, LodgedCase, Lodging, clean_lodging
from demur.docket.mail_text import code_link, write_mail
from demur.docket.models import Case, CaseChange, Code, MailKind
from demur.docket.resolution import add_identifier
from demur.docket.secret import (
    CODE_LIFETIME,
    CODE_TRIES,
    code_digest,
    new_code,
    new_reference,
    new_token,
    token_digest,
)
from demur.docket.services.outbox import queue_mail
from demur.docket.services.transition import DATA_SUBJECT


def lodge_objection(request: Lodging, now: datetime) -> LodgedCase:
    """Store an objection and send its code. A second one by the same address is a second case.

    When too many code mails were asked for an address, the case is stored all the same and looks the same, but no
    mail leaves; the person can ask for a code later.

    Raises:
        LodgingRefusedError: a field cannot be taken as it is.
    """
    lodging = clean_lodging(request)
    token = new_token()
    with transaction.atomic():
        case = _create_case(lodging, token, now)
        take_allowance(f"case {case.pk}", now)
        _send_code(case, token, now)
    return LodgedCase(token)


def resend_code(continue_token: str, now: datetime) -> None:
    """Send a new code; the older one is no longer valid.

    Raises:
        LinkUnknownError: no such case, or it was erased.
        AlreadyConfirmedError: the case needs no code any more.
        MailLimitError: enough codes were asked for this case.
    """
    with transaction.atomic():
        case = get_lodged_case(continue_token, now, lock=True)
        next_at = take_allowance(f"case {case.pk}", now)
        if next_at is not None:
            raise MailLimitError(next_at)
        _send_code(case, continue_token, now)


def get_lodged_case(continue_token: str, now: datetime, *, lock: bool = False) -> Case:
    """Return the unconfirmed case of a code page's address.

    Args:
        continue_token: the secret part of the address.
        now: a case older than 24 hours is treated as erased, though the erasing task may not have come to it.
        lock: hold the row until the caller's transaction ends.

    Raises:
        LinkUnknownError: no such case.
        AlreadyConfirmedError: it is confirmed.
    """
    rows = Case.objects.select_for_update() if lock else Case.objects
    case = rows.filter(continue_token_sha256_hex=token_digest(continue_token)).first()
    if case is None:
        raise LinkUnknownError
    if case.state != CaseState.LODGED:
        raise AlreadyConfirmedError
    if case.lodged_at + UNCONFIRMED_LIFETIME <= now:
        raise LinkUnknownError
    return case


def _create_case(lodging: CleanLodging, token: str, now: datetime) -> Case:
    reference = new_reference()
    while Case.objects.filter(reference=reference).exists():
        reference = new_reference()
    case = Case.objects.create(
        reference=reference,
        state=CaseState.LODGED,
        country=lodging.country,
        email=lodging.email,
        language=lodging.language,
        capacity=lodging.capacity,
        name=lodging.name,
        representative_name=lodging.representative_name,
        links=list(lodging.links),
        effect=lodging.effect,
        lodged_at=now,
        continue_token_sha256_hex=token_digest(token),
    )
    CaseChange.objects.create(case=case, changed_at=now, new_state=CaseState.LODGED, actor=DATA_SUBJECT)
    add_identifier(case, IdentifierKind.EMAIL, lodging.email)
    for typed, handle in lodging.handles:
        add_identifier(case, IdentifierKind.HANDLE, handle, typed=typed)
    for verified in lodging.verified_accounts:
        account = check_account(verified.account)
        add_identifier(case, IdentifierKind.ACCOUNT, account, standing=Standing.VERIFIED, typed=verified.shown)
    if lodging.draft_token:
        pass_photos_on(lodging.draft_token, case)
    return case


def _send_code(case: Case, token: str, now: datetime) -> None:
    """Replace the case's code and mail the new one, unless the address has had its share.

    Without a mail the new code is one that nobody knows. So the page looks and behaves the same in both cases, and
    guessing at an address is bounded by the mails that it gets.
    """
    code, expires_at = new_code(), now + CODE_LIFETIME
    limited = take_allowance(f"address {mailbox_of(case.email)}", now) is not None
    digest = secrets.token_hex(32) if limited else code_digest(case.pk, code)
    Code.objects.update_or_create(
        case=case,
        defaults={"digest_hex": digest, "expires_at": expires_at, "tries_left": CODE_TRIES},
    )
    if not limited:
        minutes = CODE_LIFETIME // timedelta(minutes=1)
        text = write_mail(MailKind.CODE, case, code=code, link=code_link(token), minutes=minutes)
        queue_mail(MailKind.CODE, case, text, now, pointless_from=expires_at)

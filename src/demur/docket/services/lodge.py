"""Lodging an objection, and sending its code."""

import secrets
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from demur.core.identifier import IdentifierKind, Standing, check_account
from demur.core.objection import UNCONFIRMED_LIFETIME, CaseState
from demur.docket.admission import admit_lodging
from demur.docket.allowance import DAY, next_request_at, take_mail_allowance
from demur.docket.asker import NOBODY, Asker
from demur.docket.drafts import forget_draft, pass_photos_on
from demur.docket.errors import AlreadyConfirmedError, FloodError, LinkUnknownError, MailLimitError
from demur.docket.lodging import CleanLodging, LodgedCase, Lodging, clean_lodging
from demur.docket.lookup import find_by_key
from demur.docket.mail_text import code_link, write_mail
from demur.docket.models import Case, CaseChange, Code, MailKind
from demur.docket.resolution import add_identifiers, new_identifier
from demur.docket.row import insert, insert_if_free
from demur.docket.secret import (
    CODE_LIFETIME,
    CODE_TRIES,
    code_digest,
    new_code,
    new_reference,
    new_token,
    sending_token,
    token_digest,
)
from demur.docket.services.outbox import queue_mail
from demur.docket.services.transition import DATA_SUBJECT


def lodge_objection(request: Lodging, now: datetime, asker: Asker = NOBODY) -> LodgedCase:
    """Store an objection and send its code. A second one by the same address is a second case.

    The same sending once more, also at the same moment, leads to the case that the first one made: nothing is stored
    or mailed again, and nothing that was asked for at the address shows.

    When too many code mails were asked for an address, the case is stored all the same and looks the same, but no
    mail leaves; the person can ask for a code later.

    Raises:
        LodgingRefusedError: a field cannot be taken as it is.
        FloodError: too many objections came from the same network or person; nothing is stored.
    """
    lodging = clean_lodging(request)
    if not request.sending:
        return _lodge(lodging, new_token(), now, asker)
    token = sending_token(request.sending)
    try:
        return _lodge(lodging, token, now, asker)
    except (IntegrityError, FloodError):  # maybe sent before: nearly nobody does, so nobody is asked to wait for that
        sent_before = find_by_key(Case, "continue_token_sha256_hex", token_digest(token))
        if sent_before is None:
            raise
    return _again(lodging, token) if _leads_on(sent_before, now) else _lodge(lodging, new_token(), now, asker)


def was_lodged(sending: str, now: datetime) -> bool:
    """Tell whether this sending of a form has made a case, whose code page leads on."""
    case = find_by_key(Case, "continue_token_sha256_hex", token_digest(sending_token(sending)))
    return case is not None and _leads_on(case, now)


def resend_code(continue_token: str, now: datetime, asker: Asker = NOBODY) -> None:
    """Send a new code, which replaces the older one; where no mail may leave, the older one stays good for its hour.

    Raises:
        LinkUnknownError: no such case, or it was erased.
        AlreadyConfirmedError: the case needs no code any more.
        MailLimitError: the pause after the last request is not over.
    """
    with transaction.atomic():
        case = get_lodged_case(continue_token, now, lock=True)
        code = Code.objects.get(case=case)
        next_at = next_request_at(asked_times(code))
        if now < next_at:
            raise MailLimitError(next_at)
        send_code(code, continue_token, now, asker)


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
    digest = token_digest(continue_token)
    if lock:
        case = Case.objects.select_for_update().filter(continue_token_sha256_hex=digest).first()
    else:
        case = find_by_key(Case, "continue_token_sha256_hex", digest)
    if case is None:
        raise LinkUnknownError
    if case.state != CaseState.LODGED:
        raise AlreadyConfirmedError
    if case.lodged_at + UNCONFIRMED_LIFETIME <= now:
        raise LinkUnknownError
    return case


def _again(lodging: CleanLodging, token: str) -> LodgedCase:
    if lodging.draft_token:
        forget_draft(lodging.draft_token)
    return LodgedCase(token)


def _leads_on(case: Case, now: datetime) -> bool:
    """Tell whether the code page of a case still leads somewhere: not once it has ended, or is about to be erased."""
    is_over = case.state == CaseState.LODGED and case.lodged_at + UNCONFIRMED_LIFETIME <= now
    return not is_over and case.state != CaseState.WITHDRAWN


def _lodge(lodging: CleanLodging, token: str, now: datetime, asker: Asker) -> LodgedCase:
    with transaction.atomic():
        admit_lodging(asker, now)
        case = _create_case(lodging, token, now)
        send_code(Code(case=case), token, now, asker)
    return LodgedCase(token)


def _create_case(lodging: CleanLodging, token: str, now: datetime) -> Case:
    case = Case(
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
    case.reference = new_reference()
    while not insert_if_free(case, "reference"):
        case.reference = new_reference()
    insert(CaseChange(case=case, changed_at=now, new_state=CaseState.LODGED, actor=DATA_SUBJECT))
    identifiers = [new_identifier(case, IdentifierKind.EMAIL, lodging.email)]
    for typed, handle in lodging.handles:
        identifiers.append(new_identifier(case, IdentifierKind.HANDLE, handle, typed=typed))
    for one in lodging.verified_accounts:
        account = check_account(one.account)
        verified = new_identifier(case, IdentifierKind.ACCOUNT, account, standing=Standing.VERIFIED, typed=one.shown)
        identifiers.append(verified)
    add_identifiers(identifiers)
    if lodging.draft_token:
        pass_photos_on(lodging.draft_token, case)
    return case


def asked_times(code: Code) -> list[datetime]:
    """Return when codes were asked for at the present address, oldest first."""
    return [datetime.fromisoformat(instant) for instant in code.asked_at]


def send_code(code: Code, token: str, now: datetime, asker: Asker) -> None:
    """Mail a new code, unless the address has had its share; inside the caller's transaction.

    Where nothing leaves, the code that was mailed before stays good until its hour is over, and without one there is
    none that anybody knows. The page looks and behaves the same, the work is the same, and guessing at an address is
    bounded by the mails that it gets.
    """
    digits, expires_at = new_code(), now + CODE_LIFETIME
    may_leave = take_mail_allowance(code.case.email, asker, now)
    if may_leave:
        code.digest_hex, code.good_until, code.guesses_left = code_digest(code.case.pk, digits), expires_at, CODE_TRIES
    elif not code.digest_hex:
        code.digest_hex = secrets.token_hex(32)
    code.expires_at, code.tries_left = expires_at, CODE_TRIES
    code.asked_at = [instant.isoformat() for instant in (*asked_times(code), now) if now - instant < DAY]
    if code.pk is None:
        insert(code)
    else:
        code.save()
    minutes = CODE_LIFETIME // timedelta(minutes=1)
    text = write_mail(MailKind.CODE, code.case, {"code": digits, "link": code_link(token)}, minutes=minutes)
    queue_mail(MailKind.CODE, code.case, text, now, pointless_from=expires_at, withheld=not may_leave)

"""Confirming the code: from here on the objection is in force and the legal clock has run since the form was sent."""

import hmac
import unicodedata
from datetime import datetime

from django.db import connection, transaction

from demur.core.canonical import JsonObject, instant_text
from demur.core.entry import Event
from demur.core.identifier import IdentifierKind, Standing
from demur.core.objection import CaseState
from demur.docket.accounts import Answer, ask_directory
from demur.docket.admission import admit_try, count_wrong_try
from demur.docket.asker import NOBODY, Asker
from demur.docket.controller import get_controller
from demur.docket.errors import (
    AlreadyConfirmedError,
    CaseChangedError,
    CodeError,
    CodeExpiredError,
    CodeSpentError,
    CodeWrongError,
    DocketError,
    LinkUnknownError,
)
from demur.docket.jurisdiction import answer_due_on
from demur.docket.lodging import ConfirmedCase
from demur.docket.lookup import find_by_key, rows_of_case
from demur.docket.mail_text import status_link, write_mail
from demur.docket.models import Case, CaseIdentifier, Code, ListWish, MailKind
from demur.docket.photo_store import has_agreed_to_faces
from demur.docket.receipts import receipt_name
from demur.docket.resolution import apply_answers, ask_later, is_open_handle
from demur.docket.row import own_transaction
from demur.docket.secret import CODE_DIGITS, code_digest, new_token, token_digest
from demur.docket.services.lodge import get_lodged_case
from demur.docket.services.outbox import queue_mail
from demur.docket.services.statement import record_statement
from demur.docket.services.transition import DATA_SUBJECT, change_state

SCOPE = "all-ai-training"
_PAY = """UPDATE docket_code SET tries_left = tries_left - 1, guesses_left = guesses_left - 1
WHERE case_id = %s AND tries_left > 0 AND expires_at > %s
RETURNING digest_hex, tries_left, guesses_left, good_until > %s"""
_SPEND = "DELETE FROM docket_code WHERE case_id = %s"
_VERIFY = "UPDATE docket_caseidentifier SET standing = %s WHERE case_id = %s AND kind = %s"


def confirm_code(continue_token: str, code: str, now: datetime, asker: Asker = NOBODY) -> ConfirmedCase:
    """Confirm an objection by its code.

    Args:
        continue_token: the secret part of the code page's address.
        code: as typed; spaces and hyphens do not matter.
        now: the instant.
        asker: who types it; wrong codes are counted for the network.

    Raises:
        LinkUnknownError: no such case, or it was erased.
        AlreadyConfirmedError: confirmed before, maybe a moment ago by a second click.
        CodeWrongError: another code, or not six digits (which costs no try).
        CodeSpentError: five tries were made.
        CodeExpiredError: the code is older than an hour.
        FloodError: too many wrong codes came from the same network, in whatever cases.
    """
    case = get_lodged_case(continue_token, now)
    admit_try(asker, now)
    try:
        _pay_and_compare(case, code, now)
    except CodeError:
        count_wrong_try(asker, now)
        raise
    # Before the transaction: a slow directory must not hold the database, nor a broken one undo the confirmation.
    identifiers = rows_of_case(CaseIdentifier, case.pk)
    handles = [identifier.value for identifier in identifiers if is_open_handle(identifier)]
    answers = ask_directory(handles) if handles else []
    try:
        with transaction.atomic():
            return _confirm(case, identifiers, answers, now)
    except CaseChangedError as error:
        raise _lost_race(case) from error


def _pay_and_compare(case: Case, typed: str, now: datetime) -> None:
    """Pay one try, then compare: guesses sent at once cannot share a try."""
    digits = unicodedata.normalize("NFKC", typed).replace("-", "")
    digits = "".join(digits.split())
    if len(digits) != CODE_DIGITS or not (digits.isascii() and digits.isdigit()):
        raise CodeWrongError(_current_code(case).tries_left)
    instant = connection.ops.adapt_datetimefield_value(now)
    with own_transaction(), connection.cursor() as cursor:
        cursor.execute(_PAY, [case.pk, instant, instant])
        paid = cursor.fetchone()
    if not paid:
        raise CodeSpentError if _current_code(case).tries_left == 0 else CodeExpiredError
    digest_hex, tries_left, guesses_left, is_good_still = paid
    is_same = hmac.compare_digest(digest_hex, code_digest(case.pk, digits))
    if not (is_same and guesses_left >= 0 and is_good_still):
        raise CodeWrongError(tries_left) if tries_left else CodeSpentError


def _current_code(case: Case) -> Code:
    code = find_by_key(Code, "case_id", case.pk)
    if code is None:
        raise _lost_race(case)
    return code


def _lost_race(case: Case) -> DocketError:
    """Return what to say to who was overtaken: by another confirmation, a corrected address, or the erasure."""
    is_confirmed = Case.objects.filter(pk=case.pk).exclude(state=CaseState.LODGED).exists()
    return AlreadyConfirmedError() if is_confirmed else LinkUnknownError()


def _confirm(case: Case, identifiers: list[CaseIdentifier], answers: list[Answer], now: datetime) -> ConfirmedCase:
    token = new_token()
    handles = [identifier for identifier in identifiers if is_open_handle(identifier)]
    accounts = sorted(one.value for one in identifiers if one.kind == IdentifierKind.ACCOUNT)  # stated by the sign-in
    controller = get_controller()
    received_on = controller.day_of(case.lodged_at)
    change_state(
        case,
        CaseState.RECEIVED,
        now,
        actor=DATA_SUBJECT,
        received_at=case.lodged_at,  # the reading that favours the person: the form, not the code
        confirmed_at=now,
        due_on=answer_due_on(case.country, received_on, controller.policy.answer_days),
        status_token_sha256_hex=token_digest(token),
        list_wish=ListWish.WANTED,
    )
    with connection.cursor() as cursor:
        cursor.execute(_SPEND, [case.pk])
        cursor.execute(_VERIFY, [Standing.VERIFIED, case.pk, IdentifierKind.EMAIL])
    apply_answers(case, handles, answers)
    if len(answers) < len(handles):
        ask_later(case, now)
    statement = _statement(case, [handle.typed for handle in handles], accounts)
    entry = record_statement(Event.OBJECTION_RECEIVED, statement, now, case)
    text = write_mail(
        MailKind.CONFIRMATION,
        case,
        {
            "link": status_link(token),
            "receipt_name": receipt_name(case.reference, entry.event),
            "handles_found": tuple(handle.typed for handle in handles if handle.accounts_found),
            "handles_missing": tuple(handle.typed for handle in handles if not handle.accounts_found),
        },
        accounts_known=bool(accounts) or any(handle.accounts_found for handle in handles),
        agreed_to_faces=has_agreed_to_faces(case),
    )
    queue_mail(MailKind.CONFIRMATION, case, text, now, waits_for=entry)
    return ConfirmedCase(case.reference, token)


def _statement(case: Case, handles: list[str], accounts: list[str]) -> JsonObject:
    """Return what the receipt will say: what the person gave, and nothing that the controller looked up.

    Accounts are those with which the person signed in. A handle is claimed, not shown to be theirs: the accounts
    behind it, and those linked to them, would tell a stranger who typed it what else its owner has.
    """
    return {
        **({"accounts": [*accounts]} if accounts else {}),
        "capacity": case.capacity,
        "controller": get_controller().name,
        "country": case.country,
        "email": case.email,
        "handles": [*handles],
        "received_at": instant_text(case.lodged_at),
        "reference": case.reference,
        "scope": SCOPE,
    }

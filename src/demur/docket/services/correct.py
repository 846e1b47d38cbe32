"""Correcting a mistyped address, before anything is confirmed."""

import secrets
from datetime import datetime

from django.db import transaction

from demur.core.identifier import IdentifierKind
from demur.docket.admission import admit_correction
from demur.docket.allowance import MOST_CORRECTIONS
from demur.docket.asker import NOBODY, Asker
from demur.docket.errors import CorrectionLimitError
from demur.docket.lodging import LodgedCase, clean_email
from demur.docket.models import Code, Mail, MailState
from demur.docket.secret import new_token, token_digest
from demur.docket.services.lodge import get_lodged_case, send_code


def correct_address(continue_token: str, email: str, now: datetime, asker: Asker = NOBODY) -> LodgedCase:
    """Send the code to another address; all else that was written stays.

    The old code confirms nothing any more, and the old link leads nowhere, since a stranger may have got both. An
    address that is no other counts like any: the answer tells nobody whether they guessed the one that is stored.

    Raises:
        LinkUnknownError: no such case, or it was erased.
        AlreadyConfirmedError: the case is confirmed; it keeps its address.
        LodgingRefusedError: this is no address.
        CorrectionLimitError: it was corrected three times before.
        FloodError: too many objections came from the same network or person.
    """
    address = clean_email(email)
    with transaction.atomic():
        admit_correction(asker, now)
        case = get_lodged_case(continue_token, now, lock=True)
        code = Code.objects.get(case=case)
        if code.corrections >= MOST_CORRECTIONS:
            raise CorrectionLimitError
        token = new_token()
        case.email, case.continue_token_sha256_hex = address, token_digest(token)
        case.version += 1  # so that no confirmation that compared its code before goes on with this address
        case.save(update_fields=["email", "continue_token_sha256_hex", "version"])
        case.identifiers.filter(kind=IdentifierKind.EMAIL).update(value=address)
        # A mail that has not left yet would bring a stranger a dead link.
        Mail.objects.filter(case=case, state=MailState.QUEUED).update(state=MailState.WITHHELD, sealed_body=None)
        code.corrections += 1
        code.digest_hex, code.good_until, code.asked_at = secrets.token_hex(32), None, []
        send_code(code, token, now, asker)
    return LodgedCase(token)

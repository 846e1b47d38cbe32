"""Putting a mail into the outbox, in the transaction that makes it due."""

import secrets
from datetime import datetime

from demur.docket.controller import get_controller
from demur.docket.mail_text import MailText
from demur.docket.models import Case, LogEntry, Mail, MailKind, MailState
from demur.docket.row import insert
from demur.docket.secret import seal_mail

_MESSAGE_ID_BYTES = 16


def queue_mail(
    kind: MailKind,
    case: Case,
    text: MailText,
    now: datetime,
    *,
    waits_for: LogEntry | None = None,
    pointless_from: datetime | None = None,
    withheld: bool = False,
) -> Mail:
    """Queue a mail to the person of a case, inside the caller's transaction.

    Args:
        kind: what it tells.
        case: whose address it goes to.
        text: subject and text; sealed until sent.
        now: becomes the mail's date.
        waits_for: the entry whose receipt is attached; delivery starts when it is logged.
        pointless_from: from this instant on it is not sent any more.
        withheld: it never leaves and its text is not kept; the work is the same, so that no clock tells the difference.
    """
    sealed, salt = seal_mail(text.to_bytes())
    mail = Mail(
        kind=kind,
        case=case,
        recipient=case.email,
        # The id is fixed now, so that a mail that leaves twice after a crash is recognised as one.
        message_id=f"<{secrets.token_hex(_MESSAGE_ID_BYTES)}@{get_controller().name}>",
        sealed_body=None if withheld else sealed,
        state=MailState.WITHHELD if withheld else MailState.QUEUED,
        salt=salt,
        created_at=now,
        next_attempt_at=now,
        pointless_from=pointless_from,
        waits_for=waits_for,
    )
    insert(mail)
    return mail

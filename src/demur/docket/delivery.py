"""Delivering one mail of the outbox by SMTP.

The mail is marked `sending` before the server is spoken to, and `sent` in the moment it has taken the mail. So a mail
that is known to have left is never sent again; one that may have left (the process died in between) is sent once
more, with the same Message-ID, by which mail readers recognise it.

Only one process delivers (see demur.docket.worker): a mail found in `sending` was left there by one that died.
"""

import logging
import smtplib
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from email.utils import format_datetime, formataddr

from django.core.mail import EmailMessage, get_connection
from django.db import transaction

from demur.core.errors import DemurError
from demur.docket.controller import get_controller
from demur.docket.mail_text import parse_mail_text
from demur.docket.models import Mail, MailState
from demur.docket.receipts import make_receipt, receipt_name
from demur.docket.secret import unseal_mail

PAUSES: tuple[timedelta, ...] = (
    timedelta(seconds=20),
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(hours=1),
    timedelta(hours=3),
    *(timedelta(hours=8),) * 15,
)
"""How long to wait after each failed attempt: five days in all (RFC 5321, section 4.5.4.1, asks for four to five)."""

_PERMANENT = range(500, 600)
_left: dict[int, datetime] = {}
"""Mails of which this process knows that they left, when, and that the database has not taken the note."""

_log = logging.getLogger(__name__)


def deliver(mail_id: int, now: datetime, try_again: Callable[[int, datetime], object]) -> None:
    """Deliver a mail if it is due; safe to repeat.

    Args:
        mail_id: of the outbox.
        now: the instant.
        try_again: called, in the transaction that notes a failure, with the mail and the instant of the next attempt.
    """
    if mail_id in _left:
        _note_left(mail_id)
        return
    mail = _claim(mail_id, now, try_again)
    if mail is None:
        return
    failure = _send(mail, now)
    if failure:
        # The words of these errors can hold the address; the log gets their kind only. The note is written out here,
        # where nothing that fails carries that error along into the table of tasks.
        _log.warning("mail %s was not delivered (attempt %s): %s", mail.pk, mail.attempts, type(failure).__name__)
        _note_failure(mail, now, try_again, permanent=_is_permanent(failure))


def _send(mail: Mail, now: datetime) -> Exception | None:
    """Speak to the mail server, and note that it took the mail; return what went wrong before."""
    connection = get_connection()
    try:
        message = _message(mail)
        connection.open()
        connection.send_messages([message])
    except (OSError, smtplib.SMTPException, DemurError, ValueError) as error:
        return error
    else:
        _left[mail.pk] = now
        _note_left(mail.pk)
        return None
    finally:
        # After the note: what can fail now is the goodbye, and the mail has left whatever comes of it.
        with suppress(OSError, smtplib.SMTPException):
            connection.close()


def _claim(mail_id: int, now: datetime, try_again: Callable[[int, datetime], object]) -> Mail | None:
    """Mark a mail as being sent; None if there is nothing to send now."""
    with transaction.atomic():
        open_states = (MailState.QUEUED, MailState.SENDING)
        mail = Mail.objects.select_related("waits_for", "case").filter(pk=mail_id, state__in=open_states).first()
        if mail is None or (mail.waits_for and mail.waits_for.leaf_index is None):
            return None
        if timedelta() < mail.next_attempt_at - now <= max(PAUSES):
            # Asked too early, maybe by a clock that was set back: without a new plan nobody would ask again.
            try_again(mail.pk, mail.next_attempt_at)
            return None
        if mail.pointless_from and now >= mail.pointless_from:
            _close(mail_id, MailState.FAILED, None)
            return None
        claimed = Mail.objects.filter(pk=mail_id, state=mail.state, attempts=mail.attempts)
        if claimed.update(state=MailState.SENDING, attempts=mail.attempts + 1) != 1:
            return None
        mail.attempts += 1
        return mail


def _message(mail: Mail) -> EmailMessage:
    controller = get_controller()
    text = parse_mail_text(unseal_mail(bytes(mail.sealed_body or b""), bytes(mail.salt)))
    message = EmailMessage(
        subject=text.subject,
        body=text.text,
        from_email=formataddr((controller.legal_name, controller.contact_email)),
        to=[mail.recipient],
        headers={
            "Message-ID": mail.message_id,
            "Date": format_datetime(mail.created_at),
            "Content-Language": mail.case.language,
            "Auto-Submitted": "auto-generated",  # RFC 3834: no holiday notes in answer, please
        },
    )
    receipt = make_receipt(mail.waits_for) if mail.waits_for else None
    if mail.waits_for and receipt:
        message.attach(receipt_name(mail.case.reference, mail.waits_for.event), receipt, "application/json")
    return message


def _note_failure(
    mail: Mail,
    now: datetime,
    try_again: Callable[[int, datetime], object],
    *,
    permanent: bool,
) -> None:
    with transaction.atomic():
        if permanent or mail.attempts > len(PAUSES):
            _close(mail.pk, MailState.FAILED, None)
            return
        next_at = now + PAUSES[mail.attempts - 1]
        Mail.objects.filter(pk=mail.pk).update(state=MailState.QUEUED, next_attempt_at=next_at)
        try_again(mail.pk, next_at)


def _note_left(mail_id: int) -> None:
    """Note that a mail left; where the database refuses, the next call for it only notes, and sends nothing."""
    _close(mail_id, MailState.SENT, _left[mail_id])
    del _left[mail_id]


def _close(mail_id: int, state: MailState, sent_at: datetime | None) -> None:
    Mail.objects.filter(pk=mail_id).update(state=state, sent_at=sent_at, sealed_body=None)


def _is_permanent(error: Exception) -> bool:
    """Tell whether the server said that this mail to this address will never be taken (RFC 5321, section 4.2.1)."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code in _PERMANENT for code, _ in error.recipients.values())
    return isinstance(error, smtplib.SMTPDataError) and error.smtp_code in _PERMANENT

"""Delivering the outbox by SMTP: many mails over one connection.

The table of mails is the queue: a mail is due when it is queued, its time has come, and the receipt that it carries
can be made. Mails are marked `sending` before the server is spoken to, and each is marked `sent` in the moment the
server has taken it. So a mail that is known to have left is never sent again; one that may have left (the process
died in between) is sent once more, with the same Message-ID, by which mail readers recognise it.

Only one process delivers (see demur.docket.worker): mails found in `sending` were left there by one that died.
"""

import logging
import smtplib
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from email.utils import format_datetime, formataddr

from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.db.models import F, Q, QuerySet

from demur.core.errors import DemurError
from demur.docket.controller import get_controller
from demur.docket.durability import repeatable_notes
from demur.docket.mail_text import parse_mail_text
from demur.docket.models import Mail, MailKind, MailState
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

_MOST_AT_ONCE = 50
_MOST_SECONDS = 10.0
"""A round of mails ends after so long, so that a server that hangs keeps nothing else waiting for long."""

_PERMANENT = range(500, 600)
_left: dict[int, datetime] = {}
"""Mails of which this process knows that they left, when, and that the database has not taken the note."""

_log = logging.getLogger(__name__)


def deliver_due(now: datetime) -> int:
    """Deliver some of the mails that are due, those with a code first.

    Returns:
        How many were tried. Safe to repeat, and to cut off at any instant.
    """
    with repeatable_notes():
        for mail_id in list(_left):
            _note_left(mail_id)
        mails = _claim(now)
        if mails:
            _deliver(mails, now)
    return len(mails)


def take_back() -> int:
    """Put mails back that a killed process was sending; return how many. Only for who holds the worker's lock."""
    return Mail.objects.filter(state=MailState.SENDING).exclude(pk__in=_left).update(state=MailState.QUEUED)


def _deliver(mails: list[Mail], now: datetime) -> None:
    began = time.monotonic()
    with _mail_server() as server:
        for place, mail in enumerate(mails):
            if time.monotonic() - began > _MOST_SECONDS:
                _put_back(mails[place:])
                return
            failure = _send(server, mail)
            if failure is None:
                _left[mail.pk] = now
                _note_left(mail.pk)
                continue
            # The words of these errors can hold the address; the log gets their kind only. The note is written
            # here, where nothing that fails carries that error along.
            kind = type(failure).__name__
            _log.warning("mail %s was not delivered (attempt %s): %s", mail.pk, mail.attempts, kind)
            _note_failure(mail, now, permanent=_is_permanent(failure))


def _claim(now: datetime) -> list[Mail]:
    """Mark mails as being sent, and return them; those that are pointless by now are closed."""
    with transaction.atomic():
        due = _due(now)
        # Somebody sits and waits for a code.
        found = list(due.filter(kind=MailKind.CODE)[:_MOST_AT_ONCE])
        found += due.exclude(kind=MailKind.CODE)[: _MOST_AT_ONCE - len(found)]
        pointless = [mail.pk for mail in found if mail.pointless_from and now >= mail.pointless_from]
        _close(pointless, MailState.FAILED)
        claimed = [mail for mail in found if mail.pk not in pointless]
        _all(claimed).update(state=MailState.SENDING, attempts=F("attempts") + 1)
    for mail in claimed:
        mail.attempts += 1
    return claimed


def _due(now: datetime) -> QuerySet[Mail]:
    # A date that only a clock, set back since, can have planned is not waited for.
    has_time_come = Q(next_attempt_at__lte=now) | Q(next_attempt_at__gt=now + max(PAUSES))
    has_receipt = Q(waits_for=None) | Q(waits_for__leaf_index__isnull=False)
    queued = Mail.objects.filter(has_time_come, has_receipt, state=MailState.QUEUED).order_by("next_attempt_at")
    # Locked, since a corrected address withholds what is still queued.
    return queued.select_related("waits_for", "case").select_for_update(of=("self",))


def _put_back(mails: Iterable[Mail]) -> None:
    _all(mails).update(state=MailState.QUEUED, attempts=F("attempts") - 1)


def _all(mails: Iterable[Mail]) -> QuerySet[Mail]:
    return Mail.objects.filter(pk__in=[mail.pk for mail in mails])


@contextmanager
def _mail_server() -> Iterator[BaseEmailBackend]:
    server = get_connection()
    try:
        yield server
    finally:
        # All is noted by now: what can fail is the goodbye, and the mails have left whatever comes of it.
        with suppress(OSError, smtplib.SMTPException):
            server.close()


def _send(server: BaseEmailBackend, mail: Mail) -> Exception | None:
    """Hand one mail to the server, connecting first where that is needed; return what went wrong."""
    try:
        message = _message(mail)
        server.open()
        server.send_messages([message])
    except (OSError, smtplib.SMTPException, DemurError, ValueError) as error:
        # The next mail gets a connection of its own, whatever has become of this one.
        with suppress(OSError, smtplib.SMTPException):
            server.close()
        return error
    return None


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


def _note_failure(mail: Mail, now: datetime, *, permanent: bool) -> None:
    if permanent or mail.attempts > len(PAUSES):
        _close([mail.pk], MailState.FAILED)
        return
    next_at = now + PAUSES[mail.attempts - 1]
    Mail.objects.filter(pk=mail.pk).update(state=MailState.QUEUED, next_attempt_at=next_at)


def _note_left(mail_id: int) -> None:
    """Note that a mail left; where the database refuses, the next round only notes it, and sends nothing."""
    _close([mail_id], MailState.SENT, _left[mail_id])
    del _left[mail_id]


def _close(mail_ids: list[int], state: MailState, sent_at: datetime | None = None) -> None:
    Mail.objects.filter(pk__in=mail_ids).update(state=state, sent_at=sent_at, sealed_body=None)


def _is_permanent(error: Exception) -> bool:
    """Tell whether the server said that this mail to this address will never be taken (RFC 5321, section 4.2.1)."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code in _PERMANENT for code, _ in error.recipients.values())
    return isinstance(error, smtplib.SMTPDataError) and error.smtp_code in _PERMANENT

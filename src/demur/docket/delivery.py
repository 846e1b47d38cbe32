"""Delivering the outbox by SMTP: many mails over one connection.

The table of mails is the queue: a mail is due when it is queued, its time has come, and the receipt that it carries
can be made. Mails are marked `sending` before the server is spoken to. That one has left is noted in a file in the
moment the server has taken it (demur.docket.left_mails), and in the table, for all of a round, at its end. So a mail
that is known to have left is never sent again; one that may have left (the process died in between) is sent once more,
with the same Message-ID, by which mail readers recognise it.

Only one process delivers (see demur.docket.worker): mails found in `sending` were left there by a round that was cut
off.
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
from demur.docket.left_mails import forget_left, note_left, read_left
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

_MOST_AT_ONCE = 100
_MOST_SECONDS = 10.0
"""A round of mails ends after so long, so that a server that hangs keeps nothing else waiting for long."""

_PERMANENT = range(500, 600)
_log = logging.getLogger(__name__)


def deliver_due(now: datetime) -> int:
    """Deliver some of the mails that are due, those with a code first.

    Returns:
        How many were tried. Safe to repeat, and to cut off at any instant.
    """
    _settle()
    if not _due(now).exists():
        return 0
    mails = _claim(now)
    _deliver(mails, now)
    _settle()
    return len(mails)


def _settle() -> None:
    """Bring into the table which mails left, and put back those that a round which was cut off did not come to."""
    sending = Mail.objects.filter(state=MailState.SENDING)
    left = read_left()
    if left:
        with transaction.atomic():
            for at in set(left.values()):
                _mark_sent([mail_id for mail_id in left if left[mail_id] == at], at)
        forget_left()
    if sending.exists():
        sending.update(state=MailState.QUEUED)


def _mark_sent(mail_ids: list[int], at: datetime) -> None:
    with transaction.atomic():
        sent = Mail.objects.filter(pk__in=mail_ids, state=MailState.SENDING)
        sent.update(state=MailState.SENT, sent_at=at, sealed_body=None)


def _deliver(mails: list[Mail], now: datetime) -> None:
    began = time.monotonic()
    with _mail_server() as server:
        for place, mail in enumerate(mails):
            if time.monotonic() - began > _MOST_SECONDS:
                _put_back(mails[place:])
                return
            failure = _send(server, mail)
            if failure is None:
                _note_left(mail, now)
                continue
            # The words of these errors can hold the address; the log gets their kind only. The note is written
            # here, where nothing that fails carries that error along.
            kind = type(failure).__name__
            _log.warning("mail %s was not delivered (attempt %s): %s", mail.pk, mail.attempts, kind)
            _note_failure(mail, now, permanent=_is_permanent(failure))


def _claim(now: datetime) -> list[Mail]:
    """Mark mails as being sent, and return them; those that are pointless by now are closed."""
    with transaction.atomic():
        # Locked, since a corrected address withholds what is still queued.
        due = _due(now).select_related("waits_for", "case").select_for_update(of=("self",))
        # Somebody sits and waits for a code.
        found = list(due.filter(kind=MailKind.CODE)[:_MOST_AT_ONCE])
        found += due.exclude(kind=MailKind.CODE)[: _MOST_AT_ONCE - len(found)]
        pointless = [mail.pk for mail in found if mail.pointless_from and now >= mail.pointless_from]
        if pointless:
            _give_up(pointless)
        claimed = [mail for mail in found if mail.pk not in pointless]
        _all(claimed).update(state=MailState.SENDING, attempts=F("attempts") + 1)
    for mail in claimed:
        mail.attempts += 1
    return claimed


def _due(now: datetime) -> QuerySet[Mail]:
    # A date that only a clock, set back since, can have planned is not waited for.
    has_time_come = Q(next_attempt_at__lte=now) | Q(next_attempt_at__gt=now + max(PAUSES))
    has_receipt = Q(waits_for=None) | Q(waits_for__leaf_index__isnull=False)
    return Mail.objects.filter(has_time_come, has_receipt, state=MailState.QUEUED).order_by("next_attempt_at")


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
        # What can fail now is the goodbye: the mails have left, and are noted, whatever comes of it.
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
        _give_up([mail.pk])
        return
    next_at = now + PAUSES[mail.attempts - 1]
    Mail.objects.filter(pk=mail.pk).update(state=MailState.QUEUED, next_attempt_at=next_at)


def _note_left(mail: Mail, now: datetime) -> None:
    try:
        note_left(mail.pk, now)
    except OSError:  # a full disk must not make a mail leave again and again
        _mark_sent([mail.pk], now)


def _give_up(mail_ids: list[int]) -> None:
    Mail.objects.filter(pk__in=mail_ids).update(state=MailState.FAILED, sealed_body=None)


def _is_permanent(error: Exception) -> bool:
    """Tell whether the server said that this mail to this address will never be taken (RFC 5321, section 4.2.1)."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code in _PERMANENT for code, _ in error.recipients.values())
    return isinstance(error, smtplib.SMTPDataError) and error.smtp_code in _PERMANENT

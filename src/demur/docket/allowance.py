"""Limits on code mails, so that nobody can fill a stranger's mailbox through the form.

Counted twice. For an address: beyond the limit no mail leaves, and nothing that the sender of a form can see differs,
so the form does not tell whether an address objected lately. For a case: beyond the limit the person is told so,
which tells them only what they did themselves. Called inside the transaction that queues the mail.
"""

from datetime import datetime, timedelta

from demur.docket.models import MailAllowance
from demur.docket.secret import allowance_digest

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LIMITS: tuple[tuple[timedelta, int], ...] = ((HOUR, 3), (DAY, 10))
"""At most so many code mails within each of these times."""


def mailbox_of(email: str) -> str:
    """Return the address without what stands after a "+" (RFC 5233): whatever is written there, one person reads it."""
    local, _, domain = email.rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"


def take_allowance(subject: str, now: datetime) -> datetime | None:
    """Count one code mail for a subject (an address or a case).

    Returns:
        None when it may be sent; otherwise the instant from which the next may be, and nothing is counted.
    """
    digest = allowance_digest(subject)
    MailAllowance.objects.get_or_create(key_hmac_hex=digest, defaults={"expires_at": now + DAY})
    row = MailAllowance.objects.select_for_update().get(key_hmac_hex=digest)
    taken = [instant for instant in map(datetime.fromisoformat, row.taken_at) if now - instant < DAY]
    waits = [taken[-most] + time for time, most in LIMITS if sum(now - instant < time for instant in taken) >= most]
    if waits:
        return max(waits)
    row.taken_at = [instant.isoformat() for instant in (*taken, now)]
    row.expires_at = now + DAY
    row.save(update_fields=["taken_at", "expires_at"])
    return None

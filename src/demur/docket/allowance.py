"""Limits on code mails, so that nobody can fill a stranger's mailbox through the form.

Counted twice. For an address: beyond its share no mail leaves, and nothing that the sender of a form can see differs,
so the form does not tell whether an address objected lately. For a case: before a pause is over the person is told so,
which tells them only what they did themselves.

A stranger could use an address up, so that its owner gets no code. Therefore one network may use a part of it only,
all strangers together another part, and the rest of the day is kept for whoever signed in with the address.
"""

import json
import re
from datetime import datetime, timedelta

from django.db import connection

from demur.core.errors import FormatError
from demur.core.identifier import normalise_email
from demur.docket.asker import Asker
from demur.docket.secret import allowance_digest

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LIMITS: tuple[tuple[timedelta, int], ...] = ((HOUR, 3), (DAY, 10))
"""At most so many code mails within each of these times, whoever asks."""

MOST_A_DAY_FOR_STRANGERS = 7
MOST_A_DAY_FOR_A_NETWORK = 5
MOST_CORRECTIONS = 3
PAUSES = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15))
"""How long after the first, the second and every later request for a code a case may ask for the next one."""

_HOLD = """INSERT INTO docket_mailallowance (key_hmac_hex, taken_at, expires_at) VALUES (%s, '[]', %s)
ON CONFLICT (key_hmac_hex) DO UPDATE SET expires_at = EXCLUDED.expires_at RETURNING id, taken_at"""
"""Makes the row of an address, or locks it: of two requests for one address the second waits here."""

_NOTE_TAKEN = "UPDATE docket_mailallowance SET taken_at = %s WHERE id = %s"
_NETWORK_CHARS = 16
_OVERLOOKED = re.compile(r"[._-]")
_SAME_DOMAINS = {"googlemail.com": "gmail.com"}


def mailbox_of(email: str) -> str:
    """Return a name for the mailbox that an address may mean: one for all spellings that large providers overlook.

    What stands after a "+" (RFC 5233), dots, hyphens and underscores: whatever is written there, one person reads it.
    At a provider that tells such addresses apart two people may share a count, which costs them little.
    """
    local, _, domain = email.rpartition("@")
    return f"{_OVERLOOKED.sub('', local.partition('+')[0])}@{_SAME_DOMAINS.get(domain, domain)}"


def take_mail_allowance(email: str, asker: Asker, now: datetime) -> bool:
    """Count one code mail to an address, inside the transaction that queues it; tell whether it may leave.

    The same two statements in every case, so that their number tells nothing about the address.
    """
    digest = allowance_digest(f"address {mailbox_of(email)}")
    by_whom = _by_whom(email, asker)
    with connection.cursor() as cursor:
        cursor.execute(_HOLD, [digest, connection.ops.adapt_datetimefield_value(now + DAY)])
        row_id, stored = cursor.fetchone()
        taken = [(at, by) for at, by in json.loads(stored) if now - datetime.fromisoformat(at) < DAY]
        allowed = _may_take([(datetime.fromisoformat(at), by) for at, by in taken], by_whom, now)
        taken += [(now.isoformat(), by_whom)] if allowed else []
        cursor.execute(_NOTE_TAKEN, [json.dumps(taken), row_id])
    return allowed


def next_request_at(asked_at: list[datetime]) -> datetime:
    """Return when a case may ask for its next code.

    Args:
        asked_at: when it asked so far for its present address, oldest first; not empty.
    """
    pause = PAUSES[min(len(asked_at), len(PAUSES)) - 1]
    return max([asked_at[-1] + pause, *(asked_at[-most] + time for time, most in LIMITS if len(asked_at) >= most)])


def _may_take(taken: list[tuple[datetime, str]], by_whom: str, now: datetime) -> bool:
    if any(sum(now - at < time for at, _ in taken) >= most for time, most in LIMITS):
        return False
    if by_whom == _OWNER:
        return True
    strangers = [by for _, by in taken if by != _OWNER]
    is_network_done = by_whom != "" and strangers.count(by_whom) >= MOST_A_DAY_FOR_A_NETWORK
    return len(strangers) < MOST_A_DAY_FOR_STRANGERS and not is_network_done


_OWNER = "owner"


def _by_whom(email: str, asker: Asker) -> str:
    """Return the start of a network's digest, or that the address's owner asks, or nothing about nobody."""
    if asker.verified_email and _is_same_mailbox(email, asker.verified_email):
        return _OWNER
    return allowance_digest(f"network {asker.network}")[:_NETWORK_CHARS] if asker.network else ""


def _is_same_mailbox(email: str, verified: str) -> bool:
    try:
        return mailbox_of(email) == mailbox_of(normalise_email(verified))
    except FormatError:
        return False

"""Shares: how often something may happen at once, and how fast that comes back.

Each use moves one instant onward by the share's step, and time comes after it (the generic cell rate algorithm, ITU-T
I.371, annex A): one row and one conditional update for each network, however often it asks.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import DurationField

from demur.docket.lookup import find_values
from demur.docket.models import UsedShare
from demur.docket.secret import allowance_digest

_TAKE = """INSERT INTO docket_usedshare AS used (key_hmac_hex, used_until) VALUES (%s, %s)
ON CONFLICT (key_hmac_hex) DO UPDATE SET used_until = {} WHERE used.used_until <= %s"""
_ONWARD = {  # from the later of what is used and now, by a step
    "postgresql": "GREATEST(used.used_until, %s) + %s",
    "sqlite": "django_format_dtdelta('+', MAX(used.used_until, %s), %s)",
}


@dataclass(frozen=True)
class Share:
    """So many uses at once; one more comes back after each `step`."""

    most: int
    step: timedelta


def take_share(subject: str, share: Share, now: datetime) -> datetime | None:
    """Use a share once.

    Args:
        subject: what is limited; only a keyed digest of it is stored.
        share: how much there is; the same subject may be asked about with shares of the same step.
        now: the instant.

    Returns:
        None if there was something left; otherwise when there will be, and nothing is counted.
    """
    digest = allowance_digest(subject)
    if _take(digest, share, now):
        return None
    return _find_next_at(digest, share) or now + share.step


def find_wait(subject: str, share: Share, now: datetime) -> datetime | None:
    """Return when the next use will be possible; None if it is now. Nothing is counted."""
    next_at = _find_next_at(allowance_digest(subject), share)
    return next_at if next_at and next_at > now else None


def _take(digest: str, share: Share, now: datetime) -> bool:
    """Use a share once, by one statement whoever else does; False if there is nothing left."""
    instant = connection.ops.adapt_datetimefield_value
    step = DurationField().get_db_prep_value(share.step, connection)
    latest = instant(now + (share.most - 1) * share.step)
    with connection.cursor() as cursor:
        values = [digest, instant(now + share.step), instant(now), step, latest]
        cursor.execute(_TAKE.format(_ONWARD[connection.vendor]), values)
        return bool(cursor.rowcount == 1)


def _find_next_at(digest: str, share: Share) -> datetime | None:
    used = find_values(UsedShare, "key_hmac_hex", digest, "used_until")
    return used[0] - (share.most - 1) * share.step if used else None

"""Shares: how often something may happen at once, and how fast that comes back.

Each use moves one instant onward by the share's step, and time comes after it (the generic cell rate algorithm, ITU-T
I.371, annex A): one row and one conditional update for each network, however often it asks.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, models
from django.db.models import DateTimeField, ExpressionWrapper, F, Value
from django.db.models.functions import Greatest

from demur.docket.lookup import find_by_key
from demur.docket.models import UsedShare
from demur.docket.secret import allowance_digest

_TAKE_FIRST = "INSERT INTO docket_usedshare (key_hmac_hex, used_until) VALUES (%s, %s) ON CONFLICT DO NOTHING"


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
    if _take_again(digest, share, now):
        return None
    used = find_by_key(UsedShare, "key_hmac_hex", digest)
    if used is not None and _next_at(used.used_until, share) > now:
        return _next_at(used.used_until, share)
    # Nobody has used it yet, or somebody was first a moment ago.
    if (used is None and _take_first(digest, now + share.step)) or _take_again(digest, share, now):
        return None
    return now + share.step


def find_wait(subject: str, share: Share, now: datetime) -> datetime | None:
    """Return when the next use will be possible; None if it is now. Nothing is counted."""
    used = find_by_key(UsedShare, "key_hmac_hex", allowance_digest(subject))
    next_at = _next_at(used.used_until, share) if used else now
    return next_at if next_at > now else None


def _take_first(digest: str, used_until: datetime) -> bool:
    """Note the first use; False if there was one. A statement of its own, since Django's would need a savepoint."""
    with connection.cursor() as cursor:
        values = [digest, connection.ops.adapt_datetimefield_value(used_until)]
        cursor.execute(_TAKE_FIRST, values)
        return bool(cursor.rowcount == 1)


def _take_again(digest: str, share: Share, now: datetime) -> bool:
    onward = Greatest(F("used_until"), Value(now, DateTimeField())) + share.step
    rows = UsedShare.objects.filter(key_hmac_hex=digest, used_until__lte=now + (share.most - 1) * share.step)
    return rows.update(used_until=ExpressionWrapper(onward, output_field=models.DateTimeField())) == 1


def _next_at(used_until: datetime, share: Share) -> datetime:
    return used_until - (share.most - 1) * share.step

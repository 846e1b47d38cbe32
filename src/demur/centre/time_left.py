"""How long there still is to object before a training starts."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from demur.controller.campaign import Campaign

_LATEST_ZONE = timedelta(hours=-12)


@dataclass(frozen=True)
class TimeLeft:
    """The time from now to the start of a training: the same in every time zone.

    Attributes:
        days: whole ones.
        hours: whole ones, beside the days.
        last_safe_day: the last day that is over everywhere before the start; None when it is over everywhere already.
    """

    days: int
    hours: int
    last_safe_day: date | None


def make_time_left(campaign: Campaign, now: datetime) -> TimeLeft | None:
    """Return the time left until a campaign starts; None from its start on."""
    if campaign.has_started(now):
        return None
    left = campaign.starts_at - now
    day = campaign.last_safe_day
    is_over = day < (now.astimezone(UTC) + _LATEST_ZONE).date()
    return TimeLeft(left.days, left.seconds // 3600, None if is_over else day)

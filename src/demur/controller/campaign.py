"""Campaigns: from when a training uses people's data, and until when an objection comes before it."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from demur.controller.local_text import LocalText

_WESTERNMOST = timedelta(hours=12)
"""The latest time zone of all is UTC-12: a day that is over there is over everywhere."""


@dataclass(frozen=True)
class Campaign:
    """A training that uses what people share.

    Attributes:
        id: stable.
        name: what is trained.
        training_starts_on: the first day of the training, in the controller's time zone.
        starts_at: the instant at which that day begins there (UTC).
    """

    id: str
    name: LocalText
    training_starts_on: date
    starts_at: datetime

    @property
    def last_safe_day(self) -> date:
        """The last calendar day that is over in every time zone of the earth before the training starts."""
        return (self.starts_at.astimezone(UTC) - _WESTERNMOST).date() - timedelta(days=1)

    def has_started(self, now: datetime) -> bool:
        """Tell whether the training has started."""
        return now >= self.starts_at

"""The queue: which cases wait for staff, the most urgent first, and how urgent they are in one word."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from demur.docket.selectors import OpenCase, open_cases

SOON_DAYS = 7


class Urgency(StrEnum):
    """How near the legal date is."""

    LATE = "late"
    TODAY = "today"
    SOON = "soon"
    IN_TIME = "in time"


@dataclass(frozen=True)
class QueuedCase:
    """A case that waits, with its urgency."""

    case: OpenCase
    urgency: Urgency


def list_queue(now: datetime) -> list[QueuedCase]:
    """Return the waiting cases, the earliest legal date first."""
    return [QueuedCase(case, urgency_of(case.days_left)) for case in open_cases(now)]


def urgency_of(days_left: int) -> Urgency:
    """Return the urgency of a case with so many days left; a negative number is days too late."""
    if days_left < 0:
        return Urgency.LATE
    if days_left == 0:
        return Urgency.TODAY
    return Urgency.SOON if days_left <= SOON_DAYS else Urgency.IN_TIME

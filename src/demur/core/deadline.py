"""The legal clock: by when an answer is due.

Months are counted after Regulation (EEC, Euratom) No 1182/71, Art. 3: the day of receipt is not counted; the period
ends with the day of the same number, or the last day of a shorter month; if that is a Saturday, a Sunday or a public
holiday, it ends with the next working day. Days and business days are for the laws that count so.
"""

import calendar
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

_SATURDAY = 5
_MONTHS_A_YEAR = 12
_ONE_DAY = timedelta(days=1)


class PeriodUnit(StrEnum):
    """How a law counts."""

    MONTH = "month"
    DAY = "day"
    BUSINESS_DAY = "business-day"


@dataclass(frozen=True)
class Period:
    """A period of law, e.g. one month."""

    value: int
    unit: PeriodUnit


GDPR_PERIOD = Period(1, PeriodUnit.MONTH)
"""One month from receipt (GDPR Art. 12(3))."""


def due_on(received_on: date, period: Period, holidays: AbstractSet[date] = frozenset()) -> date:
    """Return the last day on which an answer is in time.

    Args:
        received_on: the day of receipt in the controller's place; it is not counted.
        period: one value and unit of the law that applies.
        holidays: the public holidays that apply. Without them the date can only be too early, never too late.
    """
    if period.unit is PeriodUnit.BUSINESS_DAY:
        day = received_on
        for _ in range(period.value):
            day = _working_day(day + _ONE_DAY, holidays)
        return day
    if period.unit is PeriodUnit.DAY:
        return received_on + timedelta(days=period.value)
    months = received_on.year * _MONTHS_A_YEAR + received_on.month - 1 + period.value
    year, month = months // _MONTHS_A_YEAR, months % _MONTHS_A_YEAR + 1
    last_day = calendar.monthrange(year, month)[1]
    return _working_day(date(year, month, min(received_on.day, last_day)), holidays)


def _working_day(day: date, holidays: AbstractSet[date]) -> date:
    while day.weekday() >= _SATURDAY or day in holidays:
        day += _ONE_DAY
    return day

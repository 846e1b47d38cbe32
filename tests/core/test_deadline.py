import calendar
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demur.core.deadline import GDPR_PERIOD, Period, PeriodUnit, due_on

century = st.dates(date(2000, 1, 1), date(2100, 12, 31))
holiday_sets = st.frozensets(century, max_size=40)


@pytest.mark.parametrize(
    ("received_on", "due"),
    [
        (date(2026, 6, 26), date(2026, 7, 27)),  # the 26th of July is a Sunday
        (date(2026, 11, 23), date(2026, 12, 23)),
        (date(2026, 12, 15), date(2027, 1, 15)),  # over the year's end
        (date(2027, 1, 31), date(2027, 3, 1)),  # February ends on a Sunday
        (date(2028, 1, 31), date(2028, 2, 29)),  # a leap year
        (date(2026, 3, 31), date(2026, 4, 30)),  # a shorter month
        (date(2026, 2, 28), date(2026, 3, 30)),  # the same number, not the month's last day; a Saturday
    ],
)
def test_one_month_after_receipt(received_on: date, due: date) -> None:
    assert due_on(received_on, GDPR_PERIOD) == due


def test_a_deadline_on_a_holiday_moves_past_the_weekend_behind_it() -> None:
    friday = date(2026, 12, 25)
    assert due_on(date(2026, 11, 25), GDPR_PERIOD, {friday}) == date(2026, 12, 28)
    assert due_on(date(2026, 11, 25), GDPR_PERIOD, {friday, date(2026, 12, 28)}) == date(2026, 12, 29)


@given(century, st.integers(1, 3), holiday_sets)
def test_months_end_on_the_first_working_day_from_the_same_number_on(
    received_on: date, months: int, holidays: frozenset[date]
) -> None:
    due = due_on(received_on, Period(months, PeriodUnit.MONTH), holidays)
    year, month = divmod(received_on.year * 12 + received_on.month - 1 + months, 12)
    nominal = date(year, month + 1, min(received_on.day, calendar.monthrange(year, month + 1)[1]))
    assert due >= nominal
    assert due.weekday() < 5
    assert due not in holidays
    between = [nominal + timedelta(days=n) for n in range((due - nominal).days)]
    assert all(day.weekday() >= 5 or day in holidays for day in between)


@given(century, century)
def test_who_comes_later_is_never_due_earlier(one: date, other: date) -> None:
    first, second = sorted((one, other))
    assert due_on(first, GDPR_PERIOD) <= due_on(second, GDPR_PERIOD)


@given(century, holiday_sets)
def test_not_knowing_the_holidays_makes_the_date_too_early_never_too_late(day: date, holidays: frozenset[date]) -> None:
    assert due_on(day, GDPR_PERIOD) <= due_on(day, GDPR_PERIOD, holidays)


@given(century, st.integers(0, 90))
def test_days_are_plain_days(received_on: date, days: int) -> None:
    assert due_on(received_on, Period(days, PeriodUnit.DAY)) == received_on + timedelta(days=days)


@given(century, st.integers(1, 60), holiday_sets)
def test_business_days_count_working_days_only(received_on: date, days: int, holidays: frozenset[date]) -> None:
    due = due_on(received_on, Period(days, PeriodUnit.BUSINESS_DAY), holidays)
    later = (received_on + timedelta(days=n) for n in range(1, (due - received_on).days + 1))
    assert sum(day.weekday() < 5 and day not in holidays for day in later) == days
    assert due.weekday() < 5
    assert due not in holidays

"""The last safe day is safe wherever a person is, and no day later would be."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

from hypothesis import given
from hypothesis import strategies as st

from demur.controller.campaign import Campaign
from demur.controller.local_text import LocalText

ZONES = sorted(available_timezones())
DAYS = st.dates(date(2024, 1, 1), date(2037, 12, 31))


def campaign_of(day: date, zone: str) -> Campaign:
    starts_at = datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)
    return Campaign("any", LocalText("Training", {}), day, starts_at)


def end_of(day: date, zone: str) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), ZoneInfo(zone)).astimezone(UTC)


@given(day=DAYS, controllers=st.sampled_from(ZONES), persons=st.sampled_from(ZONES))
def test_the_last_safe_day_is_over_before_the_start_in_every_zone(day: date, controllers: str, persons: str) -> None:
    campaign = campaign_of(day, controllers)
    assert end_of(campaign.last_safe_day, persons) <= campaign.starts_at


@given(day=DAYS, controllers=st.sampled_from(ZONES))
def test_the_day_after_the_last_safe_day_is_not_over_everywhere_before_the_start(day: date, controllers: str) -> None:
    campaign = campaign_of(day, controllers)
    assert end_of(campaign.last_safe_day + timedelta(days=1), "Etc/GMT+12") > campaign.starts_at


@given(day=DAYS, controllers=st.sampled_from(ZONES), persons=st.sampled_from(ZONES))
def test_the_day_before_the_start_where_a_person_is_is_as_late_or_later_and_safe_there(
    day: date, controllers: str, persons: str
) -> None:
    # What times.js says.
    campaign = campaign_of(day, controllers)
    here = campaign.starts_at.astimezone(ZoneInfo(persons)).date() - timedelta(days=1)
    assert here >= campaign.last_safe_day
    assert end_of(here, persons) <= campaign.starts_at


def test_the_sample_campaign_is_safe_until_the_sunday_before() -> None:
    campaign = campaign_of(date(2026, 12, 15), "Europe/Dublin")
    assert campaign.last_safe_day == date(2026, 12, 13)
    assert campaign.last_safe_day.strftime("%A") == "Sunday"
    assert not campaign.has_started(campaign.starts_at - timedelta(seconds=1))
    assert campaign.has_started(campaign.starts_at)

"""Working mornings."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.invoices.mornings import next_working_morning


@pytest.mark.parametrize(
    ("now", "region", "expected"),
    [
        ("2026-11-17T15:00", "GB-ENG", "2026-11-18T08:00"),
        ("2026-11-17T03:00", "GB-ENG", "2026-11-18T08:00"),  # never the same day
        ("2026-11-20T09:00", "GB-ENG", "2026-11-23T08:00"),  # Friday to Monday
        ("2026-12-24T09:00", "GB-ENG", "2026-12-29T08:00"),  # Christmas, and Boxing Day's substitute
        ("2026-12-31T09:00", "GB-ENG", "2027-01-04T08:00"),
        ("2026-04-02T09:00", "GB-ENG", "2026-04-07T08:00"),  # Good Friday to Easter Monday
        ("2026-04-02T09:00", "GB-SCT", "2026-04-06T08:00"),  # Easter Monday is none in Scotland
        ("2027-01-01T09:00", "GB-SCT", "2027-01-05T08:00"),  # 2 January's substitute
        ("2026-10-02T09:00", "DE-BY", "2026-10-05T08:00"),
        ("2026-07-13T09:00", "FR", "2026-07-15T08:00"),
    ],
)
def test_the_next_working_morning(now: str, region: str, expected: str) -> None:
    """Weekends and the region's holidays are passed over."""
    instant = datetime.fromisoformat(now).replace(tzinfo=UTC)
    wanted = datetime.fromisoformat(expected).replace(tzinfo=UTC)
    assert next_working_morning(instant, region=region, hour=8) == wanted


def test_the_hour_is_utc_whatever_the_clock() -> None:
    """An instant of another zone counts as the day it is in UTC."""
    late = datetime(2026, 11, 17, 23, 30, tzinfo=timezone(timedelta(hours=-5)))
    assert next_working_morning(late, region="GB-ENG", hour=7) == datetime(2026, 11, 19, 7, tzinfo=UTC)


@given(st.integers(0, 9 * 365 * 24 * 60), st.integers(0, 23))
def test_it_is_always_a_working_day_soon(minutes: int, hour: int) -> None:
    """Whatever the day, the morning is later, at the hour, no weekend, and within a week."""
    instant = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    morning = next_working_morning(instant, region="GB-ENG", hour=hour)
    assert morning > instant
    assert morning.weekday() < 5
    assert (morning.hour, morning.minute) == (hour, 0)
    assert morning.date() - instant.date() <= timedelta(days=7)

"""By when a run must have reported."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from core.timing.calendars import Calendar
from core.timing.schedule import Schedule, Slot, report_by
from core.timing.timetable import parse_workdays

LONDON = ZoneInfo("Europe/London")
MORNING = Schedule(
    bot="invoices", name="morning", timetable=parse_workdays("07:30", LONDON), calendar=Calendar(name="default")
)
SUMMER = Slot(key="2026-07-01T07:30", due=datetime(2026, 7, 1, 6, 30, tzinfo=UTC))


def test_without_a_deadline_there_is_none() -> None:
    """Nobody waits for a report."""
    assert report_by(MORNING, SUMMER) is None


def test_an_hour_is_one_of_the_same_local_day() -> None:
    """Clocks in summer show eleven an hour earlier than UTC."""
    assert report_by(replace(MORNING, report_by=time(11)), SUMMER) == datetime(2026, 7, 1, 10, tzinfo=UTC)


def test_the_day_is_the_local_one() -> None:
    """Half past midnight in summer is still the day before in UTC, and the deadline is the morning that follows."""
    slot = Slot(key="2026-07-02T00:30", due=datetime(2026, 7, 1, 23, 30, tzinfo=UTC))
    assert report_by(replace(MORNING, report_by=time(11)), slot) == datetime(2026, 7, 2, 10, tzinfo=UTC)


def test_a_length_counts_from_the_due_time() -> None:
    """Whatever clocks show."""
    assert report_by(replace(MORNING, report_within=timedelta(hours=2)), SUMMER) == datetime(
        2026, 7, 1, 8, 30, tzinfo=UTC
    )


def test_a_deadline_that_clocks_skip_comes_after_the_due_time() -> None:
    """Due at half past midnight, to report by half past one, on the day that has none: within the hour all the same."""
    slot = Slot(key="2026-03-29T00:30", due=datetime(2026, 3, 29, 0, 30, tzinfo=UTC))
    assert report_by(replace(MORNING, report_by=time(1, 30)), slot) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)

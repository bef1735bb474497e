"""Spans of time as people write them."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.timing.calendars import Calendar
from core.timing.spans import DAYS, DatedSpan, Freeze, WeeklySpan, parse_date, parse_days, parse_time

LONDON = ZoneInfo("Europe/London")
ENGLAND = Calendar(name="default")


def utc(text: str) -> datetime:
    """Return an instant written as `2026-11-28 07:30`."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize("text", ["7:30", "24:00", "07:60", "0730", "07:30:00", "", "noon", "٠٧:٣٠"])
def test_what_is_no_time_of_day_is_refused(text: str) -> None:
    """The sentence shows how one is written."""
    with pytest.raises(ValueError, match='is written as "07:30"'):
        parse_time(text)


@given(st.times())
def test_every_minute_of_the_day_can_be_written(at: time) -> None:
    """Hours and minutes come back as they were written."""
    assert parse_time(f"{at:%H:%M}") == at.replace(second=0, microsecond=0)


@pytest.mark.parametrize("text", ["2026-02-29", "1999-12-31", "2200-01-01", "24.12.2026", "tomorrow", ""])
def test_what_is_no_day_is_refused(text: str) -> None:
    """Days that no calendar has, and years that are a slip of the pen."""
    with pytest.raises(ValueError, match=r"no day of the calendar|outside the years 2000 to 2199"):
        parse_date(text)


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("mon", "mon"),
        ("mon,thu", "mon thu"),
        ("mon, thu", "mon thu"),
        ("mon-fri", "mon tue wed thu fri"),
        ("fri-mon", "fri sat sun mon"),
        ("Sat-SUN", "sat sun"),
        ("sat,mon-tue", "sat mon tue"),
        ("daily", " ".join(DAYS)),
    ],
)
def test_days_of_the_week(text: str, days: str) -> None:
    """Single days, lists, and ranges that may go over the weekend."""
    assert parse_days(text) == {DAYS.index(day) for day in days.split()}


@pytest.mark.parametrize("text", ["", "mon-", "monday", "weekdays", "mon;tue", "-fri", "mon-fri-sun"])
def test_what_names_no_days_is_refused(text: str) -> None:
    """The sentence shows how days are written."""
    with pytest.raises(ValueError, match='"mon-fri" or "daily"'):
        parse_days(text)


@pytest.mark.parametrize(
    ("text", "day", "span"),
    [
        ("mon-fri 07:00-19:00", "2026-11-27", "2026-11-27 07:00 2026-11-27 19:00"),
        ("mon-fri 07:00-19:00", "2026-11-28", ""),
        ("mon-fri 07:00 - 19:00", "2026-07-01", "2026-07-01 06:00 2026-07-01 18:00"),  # summer time
        ("fri 22:00-02:00", "2026-11-27", "2026-11-27 22:00 2026-11-28 02:00"),  # into the next day
        ("daily 00:00-24:00", "2026-11-27", "2026-11-27 00:00 2026-11-28 00:00"),
        ("daily 00:00-24:00", "2026-03-29", "2026-03-29 00:00 2026-03-29 23:00"),  # 23 hours
        ("daily 00:00-24:00", "2026-10-25", "2026-10-24 23:00 2026-10-26 00:00"),  # 25 hours
        ("sun 01:00-02:00", "2026-03-29", ""),  # skipped
        ("sun 00:30-01:30", "2026-03-29", "2026-03-29 00:30 2026-03-29 01:00"),
        ("sun 01:00-02:00", "2026-10-25", "2026-10-25 00:00 2026-10-25 02:00"),  # both passings
        ("sun 01:15-01:45", "2026-10-25", "2026-10-25 00:15 2026-10-25 00:45 2026-10-25 01:15 2026-10-25 01:45"),
    ],
)
def test_weekly_spans(text: str, day: str, span: str) -> None:
    """They begin on their days, at the hours that clocks show there."""
    instants = [at for pair in WeeklySpan.parse(text).on(date.fromisoformat(day), LONDON) for at in pair]
    assert [f"{at:%Y-%m-%d %H:%M}" for at in instants] == [span[at : at + 16] for at in range(0, len(span), 17)]


@pytest.mark.parametrize(
    "text", ["mon-fri", "07:00-19:00", "mon 7-9", "mon 19:00-25:00", "mon 07:00-07:00", "mon 24:00-07:00"]
)
def test_what_is_no_weekly_span_is_refused(text: str) -> None:
    """Nothing is guessed."""
    with pytest.raises(ValueError, match=r"weekly span|time of day|same time"):
        WeeklySpan.parse(text)


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2026-12-12 20:00/2026-12-13 06:00", "2026-12-12 20:00", "2026-12-13 06:00"),
        ("2026-07-01T20:00 / 2026-07-02T06:00", "2026-07-01 19:00", "2026-07-02 05:00"),
        ("2026-12-24/2026-12-26", "2026-12-24 00:00", "2026-12-27 00:00"),  # whole days, the last one too
        ("2026-12-24/2026-12-24", "2026-12-24 00:00", "2026-12-25 00:00"),
        ("2026-10-25 00:00/2026-10-25 01:30", "2026-10-24 23:00", "2026-10-25 01:30"),  # until its second passing
        ("2026-10-25 01:30/2026-10-25 05:00", "2026-10-25 00:30", "2026-10-25 05:00"),  # from its first
    ],
)
def test_spans_of_dates(text: str, start: str, end: str) -> None:
    """From the first instant until before the last; the longer way where clocks repeat an end."""
    assert DatedSpan.parse(text).instants(LONDON) == (utc(start), utc(end))


@pytest.mark.parametrize(
    "text", ["2026-12-12", "2026-12-13/2026-12-12", "2026-12-12 20:00/2026-12-12 20:00", "2026-02-30/2026-03-01", "x/y"]
)
def test_what_is_no_span_of_dates_is_refused(text: str) -> None:
    """One end alone, a span that ends before it begins, days that no calendar has."""
    with pytest.raises(ValueError, match=r"span of dates|ends before|no day"):
        DatedSpan.parse(text)


@pytest.mark.parametrize(
    ("text", "day", "start", "end"),
    [
        ("-2 workdays 12:00 / 1 workday 09:00", "2026-11-10", "2026-11-26 12:00", "2026-12-01 09:00"),
        ("-2 workdays 12:00 / 1 workday 09:00", "2026-12-10", "2026-12-29 12:00", "2027-01-04 09:00"),
        ("-1 workday 12:00/2 workdays 09:00", "2024-02-15", "2024-02-28 12:00", "2024-03-04 09:00"),  # leap day
        ("18:00 / 1 workday 09:00", "2026-06-15", "2026-06-30 17:00", "2026-07-01 08:00"),
    ],
)
def test_freezes(text: str, day: str, start: str, end: str) -> None:
    """They are counted in workdays from the month's last one and into the next month."""
    around = list(Freeze.parse(text).around(date.fromisoformat(day), ENGLAND, LONDON))
    assert around[1] == (utc(start), utc(end))
    assert len(around) == 2
    assert around[0][1] < around[1][0]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "12:00",
        "-2 days 12:00 / 1 workday 09:00",
        "-2 workdays 12:00",
        "2 workdays 12:00 / 1 workday 09:00",
        "-2 workdays 12:00 / 0 workdays 09:00",
        "-16 workdays 12:00 / 1 workday 09:00",
        "-2 workdays 12:00 / 16 workdays 09:00",
    ],
)
def test_what_is_no_freeze_is_refused(text: str) -> None:
    """The sentence shows one, and what it means."""
    with pytest.raises(ValueError, match="two workdays before the month's last workday"):
        Freeze.parse(text)

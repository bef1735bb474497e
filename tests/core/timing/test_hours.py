"""When a target is open, why it is closed, and when that changes."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.timing.calendars import Calendar
from core.timing.hours import Hours
from core.timing.spans import DatedSpan, Freeze, WeeklySpan

LONDON = ZoneInfo("Europe/London")
ENGLAND = Calendar(name="default", closed=((date(2026, 12, 24), date(2026, 12, 24)),))
MINUTE = timedelta(minutes=1)


def ledger(
    *open_: str, maintenance: tuple[str, ...] = (), freeze: tuple[str, ...] = (), holidays: bool = False
) -> Hours:
    """Return the hours of a target called ledger."""
    return Hours(
        target="ledger",
        zone=LONDON,
        calendar=ENGLAND,
        open=tuple(WeeklySpan.parse(text) for text in open_),
        closed_on_holidays=holidays,
        maintenance=tuple((DatedSpan if "/" in text else WeeklySpan).parse(text) for text in maintenance),
        freezes=tuple(Freeze.parse(text) for text in freeze),
    )


def london(text: str) -> datetime:
    """Return the instant at which clocks in London show a time."""
    return datetime.fromisoformat(text).replace(tzinfo=LONDON).astimezone(UTC)


OFFICE = ledger("mon-fri 07:00-19:00", "sat 08:00-12:00")
HOLIDAYS = ledger("mon-fri 07:00-19:00", holidays=True)
SUNDAYS = ledger(maintenance=("sun 02:00-04:00",))
FROZEN = ledger("mon-fri 07:00-19:00", freeze=("-2 workdays 12:00 / 1 workday 09:00",))


@pytest.mark.parametrize(
    ("at", "is_open"),
    [
        ("2026-11-27 06:59:59.999999", False),
        ("2026-11-27 07:00", True),  # from its first moment
        ("2026-11-27 18:59:59.999999", True),
        ("2026-11-27 19:00", False),  # until before its last
        ("2026-11-28 08:00", True),
        ("2026-11-28 12:00", False),
        ("2026-11-29 10:00", False),
        ("2026-07-01 07:00", True),  # by the clock on the wall, in summer too
        ("2026-07-01 06:59", False),
        ("2026-12-25 10:00", True),  # holidays only close it when it says so
    ],
)
def test_hours_are_half_open(at: str, is_open: bool) -> None:
    """Open from the first moment of a span until before the last."""
    assert OFFICE.open_at(london(at)) == is_open
    assert (OFFICE.why_closed(london(at)) is None) == is_open


def test_without_hours_it_never_closes() -> None:
    """A target with maintenance alone is open at all other times; one without anything never closes."""
    assert ledger().closes_at(london("2026-11-27 12:00")) is None
    assert SUNDAYS.closes_at(london("2026-11-27 12:00")) == london("2026-11-29 02:00")
    assert SUNDAYS.next_open(london("2026-11-29 02:00")) == london("2026-11-29 04:00")


@pytest.mark.parametrize(
    ("hours", "at", "why", "opens"),
    [
        (OFFICE, "2026-11-27 19:00", "opening hours are mon-fri 07:00-19:00, sat 08:00-12:00", "2026-11-28 08:00"),
        (OFFICE, "2026-11-28 12:00", "opening hours are", "2026-11-30 07:00"),
        (HOLIDAYS, "2026-12-24 10:00", "a closed day of calendar", "2026-12-29 07:00"),
        (HOLIDAYS, "2026-12-25 10:00", "Christmas Day", "2026-12-29 07:00"),
        (HOLIDAYS, "2026-12-26 10:00", "Boxing Day", "2026-12-29 07:00"),
        (ledger(holidays=True), "2026-12-24 10:00", "a closed day", "2026-12-27 00:00"),  # open at weekends
        (SUNDAYS, "2026-11-29 03:00", "maintenance sun 02:00-04:00", "2026-11-29 04:00"),
        (
            ledger("daily 06:00-22:00", maintenance=("2026-12-12 20:00/2026-12-13 10:00",)),
            "2026-12-12 23:00",
            "maintenance 2026-12-12 20:00/2026-12-13 10:00",
            "2026-12-13 10:00",
        ),
        (
            FROZEN,
            "2026-11-26 12:00",
            "month-end freeze -2 workdays 12:00 / 1 workday 09:00",
            "2026-12-01 09:00",
        ),
        (
            ledger("fri 22:00-02:00", maintenance=("sat 01:00-01:30",)),
            "2026-11-28 01:10",
            "maintenance",
            "2026-11-28 01:30",
        ),
    ],
)  # fmt: skip
def test_a_closed_target_says_why_and_until_when(hours: Hours, at: str, why: str, opens: str) -> None:
    """A clerk reads the target, the reason and the next opening by the clock on the wall."""
    said = hours.why_closed(london(at))
    assert said is not None
    assert said.startswith("ledger is closed: ")
    assert why in said
    assert hours.next_open(london(at)) == london(opens)
    assert f"it opens {datetime.fromisoformat(opens):%a %d %b %Y %H:%M} (Europe/London)" in said


@pytest.mark.parametrize(
    ("hours", "at", "closes"),
    [
        (OFFICE, "2026-11-27 12:00", "2026-11-27 19:00"),
        (OFFICE, "2026-11-27 20:00", "2026-11-27 20:00"),  # closed now
        (ledger("daily 00:00-24:00", maintenance=("sun 02:00-04:00",)), "2026-11-25 12:00", "2026-11-29 02:00"),
        (ledger("mon 22:00-06:00", "tue 06:00-10:00"), "2026-11-23 23:00", "2026-11-24 10:00"),  # spans that meet
        (FROZEN, "2026-11-26 09:00", "2026-11-26 12:00"),
    ],
)  # fmt: skip
def test_when_it_closes(hours: Hours, at: str, closes: str) -> None:
    """The end of what is open without a gap; now, when it is closed."""
    assert hours.closes_at(london(at)) == london(closes)


def test_what_never_opens_is_told() -> None:
    """There is no next opening within 400 days, and the sentence says so."""
    shut = ledger("mon-fri 07:00-19:00", maintenance=("daily 00:00-24:00",))
    assert shut.next_open(london("2026-11-27 12:00")) is None
    assert "it does not open within 400 days" in str(shut.why_closed(london("2026-11-27 12:00")))
    assert shut.closes_at(london("2026-11-27 12:00")) == london("2026-11-27 12:00")


def test_the_hours_of_a_schedule_have_no_target() -> None:
    """The sentence then speaks of the schedule."""
    said = Hours(zone=LONDON, calendar=ENGLAND, open=(WeeklySpan.parse("mon 08:00-09:00"),)).why_closed(
        london("2026-11-27 12:00")
    )
    assert str(said).startswith("this schedule is closed")


def test_a_freeze_holds_over_every_month_end_of_a_year() -> None:
    """From the hour before each month's end to the hour after it, and not a minute longer."""
    hours = ledger(freeze=("-1 workday 18:00 / 2 workdays 08:00",))
    calendar = ENGLAND
    for month in range(1, 13):
        first = calendar.near_month_end(2027, month, before=1)
        last = calendar.add_workdays(date(2027 + month // 12, month % 12 + 1, 1) - timedelta(days=1), 2)
        begins, ends = (london(f"{day} {at}") for day, at in ((first, "18:00"), (last, "08:00")))
        assert [hours.open_at(at) for at in (begins - MINUTE, begins, ends - MINUTE, ends)] == [
            True,
            False,
            False,
            True,
        ]


def test_a_freeze_holds_through_a_month_without_workdays() -> None:
    """Where an organisation is closed for all of August, the freeze goes on until the first workday of September."""
    calendar = Calendar(name="c", closed=((date(2027, 8, 1), date(2027, 8, 31)),))
    hours = Hours(zone=LONDON, calendar=calendar, freezes=(Freeze.parse("12:00 / 1 workday 09:00"),))
    assert hours.open_at(london("2027-07-30 11:59"))
    assert not hours.open_at(london("2027-08-15 12:00"))
    assert hours.next_open(london("2027-07-30 12:00")) == london("2027-09-01 09:00")


TIMES = st.builds(lambda hour, quarter: time(hour, 15 * quarter), st.integers(0, 23), st.integers(0, 3))
DAYS = st.sampled_from(["daily", "mon-fri", "sat-sun", "mon,wed", "sun", "fri-mon"])
WEEKLY = (
    st.tuples(DAYS, TIMES, TIMES)
    .filter(lambda span: span[1] != span[2])
    .map(lambda span: f"{span[0]} {span[1]:%H:%M}-{span[2]:%H:%M}")
)
HOURS = st.builds(
    lambda open_, maintenance, freeze, holidays: ledger(
        *open_, maintenance=tuple(maintenance), freeze=tuple(freeze), holidays=holidays
    ),
    st.lists(WEEKLY, max_size=3),
    st.lists(WEEKLY | st.just("2026-10-24 20:00/2026-10-25 01:15"), max_size=2),
    st.lists(st.just("-3 workdays 12:00 / 1 workday 09:00"), max_size=1),
    st.booleans(),
)
INSTANTS = st.sampled_from(["2026-03-27", "2026-10-23", "2026-12-23", "2024-02-27"]).flatmap(
    lambda day: st.integers(0, 5 * 24 * 12).map(lambda step: london(day) + step * 5 * MINUTE)
)


def _shown_in(span: str, at: datetime) -> bool:
    """Tell, by the clock on the wall alone, whether an instant lies in a weekly span."""
    days, hours = WeeklySpan.parse(span).days, span.split(" ")[1].split("-")
    start, end = (time.fromisoformat(hour) for hour in hours)
    there = at.astimezone(LONDON)
    if start < end:
        return there.weekday() in days and start <= there.time() < end
    begins_today = there.weekday() in days and start <= there.time()
    return begins_today or ((there.weekday() - 1) % 7 in days and there.time() < end)


@given(WEEKLY, INSTANTS)
def test_hours_are_what_clocks_show(span: str, at: datetime) -> None:
    """A target with one weekly span is open exactly while clocks show a time of it, on the days that have 23 or 25
    hours too."""
    assert ledger(span).open_at(at) == _shown_in(span, at)
    assert ledger(maintenance=(span,)).open_at(at) != _shown_in(span, at)


@settings(max_examples=200)
@given(HOURS, INSTANTS)
def test_all_answers_agree(hours: Hours, at: datetime) -> None:
    """Closed has a reason and open none; all is closed until the next opening, and open until the closing."""
    assert (hours.why_closed(at) is None) == hours.open_at(at)
    opens, closes = hours.next_open(at), hours.closes_at(at)
    if hours.open_at(at):
        assert opens == at
        assert closes is None or not hours.open_at(closes)
        steps = int(((closes or at + timedelta(days=3)) - at) / (5 * MINUTE))
        assert all(hours.open_at(at + step * 5 * MINUTE) for step in range(min(steps, 3 * 24 * 12)))
        return
    assert closes == at
    if opens is not None:
        assert hours.open_at(opens)
        assert not hours.open_at(opens - MINUTE)
        steps = int((opens - at) / (5 * MINUTE))
        assert not any(hours.open_at(at + step * 5 * MINUTE) for step in range(min(steps, 3 * 24 * 12)))

"""Calendars: bank holidays by nation, closed days, local corrections, and how far they are known."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.timing.calendars import FURTHEST, KNOWN_UNTIL, Calendar, Nation, bank_holidays, later_month
from tests.core.timing.bank_holidays import BANK_HOLIDAYS, PUBLISHED, YEARS

ENGLAND = Calendar(name="default")
DAYS = st.dates(date(2024, 1, 1), date(2030, 12, 31))


@pytest.mark.parametrize(("nation", "year"), BANK_HOLIDAYS)
def test_bank_holidays_are_those_that_were_published(nation: Nation, year: int) -> None:
    """For each nation and year the workdays that are taken away are those of the table, no more and no fewer."""
    found = {day for day in bank_holidays(nation, year) if day.weekday() < 5}
    assert found == BANK_HOLIDAYS[nation, year]


def test_what_is_called_known_was_compared() -> None:
    """The calendar claims to know no year that the table of published days does not hold."""
    assert date(PUBLISHED, 12, 31) == KNOWN_UNTIL
    assert {year for _, year in BANK_HOLIDAYS} == set(YEARS)


@pytest.mark.parametrize(
    ("nation", "day", "why"),
    [
        (Nation.ENGLAND, "2026-12-28", "Boxing Day"),
        (Nation.WALES, "2026-12-28", "Boxing Day"),
        (Nation.SCOTLAND, "2026-06-15", "World Cup"),
        (Nation.ENGLAND, "2026-06-15", None),
        (Nation.ENGLAND, "2026-04-06", "Easter Monday"),
        (Nation.SCOTLAND, "2026-04-06", None),
        (Nation.NORTHERN_IRELAND, "2026-03-17", "Patrick"),
        (Nation.WALES, "2026-03-17", None),
        (Nation.NORTHERN_IRELAND, "2026-07-13", "Boyne"),
        (Nation.SCOTLAND, "2026-11-30", "Andrew"),
        (Nation.ENGLAND, "2026-11-30", None),
        (Nation.NONE, "2026-12-25", None),
        (Nation.ENGLAND, "2024-02-29", None),
        (Nation.NONE, "2026-11-28", "Saturday"),
    ],
)
def test_a_day_off_says_why(nation: Nation, day: str, why: str | None) -> None:
    """A bank holiday has its name, a weekend its day, a workday nothing."""
    said = Calendar(name="c", nation=nation).closed_because(date.fromisoformat(day))
    assert said is None if why is None else why in str(said)


def test_closed_days_count_with_both_ends() -> None:
    """The organisation's closed days are no workdays from the first to the last, and say whose they are."""
    calendar = Calendar(name="wales", closed=((date(2026, 12, 29), date(2026, 12, 31)),))
    off = [day for day in range(28, 32) if not calendar.is_workday(date(2026, 12, day))]
    assert off == [28, 29, 30, 31]
    assert calendar.closed_because(date(2026, 12, 29)) == "a closed day of calendar wales"
    assert calendar.is_workday(date(2027, 1, 4))


def test_a_local_correction_has_the_last_word() -> None:
    """A day that is added is off under its name; one that is taken away is a workday, whatever else it is."""
    calendar = Calendar(
        name="c",
        added={date(2027, 6, 7): "Extra bank holiday"},
        removed=frozenset({date(2027, 5, 3), date(2027, 5, 8), date(2027, 5, 11)}),
        closed=((date(2027, 5, 11), date(2027, 5, 11)),),
    )
    assert calendar.closed_because(date(2027, 6, 7)) == "Extra bank holiday"
    assert [calendar.is_workday(date(2027, 5, day)) for day in (3, 8, 11)] == [True, True, True]
    assert calendar.holiday(date(2027, 5, 3)) is None


def test_a_weekend_is_no_holiday() -> None:
    """Who is closed on holidays is not thereby closed at weekends."""
    assert ENGLAND.holiday(date(2026, 11, 28)) is None
    assert ENGLAND.holiday(date(2026, 12, 26)) == "Boxing Day"


def test_another_weekend() -> None:
    """A six-day week has Saturdays as workdays."""
    calendar = Calendar(name="c", weekend=frozenset({6}))
    assert calendar.is_workday(date(2026, 11, 28))
    assert not calendar.is_workday(date(2026, 11, 29))


@pytest.mark.parametrize(
    ("month", "last", "before"),
    [
        ("2024-02", "2024-02-29", {2: "2024-02-27"}),  # a leap day
        ("2024-03", "2024-03-28", {1: "2024-03-27"}),  # Good Friday, then Easter
        ("2026-05", "2026-05-29", {4: "2026-05-22"}),  # over the spring bank holiday
        ("2026-11", "2026-11-30", {2: "2026-11-26"}),
        ("2026-12", "2026-12-31", {2: "2026-12-29", 3: "2026-12-24"}),  # over Christmas
        ("2027-12", "2027-12-31", {3: "2027-12-24"}),  # two substitute days
        ("2028-02", "2028-02-29", {}),
        ("2030-08", "2030-08-30", {4: "2030-08-23"}),
    ],
)
def test_month_ends(month: str, last: str, before: dict[int, str]) -> None:
    """The month's last workday, and workdays counted back from it, pass over weekends and bank holidays."""
    year, number = (int(part) for part in month.split("-"))
    assert ENGLAND.last_workday(year, number) == date.fromisoformat(last)
    for workdays, day in before.items():
        assert ENGLAND.near_month_end(year, number, before=workdays) == date.fromisoformat(day)


def test_month_ends_differ_by_nation() -> None:
    """St Andrew's Day ends November a workday earlier in Scotland."""
    assert Calendar(name="c", nation=Nation.SCOTLAND).last_workday(2026, 11) == date(2026, 11, 27)


def test_a_month_without_workdays_ends_before_it_begins() -> None:
    """An organisation that is closed for all of August has its month's end on the last workday of July."""
    calendar = Calendar(name="c", closed=((date(2027, 8, 1), date(2027, 8, 31)),))
    assert calendar.last_workday(2027, 8) == date(2027, 7, 30)


def test_a_calendar_without_workdays_is_told() -> None:
    """Nobody waits for ever: after 400 days without a workday the search ends with the calendar's name."""
    calendar = Calendar(name="shut", closed=((date(2026, 1, 1), date(2028, 12, 31)),))
    with pytest.raises(ValueError, match=f"calendar shut has no workday within {FURTHEST} days"):
        calendar.add_workdays(date(2026, 1, 1), 1)


@given(DAYS, st.integers(-60, 60))
def test_workdays_are_counted_one_by_one(day: date, number: int) -> None:
    """Between a day and the one so many workdays away lie exactly so many workdays, and the last is one itself."""
    there = ENGLAND.add_workdays(day, number)
    if number == 0:
        assert there == day
        return
    first, last = sorted((day, there))
    between = [first + timedelta(days=step) for step in range((last - first).days + 1)]
    assert sum(ENGLAND.is_workday(one) for one in between if one != day) == abs(number)
    assert ENGLAND.is_workday(there)
    assert (there > day) == (number > 0)


@given(DAYS)
def test_the_last_workday_is_followed_by_none_in_its_month(day: date) -> None:
    """It lies in the month, is a workday, and each later day of the month is off."""
    last = ENGLAND.last_workday(day.year, day.month)
    assert (last.year, last.month) == (day.year, day.month)
    assert ENGLAND.is_workday(last)
    later = last + timedelta(days=1)
    while later.month == day.month:
        assert not ENGLAND.is_workday(later)
        later += timedelta(days=1)


@given(DAYS, st.integers(-30, 30))
def test_months_are_counted(day: date, months: int) -> None:
    """There and back again is the same month, and twelve make a year."""
    year, month = later_month(day, months)
    assert later_month(date(year, month, 1), -months) == (day.year, day.month)
    assert later_month(day, 12) == (day.year + 1, day.month)


def test_the_end_of_the_known_years_is_told_sixty_days_before() -> None:
    """61 days before there is nothing to say; from 59 days on it is told, and told otherwise when it is over."""
    until = ENGLAND.known_until()
    assert ENGLAND.warning(until - timedelta(days=61)) is None
    assert "end on 31 December 2027" in str(ENGLAND.warning(until - timedelta(days=59)))
    assert "ended on 31 December 2027" in str(ENGLAND.warning(until + timedelta(days=1)))


def test_who_looked_further_says_so() -> None:
    """The override file moves the end, never to before what the release knows; without a nation there is no end."""
    assert Calendar(name="c", known_to=date(2029, 12, 31)).known_until() == date(2029, 12, 31)
    assert Calendar(name="c", known_to=date(2025, 12, 31)).known_until() == KNOWN_UNTIL
    assert Calendar(name="c", nation=Nation.NONE).warning(date(2090, 1, 1)) is None

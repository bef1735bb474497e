"""The five fields of cron."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.timing.cron import CronFields

EVERY = tuple(range(12 + 1))[1:]


@pytest.mark.parametrize(
    ("text", "minutes", "hours", "days", "months", "weekdays"),
    [
        ("30 7 * * mon-fri", (30,), (7,), (), EVERY, (0, 1, 2, 3, 4)),
        ("30 7 * * 1-5", (30,), (7,), (), EVERY, (0, 1, 2, 3, 4)),
        ("0 6 * * 0", (0,), (6,), (), EVERY, (6,)),
        ("0 6 * * 7", (0,), (6,), (), EVERY, (6,)),
        ("0 6 * * sun", (0,), (6,), (), EVERY, (6,)),
        ("0 6 * * fri-mon", (0,), (6,), (), EVERY, (0, 4, 5, 6)),
        ("0 6 * * 0-2", (0,), (6,), (), EVERY, (0, 1, 6)),
        ("0 6 * * mon-sun", (0,), (6,), (), EVERY, (0, 1, 2, 3, 4, 5, 6)),
        ("0 6 * * */2", (0,), (6,), (), EVERY, (1, 3, 5, 6)),  # 0, 2, 4, 6: Sunday, Tuesday, Thursday, Saturday
        ("*/20 8-10 * * *", (0, 20, 40), (8, 9, 10), (), EVERY, ()),
        ("5/25 8 * * *", (5, 30, 55), (8,), (), EVERY, ()),
        ("10-20/5,50 8 * * *", (10, 15, 20, 50), (8,), (), EVERY, ()),
        ("0 8 1,15 * *", (0,), (8,), (1, 15), EVERY, ()),
        ("0 8 29 feb *", (0,), (8,), (29,), (2,), ()),
        ("0 8 1 JAN-mar,12 *", (0,), (8,), (1,), (1, 2, 3, 12), ()),
    ],
)
def test_fields_are_read(
    text: str,
    minutes: tuple[int, ...],
    hours: tuple[int, ...],
    days: tuple[int, ...],
    months: tuple[int, ...],
    weekdays: tuple[int, ...],
) -> None:
    """Numbers, names, lists, ranges and steps; Sunday is 0, 7 or sun."""
    fields = CronFields.parse(text)
    assert (fields.minutes, fields.hours, fields.days, fields.months, fields.weekdays) == (
        minutes,
        hours,
        days,
        months,
        weekdays,
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("30 7 * *", "has 4 fields"),
        ("0 30 7 * * mon-fri", "has 6 fields"),
        ("60 7 * * *", "60 is outside cron's minute: 0 to 59"),
        ("0 24 * * *", "24 is outside cron's hour: 0 to 23"),
        ("0 7 0 * *", "0 is outside cron's day of the month: 1 to 31"),
        ("0 7 * 13 *", "13 is outside cron's month: 1 to 12"),
        ("0 7 * * 8", "8 is outside cron's day of the week: 0 to 7"),
        ("0 7 * * day", "'day' is no day of the week"),
        ("0 7 * fry *", "'fry' is no month"),
        ("mon 7 * * *", "'mon' is no minute"),
        ("*/0 7 * * *", "leads nowhere"),
        ("30-10 7 * * *", "leads nowhere"),
        ("? 7 * * *", "knows"),
        ("0 7 1 * mon", "make two schedules"),
        ("0 7 30 feb *", "never comes: none of its months has a day 30"),
        ("0 7 31 4,6,9,11 *", "never comes"),
        ("@daily", "has 1 fields"),
    ],
)
def test_a_wrong_field_is_named(text: str, told: str) -> None:
    """With what was found and what it may be."""
    with pytest.raises(ValueError, match=told.replace("*", r"\*").replace("?", r"\?")):
        CronFields.parse(text)


@pytest.mark.parametrize(("text", "once"), [("0 7 * * *", True), ("0 * * * *", False), ("0 0-22 * * *", True)])
def test_only_cron_at_every_hour_goes_around_the_clock(text: str, once: bool) -> None:
    """One that leaves an hour out has fixed hours, which must be safe."""
    assert CronFields.parse(text).once_a_day_at_most == once


@given(st.sets(st.integers(0, 59), min_size=1), st.sets(st.integers(0, 23), min_size=1), st.sets(st.integers(0, 6)))
def test_what_is_written_as_lists_comes_back(minutes: set[int], hours: set[int], weekdays: set[int]) -> None:
    """Each number of a list is meant, and no other."""
    written = [",".join(map(str, some)) or "*" for some in (minutes, hours, weekdays)]
    fields = CronFields.parse(f"{written[0]} {written[1]} * * {written[2]}")
    assert (set(fields.minutes), set(fields.hours)) == (minutes, hours)
    assert set(fields.weekdays) == {(day - 1) % 7 for day in weekdays}
    assert list(fields.times()) == sorted(fields.times())
    assert len(list(fields.times())) == len(minutes) * len(hours)

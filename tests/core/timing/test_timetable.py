"""The forms in which a schedule says what is due, as they are read."""

from datetime import time, timedelta
from zoneinfo import ZoneInfo

import pytest

from core.timing import timetable as forms

LONDON, BERLIN = ZoneInfo("Europe/London"), ZoneInfo("Europe/Berlin")


def test_forms_are_read() -> None:
    """Each text gives its record."""
    seven = time(7, 30)
    assert forms.parse_workdays("07:30", LONDON) == forms.Workdays(zone=LONDON, at=seven)
    assert forms.parse_every_day("07:30", BERLIN) == forms.Days(zone=BERLIN, at=seven)
    assert forms.parse_weekly("mon, thu 07:30", LONDON) == forms.Weekly(zone=LONDON, days=frozenset({0, 3}), at=seven)
    assert forms.parse_month_end("16:00", LONDON) == forms.MonthEnd(zone=LONDON, before=0, at=time(16))
    assert forms.parse_month_end("-1 workday 16:00", LONDON).before == 1
    assert forms.parse_month_end("-15 workdays 16:00", LONDON).before == 15
    assert forms.parse_interval("90m", LONDON).length == timedelta(minutes=90)
    assert forms.parse_cron("30 7 * * mon-fri", LONDON).fields.hours == (7,)


@pytest.mark.parametrize(
    "text",
    ["1m", "2m", "3m", "4m", "5m", "6m", "10m", "12m", "15m", "20m", "30m", "1h", "2h", "3h", "4h", "6h", "8h", "12h"],
)
def test_every_takes_what_makes_the_same_times_each_day(text: str) -> None:
    """Lengths that divide an hour, and hours that divide a day."""
    assert forms.parse_every(text, LONDON, within=()).zone is LONDON


@pytest.mark.parametrize("text", ["7m", "45m", "90m", "5h", "24h", "1d", "2d"])
def test_every_refuses_the_others_with_a_choice(text: str) -> None:
    """And says what does."""
    with pytest.raises(ValueError, match=f"'{text}' divides neither .* choose .*\"15m\".* `interval`"):
        forms.parse_every(text, LONDON, within=())


@pytest.mark.parametrize("text", ["30s", "0m", "90s", "soon", "61.5m"])
def test_steps_are_whole_minutes(text: str) -> None:
    """Nothing is due more often than once a minute."""
    with pytest.raises(ValueError, match=r"whole minutes|number and a unit"):
        forms.parse_interval(text, LONDON)


@pytest.mark.parametrize(
    "text", ["", "16:00 -2 workdays", "2 workdays 16:00", "-2 days 16:00", "-16 workdays 16:00", "+1 workday 16:00"]
)
def test_what_is_no_month_end_is_refused(text: str) -> None:
    """The sentence shows both ways to write one."""
    with pytest.raises(ValueError, match='"16:00" for its last workday, or as "-2 workdays 16:00"'):
        forms.parse_month_end(text, LONDON)


@pytest.mark.parametrize("text", ["07:30", "mon", "mon 7:30", "mon,thu"])
def test_what_is_no_weekly_time_is_refused(text: str) -> None:
    """The sentence shows one."""
    with pytest.raises(ValueError, match='"mon,thu 07:30"'):
        forms.parse_weekly(text, LONDON)


@pytest.mark.parametrize("zone", [LONDON, BERLIN])
@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("workdays", "{at}"),
        ("every_day", "{at}"),
        ("weekly", "sun {at}"),
        ("month_end", "-1 workday {at}"),
        ("cron", "30 {hour} * * *"),
        ("cron", "0,30 5-7,{hour} * * mon"),
    ],
)
def test_fixed_hours_that_clocks_skip_or_repeat_are_refused(zone: ZoneInfo, form: str, text: str) -> None:
    """In every form with a fixed hour, with the alternative; the hour before and after is taken."""
    parse = getattr(forms, f"parse_{form}")
    hour = {"Europe/London": 1, "Europe/Berlin": 2}[zone.key]
    with pytest.raises(ValueError, match=f"choose 0{hour - 1}:59 or earlier, or 0{hour + 1}:00 or later"):
        parse(text.format(at=f"0{hour}:30", hour=hour), zone)
    for other in (hour - 1, hour + 1):
        parse(text.format(at=f"0{other}:30", hour=other), zone)


@pytest.mark.parametrize("text", ["15 * * * *", "*/10 * * * mon-fri"])
def test_cron_at_every_hour_is_not_refused(text: str) -> None:
    """Both passings of a repeated hour are meant."""
    assert forms.parse_cron(text, LONDON).fields.text == text


@pytest.mark.parametrize(
    ("timetable", "between", "last"),
    [
        (forms.parse_workdays("07:30", LONDON), timedelta(days=1), time(7, 30)),
        (forms.parse_weekly("mon 07:30", LONDON), timedelta(days=1), time(7, 30)),
        (forms.parse_every("15m", LONDON, within=()), timedelta(minutes=15), None),
        (forms.parse_interval("6h", LONDON), timedelta(hours=6), None),
        (forms.parse_cron("30 7 * * *", LONDON), timedelta(days=1), time(7, 30)),
        (forms.parse_cron("0,10 8,20 * * *", LONDON), timedelta(minutes=10), time(20, 10)),
        (forms.parse_cron("0 0,23 * * *", LONDON), timedelta(hours=1), time(23)),  # over midnight
    ],
)
def test_what_lies_between_two_due_times(timetable: forms.Timetable, between: timedelta, last: time | None) -> None:
    """The shortest time between two, and the last hour of the day where there is one."""
    assert forms.between(timetable) == between
    assert forms.last_of_day(timetable) == last

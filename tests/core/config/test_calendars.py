"""Calendars of bots.toml and their override files."""

from datetime import date
from pathlib import Path

import pytest

from core.timing.calendars import Calendar, Nation
from tests.core.config.reads import problems, read

TABLE = """
[calendars.wales]
nation = "wales"
weekend = ["sun"]
closed = ["2026-12-24", "2026-12-29/2026-12-31"]
overrides = "calendars/wales.toml"
"""
OVERRIDES = """
known_until = 2028-12-31
[[holiday]]
day = 2027-06-07
name = "Extra bank holiday"
[[workday]]
day = 2027-05-03
"""


def wales(folder: Path, overrides: str = OVERRIDES) -> Calendar:
    """Return the calendar with an override file."""
    (folder / "calendars").mkdir(exist_ok=True)
    (folder / "calendars" / "wales.toml").write_text(overrides, encoding="utf-8")
    return read(folder, TABLE).calendars()["wales"]


def test_a_calendar_is_put_together(tmp_path: Path) -> None:
    """Nation, weekend, closed days, and what its override file adds and takes away."""
    calendar = wales(tmp_path)
    assert (calendar.name, calendar.nation, calendar.weekend) == ("wales", Nation.WALES, {6})
    off = [day for day in range(23, 32) if not calendar.is_workday(date(2026, 12, day))]
    assert off == [24, 25, 26, 27, 28, 29, 30, 31]
    assert calendar.closed_because(date(2027, 6, 7)) == "Extra bank holiday"
    assert calendar.is_workday(date(2027, 5, 3))
    assert calendar.known_until() == date(2028, 12, 31)


def test_the_default_calendar_can_be_another(tmp_path: Path) -> None:
    """It is there without a table, and a table of its name takes its place."""
    assert read(tmp_path, "").calendars()["default"].nation is Nation.ENGLAND
    assert read(tmp_path, "[calendars.default]\nnation = 'scotland'").calendars()["default"].nation is Nation.SCOTLAND


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('nation = "france"', ["calendars.x.nation", "'france'", "'england', 'wales', 'scotland'"]),
        ('weekend = ["sunday"]', ["calendars.x.weekend", "'sunday'"]),
        ('weekend = ["daily"]', ["calendars.x.weekend", "leaves no workday"]),
        ('closed = ["24 December"]', ["calendars.x.closed", "'24 December'", '"2026-12-24"']),
        ('closed = ["2026-12-31/2026-12-29"]', ["calendars.x.closed", "ends before it begins"]),
        ('closed = ["2026-01-01/2027-01-20"]', ["calendars.x.closed", "from 2026-01-01", "no workday", "over a year"]),
        ('closed = ["2026-01-01/2029-12-31"]', ["calendars.x.closed", "no workday within 400 days"]),
        ('overrides = "x.toml"', ["calendars.x.overrides", "x.toml", "not there"]),
        ('overides = "x.toml"', ["'calendars.x.overides'", "allowed here", "overrides"]),
    ],
)
def test_a_wrong_calendar_is_named_with_what_is_allowed(tmp_path: Path, line: str, told: list[str]) -> None:
    """Once, though schedules use it."""
    text = f'[calendars.x]\n{line}\n[bots.b.schedules.s]\nworkdays = "07:30"\ncalendar = "x"'
    (problem,) = problems(tmp_path, text)
    for words in ["bots.toml", *told]:
        assert words in problem


@pytest.mark.parametrize(
    ("overrides", "told"),
    [
        ("[[holiday]\n", "cannot be read"),
        ("[[holiday]]\nday = 2027-06-07\n", "holiday.0.name"),
        ('[[holiday]]\nday = "soon"\nname = "x"', "holiday.0.day"),
        ("[[workdays]]\nday = 2027-06-07\n", "workdays"),
        ("known_until = 2028", "known_until"),
        (
            '[[holiday]]\nday = 2027-06-07\nname = "x"\n[[workday]]\nday = 2027-06-07',
            "2027-06-07 is both a holiday and a workday",
        ),
    ],
)
def test_a_wrong_override_file_is_told_with_its_name(tmp_path: Path, overrides: str, told: str) -> None:
    """Where it lies, what is wrong, and how one is written."""
    (tmp_path / "calendars").mkdir()
    file = tmp_path / "calendars" / "wales.toml"
    file.write_text(overrides, encoding="utf-8")
    (problem,) = problems(tmp_path, TABLE)
    assert problem.startswith(str(file))
    assert told in problem


def test_an_override_file_that_is_a_folder_is_told(tmp_path: Path) -> None:
    """Never a stack trace."""
    (tmp_path / "calendars" / "wales.toml").mkdir(parents=True)
    (problem,) = problems(tmp_path, TABLE)
    assert "cannot be read" in problem

"""Calendars as bots.toml and their override files describe them."""

import tomllib
from collections.abc import Mapping
from datetime import date, timedelta
from functools import partial
from pathlib import Path

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from core.config.problems import Problems, said, shown
from core.config.tables import CalendarTable, OverridesFile
from core.timing.calendars import Calendar
from core.timing.spans import parse_date, parse_days

DEFAULT = "default"  # the calendar that is there without a table
LONGEST = 366  # days that may pass without a workday

_EXPECTED = (
    "expected `known_until = 2028-12-31`, [[holiday]] with `day = 2027-05-03` and "
    '`name = "..."`, [[workday]] with `day`'
)


class Calendars:
    """The calendars of one bots.toml by name, with the one called `default`, and what makes up each."""

    def __init__(self, tables: Mapping[str, CalendarTable], *, folder: Path, problems: Problems) -> None:
        self._folder = folder
        self._problems = problems
        self._rules: dict[str, str] = {}
        self.by_name = {DEFAULT: Calendar(name=DEFAULT)}
        for name, table in tables.items():
            self._add(name, table)

    def named(self, key: str, name: str) -> Calendar:
        """Return the calendar that a key names; note it as a problem when there is none."""
        if name not in self.by_name:
            self._problems.add(key, f" is {name!r}; calendars here: {', '.join(self.by_name)}")
        return self.by_name.get(name, self.by_name[DEFAULT])

    def rule(self, name: str) -> str:
        """Return what a calendar is made of, as text: with another text its workdays may be others."""
        return self._rules.get(name, "")

    def _add(self, name: str, table: CalendarTable) -> None:
        key = f"calendars.{name}"
        weekend = self._problems.each(f"{key}.weekend", table.weekend, parse_days)
        days = frozenset(day for some in weekend for day in some)
        if len(days) == 7:
            self._problems.add(f"{key}.weekend", " leaves no workday; name the days on which nobody works")
            days = frozenset()
        overrides = self._overrides(f"{key}.overrides", table.overrides)
        calendar = Calendar(
            name=name,
            nation=table.nation,
            weekend=days,
            closed=self._problems.each(f"{key}.closed", table.closed, _closed),
            added={one.day: one.name for one in overrides.holiday},
            removed=frozenset(one.day for one in overrides.workday),
            known_to=overrides.known_until,
        )
        for first, _ in calendar.closed:
            self._problems.tried(f"{key}.closed", partial(_open_again, calendar, first), None)
        self.by_name[name] = calendar
        corrected = overrides.model_dump_json(exclude={"known_until"}, exclude_defaults=True)
        self._rules[name] = table.model_dump_json(exclude_defaults=True) + corrected

    def _overrides(self, key: str, file: str | None) -> OverridesFile:
        if file is None:
            return OverridesFile()
        path = self._folder / file
        try:
            return OverridesFile.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            self._problems.add(key, f" names {path}, which is not there; make it, or leave the key out")
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            self._problems.add_of(str(path), f"cannot be read: {error}")
        except ValidationError as error:
            for detail in error.errors():
                place = ".".join(map(str, detail["loc"])) or "the file"
                self._problems.add_of(str(path), f"{place}: {_said(detail)}")
        return OverridesFile()


def _said(detail: ErrorDetails) -> str:
    """Return what is wrong with a key of an override file, and how the file is written."""
    match detail["type"]:
        case "extra_forbidden":
            return f"no such key; {_EXPECTED}"
        case "missing":
            return f"is missing; {_EXPECTED}"
        case "value_error":
            return said(detail)
        case _:
            return f"{shown(detail['input'])} does not fit; {_EXPECTED}"


def _closed(text: str) -> tuple[date, date]:
    first, slash, last = text.partition("/")
    try:
        days = parse_date(first.strip()), parse_date((last if slash else first).strip())
    except ValueError as error:
        raise ValueError(
            f'{text!r}: {error}; closed days are written as "2026-12-24" or "2026-12-29/2026-12-31"'
        ) from error
    if days[1] < days[0]:
        raise ValueError(f"{text!r} ends before it begins")
    return days


def _open_again(calendar: Calendar, first: date) -> None:
    """Raise ValueError when no workday comes within a year of the first of some closed days."""
    again = calendar.add_workdays(first - timedelta(days=1), 1)
    if (again - first).days > LONGEST:
        raise ValueError(f"from {first} on no workday comes before {again}; nothing would run for over a year")

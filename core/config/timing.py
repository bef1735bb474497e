"""What bots.toml says of calendars, hours and schedules, put together; each problem is named with its key."""

import tomllib
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from core.config.tables import BotsToml, CalendarTable, OverridesFile, ScheduleTable, TargetTable
from core.durations import parse_duration
from core.timing import timetable as forms
from core.timing.calendars import Calendar
from core.timing.hours import Hours
from core.timing.schedule import Schedule
from core.timing.spans import DatedSpan, Freeze, WeeklySpan, parse_days, parse_time

DEFAULT = "default"  # the calendar that is there without a table
FORMS = ("workdays", "days", "weekly", "month_end", "every", "interval", "cron")

T = TypeVar("T")
U = TypeVar("U")


class Timing:
    """The calendars, hours and schedules of one bots.toml; `problems` is complete when all three were asked for."""

    def __init__(self, file: BotsToml, *, folder: Path, where: str) -> None:
        self.problems: list[str] = []
        self._file = file
        self._folder = folder
        self._where = where
        self._zone = file.installation.zone

    def all_problems(self) -> list[str]:
        """Put everything together and return what is wrong with it."""
        if self._file.calendars:
            _ = self.calendars
        _ = self.hours
        _ = self.schedules
        return self.problems

    @cached_property
    def calendars(self) -> Mapping[str, Calendar]:
        """Every calendar by name, with the one called `default`."""
        made = {DEFAULT: Calendar(name=DEFAULT)}
        for name, table in self._file.calendars.items():
            made[name] = self._calendar(name, table)
        return made

    @cached_property
    def hours(self) -> Mapping[str, Hours]:
        """The hours of each target that has any."""
        return {
            name: self._hours_of(name, table)
            for name, table in self._file.targets.items()
            if table.open or table.maintenance or table.freeze or table.closed_on_holidays
        }

    @cached_property
    def schedules(self) -> tuple[Schedule, ...]:
        """The schedules of enabled bots, in the file's order; those that are not enabled are checked and left out."""
        made = []
        for bot, bot_table in self._file.bots.items():
            for name, table in bot_table.schedules.items():
                schedule = self._schedule(bot, name, table)
                if schedule is not None and table.enabled and bot_table.enabled:
                    made.append(schedule)
        return tuple(made)

    def hours_of(self, bot: str) -> Mapping[str, Hours]:
        """Return the hours of the bot's targets that have any, by target."""
        return {name: self.hours[name] for name in self._file.bots[bot].targets if name in self.hours}

    def _tried(self, key: str, do: Callable[[], T], otherwise: U) -> T | U:
        """Return what `do` returns; note its ValueError as a problem of a key."""
        try:
            return do()
        except ValueError as error:
            self.problems.append(f"{self._where}: {key}: {error}")
            return otherwise

    def _each(self, key: str, texts: Sequence[str], parse: Callable[[str], T]) -> tuple[T, ...]:
        found = (self._tried(key, lambda text=text: parse(text), None) for text in texts)  # type: ignore[misc]
        return tuple(one for one in found if one is not None)

    def _named(self, key: str, name: str) -> Calendar:
        if name not in self.calendars:
            self.problems.append(f"{self._where}: {key} is {name!r}; calendars here: {', '.join(self.calendars)}")
        return self.calendars.get(name, self.calendars[DEFAULT])

    def _calendar(self, name: str, table: CalendarTable) -> Calendar:
        key = f"calendars.{name}"
        weekend = self._each(f"{key}.weekend", table.weekend, parse_days)
        days = frozenset(day for some in weekend for day in some)
        if len(days) == 7:
            self.problems.append(f"{self._where}: {key}.weekend leaves no workday; name the days on which nobody works")
        overrides = self._overrides(f"{key}.overrides", table.overrides)
        return Calendar(
            name=name,
            nation=table.nation,
            weekend=days,
            closed=self._each(f"{key}.closed", table.closed, _closed),
            added={one.day: one.name for one in overrides.holiday},
            removed=frozenset(one.day for one in overrides.workday),
            known_to=overrides.known_until,
        )

    def _overrides(self, key: str, file: str | None) -> OverridesFile:
        if file is None:
            return OverridesFile()
        path = self._folder / file
        try:
            return OverridesFile.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            self.problems.append(
                f"{self._where}: {key} names {path}, which is not there; make it, or leave the key out"
            )
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            self.problems.append(f"{path} cannot be read: {error}")
        except ValidationError as error:
            for detail in error.errors():
                self.problems.append(f"{path}: {'.'.join(map(str, detail['loc']))}: {detail['msg']}; {_OVERRIDES}")
        return OverridesFile()

    def _hours_of(self, name: str, table: TargetTable) -> Hours:
        key = f"targets.{name}"
        return Hours(
            target=name,
            zone=table.zone or self._zone,
            calendar=self._named(f"{key}.calendar", table.calendar),
            open=self._each(f"{key}.open", table.open, WeeklySpan.parse),
            closed_on_holidays=table.closed_on_holidays,
            maintenance=self._each(f"{key}.maintenance", table.maintenance, _maintenance),
            freezes=self._each(f"{key}.freeze", table.freeze, Freeze.parse),
        )

    def _schedule(self, bot: str, name: str, table: ScheduleTable) -> Schedule | None:
        key = f"bots.{bot}.schedules.{name}"
        calendar = self._named(f"{key}.calendar", table.calendar)
        hours = tuple(self.hours_of(bot).values())
        zone = table.zone or self._zone
        timetable = self._timetable(key, table, zone=zone, calendar=calendar, hours=hours)
        within, by = self._tried(f"{key}.deadline", lambda: _deadline(table.deadline, timetable), (None, None))
        if timetable is None:
            return None
        described = table.model_dump_json(include={*FORMS, "within", "calendar"})
        targets = [table.model_dump_json() for table in self._rules_of(bot)] if table.every else []
        rule = sha256("\n".join([zone.key, described, *targets]).encode()).hexdigest()
        return Schedule(
            bot=bot,
            name=name,
            timetable=timetable,
            calendar=calendar,
            hours=hours,
            catch_up=table.catch_up,
            jitter=table.jitter,
            report_within=within,
            report_by=by,
            rule=rule[:32],
        )

    def _rules_of(self, bot: str) -> list[TargetTable]:
        return [self._file.targets[name] for name in self._file.bots[bot].targets if name in self._file.targets]

    def _timetable(
        self, key: str, table: ScheduleTable, *, zone: ZoneInfo, calendar: Calendar, hours: tuple[Hours, ...]
    ) -> forms.Timetable | None:
        given = [form for form in FORMS if getattr(table, form) is not None]
        if len(given) != 1:
            found = f"has {' and '.join(given)}" if given else "says nothing of when it is due"
            self.problems.append(f"{self._where}: {key} {found}; expected exactly one of {', '.join(FORMS)}")
            return None
        (form,) = given
        text: str = getattr(table, form)
        if table.within is not None and form != "every":
            self.problems.append(f"{self._where}: {key}.within belongs to `every`, not to `{form}`; leave it out")
        parse: Mapping[str, Callable[[], forms.Timetable]] = {
            "workdays": lambda: forms.parse_workdays(text, zone),
            "days": lambda: forms.parse_every_day(text, zone),
            "weekly": lambda: forms.parse_weekly(text, zone),
            "month_end": lambda: forms.parse_month_end(text, zone),
            "every": lambda: forms.parse_every(
                text, zone, within=self._within(key, table, zone=zone, calendar=calendar, hours=hours)
            ),
            "interval": lambda: forms.parse_interval(text, zone),
            "cron": lambda: forms.parse_cron(text, zone),
        }
        return self._tried(f"{key}.{form}", parse[form], None)

    def _within(
        self, key: str, table: ScheduleTable, *, zone: ZoneInfo, calendar: Calendar, hours: tuple[Hours, ...]
    ) -> tuple[Hours, ...]:
        if table.within is None:
            return hours
        texts = (table.within,) if isinstance(table.within, str) else table.within
        spans = self._each(f"{key}.within", texts, WeeklySpan.parse)
        return (Hours(zone=zone, calendar=calendar, open=spans),)


_OVERRIDES = (
    "expected `known_until = 2028-12-31`, [[holiday]] with `day = 2027-05-03` and "
    '`name = "..."`, [[workday]] with `day`'
)


def _closed(text: str) -> tuple[date, date]:
    first, slash, last = text.partition("/")
    try:
        days = date.fromisoformat(first.strip()), date.fromisoformat((last if slash else first).strip())
    except ValueError as error:
        raise ValueError(
            f'{text!r} is no closed day; it is written as "2026-12-24" or "2026-12-29/2026-12-31"'
        ) from error
    if days[1] < days[0]:
        raise ValueError(f"{text!r} ends before it begins")
    return days


def _maintenance(text: str) -> WeeklySpan | DatedSpan:
    return DatedSpan.parse(text) if "/" in text else WeeklySpan.parse(text)


def _deadline(text: str | None, timetable: forms.Timetable | None) -> tuple[timedelta | None, time | None]:
    """Return a deadline as a length of time from the due time, or as an hour of the same day."""
    if text is None:
        return None, None
    if ":" not in text:
        length: timedelta = parse_duration(text)
        if not length:
            raise ValueError("a deadline leaves some time")
        return length, None
    by = parse_time(text)
    if not isinstance(timetable, forms.Workdays | forms.Days | forms.Weekly | forms.MonthEnd | None):
        raise ValueError(f'{text!r} is an hour, but it is due more than once a day; write a length such as "2h"')
    if timetable is not None and datetime.combine(date.min, by) <= datetime.combine(date.min, timetable.at):
        raise ValueError(f"{text} is not after the due time, {timetable.at:%H:%M}; write a later hour, or a length")
    return None, by

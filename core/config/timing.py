"""What bots.toml says of calendars, hours and schedules, put together; each problem is named with its key."""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from zoneinfo import ZoneInfo

from core.config.calendars import Calendars
from core.config.problems import Problems, Wrong, is_wrong
from core.config.tables import BotsToml, ScheduleTable, TargetTable
from core.durations import parse_duration, written
from core.timing import timetable as forms
from core.timing.calendars import Calendar
from core.timing.hours import Hours
from core.timing.schedule import Schedule
from core.timing.spans import DatedSpan, Freeze, WeeklySpan, parse_time

FORMS = ("workdays", "days", "weekly", "month_end", "every", "interval", "cron")

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_RULES = ("open", "maintenance", "freeze", "closed_on_holidays", "zone", "calendar")  # of a target: its hours


class Timing:
    """The calendars, hours and schedules of one bots.toml."""

    def __init__(self, file: BotsToml, *, folder: Path, where: str, wrong: Wrong = frozenset()) -> None:
        """`wrong`: the keys whose values were refused; what follows from that alone is no other problem."""
        self._problems = Problems(where)
        self._file = file
        self._folder = folder
        self._zone = file.installation.zone
        self._wrong = wrong

    def all_problems(self) -> list[str]:
        """Put everything together and return what is wrong with it."""
        if self._file.calendars:
            _ = self._calendars
        _ = self.hours
        _ = self.schedules
        return self._problems.found

    @property
    def calendars(self) -> Mapping[str, Calendar]:
        """Every calendar by name, with the one called `default`."""
        return self._calendars.by_name

    @cached_property
    def _calendars(self) -> Calendars:
        return Calendars(self._file.calendars, folder=self._folder, problems=self._problems)

    @cached_property
    def hours(self) -> Mapping[str, Hours]:
        """The hours of each target that has any."""
        return {name: self._hours_of(name, table) for name, table in self._file.targets.items() if table.has_hours}

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

    @cached_property
    def calendars_in_use(self) -> tuple[Calendar, ...]:
        """The calendars that decide when a schedule is due or a target is open, by name."""
        used = [one.calendar for one in self.hours.values() if one.closed_on_holidays or one.freezes]
        used += [one.calendar for one in self.schedules if isinstance(one.timetable, forms.Workdays | forms.MonthEnd)]
        return tuple(sorted({one.name: one for one in used}.values(), key=lambda one: one.name))

    def hours_of(self, bot: str) -> Mapping[str, Hours]:
        """Return the hours of the bot's targets that have any, by target."""
        return {name: self.hours[name] for name in self._file.bots[bot].targets if name in self.hours}

    def _hours_of(self, name: str, table: TargetTable) -> Hours:
        key = f"targets.{name}"
        return Hours(
            target=name,
            zone=table.zone or self._zone,
            calendar=self._calendars.named(f"{key}.calendar", table.calendar),
            open=self._problems.each(f"{key}.open", table.open, WeeklySpan.parse),
            closed_on_holidays=table.closed_on_holidays,
            maintenance=self._problems.each(f"{key}.maintenance", table.maintenance, _maintenance),
            freezes=self._problems.each(f"{key}.freeze", table.freeze, Freeze.parse),
        )

    def _schedule(self, bot: str, name: str, table: ScheduleTable) -> Schedule | None:
        key = f"bots.{bot}.schedules.{name}"
        if not _NAME.fullmatch(name):
            self._problems.add(key, ": a schedule's name is made of letters, digits, - and _; choose another")
        calendar = self._calendars.named(f"{key}.calendar", table.calendar)
        timetable = self._timetable(bot, key, table, calendar=calendar)
        if timetable is None:
            return None
        self._problems.tried(f"{key}.jitter", lambda: _check_jitter(table.jitter, timetable), None)
        within, by = self._problems.tried(f"{key}.deadline", lambda: _deadline(table, timetable), (None, None))
        return Schedule(
            bot=bot,
            name=name,
            timetable=timetable,
            calendar=calendar,
            hours=tuple(self.hours_of(bot).values()),
            catch_up=table.catch_up,
            jitter=table.jitter,
            report_within=within,
            report_by=by,
            rule=self._rule(bot, table, zone=timetable.zone),
        )

    def _rule(self, bot: str, table: ScheduleTable, *, zone: ZoneInfo) -> str:
        """Return a digest of all that decides when a schedule is due; what it does then is no part of it.

        What is left out in the file is no part of it either, so that a release with more keys has the same digests.
        """
        described = table.model_dump_json(include={*FORMS, "within"}, exclude_none=True)
        made_of = [zone.key, described, self._calendars.rule(table.calendar)]
        if table.every is not None and table.within is None:
            for name in self.hours_of(bot):
                target = self._file.targets[name]
                hours = target.model_dump_json(include=set(_RULES), exclude_defaults=True)
                made_of += [name, hours, self._calendars.rule(target.calendar)]
        return sha256("\n".join(made_of).encode()).hexdigest()[:32]

    def _timetable(self, bot: str, key: str, table: ScheduleTable, *, calendar: Calendar) -> forms.Timetable | None:
        given = [form for form in FORMS if getattr(table, form) is not None]
        if not given and any(is_wrong(self._wrong, *key.split("."), form) for form in FORMS):
            return None
        if len(given) != 1:
            found = f" has {' and '.join(given)}" if given else " says nothing of when it is due"
            self._problems.add(key, f"{found}; expected exactly one of {', '.join(FORMS)}")
            return None
        (form,) = given
        text: str = getattr(table, form)
        if table.within is not None and form != "every":
            self._problems.add(f"{key}.within", f" belongs to `every`, not to `{form}`; leave it out")
        zone = table.zone or self._zone
        parse: Mapping[str, Callable[[], forms.Timetable]] = {
            "workdays": lambda: forms.parse_workdays(text, zone),
            "days": lambda: forms.parse_every_day(text, zone),
            "weekly": lambda: forms.parse_weekly(text, zone),
            "month_end": lambda: forms.parse_month_end(text, zone),
            "every": lambda: forms.parse_every(text, zone, within=self._within(bot, key, table, calendar=calendar)),
            "interval": lambda: forms.parse_interval(text, zone),
            "cron": lambda: forms.parse_cron(text, zone),
        }
        return self._problems.tried(f"{key}.{form}", parse[form], None)

    def _within(self, bot: str, key: str, table: ScheduleTable, *, calendar: Calendar) -> tuple[Hours, ...]:
        if table.within is None:
            return tuple(self.hours_of(bot).values())
        spans = self._problems.each(f"{key}.within", table.within, WeeklySpan.parse)
        return (Hours(zone=table.zone or self._zone, calendar=calendar, open=spans),)


def _maintenance(text: str) -> WeeklySpan | DatedSpan:
    return DatedSpan.parse(text) if "/" in text else WeeklySpan.parse(text)


def _check_jitter(jitter: timedelta, timetable: forms.Timetable) -> None:
    """Raise ValueError for a jitter that may put a start off past the next due time."""
    between = forms.between(timetable)
    if jitter >= between:
        raise ValueError(
            f"{written(jitter)} could put a start off past the next due time, {written(between)} later; "
            "choose less, or leave it out"
        )


def _length(text: str) -> timedelta:
    try:
        length: timedelta = parse_duration(text)
    except ValueError as error:
        raise ValueError(
            f'{text!r} is no deadline; it is an hour of the same day, "11:00", or a length, "2h"'
        ) from error
    return length


def _deadline(table: ScheduleTable, timetable: forms.Timetable) -> tuple[timedelta | None, time | None]:
    """Return a deadline as a length of time from the due time, or as an hour of the same day."""
    text, jitter = table.deadline, table.jitter
    put_off = f", which its jitter may put off by {written(jitter)}" if jitter else ""
    if text is None:
        return None, None
    if ":" not in text:
        length = _length(text)
        if length <= jitter:
            raise ValueError(f"{text!r} leaves no time after the due time{put_off}; choose a longer one")
        return length, None
    by, last = parse_time(text), forms.last_of_day(timetable)
    if last is None:
        raise ValueError(f'{text!r} is an hour, but it is due around the clock; write a length such as "2h"')
    if datetime.combine(date.min, by) <= datetime.combine(date.min, last) + jitter:
        raise ValueError(
            f"{text!r} does not lie after the due time, {last:%H:%M}{put_off}; choose a later hour of the same day, or "
            'a length such as "2h"'
        )
    return None, by

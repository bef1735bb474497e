"""Timetables: the forms in which a schedule says which local times are due."""

import re
from dataclasses import dataclass
from datetime import time, timedelta
from zoneinfo import ZoneInfo

from core.durations import parse_duration
from core.timing.cron import CronFields
from core.timing.hours import Hours
from core.timing.spans import parse_days, parse_time
from core.timing.zones import refuse_unsafe

SHORTEST = timedelta(minutes=1)  # between two due times
_WEEKLY = re.compile(r"(.+?)\s+(\d\d:\d\d)")
_MONTH_END = re.compile(r"(?:(-\d+)\s+workdays?\s+)?(\d\d:\d\d)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Workdays:
    """At one time on each workday of the calendar."""

    zone: ZoneInfo
    at: time


@dataclass(frozen=True, slots=True, kw_only=True)
class Days:
    """At one time on every day, weekends and holidays included."""

    zone: ZoneInfo
    at: time


@dataclass(frozen=True, slots=True, kw_only=True)
class Weekly:
    """At one time on some days of each week, holidays included."""

    zone: ZoneInfo
    days: frozenset[int]  # Monday is 0
    at: time


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthEnd:
    """At one time on the month's last workday, or some workdays before it."""

    zone: ZoneInfo
    before: int  # workdays before the last one; 0: the last one itself
    at: time


@dataclass(frozen=True, slots=True, kw_only=True)
class Every:
    """From midnight on in even steps, by the clock on the wall, within hours. A time that clocks skip is not due."""

    zone: ZoneInfo
    length: timedelta  # divides an hour, or is hours that divide a day
    within: tuple[Hours, ...] = ()  # all of them open; none: at all hours


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """In even steps of real time, counted from 1 January 2024 00:00 UTC, whatever clocks do."""

    zone: ZoneInfo
    length: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Cron:
    """As five fields of cron say, by the clock on the wall. A time that clocks skip is not due."""

    zone: ZoneInfo
    fields: CronFields


Timetable = Workdays | Days | Weekly | MonthEnd | Every | Interval | Cron


def between(timetable: Timetable) -> timedelta:
    """Return the shortest time between two due times, as clocks that do not change show it."""
    match timetable:
        case Every(length=length) | Interval(length=length):
            return length
        case Cron(fields=fields):
            times = [timedelta(hours=at.hour, minutes=at.minute) for at in fields.times()]
            following = [*times[1:], times[0] + timedelta(days=1)]
            return min(later - earlier for earlier, later in zip(times, following, strict=True))
        case _:
            return timedelta(days=1)


def last_of_day(timetable: Timetable) -> time | None:
    """Return the last time of day at which it can be due; None for one that goes on around the clock."""
    match timetable:
        case Every() | Interval():
            return None
        case Cron(fields=fields):
            return max(fields.times())
        case _:
            return timetable.at


def daily_time(text: str, zone: ZoneInfo) -> time:
    """Return a time of day at which something may be due; raise ValueError where clocks skip or repeat it."""
    at = parse_time(text)
    refuse_unsafe(at, zone)
    return at


def parse_workdays(text: str, zone: ZoneInfo) -> Workdays:
    """Read `07:30`."""
    return Workdays(zone=zone, at=daily_time(text, zone))


def parse_every_day(text: str, zone: ZoneInfo) -> Days:
    """Read `07:30`."""
    return Days(zone=zone, at=daily_time(text, zone))


def parse_weekly(text: str, zone: ZoneInfo) -> Weekly:
    """Read `mon,thu 07:30`."""
    match = _WEEKLY.fullmatch(text.strip())
    if match is None:
        raise ValueError(f'{text!r} is no weekly time; it is written as "mon,thu 07:30"')
    return Weekly(zone=zone, days=parse_days(match[1]), at=daily_time(match[2], zone))


def parse_month_end(text: str, zone: ZoneInfo) -> MonthEnd:
    """Read `-2 workdays 16:00`, two workdays before the month's last one, or `16:00` for the last one itself."""
    match = _MONTH_END.fullmatch(text.strip())
    if match is None or int(match[1] or 0) < -15:
        raise ValueError(
            f'{text!r} is no time at the month\'s end; it is written as "16:00" for its last workday, or as '
            '"-2 workdays 16:00" for two workdays before that, 15 at most'
        )
    return MonthEnd(zone=zone, before=-int(match[1] or 0), at=daily_time(match[2], zone))


def parse_every(text: str, zone: ZoneInfo, *, within: tuple[Hours, ...]) -> Every:
    """Read `15m`; the length must divide an hour, or be hours that divide a day: the times are the same each day."""
    length = _length(text)
    hour = timedelta(hours=1)
    day = timedelta(days=1)
    if (hour % length and (length % hour or day % length)) or length == day:
        raise ValueError(
            f'{text!r} divides neither an hour nor a day into even parts; choose "5m", "10m", "15m", "20m", "30m", '
            '"1h", "2h", "3h", "4h", "6h", "8h" or "12h", or use `days` or `interval`'
        )
    return Every(zone=zone, length=length, within=within)


def parse_interval(text: str, zone: ZoneInfo) -> Interval:
    """Read `6h`."""
    return Interval(zone=zone, length=_length(text))


def parse_cron(text: str, zone: ZoneInfo) -> Cron:
    """Read `30 7 * * mon-fri`; raise ValueError for a time of day that clocks skip or repeat."""
    fields = CronFields.parse(text)
    if fields.once_a_day_at_most:
        for at in fields.times():
            refuse_unsafe(at, zone)
    return Cron(zone=zone, fields=fields)


def _length(text: str) -> timedelta:
    try:
        length: timedelta = parse_duration(text)
    except ValueError as error:
        raise ValueError(f"{text!r}: {error}") from error
    if length < SHORTEST or length.microseconds or length.seconds % 60:
        raise ValueError(f"{text!r}: a length is a number of whole minutes, one at least")
    return length

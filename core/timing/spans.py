"""Spans of time as people write them: `mon-fri 07:00-19:00` each week, `2026-12-12 20:00/2026-12-13 06:00` once."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from core.timing.calendars import Calendar, later_month
from core.timing.zones import Instants, first_passing, last_passing, wall_spans

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
_WEEKLY = re.compile(r"(.+?)\s+(\d\d:\d\d)\s*-\s*(\d\d:\d\d)")
_ONCE = re.compile(r"(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d))?\s*/\s*(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d))?")
_FREEZE = re.compile(r"(?:-(\d+) workdays?\s+)?(\d\d:\d\d)\s*/\s*(\d+) workdays?\s+(\d\d:\d\d)")

YEARS = range(2000, 2200)  # in which a date makes sense


def parse_time(text: str) -> time:
    """Return a time of day written as `07:30`."""
    match = _TIME.fullmatch(text.strip())
    if match is None:
        raise ValueError(f'{text!r} is no time of day; it is written as "07:30", from "00:00" to "23:59"')
    return time(int(match[1]), int(match[2]))


def parse_date(text: str) -> date:
    """Return the day written as `2026-12-24`."""
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f'{text!r} is no day of the calendar; a day is written as "2026-12-24"') from error
    if day.year not in YEARS:
        raise ValueError(f"{text!r} lies outside the years {YEARS[0]} to {YEARS[-1]}")
    return day


def parse_days(text: str) -> frozenset[int]:
    """Return the weekdays, Monday is 0, of `mon`, `mon,thu`, `mon-fri` or `daily`."""
    if text == "daily":
        return frozenset(range(7))
    found: set[int] = set()
    for part in text.lower().replace(" ", "").split(","):
        first, dash, last = part.partition("-")
        if first not in DAYS or (dash and last not in DAYS):
            raise ValueError(f'{text!r} names no days; they are written as "mon", "mon,thu", "mon-fri" or "daily"')
        start = DAYS.index(first)
        length = (DAYS.index(last) - start) % 7 if dash else 0
        found.update((start + step) % 7 for step in range(length + 1))
    return frozenset(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class WeeklySpan:
    """The same hours on some days of each week."""

    text: str  # as it was written
    days: frozenset[int]  # on which it begins, Monday is 0
    start: time  # local
    end: time | None  # local, of the next day when it is not after `start`; absent: midnight at the day's end

    @classmethod
    def parse(cls, text: str) -> "WeeklySpan":
        """Read `mon-fri 07:00-19:00`; `24:00` is the day's end, an end before the start is the next day's."""
        match = _WEEKLY.fullmatch(text.strip())
        if match is None:
            raise ValueError(f'{text!r} is no weekly span; it is written as "mon-fri 07:00-19:00"')
        start = parse_time(match[2])
        end = None if match[3] == "24:00" else parse_time(match[3])
        if end == start:
            raise ValueError(f'{text!r} begins and ends at the same time; a whole day is "00:00-24:00"')
        return cls(text=text.strip(), days=parse_days(match[1]), start=start, end=end)

    def on(self, day: date, zone: ZoneInfo) -> tuple[Instants, ...]:
        """Return the instants of the span that begins on a day, by the clock on the wall.

        None when no span begins, or clocks skip all of it; two when clocks repeat an hour of which it has a part.
        """
        if day.weekday() not in self.days:
            return ()
        over = self.end is None or self.end <= self.start
        last = datetime.combine(day + timedelta(days=1) if over else day, self.end or time())
        return wall_spans(datetime.combine(day, self.start), last, zone)


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedSpan:
    """A span that comes once."""

    text: str  # as it was written
    start: datetime  # local, naive
    end: datetime  # local, naive; not itself part of it

    @classmethod
    def parse(cls, text: str) -> "DatedSpan":
        """Read `2026-12-12 20:00/2026-12-13 06:00`; without hours both days are whole."""
        match = _ONCE.fullmatch(text.strip())
        if match is None:
            raise ValueError(f'{text!r} is no span of dates; it is written as "2026-12-12 20:00/2026-12-13 06:00"')
        start = datetime.combine(parse_date(match[1]), parse_time(match[2]) if match[2] else time())
        end = datetime.combine(parse_date(match[3]), parse_time(match[4]) if match[4] else time())
        if not match[4]:
            end += timedelta(days=1)
        if end <= start:
            raise ValueError(f"{text!r} ends before it begins")
        return cls(text=text.strip(), start=start, end=end)

    def instants(self, zone: ZoneInfo) -> Instants:
        """Return it as instants; where clocks repeat or skip an end of it, the longer way."""
        start = first_passing(self.start.date(), self.start.time(), zone)
        return start, last_passing(self.end.date(), self.end.time(), zone)


@dataclass(frozen=True, slots=True, kw_only=True)
class Freeze:
    """Around the end of each month: from some workdays before its last one until a workday of the next month."""

    text: str  # as it was written
    before: int  # workdays before the month's last workday on which it begins
    start: time  # local
    after: int  # the workday of the next month on which it ends, from 1
    end: time  # local

    @classmethod
    def parse(cls, text: str) -> "Freeze":
        """Read `-2 workdays 12:00 / 1 workday 09:00`; without the first number it begins on the last workday."""
        match = _FREEZE.fullmatch(text.strip())
        if match is None or int(match[3]) < 1 or int(match[1] or 0) > 15 or int(match[3]) > 15:
            raise ValueError(
                f'{text!r} is no month-end freeze; it is written as "-2 workdays 12:00 / 1 workday 09:00": from two '
                "workdays before the month's last workday until the first workday of the next month, 15 at most"
            )
        return cls(
            text=text.strip(),
            before=int(match[1] or 0),
            start=parse_time(match[2]),
            after=int(match[3]),
            end=parse_time(match[4]),
        )

    def around(self, day: date, calendar: Calendar, zone: ZoneInfo) -> Iterator[Instants]:
        """Yield the freezes at the end of the month before a day's and at the end of its own."""
        for months in (-1, 0):
            year, month = later_month(day, months)
            first = calendar.near_month_end(year, month, before=self.before)
            next_month = date(*later_month(date(year, month, 1), 1), 1)
            last = calendar.add_workdays(next_month - timedelta(days=1), self.after)
            yield first_passing(first, self.start, zone), last_passing(last, self.end, zone)

"""Calendars: which days are workdays, by nation, with an organisation's own closed days and local corrections."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache

KNOWN_UNTIL = date(2027, 12, 31)  # published and compared (tests/core/timing/bank_holidays.py); later ones are by rule
WARN = timedelta(days=60)  # before the known years end
_DAY = timedelta(days=1)
FURTHEST = 400  # days within which a workday must come


class Nation(StrEnum):
    """Whose bank holidays count."""

    ENGLAND = "england"
    WALES = "wales"
    SCOTLAND = "scotland"
    NORTHERN_IRELAND = "northern-ireland"
    NONE = "none"  # no bank holidays at all


_SUBDIVISIONS = {
    Nation.ENGLAND: "ENG",
    Nation.WALES: "WLS",
    Nation.SCOTLAND: "SCT",
    Nation.NORTHERN_IRELAND: "NIR",
}


@lru_cache(maxsize=256)
def bank_holidays(nation: Nation, year: int) -> Mapping[date, str]:
    """Return the nation's bank holidays of a year with their names, from the `holidays` package."""
    if nation is Nation.NONE:
        return {}
    import holidays

    found = holidays.country_holidays("GB", subdiv=_SUBDIVISIONS[nation], years=year)
    return {day: str(name) for day, name in found.items() if day.year == year}


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """One calendar; `days off` are weekends, bank holidays and the organisation's closed days."""

    name: str
    nation: Nation = Nation.ENGLAND
    weekend: frozenset[int] = frozenset({5, 6})  # weekdays that are no workdays, Monday is 0
    added: Mapping[date, str] = field(default_factory=dict, hash=False)  # by the override file, named
    removed: frozenset[date] = frozenset()  # days that the override file makes workdays again
    closed: tuple[tuple[date, date], ...] = ()  # the organisation's closed days, first and last of each
    known_to: date | None = None  # as the override file says; absent: what the package is known to hold

    def is_workday(self, day: date) -> bool:
        """Tell whether people work on this day."""
        return self.closed_because(day) is None

    def closed_because(self, day: date) -> str | None:
        """Return why a day is no workday, in words; None for a workday."""
        if day in self.removed:
            return None
        return self.holiday(day) or (f"{day:%A}" if day.weekday() in self.weekend else None)

    def holiday(self, day: date) -> str | None:
        """Return why a day is off for another reason than the weekend, in words; None when there is none."""
        if day in self.removed:
            return None
        if day in self.added:
            return self.added[day]
        if any(first <= day <= last for first, last in self.closed):
            return f"a closed day of calendar {self.name}"
        return bank_holidays(self.nation, day.year).get(day)

    def known_until(self) -> date:
        """Return the last day whose bank holidays are known for sure."""
        if self.nation is Nation.NONE:
            return date.max
        return max(KNOWN_UNTIL, self.known_to or KNOWN_UNTIL)

    def warning(self, today: date) -> str | None:
        """Say so when the known years end within 60 days, or have ended; None otherwise."""
        until = self.known_until()
        if until - today >= WARN:
            return None
        when = "end" if until >= today else "ended"
        return (
            f"calendar {self.name}: the bank holidays that are known for sure {when} on {until:%d %B %Y}; upgrade "
            "Understudy, or compare the coming ones with the published list, write what differs into the calendar's "
            "override file and set known_until there"
        )

    def add_workdays(self, day: date, number: int) -> date:
        """Return the workday that is so many workdays after (negative: before) a day; 0: the day itself.

        Raises ValueError when a workday is not followed by another within 400 days.
        """
        step = timedelta(days=1 if number > 0 else -1)
        for _ in range(abs(number)):
            day = self._next(day + step, step)
        return day

    def last_workday(self, year: int, month: int) -> date:
        """Return the month's last workday; where it has none, the last before it."""
        return self._next(date(*later_month(date(year, month, 1), 1), 1) - _DAY, -_DAY)

    def near_month_end(self, year: int, month: int, *, before: int) -> date:
        """Return the workday that is so many workdays before the month's last workday."""
        return self.add_workdays(self.last_workday(year, month), -before)

    def _next(self, day: date, step: timedelta) -> date:
        for _ in range(FURTHEST):
            if self.is_workday(day):
                return day
            day += step
        raise ValueError(f"calendar {self.name} has no workday within {FURTHEST} days of {day}")


def later_month(day: date, months: int) -> tuple[int, int]:
    """Return year and month of the month that lies so many months after (negative: before) a day's."""
    number = day.year * 12 + day.month - 1 + months
    return number // 12, number % 12 + 1

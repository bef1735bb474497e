"""The five fields of cron, checked: minute, hour, day of the month, month, day of the week."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import time

_NAMES = {"day of the week": ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_FIELDS = (("minute", 0, 59), ("hour", 0, 23), ("day of the month", 1, 31), ("month", 1, 12), ("day of the week", 0, 7))
_LONGEST = {month: 29 if month == 2 else 30 if month in (4, 6, 9, 11) else 31 for month in range(1, 13)}  # days
_PART = re.compile(r"(\*|[a-z]{3}|\d+)(?:-([a-z]{3}|\d+))?(?:/(\d+))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class CronFields:
    """What each field allows; empty for a day field written as `*`."""

    text: str  # as it was written
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: tuple[int, ...]  # of the month; empty: any
    months: tuple[int, ...]
    weekdays: tuple[int, ...]  # Monday is 0; empty: any

    @classmethod
    def parse(cls, text: str) -> "CronFields":
        """Read five fields; raise ValueError naming the field that is wrong. Sunday is 0, 7 or sun, as in cron."""
        parts = text.lower().split()
        if len(parts) != len(_FIELDS):
            raise ValueError(
                f"{text!r} has {len(parts)} fields; cron has five: minute, hour, day of the month, month, "
                "day of the week"
            )
        values = [_values(part, name, low, high) for part, (name, low, high) in zip(parts, _FIELDS, strict=True)]
        if min(values[2]) > max(_LONGEST[month] for month in values[3]):
            raise ValueError(f"{text!r} never comes: none of its months has a day {min(values[2])}")
        if parts[2] != "*" and parts[4] != "*":
            raise ValueError(
                f"{text!r} names days of the month and of the week; cron means either and people mean both: "
                "make two schedules"
            )
        return cls(
            text=" ".join(parts),
            minutes=values[0],
            hours=values[1],
            days=() if parts[2] == "*" else values[2],
            months=values[3],
            weekdays=() if parts[4] == "*" else tuple(sorted({(day - 1) % 7 for day in values[4]})),
        )

    @property
    def once_a_day_at_most(self) -> bool:
        """True for fixed hours; at every hour both passings of a repeated one are meant."""
        return len(self.hours) < 24

    def times(self) -> Iterator[time]:
        """Yield the times of day, in order."""
        return (time(hour, minute) for hour in self.hours for minute in self.minutes)


def _values(text: str, name: str, low: int, high: int) -> tuple[int, ...]:
    found: set[int] = set()
    for part in text.split(","):
        match = _PART.fullmatch(part)
        if match is None:
            raise ValueError(
                f"{part!r} is nothing that cron's {name} knows; it is *, a number, a list, a range or a step"
            )
        first, last, step = match.groups()
        start, end = (low, high) if first == "*" else (_number(first, name, low, high),) * 2
        if first == "*" and name == "day of the week":
            end = 6
        if last is not None:
            end = _number(last, name, low, high)
        elif step is not None and first != "*":
            end = high
        if name == "day of the week" and last is not None and end < start:
            end += 7  # fri-mon, and mon-sun where sun is 0
        if end < start or (step is not None and int(step) == 0):
            raise ValueError(f"{part!r} in cron's {name} leads nowhere")
        found.update(
            value % 7 if name == "day of the week" else value for value in range(start, end + 1, int(step or 1))
        )
    return tuple(sorted(found))


def _number(text: str, name: str, low: int, high: int) -> int:
    if text.isdigit():
        value = int(text)
    else:
        names: Sequence[str] = _MONTHS if name == "month" else _NAMES.get(name, ())
        if text not in names:
            raise ValueError(f"{text!r} is no {name}")
        value = names.index(text) + 1
    if not low <= value <= high:
        raise ValueError(f"{value} is outside cron's {name}: {low} to {high}")
    return value

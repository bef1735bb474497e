"""The hours in which a target may be worked on: opening hours, maintenance, the freeze around a month's end."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from core.timing.calendars import Calendar
from core.timing.spans import DatedSpan, Freeze, WeeklySpan
from core.timing.zones import Instants, local_text

FURTHEST = 400  # days looked ahead
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """When a target is open. A span is open from its first minute until before its last."""

    zone: ZoneInfo
    calendar: Calendar
    target: str | None = None  # whose hours these are; absent: the span a schedule was given
    open: tuple[WeeklySpan, ...] = ()  # none: always, but for what follows
    closed_on_holidays: bool = False  # holidays and closed days of the calendar, not its weekends
    maintenance: tuple[WeeklySpan | DatedSpan, ...] = ()
    freezes: tuple[Freeze, ...] = ()

    def open_at(self, now: datetime) -> bool:
        """Tell whether work may begin at this instant."""
        today = now.astimezone(self.zone).date()
        return any(start <= now < end for day in (today - _DAY, today) for start, end in _open_on(self, day))

    def why_closed(self, now: datetime) -> str | None:
        """Return in a sentence why it is closed, and when it opens; None while it is open."""
        why = self._closure(now)
        if why is None:
            return None
        opens = self.next_open(now)
        until = f"it opens {local_text(opens, self.zone)}" if opens else f"it does not open within {FURTHEST} days"
        return f"{self.target or 'this schedule'} is closed: {why}; {until} ({self.zone.key})"

    def next_open(self, now: datetime) -> datetime | None:
        """Return when it opens next, `now` itself while it is open; None when not within 400 days."""
        today = now.astimezone(self.zone).date()
        for number in range(-1, FURTHEST):
            for start, end in _open_on(self, today + number * _DAY):
                if end > now:
                    return max(start, now)
        return None

    def closes_at(self, now: datetime) -> datetime | None:
        """Return when it closes next, `now` itself while it is closed; None when not within 400 days."""
        if not self.open_at(now):
            return now
        at = now
        today = now.astimezone(self.zone).date()
        for number in range(-1, FURTHEST):
            for start, end in _open_on(self, today + number * _DAY):
                if end <= at:
                    continue
                if start > at:
                    return at
                at = end
        return None

    def open_on(self, day: date) -> tuple[Instants, ...]:
        """Return the spans that begin on a day and are open, in order."""
        left = self._spans(day)
        for each in (day - _DAY, day, day + _DAY):
            for (start, end), _ in self._closures(each):
                left = [part for span in left for part in _without(span, start, end)]
        return tuple(left)

    def _closure(self, now: datetime) -> str | None:
        """Return what keeps it closed at an instant, in words; None when nothing does."""
        if self.open_at(now):
            return None
        day = now.astimezone(self.zone).date()
        for (start, end), why in (*self._closures(day - _DAY), *self._closures(day)):
            if start <= now < end:
                return why
        if self.closed_on_holidays and (name := self.calendar.holiday(day)):
            return name
        return f"opening hours are {', '.join(span.text for span in self.open or (_ALL_DAY,))}"

    def _spans(self, day: date) -> list[Instants]:
        """Return the opening hours that begin on a day, before maintenance and freezes are taken off."""
        if self.closed_on_holidays and self.calendar.holiday(day):
            return []
        return sorted(part for span in self.open or (_ALL_DAY,) for part in span.on(day, self.zone))

    def _closures(self, day: date) -> Iterator[tuple[Instants, str]]:
        """Yield the maintenance that begins on a day, all that has dates, and the freezes around it, with words."""
        for span in self.maintenance:
            found = span.on(day, self.zone) if isinstance(span, WeeklySpan) else (span.instants(self.zone),)
            for part in found:
                yield part, f"maintenance {span.text}"
        for freeze in self.freezes:
            for frozen in freeze.around(day, self.calendar, self.zone):
                yield frozen, f"month-end freeze {freeze.text}"


_ALL_DAY = WeeklySpan.parse("daily 00:00-24:00")


@lru_cache(maxsize=2048)
def _open_on(hours: Hours, day: date) -> tuple[Instants, ...]:
    return hours.open_on(day)


def _without(span: Instants, start: datetime, end: datetime) -> list[Instants]:
    """Return what is left of a span when another is taken off."""
    parts = ((span[0], min(span[1], start)), (max(span[0], end), span[1]))
    return [part for part in parts if part[0] < part[1]]

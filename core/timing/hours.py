"""The hours in which a target may be worked on: opening hours, maintenance, the freeze around a month's end."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from core.timing.calendars import Calendar
from core.timing.spans import DatedSpan, Freeze, Instants, WeeklySpan
from core.timing.zones import local_text

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
        return self._closure(now) is None

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
            for start, end in self._open_on(today + number * _DAY):
                if end > now:
                    return max(start, now)
        return None

    def closes_at(self, now: datetime) -> datetime | None:
        """Return when it closes next, `now` itself while it is closed; None when not within 400 days."""
        at = now
        today = now.astimezone(self.zone).date()
        for number in range(-1, FURTHEST):
            for start, end in self._open_on(today + number * _DAY):
                if end <= at:
                    continue
                if start > at:
                    return at
                at = end
        return None

    def _closure(self, now: datetime) -> str | None:
        """Return what keeps it closed at an instant, in words; None when nothing does."""
        day = now.astimezone(self.zone).date()
        for (start, end), why in (*self._closures(day - _DAY), *self._closures(day), *self._closures(day + _DAY)):
            if start <= now < end:
                return why
        if any(start <= now < end for each in (day - _DAY, day) for start, end in self._spans(each)):
            return None
        if self.closed_on_holidays and (name := self._holiday(day)):
            return name
        return f"opening hours are {', '.join(span.text for span in self.open) or 'on no day'}"

    def _holiday(self, day: date) -> str | None:
        return self.calendar.closed_because(day) if self.calendar.is_holiday(day) else None

    def _spans(self, day: date) -> list[Instants]:
        """Return the opening hours that begin on a day, before maintenance and freezes are taken off."""
        if self.closed_on_holidays and self._holiday(day):
            return []
        spans = (span.on(day, self.zone) for span in self.open or (_ALL_DAY,))
        return sorted(span for span in spans if span is not None)

    def _closures(self, day: date) -> Iterator[tuple[Instants, str]]:
        """Yield the maintenance that begins on a day, all that has dates, and the freezes around it, with words."""
        for span in self.maintenance:
            found = span.on(day, self.zone) if isinstance(span, WeeklySpan) else span.instants(self.zone)
            if found is not None:
                yield found, f"maintenance {span.text}"
        for freeze in self.freezes:
            for frozen in freeze.around(day, self.calendar, self.zone):
                yield frozen, f"month-end freeze {freeze.text}"

    def _open_on(self, day: date) -> list[Instants]:
        """Return the spans of a day in which it is open."""
        left = self._spans(day)
        for each in (day - _DAY, day, day + _DAY):
            for (start, end), _ in self._closures(each):
                left = [part for span in left for part in _without(span, start, end)]
        return left


_ALL_DAY = WeeklySpan.parse("daily 00:00-24:00")


def _without(span: Instants, start: datetime, end: datetime) -> list[Instants]:
    """Return what is left of a span when another is taken off."""
    parts = ((span[0], min(span[1], start)), (max(span[0], end), span[1]))
    return [part for part in parts if part[0] < part[1]]

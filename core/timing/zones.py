"""Time zones by name, and the local times that clock changes skip or repeat."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BeforeValidator

FIRST, LAST = 2024, 2038  # years in which the changes of a zone are looked for; the rules repeat within them


def parse_zone(value: Any) -> Any:
    """Return the ZoneInfo for an IANA name such as `Europe/London`; one that is a zone already passes through."""
    if isinstance(value, ZoneInfo):
        return value
    try:
        if not isinstance(value, str) or not value or value.startswith("/"):
            raise ValueError
        return ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        from zoneinfo import available_timezones

        from rapidfuzz import process

        near = process.extractOne(str(value), available_timezones())
        hint = f'; did you mean "{near[0]}"?' if near else ""
        raise ValueError(f'a zone has a name such as "Europe/London", "Europe/Berlin" or "UTC"{hint}') from error


Zone = Annotated[ZoneInfo, BeforeValidator(parse_zone)]


def local_text(moment: datetime, zone: ZoneInfo) -> str:
    """Return an instant as the zone's clocks show it, for people: `Mon 30 Mar 2026 07:30`."""
    return f"{moment.astimezone(zone):%a %d %b %Y %H:%M}"


def in_zone(day: date, at: time, zone: ZoneInfo) -> datetime:
    """Return the instant (UTC) of a local time; the first of two that clocks repeat, and past one that they skip."""
    return datetime.combine(day, at, tzinfo=zone).astimezone(UTC)


def exists(day: date, at: time, zone: ZoneInfo) -> bool:
    """Tell whether clocks show this local time on this day."""
    back = in_zone(day, at, zone).astimezone(zone)
    return (back.date(), back.time()) == (day, at)


def repeats(day: date, at: time, zone: ZoneInfo) -> bool:
    """Tell whether clocks show this local time twice on this day."""
    first = datetime.combine(day, at, tzinfo=zone)
    return exists(day, at, zone) and first.utcoffset() > first.replace(fold=1).utcoffset()  # type: ignore[operator]


@lru_cache(maxsize=32)
def unsafe_times(zone: ZoneInfo) -> tuple[tuple[time, time], ...]:
    """Return the spans of the day [from, until) that clocks of this zone skip or repeat on some day, in order."""
    spans = sorted({span for day, before, after in _changes(zone) for span in (_span(day, before, after),)})
    joined: list[tuple[time, time]] = []
    for start, end in spans:
        if joined and start <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(joined[-1][1], end)
        else:
            joined.append((start, end))
    return tuple(joined)


def unsafe_span(at: time, zone: ZoneInfo) -> tuple[time, time] | None:
    """Return the span in which this time of day is skipped or repeated on some day; None when it never is."""
    return next((span for span in unsafe_times(zone) if span[0] <= at < span[1]), None)


def refuse_unsafe(at: time, zone: ZoneInfo) -> None:
    """Raise ValueError, with the nearest times that are safe, for a time of day that clocks skip or repeat."""
    span = unsafe_span(at, zone)
    if span is None:
        return
    before = (datetime.combine(date(2000, 1, 2), span[0]) - timedelta(minutes=1)).time()
    raise ValueError(
        f"{at:%H:%M} lies in the time ({span[0]:%H:%M} to {span[1]:%H:%M}) that clocks in {zone.key} skip in one "
        f"season and repeat in the other; choose {before:%H:%M} or earlier, or {span[1]:%H:%M} or later"
    )


def _changes(zone: ZoneInfo) -> Iterator[tuple[datetime, timedelta, timedelta]]:
    """Yield each change of the zone's clocks: the instant (UTC), the offset before and the offset after."""
    hour = datetime(FIRST, 1, 1, tzinfo=UTC)
    end = datetime(LAST + 1, 1, 1, tzinfo=UTC)
    step = timedelta(days=1)
    while hour < end:
        before, after = _offset(hour, zone), _offset(hour + step, zone)
        if before != after:
            yield _exactly(hour, hour + step, zone), before, after
        hour += step


def _exactly(low: datetime, high: datetime, zone: ZoneInfo) -> datetime:
    before = _offset(low, zone)
    while high - low > timedelta(minutes=1):
        middle = low + (high - low) / 2
        middle = middle.replace(second=0, microsecond=0)
        low, high = (middle, high) if _offset(middle, zone) == before else (low, middle)
    return high


def _span(change: datetime, before: timedelta, after: timedelta) -> tuple[time, time]:
    """Return the local times that a change skips or repeats."""
    ends = sorted((change + before, change + after))
    return ends[0].time(), ends[1].time()


def _offset(moment: datetime, zone: ZoneInfo) -> timedelta:
    offset = moment.astimezone(zone).utcoffset()
    assert offset is not None
    return offset

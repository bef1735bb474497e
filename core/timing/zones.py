"""Time zones by name, and the local times that clock changes skip or repeat."""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BeforeValidator

FIRST, LAST = 2024, 2038  # years in which the changes of a zone are looked for; the rules repeat within them
DAY = 24 * 60  # minutes
ALIKE = 80  # of 100: how near a name is to one that was meant
_STEP = timedelta(days=4)  # no two changes of a zone lie so near
_MINUTE = timedelta(minutes=1)
_DAY = timedelta(days=1)

Instants = tuple[datetime, datetime]  # from the first until before the second, in UTC


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

        if not available_timezones():
            raise ValueError("this machine has no time zones; install its package `tzdata`") from error
        near = process.extractOne(str(value), available_timezones(), score_cutoff=ALIKE)
        hint = f'; did you mean "{near[0]}"?' if near else ""
        raise ValueError(f'a zone has a name such as "Europe/London", "Europe/Berlin" or "UTC"{hint}') from error


Zone = Annotated[ZoneInfo, BeforeValidator(parse_zone)]


def local_text(moment: datetime, zone: ZoneInfo) -> str:
    """Return an instant as the zone's clocks show it, for people: `Mon 30 Mar 2026 07:30`."""
    return f"{moment.astimezone(zone):%a %d %b %Y %H:%M}"


def in_zone(day: date, at: time, zone: ZoneInfo) -> datetime:
    """Return the instant (UTC) of a local time; the first of two that clocks repeat, and past one that they skip."""
    return datetime.combine(day, at, tzinfo=zone).astimezone(UTC)


def passings(local: datetime, zone: ZoneInfo) -> tuple[datetime, ...]:
    """Return the instants (UTC) at which clocks show a local time, given naive: none, one or two."""
    found = sorted(set(_both(local.date(), local.time(), zone)))
    return tuple(at for at in found if at.astimezone(zone).replace(tzinfo=None, fold=0) == local)


def first_passing(day: date, at: time, zone: ZoneInfo) -> datetime:
    """Return the first instant (UTC) that can be meant by a local time; not past one that clocks skip."""
    return min(_both(day, at, zone))


def last_passing(day: date, at: time, zone: ZoneInfo) -> datetime:
    """Return the last instant (UTC) that can be meant by a local time."""
    return max(_both(day, at, zone))


def wall_spans(first: datetime, last: datetime, zone: ZoneInfo) -> tuple[Instants, ...]:
    """Return the instants at which clocks show a time from the first until before the second, both local and naive.

    At most a day long. None when clocks skip all of it; two spans when they repeat a part that does not join.
    """
    before, after = first.replace(tzinfo=zone).utcoffset(), last.replace(tzinfo=zone, fold=1).utcoffset()
    assert before is not None
    assert after is not None
    whole = (first - before).replace(tzinfo=UTC), (last - after).replace(tzinfo=UTC)
    if before == after:
        return (whole,) if whole[0] < whole[1] else ()
    change = _change(whole[0] - _DAY, whole[1] + _DAY, zone)
    early = whole[0], min((last - before).replace(tzinfo=UTC), change)
    late = max((first - after).replace(tzinfo=UTC), change), whole[1]
    parts = tuple(span for span in (early, late) if span[0] < span[1])
    return (whole,) if len(parts) == 2 and early[1] == late[0] else parts


@lru_cache(maxsize=32)
def unsafe_minutes(zone: ZoneInfo) -> frozenset[int]:
    """Return the minutes of the day, from midnight, that clocks of this zone skip or repeat on some day."""
    found: set[int] = set()
    at = datetime(FIRST, 1, 1, tzinfo=UTC)
    while at.year <= LAST:
        before, after = _offset(at, zone), _offset(at + _STEP, zone)
        if before != after:
            change = _change(at, at + _STEP, zone)
            start = (change + min(before, after)).time()
            length = abs(after - before) // _MINUTE
            found.update((start.hour * 60 + start.minute + number) % DAY for number in range(length))
        at += _STEP
    return frozenset(found)


def unsafe_span(at: time, zone: ZoneInfo) -> tuple[time, time] | None:
    """Return the times of day between which this one is skipped or repeated on some day; None when it never is."""
    unsafe = unsafe_minutes(zone)
    first = last = at.hour * 60 + at.minute
    if first not in unsafe:
        return None
    while (first - 1) % DAY in unsafe:
        first -= 1
    while last % DAY in unsafe:
        last += 1
    return _time(first), _time(last)


def refuse_unsafe(at: time, zone: ZoneInfo) -> None:
    """Raise ValueError, with the nearest times that are safe, for a time of day that clocks skip or repeat."""
    span = unsafe_span(at, zone)
    if span is None:
        return
    before = _time(span[0].hour * 60 + span[0].minute - 1)
    raise ValueError(
        f"{at:%H:%M} lies in the time from {span[0]:%H:%M} to {span[1]:%H:%M}, which clocks in {zone.key} skip or "
        f"repeat when they change; choose {before:%H:%M} or earlier, or {span[1]:%H:%M} or later"
    )


def _both(day: date, at: time, zone: ZoneInfo) -> tuple[datetime, datetime]:
    local = datetime.combine(day, at, tzinfo=zone)
    return local.astimezone(UTC), local.replace(fold=1).astimezone(UTC)


def _time(minute: int) -> time:
    return time(minute % DAY // 60, minute % 60)


def _change(low: datetime, high: datetime, zone: ZoneInfo) -> datetime:
    """Return the instant, to the minute, of the one change of the zone's clocks between two instants."""
    before = _offset(low, zone)
    while high - low > _MINUTE:
        middle = low + (high - low) // 2 // _MINUTE * _MINUTE
        low, high = (middle, high) if _offset(middle, zone) == before else (low, middle)
    return high


def _offset(moment: datetime, zone: ZoneInfo) -> timedelta:
    offset = moment.astimezone(zone).utcoffset()
    assert offset is not None
    return offset

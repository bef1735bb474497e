"""When a schedule is due: APScheduler's triggers compute it. The one module that knows APScheduler."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any, Self
from zoneinfo import ZoneInfo

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.date import DateTrigger
from apscheduler.triggers.interval import IntervalTrigger

from core.timing.calendars import Calendar, later_month
from core.timing.schedule import Schedule, Slot
from core.timing.timetable import Cron, Days, Every, Interval, MonthEnd, Timetable, Weekly, Workdays
from core.timing.zones import in_zone, passings

ANCHOR = datetime(2024, 1, 1, tzinfo=UTC)  # from which intervals are counted
FURTHEST = timedelta(days=400)  # how far ahead a workday or an open hour is looked for
_MINUTE = timedelta(minutes=1)
_SOON = timedelta(hours=3)  # clocks are put back by less
_HOUR = timedelta(hours=1)


def next_slot(schedule: Schedule, after: datetime) -> Slot | None:
    """Return the first slot that is due after an instant; None when no workday or open hour comes within 400 days.

    In an hour that clocks repeat, `every`, `interval` and cron at each hour are due in both; the second has its offset
    in its key.
    """
    due = _next(schedule.timetable, after)
    while due is not None:
        later = _put_off(schedule, due)
        if later is None:
            return Slot(key=_key(due, schedule.timetable), due=due)
        due = _next(schedule.timetable, later) if later <= after + FURTHEST else None
    return None


def slots(schedule: Schedule, after: datetime, until: datetime) -> Iterator[Slot]:
    """Yield the slots that are due after the first instant and not after the second, in order."""
    slot = next_slot(schedule, after)
    while slot is not None and slot.due <= until:
        yield slot
        slot = next_slot(schedule, slot.due)


def _next(timetable: Timetable, after: datetime) -> datetime | None:
    """Return when it is due next after an instant, whatever the calendar and the hours say.

    The trigger works on the time that clocks show, as if they never changed: left to change them itself, APScheduler
    3.11 passes over the first hour of the day after clocks went forward.
    """
    if isinstance(timetable, Interval):
        return _fires(timetable, after)
    put_back = _put_back(after, timetable.zone)
    shown: datetime | None = after.astimezone(timetable.zone).replace(tzinfo=UTC) - put_back
    found: list[datetime] = []
    while shown is not None and (shown := _fires(timetable, shown)) is not None:
        here = _instants(timetable, shown)
        if found and here and here[0] > found[0]:
            break  # what clocks show later comes later, but for its second passing
        found = sorted({*found, *(at for at in here if at > after)})
        if found and not put_back:
            break
    return found[0] if found else None


def _fires(timetable: Timetable, after: datetime) -> datetime | None:
    """Return when the trigger fires next after an instant or a time that clocks show; it fires on whole minutes."""
    fires: datetime | None = _trigger(timetable).get_next_fire_time(
        None, after.astimezone(UTC).replace(second=0, microsecond=0) + _MINUTE
    )
    return None if fires is None else fires.astimezone(UTC)


def _put_back(after: datetime, zone: ZoneInfo) -> timedelta:
    """Return by how much clocks are put back soon after an instant; mostly by nothing."""
    here, soon = after.astimezone(zone).utcoffset(), (after + _SOON).astimezone(zone).utcoffset()
    assert here is not None
    assert soon is not None
    return max(here - soon, timedelta(0))


def _instants(timetable: Timetable, shown: datetime) -> tuple[datetime, ...]:
    """Return the instants that a time shown by clocks stands for: one, for `every` and cron none or two as well."""
    local = shown.replace(tzinfo=None)
    if isinstance(timetable, Every | Cron):
        return passings(local, timetable.zone)
    return (in_zone(local.date(), local.time(), timetable.zone),)


def _put_off(schedule: Schedule, due: datetime) -> datetime | None:
    """Return after which instant to look on, when this due time does not count; None when it does."""
    timetable = schedule.timetable
    match timetable:
        case Workdays():
            counts = schedule.calendar.is_workday(_day(due, timetable))
        case MonthEnd():
            counts = _near_month_end(schedule.calendar, _day(due, timetable), before=timetable.before)
        case Every():
            return _until_open(timetable, due)
        case _:
            counts = True
    return None if counts else due


def _near_month_end(calendar: Calendar, day: date, *, before: int) -> bool:
    """Tell whether a day is the one before the end of its month, or of a later month that has too few workdays."""
    months = (later_month(day, months) for months in range(3))
    return any(day == calendar.near_month_end(year, month, before=before) for year, month in months)


def _until_open(timetable: Every, due: datetime) -> datetime | None:
    """Return until when the hours of an `every` are closed, None when all are open; closed for ever: past the limit."""
    closed = [hours for hours in timetable.within if not hours.open_at(due)]
    if not closed:
        return None
    opens = [hours.next_open(due) or due + 2 * FURTHEST for hours in closed]
    return max(opens) - _MINUTE


def _key(due: datetime, timetable: Timetable) -> str:
    local = due.astimezone(timetable.zone)
    wall = local.strftime("%Y-%m-%dT%H:%M")
    return f"{wall}{local:%z}" if local.fold else wall


def _day(due: datetime, timetable: Timetable) -> date:
    return due.astimezone(timetable.zone).date()


@lru_cache(maxsize=512)
def _trigger(timetable: Timetable) -> Any:
    match timetable:
        case Workdays(at=at) | Days(at=at) | MonthEnd(at=at):
            return CronTrigger(hour=at.hour, minute=at.minute, timezone=UTC)
        case Weekly(at=at, days=days):
            return CronTrigger(day_of_week=_list(days), hour=at.hour, minute=at.minute, timezone=UTC)
        case Every(length=length) if length < _HOUR:
            return CronTrigger(minute=f"*/{length // _MINUTE}", timezone=UTC)
        case Every(length=length):
            return CronTrigger(hour=f"*/{length // _HOUR}", minute=0, timezone=UTC)
        case Interval(length=length):
            return IntervalTrigger(seconds=int(length.total_seconds()), start_date=ANCHOR, timezone=UTC)
        case Cron(fields=fields):
            return CronTrigger(
                minute=_list(fields.minutes),
                hour=_list(fields.hours),
                day=_list(fields.days) or None,
                month=_list(fields.months),
                day_of_week=_list(fields.weekdays) or None,
                timezone=UTC,
            )


def _list(values: Any) -> str:
    return ",".join(str(value) for value in sorted(values))


class Waker:
    """Wakes somebody at an instant: APScheduler's scheduler, in a thread of its own. Use as a context manager."""

    def __init__(self, wake: Callable[[], object]) -> None:
        self._wake = wake
        self._scheduler = BackgroundScheduler(timezone=UTC)

    def __enter__(self) -> Self:
        self._scheduler.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._scheduler.shutdown(wait=False)

    def at(self, instant: datetime) -> None:
        """Wake at an instant, in place of the one that was asked for before; at once when it is over."""
        self._scheduler.add_job(
            self._wake, DateTrigger(instant), id="wake", replace_existing=True, misfire_grace_time=None
        )

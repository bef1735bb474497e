"""When a schedule is due: APScheduler's triggers compute it. The one module that knows APScheduler."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any

from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from core.timing.schedule import Schedule, Slot
from core.timing.timetable import Cron, Days, Every, Interval, MonthEnd, Timetable, Weekly, Workdays

ANCHOR = datetime(2024, 1, 1, tzinfo=UTC)  # from which intervals are counted
FURTHEST = timedelta(days=400)  # nothing that is due later is looked for
_MOMENT = timedelta(microseconds=1)
_HOUR = timedelta(hours=1)


def next_slot(schedule: Schedule, after: datetime) -> Slot | None:
    """Return the first slot that is due after an instant; None when there is none within 400 days.

    In an hour that clocks repeat, `every`, `interval` and cron at each hour are due in both; the second has its offset
    in its key.
    """
    limit = after + FURTHEST
    due = _next(schedule.timetable, after)
    while due is not None and due <= limit:
        later = _put_off(schedule, due)
        if later is None:
            return Slot(key=_key(due, schedule.timetable), due=due)
        due = _next(schedule.timetable, later)
    return None


def slots(schedule: Schedule, after: datetime, until: datetime) -> Iterator[Slot]:
    """Yield the slots that are due after the first instant and not after the second, in order."""
    slot = next_slot(schedule, after)
    while slot is not None and slot.due <= until:
        yield slot
        slot = next_slot(schedule, slot.due)


def _next(timetable: Timetable, after: datetime) -> datetime | None:
    """Return when the trigger fires next after an instant, whatever the calendar and the hours say."""
    fires: datetime | None = _trigger(timetable).get_next_fire_time(None, (after + _MOMENT).astimezone(UTC))
    return None if fires is None else fires.astimezone(UTC)


def _put_off(schedule: Schedule, due: datetime) -> datetime | None:
    """Return after which instant to look on, when this due time does not count; None when it does."""
    timetable = schedule.timetable
    match timetable:
        case Workdays():
            counts = schedule.calendar.is_workday(_day(due, timetable))
        case MonthEnd():
            day = _day(due, timetable)
            last = schedule.calendar.last_workday(day.year, day.month)
            counts = day == schedule.calendar.add_workdays(last, -timetable.before)
        case Every():
            return _until_open(timetable, due)
        case _:
            counts = True
    return None if counts else due


def _until_open(timetable: Every, due: datetime) -> datetime | None:
    """Return until when the hours of an `every` are closed, None when all are open; closed for ever: past the limit."""
    closed = [hours for hours in timetable.within if not hours.open_at(due)]
    if not closed:
        return None
    opens = [hours.next_open(due) or due + 2 * FURTHEST for hours in closed]
    return max(opens) - _MOMENT


def _key(due: datetime, timetable: Timetable) -> str:
    local = due.astimezone(timetable.zone)
    wall = local.strftime("%Y-%m-%dT%H:%M")
    return f"{wall}{local:%z}" if local.fold else wall


def _day(due: datetime, timetable: Timetable) -> date:
    return due.astimezone(timetable.zone).date()


@lru_cache(maxsize=512)
def _trigger(timetable: Timetable) -> Any:
    zone = timetable.zone
    match timetable:
        case Workdays(at=at) | Days(at=at) | MonthEnd(at=at):
            return CronTrigger(hour=at.hour, minute=at.minute, timezone=zone)
        case Weekly(at=at, days=days):
            return CronTrigger(day_of_week=_list(days), hour=at.hour, minute=at.minute, timezone=zone)
        case Every(length=length) if length < _HOUR:
            return CronTrigger(minute=f"*/{length // timedelta(minutes=1)}", timezone=zone)
        case Every(length=length):
            return CronTrigger(hour=f"*/{length // _HOUR}", minute=0, timezone=zone)
        case Interval(length=length):
            return IntervalTrigger(seconds=int(length.total_seconds()), start_date=ANCHOR, timezone=UTC)
        case Cron(fields=fields):
            return CronTrigger(
                minute=_list(fields.minutes),
                hour=_list(fields.hours),
                day=_list(fields.days) or None,
                month=_list(fields.months),
                day_of_week=_list(fields.weekdays) or None,
                timezone=zone,
            )


def _list(values: Any) -> str:
    return ",".join(str(value) for value in sorted(values))

"""What becomes of due times: pure decisions, from a schedule, the slots that are due and the hour it is.

A due time is found in time, or late: nobody was there (an outage, a machine asleep, a scheduler not started). Only the
newest can be in time. What becomes of late ones is the schedule's `catch_up`. What is due while a target is closed
waits for its opening, unless nothing is to be made up for.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from core.timing.schedule import CatchUp, Schedule, Slot

if TYPE_CHECKING:
    from core.timing.hours import Hours

IN_TIME = timedelta(minutes=5)  # found within this of its due time a run is not late
DAY = timedelta(days=1)
HORIZON = timedelta(days=400)  # an opening later than this is none


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What becomes of one due time: a run, not before an instant, or none; in both cases with the reason."""

    slot: Slot
    not_before: datetime | None  # absent: it is not run
    reason: str = ""  # why it is not run, or waits


def decide(schedule: Schedule, slots: Sequence[Slot], *, now: datetime, paused: str = "") -> list[Decision]:
    """Return what becomes of each slot that is due, oldest first; `paused` says by whom and why, when it is paused."""
    if not slots:
        return []
    if paused:
        return [_passed(slot, paused) for slot in slots]
    *older, newest = slots
    in_time = now - newest.due <= IN_TIME
    match schedule.catch_up:
        case CatchUp.EACH:
            return [_made(schedule, slot, now) for slot in slots]
        case CatchUp.ONCE:
            return _once(schedule, older, newest, now)
        case CatchUp.SKIP:
            last = _only_at_once(schedule, newest, now) if in_time else _late(newest, now)
            return [*(_late(slot, now) for slot in older), last]


def _once(schedule: Schedule, older: Sequence[Slot], newest: Slot, now: datetime) -> list[Decision]:
    if now - newest.due > IN_TIME and now >= (limit := made_up_until(schedule, newest)):
        why = f"found at {_words(now)}, too late: it could be made up for until {_words(limit)}"
        return [*(_late(slot, now) for slot in older), _passed(newest, why)]
    made = _made(schedule, newest, now)
    if made.not_before is None:
        return [*(_late(slot, now) for slot in older), made]
    return [*(_passed(slot, f"made up for by the run of {newest.key}") for slot in older), made]


def _made(schedule: Schedule, slot: Slot, now: datetime) -> Decision:
    """A run, as soon as its jitter is over and its targets are open."""
    wanted = max(now, slot.due + jitter(schedule, slot))
    opens = first_opening(schedule.hours, wanted)
    if opens is None:
        return _passed(slot, why_closed(schedule.hours, wanted))
    return Decision(slot=slot, not_before=opens, reason="" if opens == wanted else why_closed(schedule.hours, wanted))


def _only_at_once(schedule: Schedule, slot: Slot, now: datetime) -> Decision:
    made = _made(schedule, slot, now)
    return _passed(slot, made.reason) if made.reason else made


def _late(slot: Slot, now: datetime) -> Decision:
    return _passed(slot, f"found late, at {_words(now)}: no scheduler was there when it was due")


def _passed(slot: Slot, why: str) -> Decision:
    return Decision(slot=slot, not_before=None, reason=why)


def made_up_until(schedule: Schedule, slot: Slot) -> datetime:
    """Return until when one run may make up for a slot: while the opening lasts that it belongs to.

    Without opening hours, and where an opening is longer than a day, it is until the local day of the slot is over.
    """
    opens = first_opening(schedule.hours, slot.due) or slot.due
    closes = closing(schedule.hours, opens)
    if closes is None or closes - opens > DAY:
        return _end_of_day(opens, schedule.timetable.zone)
    return closes


def jitter(schedule: Schedule, slot: Slot) -> timedelta:
    """Return by how much the start of a slot is put off: any part of the schedule's jitter, the same on every host."""
    if not schedule.jitter:
        return timedelta(0)
    digest = sha256(f"{schedule.bot}/{schedule.name}/{slot.key}".encode()).digest()
    return schedule.jitter * (int.from_bytes(digest[:4], "big") / 2**32)


def first_opening(hours: Sequence["Hours"], at: datetime) -> datetime | None:
    """Return when all targets are open at once, at or after an instant; None when that is not in sight."""
    here = at
    while here - at <= HORIZON:
        openings = [target.next_open(here) for target in hours]
        later = [opening for opening in openings if opening is not None]
        if len(later) < len(openings):
            return None
        latest = max(later, default=here)
        if latest <= here:
            return here
        here = latest
    return None


def closing(hours: Sequence["Hours"], at: datetime) -> datetime | None:
    """Return when the first of the targets closes; None when none does."""
    closings = [closes for target in hours if (closes := target.closes_at(at)) is not None]
    return min(closings, default=None)


def why_closed(hours: Sequence["Hours"], at: datetime) -> str:
    """Return why nothing is begun at an instant, for each target that is closed then."""
    whys = [why for target in hours if (why := target.why_closed(at)) is not None]
    return "; ".join(whys) or "its targets are never open at the same time"


def _end_of_day(at: datetime, zone: ZoneInfo) -> datetime:
    local = at.astimezone(zone)
    tomorrow = datetime(local.year, local.month, local.day, tzinfo=zone) + DAY  # wall time: the next midnight
    return tomorrow.astimezone(at.tzinfo)


def _words(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"

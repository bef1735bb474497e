"""What is to come: the slots of the next days, when each may begin, and what stands in its way."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from core.timing.schedule import CatchUp, Schedule, Slot, report_by
from schedules.clockwork import slots
from schedules.due import first_opening, jitter, why_closed


@dataclass(frozen=True, slots=True, kw_only=True)
class Coming:
    """One slot to come."""

    schedule: Schedule
    slot: Slot
    begins: datetime | None  # its due time with its jitter, or the opening after it; absent: it will not be run
    report_by: datetime | None  # absent: no deadline
    note: str = ""  # why it begins later, or not at all


def coming(
    schedules: Sequence[Schedule], *, after: datetime, until: datetime, paused: Mapping[tuple[str, str], str]
) -> list[Coming]:
    """Return the slots between two instants, the earliest due first; `paused` has words for what is paused now."""
    found = [
        _coming(schedule, slot, paused.get((schedule.bot, schedule.name), ""))
        for schedule in schedules
        for slot in slots(schedule, after, until)
    ]
    return sorted(found, key=lambda one: (one.slot.due, one.schedule.bot, one.schedule.name))


def _coming(schedule: Schedule, slot: Slot, paused: str) -> Coming:
    wanted = slot.due + jitter(schedule, slot)
    opens = first_opening(schedule.hours, wanted)
    closed = "" if opens == wanted else why_closed(schedule.hours, wanted)
    begins = None if paused or (closed and schedule.catch_up is CatchUp.SKIP) else opens
    by = report_by(schedule, slot)
    return Coming(schedule=schedule, slot=slot, begins=begins, report_by=by, note=paused or closed)

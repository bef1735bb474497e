"""A schedule of a bot, checked: when it is due, what holds it back, and by when it must have reported."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from core.timing.zones import in_zone

if TYPE_CHECKING:
    from core.timing.calendars import Calendar
    from core.timing.hours import Hours
    from core.timing.timetable import Timetable


class CatchUp(StrEnum):
    """What becomes of due times that nobody was there for."""

    SKIP = "skip"  # none is made up for; each is noted as missed
    ONCE = "once"  # one run for all of them, while still inside the opening hours of the day
    EACH = "each"  # a run for each, one after the other


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One due time of a schedule."""

    key: str  # the local time it stands for, unique for the schedule: "2026-10-25T00:30"
    due: datetime  # the instant, in UTC


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """One `[bots.<bot>.schedules.<name>]` table of bots.toml, checked and put together."""

    bot: str
    name: str
    timetable: "Timetable"  # with its zone: which local times are due
    calendar: "Calendar"  # which days are workdays, and why one is not
    hours: tuple["Hours", ...] = ()  # of the bot's targets: outside them nothing is begun
    catch_up: CatchUp = CatchUp.ONCE
    jitter: timedelta = timedelta(0)  # a start is put off by up to this, the same for one slot on every host
    report_within: timedelta | None = None  # from the due time; absent: it has no deadline as a length of time
    report_by: time | None = None  # local, on the day of the due time; absent: none as an hour
    rule: str = ""  # digest of the definition; when it changes, the next due time is computed anew


def report_by(schedule: Schedule, slot: Slot) -> datetime | None:
    """Return when the run of a slot must have reported (UTC); None when the schedule has no deadline."""
    if schedule.report_within is not None:
        return slot.due + schedule.report_within
    if schedule.report_by is None:
        return None
    return in_zone(slot.due.astimezone(schedule.timetable.zone).date(), schedule.report_by, schedule.timetable.zone)

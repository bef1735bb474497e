"""What an installation expects of its bots, as bots.toml says: against this the watch holds what it finds."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Self

from core.timing.zones import local_text

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from core.config import AlertsTable, Config
    from core.timing.calendars import Calendar
    from core.timing.hours import Hours
    from core.timing.schedule import Schedule

DEFAULT = "default"  # the calendar in whose workdays waits are counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """The bots that are enabled, when they are due, and what is still in order."""

    alerts: "AlertsTable"
    zone: "ZoneInfo"  # the installation's
    bots: tuple[str, ...]  # enabled
    targets: Mapping[str, tuple[str, ...]]  # by bot
    schedules: Mapping[tuple[str, str], "Schedule"]  # by bot and name
    hours: Mapping[str, tuple["Hours", ...]]  # of a bot's targets that have any
    calendar: "Calendar"
    calendars: tuple["Calendar", ...]  # all that something goes by

    @classmethod
    def of(cls, config: "Config") -> Self:
        """Return what a configuration expects."""
        file = config.file
        bots = tuple(name for name, table in file.bots.items() if table.enabled)
        schedules = config.schedules()
        hours = {name: tuple(config.hours_of(name).values()) for name in bots}
        known = config.calendars()
        used = {one.calendar.name: one.calendar for one in schedules}
        used |= {one.calendar.name: one.calendar for some in hours.values() for one in some}
        return cls(
            alerts=file.alerts,
            zone=file.installation.zone,
            bots=bots,
            targets={name: file.bots[name].targets for name in bots},
            schedules={(one.bot, one.name): one for one in schedules},
            hours=hours,
            calendar=known[DEFAULT],
            calendars=tuple(used.values()),
        )

    def hour(self, instant: datetime) -> str:
        """Return an instant as people here read it."""
        return local_text(instant, self.zone)

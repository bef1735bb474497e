"""bots.toml: which bots and targets an installation runs, how, and when; every problem is found and named at once."""

from core.config.reading import FILE, VARIABLE, Config, overlaid, read_config
from core.config.tables import (
    AlertsTable,
    BotsToml,
    BotTable,
    CalendarTable,
    ChannelTable,
    HealthTable,
    InstallationTable,
    ScheduleTable,
    TargetTable,
)

__all__ = [
    "FILE",
    "VARIABLE",
    "AlertsTable",
    "BotTable",
    "BotsToml",
    "CalendarTable",
    "ChannelTable",
    "Config",
    "HealthTable",
    "InstallationTable",
    "ScheduleTable",
    "TargetTable",
    "overlaid",
    "read_config",
]

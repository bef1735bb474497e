"""The tables of bots.toml, key by key; docs/reference/bots-toml.md describes each."""

import re
from datetime import date, timedelta
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from core.config.values import Size, SizeValue, Wait, WaitValue
from core.durations import Duration, Rate
from core.model.notices import Severity
from core.model.runs import Mode
from core.timing.calendars import Nation
from core.timing.schedule import CatchUp
from core.timing.zones import Zone, parse_zone

SHORTEST_LEASE = timedelta(seconds=10)  # a click keeps the last five seconds of it for itself


def _long_enough(value: timedelta) -> timedelta:
    if value < SHORTEST_LEASE:
        raise ValueError(f"a lease is at least {SHORTEST_LEASE.seconds}s")
    return value


def _some_time(value: timedelta) -> timedelta:
    if not value:
        raise ValueError("must be longer than nothing")
    return value


_ADDRESS = re.compile(r"(\[[0-9a-fA-F:.]+\]|[^\s:\[\]/]+):(\d{1,5})")


def _address(value: str) -> str:
    match = _ADDRESS.fullmatch(value)
    if match is None or int(match[2]) > 65535:
        raise ValueError('an address is written as host and port: "127.0.0.1:9464", or "[::1]:9464"')
    return value


def _listed(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


Profile = Literal["test", "uat", "live"]
Positive = Annotated[int, Field(ge=1)]
Lease = Annotated[Duration, AfterValidator(_long_enough)]
Timeout = Annotated[Duration, AfterValidator(_some_time)]
Listen = Annotated[str, AfterValidator(_address)]
OneOrMore = Annotated[tuple[str, ...], BeforeValidator(_listed)]


class ConfigTable(BaseModel):
    """One table; what is not a key of it is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class InstallationTable(ConfigTable):
    """`[installation]`"""

    name: str = "Understudy"  # shown on every page and report
    profile: Profile = "live"  # which targets may be acted on; UNDERSTUDY_ENV overrides it
    zone: Zone = parse_zone("Europe/London")  # whose clocks schedules and hours mean
    database: str = "sqlite:///var/understudy.db"  # a relative SQLite path starts at the installation
    evidence: str = "var/evidence"  # a folder, or any fsspec URL
    evidence_key: str | None = None  # the name of a secret: evidence is encrypted with it
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"


class CalendarTable(ConfigTable):
    """`[calendars.<name>]`"""

    nation: Nation = Nation.ENGLAND  # whose bank holidays count
    weekend: tuple[str, ...] = ("sat", "sun")
    closed: tuple[str, ...] = ()  # the organisation's closed days, "2026-12-24" or "2026-12-29/2026-12-31"
    overrides: str | None = None  # a file that adds and takes away holidays


class HolidayTable(ConfigTable):
    """`[[holiday]]` of an override file: a day off that the calendar does not know."""

    day: date
    name: str


class WorkdayTable(ConfigTable):
    """`[[workday]]` of an override file: a day that is no day off after all."""

    day: date


class OverridesFile(ConfigTable):
    """A calendar's override file, whole."""

    known_until: date | None = None  # the last day whose bank holidays were looked up by whoever keeps the file
    holiday: tuple[HolidayTable, ...] = ()
    workday: tuple[WorkdayTable, ...] = ()

    @model_validator(mode="after")
    def _not_both(self) -> "OverridesFile":
        days = sorted({one.day for one in self.holiday} & {one.day for one in self.workday})
        if days:
            raise ValueError(f"{', '.join(map(str, days))} is both a holiday and a workday; leave one of them out")
        return self


class ScheduleTable(ConfigTable):
    """`[bots.<bot>.schedules.<name>]`; exactly one of the forms from `workdays` to `cron` says what is due."""

    workdays: str | None = None  # "07:30", on each workday of the calendar
    days: str | None = None  # "07:30", every day
    weekly: str | None = None  # "mon,thu 07:30"
    month_end: str | None = None  # "16:00" on the last workday, "-2 workdays 16:00" two workdays before it
    every: str | None = None  # "15m" from midnight on, within `within`
    interval: str | None = None  # "6h" of real time
    cron: str | None = None  # "30 7 * * mon-fri"
    within: OneOrMore | None = None  # with `every`: "mon-fri 08:00-18:00"; absent: the targets' hours
    zone: Zone | None = None  # absent: the installation's
    calendar: str = "default"
    catch_up: CatchUp = CatchUp.ONCE
    jitter: Duration = timedelta(0)
    deadline: str | None = None  # "11:00" on the same day, or a length such as "2h" after the due time
    enabled: bool = True


class TargetTable(ConfigTable):
    """`[targets.<name>]`"""

    url: str | None = None  # where the system is
    profile: Profile = "live"
    simulator: bool = False  # a stand-in: bots may act on it without a certificate
    serve: str | None = None  # the module that starts the stand-in, e.g. "simulators.ledger"
    settle: Duration = timedelta(seconds=180)  # worst late commit, from the click on, plus search lag
    timeout: Timeout = timedelta(seconds=30)  # longest wait for one page or control
    slots: Positive | None = None  # sessions the system allows at a time, over all workers
    rate: Rate | None = None  # items begun on it, over all workers: "30/m"
    open: tuple[str, ...] = ()  # opening hours, "mon-fri 07:00-19:00"; none: always open
    maintenance: tuple[str, ...] = ()  # "sun 02:00-04:00", or once "2026-12-12 20:00/2026-12-13 06:00"
    freeze: tuple[str, ...] = ()  # around the month's end, "-2 workdays 12:00 / 1 workday 09:00"
    closed_on_holidays: bool = False  # the holidays and closed days of its calendar
    zone: Zone | None = None  # absent: the installation's
    calendar: str = "default"
    secrets: dict[str, str] = Field(default_factory=dict)  # role to secret name
    options: dict[str, Any] = Field(default_factory=dict)  # the target's own keys

    @property
    def has_hours(self) -> bool:
        """False when it is always open."""
        return bool(self.open or self.maintenance or self.freeze or self.closed_on_holidays)


class BotTable(ConfigTable):
    """`[bots.<name>]`"""

    enabled: bool = True
    mode: Mode = Mode.SHADOW
    targets: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()  # for `understudy worker --tags`
    attempts: Positive = 3
    stop_after: Positive = 5
    backoff: Duration = timedelta(seconds=30)
    lease: Lease = timedelta(seconds=60)
    linger: Duration = timedelta(seconds=60)
    schedules: dict[str, ScheduleTable] = Field(default_factory=dict)  # when it runs unattended, each by name
    settings: dict[str, Any] = Field(default_factory=dict)  # checked against the bot's own Settings


class ChannelTable(ConfigTable):
    """`[alerts.channels.<name>]`; which keys it may have depends on its kind."""

    kind: Literal["smtp", "webhook", "apprise"]
    severity: Severity = Severity.NOTE  # what is less grave does not go this way
    timeout: Timeout = timedelta(seconds=20)  # longest wait for an answer of its server
    host: str | None = None  # smtp: the mail server
    port: Positive | None = None  # smtp; absent: the usual one for its security
    security: Literal["starttls", "tls", "none"] = "starttls"  # smtp
    sender: str | None = None  # smtp: the address in From
    to: tuple[str, ...] = ()  # smtp; none: the `to` of [alerts]
    user: str | None = None  # smtp: the name of a secret
    password: str | None = None  # smtp: the name of a secret
    url: str | None = None  # webhook: a URL, or the name of a secret that holds one
    bearer: str | None = None  # webhook: the name of a secret
    format: Literal["plain", "slack", "teams"] = "plain"  # webhook
    urls: tuple[str, ...] = ()  # apprise: names of secrets, each of which holds a URL


class AlertsTable(ConfigTable):
    """`[alerts]`"""

    channels: dict[str, ChannelTable] = Field(default_factory=dict)  # tried in the file's order
    to: tuple[str, ...] = ()  # who gets the mails of channels that do not say
    severity: Severity = Severity.WARNING  # what is less grave is stored, and sent to nobody
    group: Duration = timedelta(minutes=5)  # two messages lie at least so far apart
    again: Timeout = timedelta(hours=4)  # what lasts is told anew
    link: str | None = None  # the address of the review desk, put into every message
    ca: str | None = None  # a file of private authorities that are trusted beside the machine's
    dead_man: str | None = None  # a URL, or the name of a secret that holds one, called at each healthy look
    look: Timeout = timedelta(seconds=30)  # between two looks
    start_grace: Duration = timedelta(minutes=10)  # after it was due, a run has begun
    case_waits: WaitValue = Wait("2 workdays", workdays=2)
    doubt_waits: Duration = timedelta(hours=1)
    items_wait: Duration = timedelta(minutes=30)
    hold_lasts: Duration = timedelta(days=1)  # a hold that a person placed
    disk_free: SizeValue = Size("2GB", 2 * 10**9)
    scheduler_silent: Timeout = timedelta(minutes=3)
    store_silent: Timeout = timedelta(minutes=3)
    unusual: Literal["off", "low", "normal", "high"] = "normal"  # how soon a count is called unusual
    verify: Timeout = timedelta(days=1)  # between two verifications of the whole trail

    def secrets(self) -> set[str]:
        """Return the names of all secrets that messages need."""
        channels = self.channels.values()
        told = [self.dead_man, *(one.url for one in channels)]  # either a URL or the name of a secret that holds it
        named = [one for channel in channels for one in (channel.user, channel.password, channel.bearer, *channel.urls)]
        return {name for name in (*named, *(one for one in told if one and "://" not in one)) if name}


class HealthTable(ConfigTable):
    """`[health]`"""

    listen: Listen | None = None  # where `understudy up` answers, "127.0.0.1:9464"; absent: nowhere
    standstill: Timeout = timedelta(minutes=15)  # an item at hand that has not got on for so long stands still


class BotsToml(ConfigTable):
    """The whole file."""

    installation: InstallationTable = InstallationTable()
    people: dict[str, tuple[str, ...]] = Field(default_factory=dict)  # name to roles
    calendars: dict[str, CalendarTable] = Field(default_factory=dict)
    targets: dict[str, TargetTable] = Field(default_factory=dict)
    bots: dict[str, BotTable] = Field(default_factory=dict)
    alerts: AlertsTable = AlertsTable()
    health: HealthTable = HealthTable()


# The tables inside tables, so that a key that is not known is answered with those that are.
PARTS: dict[tuple[type[BaseModel], str], type[BaseModel]] = {
    (BotsToml, "installation"): InstallationTable,
    (BotsToml, "calendars"): CalendarTable,
    (BotsToml, "targets"): TargetTable,
    (BotsToml, "bots"): BotTable,
    (BotsToml, "health"): HealthTable,
    (BotTable, "schedules"): ScheduleTable,
    (BotsToml, "alerts"): AlertsTable,
    (AlertsTable, "channels"): ChannelTable,
}

"""Schedules and schedulers that the tests of this folder share."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from core.model.occurrences import Occurrence
from core.model.runs import ExitCode, Mode
from core.runtime import host
from core.runtime.ordered import Order
from core.store import Database, occurrences, runs
from core.timing import timetable as forms
from core.timing.calendars import Calendar
from core.timing.hours import Hours
from core.timing.schedule import CatchUp, Schedule, Slot
from core.timing.spans import WeeklySpan
from schedules.processes import Ended
from schedules.scheduler import Scheduler
from schedules.starter import Conditions

LONDON = ZoneInfo("Europe/London")
CALENDAR = Calendar(name="default")
BOT = "invoices"


def utc(text: str) -> datetime:
    """Return an instant from `2026-03-02 07:30`, in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def slot(text: str) -> Slot:
    """Return the slot that is due at `2026-03-02T07:30` in UTC."""
    return Slot(key=text, due=utc(text))


def hours(*spans: str, target: str = "ledger") -> Hours:
    """Return the opening hours of a target in London."""
    return Hours(zone=LONDON, calendar=CALENDAR, target=target, open=tuple(WeeklySpan.parse(span) for span in spans))


def schedule(name: str = "morning", timetable: Any = None, **more: Any) -> Schedule:
    """Return a schedule: at 07:30 in London every day, unless told otherwise."""
    when = timetable or forms.Days(zone=LONDON, at=time(7, 30))
    values: dict[str, Any] = {"bot": BOT, "catch_up": CatchUp.ONCE, "calendar": CALENDAR, "rule": "1"}
    return Schedule(name=name, timetable=when, **(values | more))


class Desk:
    """Stands for processes: takes what is started at once, and works it until it is told to end it."""

    def __init__(self, database: Database, *, locks: Path, reach: Callable[[str], None] = lambda name: None) -> None:
        self._database = database
        self._locks = locks
        self._reach = reach
        self._at_work: list[tuple[Occurrence, Order, str, int, Any]] = []
        self.started: list[Occurrence] = []

    def start(self, occurrence: Occurrence) -> None:
        """Take the run over, as a process of its own would."""
        self.started.append(occurrence)
        worker = host.new_worker_name()
        lock = host.alive(worker, folder=self._locks)
        lock.__enter__()
        order = Order(occurrence.id, locks=self._locks)
        with self._database.transaction(actor="system:desk") as tx:
            run_id = order.begin(tx, version="1", mode=Mode.AUTO, worker=worker)
        self._reach("run begun")
        self._at_work.append((occurrence, order, worker, run_id, lock))

    def ended(self) -> list[Ended]:
        """End every run that is at work, green."""
        return self.end(ExitCode.GREEN)

    def end(self, code: ExitCode, *, goes_on_at: datetime | None = None, why: str = "") -> list[Ended]:
        """End every run that is at work."""
        ended = []
        for occurrence, order, _, run_id, lock in self._at_work:
            with self._database.transaction(actor="system:desk") as tx:
                runs.end(tx, run_id, bot=occurrence.bot, exit_code=code, balances=())
                order.end(tx, exit_code=code, goes_on_at=goes_on_at, why=why)
            self._reach("run ended")
            lock.__exit__(None, None, None)
            ended.append(Ended(occurrence=occurrence, code=int(code), told=""))
        self._at_work.clear()
        return ended


def scheduler(
    database: Database,
    schedules: Sequence[Schedule],
    *,
    starting: Any,
    locks: Path,
    name: str = "office-1",
    conditions: Mapping[str, Conditions] | None = None,
    reach: Callable[[str], None] = lambda name: None,
) -> Scheduler:
    """Return a scheduler for the bots of the schedules."""
    bots = conditions or {one.bot: Conditions(hours=one.hours) for one in schedules} or {BOT: Conditions()}
    return Scheduler(schedules, bots, database=database, host=name, starting=starting, locks=locks, reach=reach)


def all_of(database: Database) -> list[Occurrence]:
    """Return every occurrence, the earliest due first."""
    with database.reading() as tx:
        return list(reversed(occurrences.history(tx, most=1_000_000)))


MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)

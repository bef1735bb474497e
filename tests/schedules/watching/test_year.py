"""A year of a small daily bot on a told clock: what goes wrong is told, and nothing else is."""

import random
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from core.clock import FakeClock
from core.model.occurrences import OccurrenceState
from core.model.runs import ExitCode
from core.store import Database, holds, notices, occurrences, watching
from schedules.maker import Maker
from tests.schedules.watching.conftest import Office
from tests.schedules.watching.test_watch import Guard

TOML = """
[targets.ledger]
url = "http://127.0.0.1:9"
open = ["mon-fri 07:00-19:00", "sat 08:00-12:00"]
closed_on_holidays = true

[bots.invoices]
targets = ["ledger"]
mode = "auto"

[bots.invoices.schedules.morning]
workdays = "07:30"
deadline = "11:00"
catch_up = "POLICY"

[alerts]
look = "1h"  # so that three hours without one are no sleep
"""
LONDON = ZoneInfo("Europe/London")
BEGIN, DAYS = date(2026, 1, 1), 365
LOOKS = (
    *("00:00", "03:00", "06:00", "07:20", "07:30", "07:35", "07:45", "08:10"),
    *("09:00", "11:00", "11:05", "13:00", "16:00", "18:00", "21:00"),
)
TROUBLE = ("scheduler away", "machine off", "machine off all day", "slow", "fails", "no process", "mail down", "held")


@dataclass
class Year:
    """What happens in an office in which something goes wrong on one day in five."""

    office: Office
    guard: Guard
    lot: random.Random
    trouble: dict[date, str] = field(default_factory=dict)
    ends: dict[int, datetime] = field(default_factory=dict)  # of the runs at work
    good: set[str] = field(default_factory=set)  # slots whose run ended well and in time
    begun: list[str] = field(default_factory=list)  # slots in the order in which runs began

    def __post_init__(self) -> None:
        self.maker = Maker(self.office.config.schedules(), database=self.office.database, actor="system:test")
        for number in range(10, DAYS - 10):
            if self.lot.random() < 1 / 5:
                self.trouble[BEGIN + timedelta(days=number)] = self.lot.choice(TROUBLE)

    def live(self) -> None:
        """Go from look to look, through the year."""
        for number in range(DAYS):
            day = BEGIN + timedelta(days=number)
            for hour in LOOKS:
                then = datetime.combine(day, time.fromisoformat(hour), tzinfo=LONDON).astimezone(UTC)
                self.office.clock.tick(then - self.office.now)
                self.moment(self.trouble.get(day, ""), hour)

    def moment(self, trouble: str, hour: str) -> None:
        """Let everybody do what they do at this hour."""
        off = trouble == "machine off all day" or (trouble == "machine off" and "06:00" <= hour < "13:00")
        self.guard.scheduler = not off and not (trouble == "scheduler away" and "06:00" <= hour < "13:00")
        self.guard.box.broken = trouble == "mail down"
        held = trouble == "held" and "06:00" <= hour < "10:00"
        if held:
            self.office.do(holds.place, "target", "ledger", code="LOGIN_FAILED", reason="r", by="system:attempt")
        else:
            self.office.do(holds.release, "target", "ledger", by="person:anna")
        if self.guard.scheduler:
            self.maker.make()
            self._end_runs(trouble)
            if not held and not (trouble == "no process" and hour < "12:00"):
                self._begin_run(trouble)
        if not off:
            self.guard.look()

    def _begin_run(self, trouble: str) -> None:
        with self.office.database.reading() as tx:
            due = [one for one in occurrences.unfinished(tx) if one.not_before <= self.office.now]
        if due and due[0].state is OccurrenceState.DUE:
            began = self.office.begin()
            self.begun.append(due[0].slot)
            self.ends[began] = self.office.now + timedelta(hours=5 if trouble == "slow" else 0, minutes=20)

    def _end_runs(self, trouble: str) -> None:
        for began in [one for one, at in self.ends.items() if at <= self.office.now]:
            with self.office.database.reading() as tx:
                one = occurrences.get(tx, began)
            in_time = one.report_by is not None and self.office.now <= one.report_by
            code = ExitCode.TARGET if trouble == "fails" else ExitCode.GREEN
            self.office.end(began, code=code)
            del self.ends[began]
            if in_time and code is ExitCode.GREEN:
                self.good.add(one.slot)


@pytest.mark.parametrize("policy", ["once", "skip"])
def test_a_year_misses_no_day_without_an_alert_and_tells_nothing_else(tmp_path: Path, policy: str) -> None:
    """Every workday reports in time or is told about; none runs twice; at most one false alert a month."""
    clock = FakeClock(datetime(2025, 12, 31, 12, tzinfo=UTC))
    database = Database.open("sqlite://", clock=clock.clock())
    office = Office(tmp_path, database, clock, toml=TOML.replace("POLICY", policy))
    office.do(watching.begin)
    year = Year(office, Guard(office), random.Random(f"a year, {policy}"))
    year.live()
    calendar = office.config.calendars()["default"]
    workdays = [day for number in range(DAYS) if calendar.is_workday(day := BEGIN + timedelta(days=number))]
    slots = {day: f"{day}T07:30" for day in workdays}
    with database.reading() as tx:
        told = [(notice, notices.deliveries(tx, notice.id)) for notice in notices.newest(tx, most=10_000)]
    database.close()
    assert len(year.begun) == len(set(year.begun)), "a day ran twice"
    assert all(any(one.taken for one in tries) for _, tries in told), "an alert reached nobody"
    opened = [(notice.opened_at.astimezone(LONDON).date(), notice) for notice, _ in told]
    heard = {one.at.astimezone(LONDON).date() for _, tries in told for one in tries if one.taken}
    silent = [
        day
        for day in workdays
        if slots[day] not in year.good and not any(day + timedelta(days=later) in heard for later in range(5))
    ]
    assert silent == [], "a day was missed and nobody was told"
    named = {notice.subject for _, notice in opened}
    bad = [day for day in workdays if slots[day] not in year.good and year.trouble.get(day) not in ("fails", "held")]
    assert [day for day in bad if f"invoices/morning {slots[day]}" not in named] == [], "the day itself is not named"
    false = [notice for at, notice in opened if not any(at - timedelta(days=back) in year.trouble for back in range(3))]
    assert len(false) <= 12, [(one.alert, one.subject, one.opened_at) for one in false]
    assert len(bad) >= 20, "something did go wrong"

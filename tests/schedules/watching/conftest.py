"""An installation's bots.toml, its store at noon of a Monday, and what happens in it without any bot being run."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from core.clock import FakeClock
from core.config import Config, read_config
from core.model.items import NewItem
from core.model.notices import Finding
from core.model.runs import Balance, ExitCode, Mode
from core.store import Database, items, occurrences, runs, watching
from core.store.occurrences import LEASE
from core.testing.stage import NOON
from core.timing.schedule import Slot
from schedules.clockwork import slots
from schedules.maker import Maker
from schedules.watching.expected import Expected
from schedules.watching.facts import Counted, Facts, read_counted, read_facts
from schedules.watching.watch import Rule, SlowRule

TOML = """
[targets.ledger]
url = "http://127.0.0.1:9"
open = ["mon-fri 07:00-19:00"]
closed_on_holidays = true

[bots.invoices]
targets = ["ledger"]
mode = "auto"

[bots.invoices.schedules.morning]
workdays = "07:30"
deadline = "11:00"

[bots.letters]
"""
LONG_AGO = datetime.min.replace(tzinfo=NOON.tzinfo)


@dataclass
class Office:
    """What a scheduler, runs and workers would leave in the store, done by hand."""

    folder: Path
    database: Database
    clock: FakeClock
    toml: str = TOML
    free: Mapping[str, int] = field(default_factory=dict)
    present: datetime = LONG_AGO
    channels: tuple[str, ...] = ()

    @property
    def config(self) -> Config:
        """The configuration, read anew."""
        (self.folder / "bots.toml").write_text(self.toml)
        return read_config(self.folder, environment={})

    @property
    def now(self) -> datetime:
        """The hour."""
        return self.clock.clock().now()

    def at(self, hour: str, *, days: int = 0) -> None:
        """Let time pass until an hour (UTC) of today or of a later day."""
        hours, minutes = map(int, hour.split(":"))
        then = (self.now + timedelta(days=days)).replace(hour=hours, minute=minutes, second=0, microsecond=0)
        assert then >= self.now, "time does not run backwards"
        self.clock.tick(then - self.now)

    def find(self, rule: Rule) -> list[Finding]:
        """Return what a rule finds now."""
        expected = Expected.of(self.config)
        return list(rule(self.facts(expected), expected))

    def find_slow(self, rule: SlowRule) -> list[Finding]:
        """Return what a rule finds now that is looked at every few minutes."""
        expected = Expected.of(self.config)
        facts = self.facts(expected)
        with self.database.reading() as tx:
            counted: Counted = read_counted(tx, expected, facts)
        return list(rule(counted, expected))

    def facts(self, expected: Expected) -> Facts:
        """Read what every look reads."""
        with self.database.reading() as tx:
            return read_facts(tx, expected, present=self.present, channels=self.channels, free=self.free)

    def do(self, what: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        """Do one thing in the store."""
        with self.database.transaction(actor="system:test") as tx:
            return what(tx, *arguments, **named)

    def make(self) -> None:
        """Let a scheduler make what is due."""
        Maker(self.config.schedules(), database=self.database, actor="system:test").make()

    def begin(self, *, worker: str = "w:1") -> int:
        """Let a process begin the first run that is due, and return its occurrence."""
        with self.database.transaction(actor="system:test") as tx:
            first = next(one for one in occurrences.unfinished(tx) if one.state == "due")
            assert first.run_id is not None
            assert occurrences.start(tx, first, again_at=tx.now + LEASE)
            first = occurrences.get(tx, first.id)
            assert occurrences.take(tx, first, holder=worker, run_id=first.run_id or 0)
            runs.begin(tx, runs.get(tx, first.run_id or 0), version="1", mode=Mode.AUTO, worker=worker)
        return first.id

    def end(self, occurrence: int, *, code: ExitCode = ExitCode.GREEN, worker: str = "w:1") -> None:
        """Let the process end its run."""
        with self.database.transaction(actor="system:test") as tx:
            one = occurrences.get(tx, occurrence)
            runs.end(tx, one.run_id or 0, bot=one.bot, exit_code=code, balances=())
            occurrences.end(tx, occurrence, holder=worker, exit_code=code)

    def run(self, bot: str, *, new: int = 0, code: ExitCode | None = ExitCode.GREEN, unbalanced: bool = False) -> int:
        """Let a bot run that nobody scheduled; `code` None: it does not end."""
        with self.database.transaction(actor="system:test") as tx:
            run_id = runs.start(tx, bot, version="1", mode=Mode.AUTO, trigger="test", worker="w:2")
            runs.freeze_intake(tx, run_id, offered=new, new=new, duplicate=0, quarantined=0)
            if code is not None:
                differs = ("a receipt is not listed",) if unbalanced else ()
                drawn = Balance(name="target", differences=differs)
                runs.end(tx, run_id, bot=bot, exit_code=code, balances=(drawn,))
        return run_id

    def item(self, bot: str, reference: str = "1") -> None:
        """Put an item into a bot's queue."""
        run_id = self.run(bot, code=ExitCode.STOPPED)
        self.do(items.add, bot, run_id=run_id, new=NewItem(reference=reference))

    def slot(self, name: str = "morning") -> Slot:
        """Return the slot of a schedule that is next."""
        schedule = next(one for one in self.config.schedules() if one.name == name)
        return next(slots(schedule, self.now, self.now + timedelta(days=30)))


@pytest.fixture(params=["sqlite", "postgres"])
def office(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Office]:
    """An office on a Monday at noon, watched from then on."""
    clock = FakeClock(NOON)
    url = "sqlite://" if request.param == "sqlite" else request.getfixturevalue("postgres").new_database()
    database = Database.open(url, clock=clock.clock())
    made = Office(tmp_path, database, clock)
    made.do(watching.begin)
    made.make()
    yield made
    database.close()

"""A year of one small daily bot, unattended: the real scheduler, runs and watch on a clock that is moved by hand.

python -m tests.schedules.year --years 3         whole years, each with other faults; ends with 1 when a promise breaks

Everything that goes wrong is planned in advance, so that what was told can be held against what was wrong. The world
knows the truth: which records the source had on each day, and which of them the target holds.
"""

import sys
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any
from zoneinfo import ZoneInfo

from core.bot import Bot
from core.config import Config, read_config
from core.errors import PortalUnavailable
from core.model.items import NewItem, WorkItem
from core.model.notices import Alert, Severity
from core.model.occurrences import Occurrence
from core.model.runs import Mode
from core.notify import Message, NotDelivered, Notifier, Outbox
from core.notify.wording import Wording
from core.registry import LoadedBot
from core.runtime import Context
from core.runtime.ordered import Taken
from core.store import holds, occurrences
from core.target import TargetSettings
from core.testing.stage import Stage, loaded
from schedules.processes import Ended
from schedules.scheduler import Scheduler
from schedules.starter import Conditions
from schedules.watching.expected import Expected
from schedules.watching.opening import _passing
from schedules.watching.watch import Watch
from tests.core.cast import SETTLE, Book, Receipt, read_entry

ZONE = ZoneInfo("Europe/London")
STEP = timedelta(minutes=30)  # between two turns of scheduler and watch
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
BOT = "workforce"
LISTED = 14  # days for which the source lists its records

TOML = """
[installation]
profile = "test"
zone = "Europe/London"

[targets.rota]
url = "http://127.0.0.1:9"
simulator = true
profile = "test"
open = ["daily 05:00-22:00"]
maintenance = ["sun 05:00-06:00", {closed}]

[bots.workforce]
targets = ["rota"]
mode = "auto"

[bots.workforce.schedules.daily]
days = "06:30"
deadline = "11:00"

[alerts]
look = "30m"
scheduler_silent = "2h"
start_grace = "45m"
"""


class Wrong(StrEnum):
    """What goes wrong."""

    MACHINE_DOWN = "the machine is off"
    SCHEDULER_DOWN = "the scheduler is dead"
    WATCH_DOWN = "the watch is dead"
    MAIL_DOWN = "no mail gets out"
    TARGET_DOWN = "the target does not answer"
    TARGET_SLOW = "the target takes an hour for what takes a minute"
    RUN_KILLED = "the process of the run is killed in the middle"
    SOURCE_EMPTY = "the source lists nothing for that day"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that goes wrong, for a while."""

    wrong: Wrong
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What reached a person."""

    at: datetime
    subject: str


class Killed(BaseException):
    """The process is gone: nothing of it runs any further."""


def planned(year: int, *, seed: int) -> list[Fault]:
    """Return a year's faults: how many of each kind, when and for how long is drawn by lot."""
    lot = Random(seed)
    kinds = {
        Wrong.MACHINE_DOWN: (9, 1, 40),
        Wrong.SCHEDULER_DOWN: (7, 2, 20),
        Wrong.WATCH_DOWN: (5, 2, 20),
        Wrong.MAIL_DOWN: (5, 1, 30),
        Wrong.TARGET_DOWN: (7, 2, 30),
        Wrong.TARGET_SLOW: (7, 18, 24),
        Wrong.RUN_KILLED: (9, 18, 24),
        Wrong.SOURCE_EMPTY: (2, 0, 0),
    }
    faults = []
    for wrong, (number, shortest, longest) in kinds.items():
        for _ in range(number):
            day = datetime(year, 1, 1, tzinfo=UTC) + lot.randrange(3, 364) * DAY
            if wrong is Wrong.SOURCE_EMPTY:
                day = max(day, datetime(year, 6, 1, tzinfo=UTC) + lot.randrange(100) * DAY)  # counts must be known
                faults.append(Fault(wrong=wrong, start=day, end=day + DAY))
                continue
            start = day + lot.uniform(3, 9) * HOUR
            faults.append(Fault(wrong=wrong, start=start, end=start + lot.uniform(shortest, longest) * HOUR))
    return sorted(faults, key=lambda fault: fault.start)


def closed_days(year: int, *, seed: int) -> list[date]:
    """Return the days on which the target is closed all day."""
    lot = Random(seed)
    return sorted({date(year, 1, 1) + lot.randrange(5, 360) * DAY for _ in range(12)})


@dataclass
class World:
    """The installation, its people, and the time."""

    folder: Path
    year: int
    faults: list[Fault]
    closed: list[date]
    days: int = 365
    records: dict[str, date] = field(default_factory=dict)  # of the source, with the day on which each came up
    entered_at: dict[str, datetime] = field(default_factory=dict)
    told: list[Told] = field(default_factory=list)
    queued: list[Occurrence] = field(default_factory=list)
    over: list[Ended] = field(default_factory=list)
    running: bool = False
    kills: set[datetime] = field(default_factory=set)  # days on which the run was killed already
    heard_at: datetime | None = None  # when the dead man's URL was last called
    cried: bool = False  # the dead man's URL was silent, and somebody outside has said so
    unheld_at: datetime | None = None  # when the operator lifts the hold that was found

    def live(self) -> None:
        """Let the year pass."""
        with ExitStack() as stack:
            self._set_up(stack)
            while self.now < self.end:
                self.pass_time(STEP if 4 <= self.now.hour < 13 else 2 * STEP)
                while self.queued and not self.is_wrong(Wrong.MACHINE_DOWN):
                    self._work(self.queued.pop(0))

    @property
    def now(self) -> datetime:
        """The hour."""
        return self.stage.clock.clock().now()

    @property
    def end(self) -> datetime:
        """When the year is over."""
        return datetime(self.year, 1, 1, tzinfo=UTC) + self.days * DAY

    def is_wrong(self, wrong: Wrong) -> bool:
        """Tell whether this is wrong now."""
        return any(fault.wrong is wrong and fault.start <= self.now < fault.end for fault in self.faults)

    def _set_up(self, stack: ExitStack) -> None:
        lot = Random(self.year)
        empty = {fault.start.date() for fault in self.faults if fault.wrong is Wrong.SOURCE_EMPTY}
        for number in range(self.days):
            day = date(self.year, 1, 1) + number * DAY
            for one in range(0 if day in empty else lot.randrange(4, 7)):
                self.records[f"{day}/{one}"] = day
        self.book = Book()
        (self.folder / "bots.toml").write_text(TOML.format(closed=", ".join(f'"{d}/{d}"' for d in self.closed)))
        config = read_config(self.folder, environment={})
        self.stage = stack.enter_context(
            Stage(self._bot(config), folder=self.folder, at=datetime(self.year, 1, 1, tzinfo=UTC))
        )
        self.scheduler = Scheduler(
            config.schedules(),
            {BOT: Conditions(targets=("rota",), hours=tuple(config.hours_of(BOT).values()))},
            database=self.stage.database,
            host="office",
            starting=self,
            locks=self.folder / "locks",
        )
        self.watch = self._watch(config)

    def _bot(self, config: Config) -> LoadedBot:
        bot = Bot[Any](BOT)
        bot.collect(lambda ctx: self._listed())
        bot.process(self._process)
        made = loaded(bot, targets={"rota": TargetSettings(name="rota", simulator=True, settle=SETTLE)})
        self.hours = config.hours_of(BOT)["rota"]
        values: dict[str, Any] = {"hours": config.hours_of(BOT), "attempts": 30, "backoff": MINUTE}
        return LoadedBot(**({name: getattr(made, name) for name in made.__dataclass_fields__} | values))

    def _watch(self, config: Config) -> Watch:
        expected = Expected.of(config)
        clean = Notifier([self], least=expected.alerts.severity, now=lambda: self.now, clean=lambda text: text)
        words = Wording(installation="Harbour Trust", place="on office", local=lambda at: at.astimezone(ZONE))
        return Watch(
            self.stage.database,
            expected=expected,
            notifier=clean,
            outbox=Outbox(
                self.stage.database,
                clean,
                group=expected.alerts.group,
                again=expected.alerts.again,
                message=words.message,
            ),
            trail=WholeTrail(),  # type: ignore[arg-type]
            free=dict,
            alive=self._call,
            message=lambda says: words.message([_passing(Alert.STORE_SILENT, says, self.now)]),
            name="watch@office",
            clock=self.stage.clock.clock(),
        )

    # The bot, and the system it enters records in.

    def _listed(self) -> Iterator[NewItem]:
        today = self.now.astimezone(ZONE).date()
        for record, day in self.records.items():
            if today - LISTED * DAY <= day <= today:
                yield NewItem(reference=record, payload={"number": record})

    def _process(self, item: WorkItem, ctx: Context[Any]) -> Receipt:
        slow = self.is_wrong(Wrong.TARGET_SLOW)
        self.pass_time(70 * MINUTE if slow else MINUTE)
        if self.is_wrong(Wrong.TARGET_DOWN):
            raise PortalUnavailable("the rota does not answer")
        plan = ctx.step("read", read_entry, dict(item.payload))
        return ctx.effect("enter", key=plan.number, plan=plan, find=self.book.find, do=self._enter, target="rota")

    def _enter(self, plan: Any) -> Receipt:
        before = self._kill_now("before")
        if before and self.is_wrong(Wrong.RUN_KILLED):
            raise Killed
        receipt = self.book.do(plan)
        self.entered_at.setdefault(plan.number, self.now)
        if not before and self._kill_now("after") and self.is_wrong(Wrong.RUN_KILLED):
            raise Killed
        return receipt

    def _kill_now(self, when: str) -> bool:
        """Once for each such fault: on odd days before the record is entered, on even days after."""
        fault = next((f for f in self.faults if f.wrong is Wrong.RUN_KILLED and f.start <= self.now < f.end), None)
        if fault is None or fault.start in self.kills or (fault.start.day % 2 == 1) != (when == "before"):
            return False
        self.kills.add(fault.start)
        return True

    # Processes of runs: `Starting`, as the scheduler knows it.

    def start(self, occurrence: Occurrence) -> None:
        """A process for an occurrence: it begins when the scheduler's turn is over."""
        self.queued.append(occurrence)

    def ended(self) -> list[Ended]:
        """Return the processes that have ended since."""
        over, self.over = self.over, []
        return over

    def _work(self, occurrence: Occurrence) -> None:
        code = -9
        self.running = True
        try:
            code = int(self.stage.run(mode=Mode.AUTO, occurrence=occurrence.id).exit_code)
        except (Killed, Taken):
            pass
        finally:
            self.running = False
        self.over.append(Ended(occurrence=occurrence, code=code, told=""))

    # Time, and everybody else who lives in it.

    def pass_time(self, length: timedelta) -> None:
        """Let time pass, while the others take their turns; a process whose machine goes off is gone."""
        until = self.now + length
        while self.now < until:
            self.stage.clock.tick(min(STEP if self.running else length, until - self.now))
            if self.is_wrong(Wrong.MACHINE_DOWN):
                self.queued.clear()
                self.over.clear()
                if self.running:
                    raise Killed
            elif length >= STEP:
                self._turns()
            self._outside()

    def _turns(self) -> None:
        if not self.is_wrong(Wrong.SCHEDULER_DOWN):
            self.scheduler.turn()
        if not self.is_wrong(Wrong.WATCH_DOWN):
            self.watch.turn()

    def _outside(self) -> None:
        """Whoever hears the dead man's URL, and the operator, who lifts a hold an hour after it was told."""
        if self.heard_at is not None and self.now - self.heard_at > 2 * HOUR and not self.cried:
            self.cried = True
            self.told.append(Told(at=self.now, subject="DOWN: no sign of life"))
        if self.unheld_at is not None and self.now >= self.unheld_at and not self.is_wrong(Wrong.TARGET_DOWN):
            self.unheld_at = None
            with self.stage.database.transaction(actor="person:olga") as tx:
                for held in holds.all_active(tx):
                    holds.release(tx, held.scope, held.name, by="person:olga")
                occurrences.order_by_hand(tx, BOT, by="olga")

    def _call(self) -> None:
        self.heard_at, self.cried = self.now, False

    # The channel through which people are told.

    name = "mail"
    least = Severity.NOTE

    def send(self, message: Message) -> None:
        """Tell people, when mail gets out."""
        if self.is_wrong(Wrong.MAIL_DOWN):
            raise NotDelivered("no answer")
        with self.stage.database.reading() as tx:
            if holds.all_active(tx) and self.unheld_at is None:
                self.unheld_at = self.now + HOUR
        self.told.append(Told(at=self.now, subject=message.subject.partition(": ")[2]))

    # What came of it.

    def late_days(self) -> list[date]:
        """Return the days on which the target was open, and whose records were not all entered by the deadline."""
        late = []
        for day in sorted(set(self.records.values())):
            due = datetime(day.year, day.month, day.day, 6, 30, tzinfo=ZONE)
            if not self.hours.open_at(due.astimezone(UTC)):
                continue
            deadline = due.replace(hour=11)
            own = [record for record, came in self.records.items() if came == day]
            if any(self.entered_at.get(record, self.end) > deadline for record in own):
                late.append(day)
        return late

    def silent_days(self) -> list[date]:
        """Return the late days of which nobody was told, from the due time until a day and a half later."""
        return [day for day in self.late_days() if not any(_near(told.at, day) for told in self.told)]

    def doubled(self) -> list[str]:
        """Return the records that were entered more than once."""
        return [number for number, times in Counter(self.book.numbers()).items() if times > 1]

    def false_alerts(self) -> list[Told]:
        """Return what was told while nothing was wrong, nor had been for a day and a half."""
        alerts = (told for told in self.told if not told.subject.startswith("ended: "))
        return [told for told in alerts if not any(f.start <= told.at <= f.end + 36 * HOUR for f in self.faults)]

    def broken(self) -> list[str]:
        """Return every promise that was not held."""
        lost = set(self.records) - set(self.book.numbers())
        months = Counter((told.at.year, told.at.month) for told in self.false_alerts())
        return [
            *(f"{day} was late and nobody was told" for day in self.silent_days()),
            *(f"{number} was entered twice" for number in self.doubled()),
            *(f"{number} was never entered" for number in sorted(lost)),
            *(f"{number} false alerts in {month}" for month, number in months.items() if number > 1),
        ]


class WholeTrail:
    """A trail that is whole; that one that is not is told stands in the tests of the watch."""

    looked = True

    def findings(self) -> Iterator[object]:
        """Nothing."""
        return iter(())


def _near(at: datetime, day: date) -> bool:
    due = datetime(day.year, day.month, day.day, 6, 30, tzinfo=ZONE)
    return due <= at <= due + 36 * HOUR


def main() -> int:
    """Play years, print a line for each, and say what was not held."""
    parser = ArgumentParser(prog="python -m tests.schedules.year")
    parser.add_argument("--years", type=int, default=3)
    broken: list[str] = []
    for seed in range(parser.parse_args().years):
        year = 2026  # the bank holidays of all of it are known
        with TemporaryDirectory() as folder:
            faults, closed = planned(year, seed=seed), closed_days(year, seed=seed)
            world = World(folder=Path(folder), year=year, faults=faults, closed=closed)
            world.live()
        late, silent, told = len(world.late_days()), len(world.silent_days()), len(world.told)
        print(f"{year}: {len(faults)} faults, {late} days late, {silent} unheard, {len(world.doubled())} doubled,")
        print(f"      {told} messages, {len(world.false_alerts())} of them false")
        broken += world.broken()
    print("\n".join(f"BROKEN: {one}" for one in broken) or "Every promise was held.")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())

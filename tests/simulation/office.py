"""The shipped worker, attempt, effect, guard, heartbeat and reaper code on a store in memory, in a world of faults.

Workers are actors that take turns at every boundary. A crash is an exception that nothing may catch; the worker's
real lock file is free then. A pause is a sleep without a heartbeat. The portal keeps books of its own, and the items
are judged by them.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import sqlalchemy as sa
from loguru import logger

from core.bot import Bot
from core.decisions import Decisions, People
from core.model.items import NewItem
from core.model.reviews import ReviewKind, ReviewTask
from core.model.runs import Mode
from core.runtime import LoadedBot
from core.runtime.host import StopRequest
from core.store import Database, items, reviews, runs
from core.store import tables as t
from core.target import TargetSettings
from core.testing import loaded
from tests.simulation.faults import C1, Answer, Rates, Tally, click
from tests.simulation.worker import Place, process
from tests.simulation.world import World

LEASE = timedelta(seconds=120)
DESK_EVERY = 60.0  # seconds; a person may look before everything has landed in the portal
LONGEST = 5000  # rounds of the desk; more than any world takes that comes to an end
TWINS = 40  # every so many items one has the key of the item before it


def as_it_is(database: Database, bot: LoadedBot) -> None:
    """Leave what the shipped reaper did."""


def count_from_intent(database: Database, bot: LoadedBot) -> None:
    """The control: the target settles from the intent, not from when its holder was known to act no more."""
    begun = sa.select(t.effect.c.intended_at).where(
        t.effect.c.item_id == t.item.c.id, t.effect.c.state.in_(["intended", "uncertain"])
    )
    settle = max(target.settle for target in bot.targets.values()) // timedelta(microseconds=1)
    since = sa.type_coerce(begun.scalar_subquery(), sa.BigInteger) + settle
    with database.transaction(actor="system:control") as tx:
        waits = t.item.c.state == "pending"
        tx.connection.execute(t.item.update().where(waits, begun.exists()).values(not_before=since))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How items are worked; the defaults are what is shipped."""

    settle: float = C1.settle
    after_reaping: Callable[[Database, LoadedBot], None] = as_it_is
    searches: bool = True  # False: the bot never finds anything, as one that does not look
    locks: bool = True  # the workers share a host; else only leases tell
    workers: int = 2


SHIPPED = Rules()
CONTROLS: Mapping[str, Rules] = {
    "retry until OK": Rules(searches=False, settle=0.0),
    "look at once": Rules(settle=0.0),
    "settle of 60 s": Rules(settle=60.0),
    "settle counted from the intent": Rules(after_reaping=count_from_intent),
}


class Office:
    """One world: a queue of items, workers, a portal, and a desk where a person answers."""

    def __init__(self, *, count: int, seed: int, rates: Rates, rules: Rules, folder: Path) -> None:
        self.world = World(seed)
        self.chance = self.world.chance
        self.rates = rates
        self.rules = rules
        self.locks = folder / "locks"
        self.entries: dict[str, list[tuple[float, float]]] = defaultdict(list)  # (entered at, shown from), by number
        self.died: Counter[str] = Counter()  # how many workers, by the boundary
        self.tally = Tally()
        self.stop = StopRequest()
        self.shaky = False  # whether the store may fail
        self.bot = self._bot()
        self.database = Database.open("sqlite://", clock=self.world.clock())
        sa.event.listen(self.database.engine, "commit", self._commit)
        self.run_id = self._offer(count)

    def play(self) -> Tally:
        """Let everybody work until every item has ended, and judge the items."""
        self.shaky = self.rates.store > 0
        for number in range(self.rules.workers):
            self.world.begin(Place(self, number).live, after=self.chance.uniform(0.0, 5.0))
        self.world.begin(self._answer)
        self.world.run()
        self.shaky = False
        self._judge()
        return self.tally

    def _bot(self) -> LoadedBot:
        bot = Bot[Any]("clerk")
        bot.collect(lambda ctx: iter(()))
        bot.process(process)
        settle = timedelta(seconds=self.rules.settle)
        portal = TargetSettings(name="portal", simulator=True, settle=settle)
        made = loaded(bot, targets={"portal": portal})
        return replace(made, lease=LEASE, backoff=timedelta(seconds=30), stop_after=10**9)

    def _offer(self, count: int) -> int:
        with self.database.transaction(actor="system:simulation") as tx:
            run_id = runs.start(tx, "clerk", version="1", mode=Mode.AUTO, trigger="simulation", worker="simulation")
            for number in range(count):
                key = str(number - 1 if number % TWINS == TWINS - 1 else number)
                new = NewItem(reference=str(number), payload={"number": key, "plain": number % 4 == 0})
                items.add(tx, "clerk", run_id=run_id, new=new)
        return run_id

    def _commit(self, connection: sa.Connection) -> None:
        """The connection to the store is lost around a commit: before it took, or after."""
        if not self.shaky or self.chance.random() >= self.rates.store:
            return
        if self.chance.random() < 0.5:
            connection.connection.cursor().execute("COMMIT")
        raise sa.exc.OperationalError("COMMIT", {}, ConnectionError("the connection is lost"))

    @contextmanager
    def quiet(self) -> Iterator[None]:
        """Let the store answer while inside: the one who asks is no worker."""
        shaky, self.shaky = self.shaky, False
        try:
            yield
        finally:
            self.shaky = shaky

    # -- the portal -------------------------------------------------------------------------------------------------

    def search(self, number: str) -> bool:
        """Tell whether the search shows an entry."""
        return any(shown <= self.world.time for _, shown in self.entries[number])

    def enter(self, number: str) -> Answer:
        """Take a click."""
        drawn = click(self.rates, self.chance)
        if drawn.after is not None:
            entered = self.world.time + drawn.after
            self.entries[number].append((entered, entered + self.chance.uniform(0.0, self.rates.longest_lag)))
        return drawn.answer

    # -- the person -------------------------------------------------------------------------------------------------

    def _answer(self) -> None:
        """Look in the portal's books and say what is there, until every item has ended."""
        decisions = Decisions(self.database, people=People(None))
        for _ in range(LONGEST):
            self.world.sleep(DESK_EVERY)
            with self.quiet():
                with self.database.reading() as tx:
                    waiting = list(reviews.waiting(tx))
                    states = runs.count_states(tx, "clerk")
                for task in waiting:
                    self._decide(decisions, task)
                self._send_back()
            if not states.keys() & {"pending", "in_progress", "in_review", "failed"}:
                break
        self.stop.asked = True

    def _send_back(self) -> None:
        """An operator sends back what has failed."""
        with self.database.transaction(actor="system:simulation") as tx:
            for row in tx.connection.execute(sa.select(t.item.c.id).where(t.item.c.state == "failed")).all():
                items.reopen(tx, row.id, bot="clerk")

    def _decide(self, decisions: Decisions, task: ReviewTask) -> None:
        self.tally.asked += 1
        saw: dict[str, Any] = {"version": task.version, "who": "anna"}
        if task.question.kind is ReviewKind.DUPLICATE:
            decisions.cancel(task.id, note="the same", **saw)
        elif any(entered <= self.world.time for entered, _ in self.entries[task.question.details["key"]]):
            decisions.confirm(task.id, receipt="by hand", **saw)
        else:
            decisions.refute(task.id, **saw)

    def _judge(self) -> None:
        ends: dict[str, list[str]] = defaultdict(list)
        with self.database.reading() as tx:
            for row in tx.connection.execute(sa.select(t.item.c.state, t.item_content.c.payload).join(t.item_content)):
                ends[row.payload["number"]].append(row.state)
        for number, states in ends.items():
            open_still = [s for s in states if s not in ("done", "failed", "cancelled")]
            end = (open_still or sorted(set(states) - {"cancelled"}) or ["cancelled"])[0]
            self.tally.add(end=end, entries=len(self.entries[number]))


@contextmanager
def office(count: int, *, seed: int, rates: Rates = C1, rules: Rules = SHIPPED) -> Iterator[Office]:
    """Make a world of so many items; its store is there until the end."""
    logger.disable("core")
    try:
        with TemporaryDirectory() as folder:
            made = Office(count=count, seed=seed, rates=rates, rules=rules, folder=Path(folder))
            yield made
            made.database.close()
    finally:
        logger.enable("core")


def play(count: int, *, seed: int, rates: Rates = C1, rules: Rules = SHIPPED) -> Tally:
    """Work so many items in a world of their own, and judge them by the portal's books."""
    with office(count, seed=seed, rates=rates, rules=rules) as world:
        return world.play()

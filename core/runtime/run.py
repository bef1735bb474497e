"""One run: collect, work the queue until nothing is ready, draw the balances, say how it ended."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from core.model.items import ItemState, NewItem, Quarantined
from core.model.runs import Balance, ExitCode, Mode
from core.patience import patiently
from core.runtime import balances, host
from core.runtime.context import Context
from core.runtime.loaded import LoadedBot
from core.runtime.ordered import Order
from core.runtime.sources import Intake
from core.runtime.worker import Worker
from core.runtime.workshop import Workshop
from core.store import items, runs

if TYPE_CHECKING:
    from core.timing.closed import Closed

T = TypeVar("T")

LOOK = 0.5  # seconds between two looks at what workers have done
BATCH = 100  # items stored in one transaction while collecting


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReport:
    """What a run did, for the command line, the review desk and the tests."""

    run_id: int
    bot: str
    mode: Mode
    exit_code: ExitCode
    balances: tuple[Balance, ...]
    offered: int
    new: int
    duplicate: int
    quarantined: int
    outcomes: dict[str, int]  # how the attempts of this run ended
    states: dict[str, int]  # where the bot's items stand now, over all runs
    stopped: str | None = None  # why it stopped before the queue was empty
    goes_on_at: datetime | None = None  # when what is left may be gone on with; absent: it waits for another run


class Run:
    """Runs one bot in this process."""

    def __init__(
        self,
        *,
        bot: LoadedBot,
        workshop: Workshop,
        mode: Mode,
        trigger: str,
        stop: host.StopRequest,
        locks: Path,
        leave_to_workers: bool = False,
        order: Order | None = None,
        progress: Callable[[str, int, int], None] = lambda what, done, waiting: None,
        recycle: Callable[[], None] = lambda: None,
    ) -> None:
        """`order`: the occurrence that the run was ordered for; without one it is opened by itself."""
        self._bot = bot
        self._order = order
        self._shop = workshop
        self._mode = mode
        self._trigger = trigger
        self._stop = stop
        self._leave_to_workers = leave_to_workers
        self._progress = progress
        self._collected: set[str] = set()  # references of the items that are new with this run
        self._waiting = 0  # items that waited when the work began
        self._worker = Worker(
            {bot.name: bot},
            workshop=workshop,
            mode_of=lambda bot: mode,
            stop=stop,
            locks=locks,
            progress=lambda done: progress("working", done, max(self._waiting - done, 0)),
            recycle=recycle,
            beat=lambda: order.beat(workshop.database) if order is not None else None,
        )

    def start(self) -> RunReport:
        """Do the whole run and return its report; system errors of single items are in it, not raised."""
        bot = self._bot
        with self._worker.alive():
            run_id = self._patiently(self._begin)
            try:
                if self._ends_closed():
                    return self._end(run_id)
                self._collect(run_id)
                self._waiting = self._patiently(self._pending)
                if self._leave_to_workers:
                    self._watch(run_id)
                else:
                    self._worker.work(run_id=run_id, linger=bot.linger)
                return self._end(run_id)
            except Exception:
                self._broken_off(run_id)
                raise

    def _patiently(self, do: Callable[[], T]) -> T:
        return patiently(do, clock=self._shop.clock, stopped=lambda: self._stop.asked)

    def _begin(self) -> int:
        """Open the run and return its id; the one this worker has opened already, when the answer to that was lost."""
        bot, worker = self._bot, self._shop.worker
        with self._shop.database.transaction(actor=self._actor) as tx:
            if self._order is not None:
                return self._order.begin(tx, version=bot.version, mode=self._mode, worker=worker)
            mine: list[int] = [run.id for run in runs.unclosed(tx, bot.name, before=None) if run.worker == worker]
            if mine:
                return mine[0]
            return runs.start(tx, bot.name, version=bot.version, mode=self._mode, trigger=self._trigger, worker=worker)

    def _ends_closed(self) -> bool:
        """A run that begins while a target is closed takes nothing in: it could only leave it lying."""
        closed = self._closed()
        if closed is not None:
            self._worker.tally.stop_closed(closed, undone="; nothing was collected")
        return closed is not None

    def _closed(self) -> "Closed | None":
        return self._worker.windows.in_the_way(self._bot, self._shop.database.now())

    def _pending(self) -> int:
        with self._shop.database.reading() as tx:
            return runs.count_states(tx, self._bot.name).get(ItemState.PENDING, 0)

    def _watch(self, run_id: int) -> None:
        """Wait until workers have done the run's items; give up when none has got on for as long as the bot lingers."""
        left, moved_at = self._patiently(lambda: self._left(run_id)), self._shop.database.now()
        while left and not self._stop.asked:
            waited = self._shop.database.now() - moved_at >= self._bot.linger
            closed = self._closed()
            if closed is not None and (waited or not self._patiently(lambda: self._at_work(run_id))):
                return self._worker.tally.stop_closed(closed)
            if waited:
                why = f"no worker has got on with its items for {self._bot.linger.total_seconds():g} s"
                return self._worker.tally.stop(f"{why}; start one: understudy worker", ExitCode.STOPPED)
            self._shop.clock.sleep(LOOK)
            before, left = left, self._patiently(lambda: self._left(run_id))
            if left != before:
                moved_at = self._shop.database.now()
                self._progress("left to workers", self._waiting - len(left), len(left))
        if self._stop.asked:
            self._worker.tally.stop("asked to stop", ExitCode.STOPPED)
        return None

    def _left(self, run_id: int) -> Sequence[tuple[int, int]]:
        """Return the items that workers have to do soon or are doing, each with the tries it had.

        They are the run's; those of the bot, when it goes on with what a run before it has left.
        """
        with self._shop.database.reading() as tx:
            by = tx.now + self._bot.linger
            return items.unfinished(tx, self._bot.name, run_id=None if self._goes_on else run_id, by=by)

    def _at_work(self, run_id: int) -> bool:
        """Tell whether a worker has an item of the run at hand, which it finishes after closing time too."""
        with self._shop.database.reading() as tx:
            return any(self._goes_on or row.run_id == run_id for row in items.held(tx, bot=self._bot.name))

    @property
    def _goes_on(self) -> bool:
        return self._order is not None and self._order.goes_on

    def _broken_off(self, run_id: int) -> None:
        """The bot's own collect or listed failed: the run is closed as failed, so that nobody waits for it."""
        with self._shop.database.transaction(actor=self._actor) as tx:
            runs.end(tx, run_id, bot=self._bot.name, exit_code=ExitCode.FAILED, balances=())
            if self._order is not None:
                why = "the bot's own collect or listed failed; see the logs"
                self._order.end(tx, exit_code=ExitCode.FAILED, goes_on_at=None, why=why)

    @property
    def _actor(self) -> str:
        return f"bot:{self._bot.name}@{self._bot.version}"

    def _collect(self, run_id: int) -> None:
        if self._order is not None and self._is_frozen(run_id):  # its last process died after it had collected
            return
        intake = Intake(
            folder=self._shop.folder,
            documents=self._shop.documents,
            opener=self._shop.opener,
            started_at=self._shop.database.now(),
        )
        context: Context[Any] = Context(settings=self._bot.settings, record=None, intake=intake)
        offered = 0
        new = duplicate = 0
        source = iter(self._bot.collect(context))
        while batch := [_checked(one) for one in islice(source, BATCH)]:
            offered += len(batch)
            fresh = self._store(run_id, batch)
            new, duplicate = new + fresh, duplicate + len(batch) - fresh
            self._shop.boundaries.reach("batch stored")
            self._progress("collecting", offered, 0)
        listed = offered + len(intake.quarantined) if intake.listed is None else intake.listed
        self._patiently(lambda: self._freeze(run_id, intake.quarantined, listed=listed, new=new, duplicate=duplicate))

    def _is_frozen(self, run_id: int) -> bool:
        def frozen() -> bool:
            with self._shop.database.reading() as tx:
                return runs.get(tx, run_id).frozen_at is not None

        return self._patiently(frozen)

    def _store(self, run_id: int, batch: Sequence[NewItem]) -> int:
        """Store a batch and return how many of it are new, also when an earlier try had stored them unheard.

        Or an earlier process, when the run was ordered and this is not the first to work at it.
        """
        tried = self._order is not None

        def store() -> set[str]:
            nonlocal tried
            again, tried = tried, True
            with self._shop.database.transaction(actor=self._actor) as tx:
                fresh = set(items.add_all(tx, self._bot.name, run_id=run_id, offered=batch))
                for one in batch if again else ():
                    if items.collected_by(tx, self._bot.name, one.reference) == run_id:
                        fresh.add(one.reference)
            return fresh - self._collected

        fresh = self._patiently(store)
        self._collected |= fresh
        return len(fresh)

    def _freeze(
        self, run_id: int, quarantined: Sequence[Quarantined], *, listed: int, new: int, duplicate: int
    ) -> None:
        """Fix what was taken in, once."""
        with self._shop.database.transaction(actor=self._actor) as tx:
            if runs.get(tx, run_id).frozen_at is not None:
                return
            for one in quarantined:
                runs.quarantine(tx, run_id, what=one)
            # What a process that died had taken in, and the source has no more.
            gone = sum(number for number, _, _ in runs.count_items(tx, run_id).values()) - new
            runs.freeze_intake(
                tx, run_id, offered=listed + gone, new=new + gone, duplicate=duplicate, quarantined=len(quarantined)
            )

    def _end(self, run_id: int) -> RunReport:
        drawn = self._patiently(lambda: self._balances(run_id))
        exit_code = self._exit_code(drawn)
        self._shop.boundaries.reach("run ending")
        goes_on_at = self._goes_on_at()
        run, states = self._patiently(lambda: self._close(run_id, exit_code, drawn, goes_on_at))
        return RunReport(
            run_id=run_id,
            bot=self._bot.name,
            mode=self._mode,
            exit_code=exit_code,
            balances=drawn,
            offered=run.offered,
            new=run.new,
            duplicate=run.duplicate,
            quarantined=run.quarantined,
            outcomes=self._worker.tally.outcomes,
            states=states,
            stopped=self._worker.tally.stopped,
            goes_on_at=goes_on_at,
        )

    def _goes_on_at(self) -> datetime | None:
        """Return when a run that stopped before its queue was empty may go on.

        Told to stop: as soon as somebody can. At closing time: when its targets are open again. What failed before
        does not keep the rest from it.
        """
        if self._worker.tally.exit_code is not ExitCode.STOPPED:
            return None
        return self._worker.tally.goes_on_at or (self._shop.database.now() if self._stop.asked else None)

    def _close(
        self, run_id: int, exit_code: ExitCode, drawn: tuple[Balance, ...], goes_on_at: datetime | None
    ) -> tuple[Any, dict[str, int]]:
        """Close the run, once, and return its row and where the bot's items stand."""
        with self._shop.database.transaction(actor=self._actor) as tx:
            run = runs.get(tx, run_id)
            if run.ended_at is None:
                runs.end(tx, run_id, bot=self._bot.name, exit_code=exit_code, balances=drawn)
                if self._order is not None:
                    why = self._worker.tally.stopped or ""
                    self._order.end(tx, exit_code=exit_code, goes_on_at=goes_on_at, why=why)
            return run, dict(runs.count_states(tx, self._bot.name))

    def _exit_code(self, drawn: tuple[Balance, ...]) -> ExitCode:
        """An imbalance outweighs everything; a failure outweighs a stop that somebody asked for."""
        stopped = self._worker.tally.exit_code
        if any(not balance.holds for balance in drawn):
            return ExitCode.FAILED
        if self._worker.tally.failed and stopped in (None, ExitCode.STOPPED):
            return ExitCode.FAILED
        return stopped or ExitCode.GREEN

    def _balances(self, run_id: int) -> tuple[Balance, ...]:
        with self._shop.database.reading() as tx:
            run = runs.get(tx, run_id)
            stored = len(runs.quarantined(tx, run_id))
            states = runs.count_items(tx, run_id)
        drawn = (
            balances.intake(listed=run.offered, new=run.new, duplicate=run.duplicate, quarantined=stored),
            balances.work(new=run.new, states=states),
        )
        listed = self._bot.listed
        if (
            listed is None
            or not self._shop.acting
            or self._mode is Mode.SHADOW
            or self._worker.tally.exit_code is not None
        ):
            return drawn
        from core.runtime.listing import Listing

        listing = Listing(
            bot=self._bot,
            workshop=self._shop,
            run_id=run_id,
            guard=self._worker.guard,
            windows=self._worker.windows,
        )
        there = listing.balance(listed, stop=lambda: self._stop.asked)
        if not isinstance(there, Balance):
            self._worker.tally.stop_closed(there, undone="; what its targets list was not compared")
            return drawn
        return (*drawn, there)


def _checked(one: object) -> NewItem:
    if not isinstance(one, NewItem):
        raise TypeError(f"collect yields NewItem, got {type(one).__name__}")
    return one

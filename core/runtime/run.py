"""One run: collect, work the queue until nothing is ready, draw the balances, say how it ended."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from core.model.items import Claim, ItemState, NewItem
from core.model.runs import AttemptOutcome, Balance, ExitCode, Mode
from core.runtime import balances, host
from core.runtime.attempt import LOGIN_FAILED, Attempts, Ended
from core.runtime.context import Context
from core.runtime.guard import EffectGuard
from core.runtime.heartbeat import Heartbeat
from core.runtime.listing import Listing
from core.runtime.loaded import LoadedBot
from core.runtime.reaper import reap
from core.runtime.sources import Intake
from core.runtime.workshop import Workshop
from core.store import holds, items, runs

BATCH = 100  # items stored in one transaction while collecting
REAP_EVERY = timedelta(seconds=2)


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


@dataclass(slots=True)
class _Tally:
    outcomes: dict[str, int] = field(default_factory=dict)
    failed: int = 0
    stopped: str | None = None
    exit_code: ExitCode | None = None

    def count(self, ended: Ended | None) -> None:
        name = str(ended.outcome if ended is not None else AttemptOutcome.ABANDONED)
        self.outcomes[name] = self.outcomes.get(name, 0) + 1
        if ended is not None and ended.state is ItemState.FAILED:
            self.failed += 1


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
        locks: Any,
        progress: Callable[[str, int, int], None] = lambda what, done, waiting: None,
        recycle: Callable[[], None] = lambda: None,
    ) -> None:
        self._bot = bot
        self._shop = workshop
        self._mode = mode
        self._trigger = trigger
        self._stop = stop
        self._locks = locks
        self._progress = progress
        self._recycle = recycle
        self._tally = _Tally()
        self._reaped_at: datetime | None = None
        self._guard = EffectGuard(now=workshop.database.now, keep=workshop.keep)

    def start(self) -> RunReport:
        """Do the whole run and return its report; system errors of single items are in it, not raised."""
        shop, bot = self._shop, self._bot
        with host.alive(shop.worker, folder=self._locks):
            with shop.database.transaction(actor=self._actor) as tx:
                run_id = runs.start(
                    tx,
                    bot.name,
                    version=bot.version,
                    mode=self._mode,
                    trigger=self._trigger,
                    worker=shop.worker,
                )
            heartbeat = Heartbeat(database=shop.database, worker=shop.worker, lease=bot.lease)
            heartbeat.start()
            try:
                self._collect(run_id)
                self._work(run_id, heartbeat)
                return self._end(run_id)
            except Exception:
                self._broken_off(run_id)
                raise
            finally:
                heartbeat.stop()
                shop.drop_targets()

    def _broken_off(self, run_id: int) -> None:
        """The bot's own collect or listed failed: the run is closed as failed, so that nobody waits for it."""
        with self._shop.database.transaction(actor=self._actor) as tx:
            runs.end(tx, run_id, bot=self._bot.name, exit_code=ExitCode.FAILED, balances=())

    @property
    def _actor(self) -> str:
        return f"bot:{self._bot.name}@{self._bot.version}"

    def _collect(self, run_id: int) -> None:
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
        while batch := list(islice(source, BATCH)):
            offered += len(batch)
            with self._shop.database.transaction(actor=self._actor) as tx:
                for one in batch:
                    added = items.add(tx, self._bot.name, run_id=run_id, new=_checked(one))
                    new, duplicate = (new + 1, duplicate) if added is not None else (new, duplicate + 1)
            self._shop.boundaries.reach("batch stored")
            self._progress("collecting", offered, 0)
        with self._shop.database.transaction(actor=self._actor) as tx:
            for one in intake.quarantined:
                runs.quarantine(tx, run_id, what=one)
            listed = offered + len(intake.quarantined) if intake.listed is None else intake.listed
            runs.freeze_intake(
                tx,
                run_id,
                offered=listed,
                new=new,
                duplicate=duplicate,
                quarantined=len(intake.quarantined),
            )

    def _work(self, run_id: int, heartbeat: Heartbeat) -> None:
        attempts = Attempts(bot=self._bot, workshop=self._shop, run_id=run_id, mode=self._mode, guard=self._guard)
        done = 0
        with self._shop.database.reading() as tx:
            waiting = runs.count_states(tx, self._bot.name).get(ItemState.PENDING, 0)
        gave_up_waiting = self._shop.database.now() + self._bot.linger
        while not self._stopped():
            self._reap(run_id)
            claim = self._claim()
            if claim is None:
                if self._stopped() or not self._wait(gave_up_waiting):
                    return
                continue
            with heartbeat.beating(claim.item_id, claim.token):
                ended = attempts.make(claim)
            self._tally.count(ended)
            if ended is not None and ended.stop is not None:
                self._tally.stopped, self._tally.exit_code = ended.message, ended.stop
                return
            done += 1
            self._progress("working", done, max(waiting - done, 0))
            self._recycle()
            gave_up_waiting = self._shop.database.now() + self._bot.linger

    def _claim(self) -> Claim | None:
        """Take the next item, unless a hold is in the way; note why the run stops."""
        self._shop.boundaries.reach("claim before")
        with self._shop.database.transaction(actor=self._actor) as tx:
            held = holds.in_the_way(tx, self._bot.name, targets=self._bot.targets)
            if held is None:
                return items.claim(tx, self._bot.name, worker=self._shop.worker, lease=self._bot.lease)
        self._tally.stopped = f"{held.scope} {held.name} is held: {held.reason}"
        self._tally.exit_code = _code_of_hold(held.scope, held.code, by=held.by)
        return None

    def _stopped(self) -> bool:
        if self._stop.asked:
            self._tally.stopped, self._tally.exit_code = "asked to stop", ExitCode.STOPPED
        return self._tally.stopped is not None

    def _reap(self, run_id: int) -> None:
        now = self._shop.database.now()
        if self._reaped_at is None or now - self._reaped_at >= REAP_EVERY:
            self._reaped_at = now
            reap(self._shop.database, self._bot, worker=self._shop.worker, run_id=run_id, locks=self._locks)

    def _wait(self, gave_up_waiting: datetime) -> bool:
        """Wait for what comes due soon, or for what other workers hold; False when the run may end."""
        with self._shop.database.reading() as tx:
            due = items.next_ready_at(tx, self._bot.name)
            held = items.held(tx, bot=self._bot.name)
        now = self._shop.database.now()
        soon = due is not None and due <= gave_up_waiting
        orphaned = any(row.lease_until <= gave_up_waiting for row in held)
        if (not soon and not orphaned) or now >= gave_up_waiting:
            return False
        pause = (due - now).total_seconds() if due is not None and soon else 0.5
        self._shop.clock.sleep(min(max(pause, 0.01), 0.5))
        return True

    def _end(self, run_id: int) -> RunReport:
        drawn = self._balances(run_id)
        with self._shop.database.reading() as tx:
            run = runs.get(tx, run_id)
            states = dict(runs.count_states(tx, self._bot.name))
        exit_code = self._exit_code(drawn)
        self._shop.boundaries.reach("run ending")
        with self._shop.database.transaction(actor=self._actor) as tx:
            runs.end(tx, run_id, bot=self._bot.name, exit_code=exit_code, balances=drawn)
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
            outcomes=self._tally.outcomes,
            states=states,
            stopped=self._tally.stopped,
        )

    def _exit_code(self, drawn: tuple[Balance, ...]) -> ExitCode:
        """An imbalance outweighs everything; a failure outweighs a stop that somebody asked for."""
        stopped = self._tally.exit_code
        if any(not balance.holds for balance in drawn):
            return ExitCode.FAILED
        if self._tally.failed and stopped in (None, ExitCode.STOPPED):
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
        if listed is None or not self._shop.acting or self._mode is Mode.SHADOW or self._tally.exit_code is not None:
            return drawn
        listing = Listing(bot=self._bot, workshop=self._shop, run_id=run_id, guard=self._guard)
        return (*drawn, listing.balance(listed, stop=lambda: self._stop.asked))


def _checked(one: object) -> NewItem:
    if not isinstance(one, NewItem):
        raise TypeError(f"collect yields NewItem, got {type(one).__name__}")
    return one


def _code_of_hold(scope: str, code: str, *, by: str) -> ExitCode:
    refused = scope == "target" and by.startswith("system:")  # only a refused login holds a target by itself
    if refused or code == LOGIN_FAILED:
        return ExitCode.CREDENTIALS
    if code in ("PORTAL_UNAVAILABLE", "PORTAL_CHANGED", "SESSION_LOST"):
        return ExitCode.TARGET
    return ExitCode.STOPPED

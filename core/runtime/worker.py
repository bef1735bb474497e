"""A worker: one process that works one item after the other, of one bot or several, until it is told to stop."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from loguru import logger

from core.errors import StoreUnavailable
from core.model.items import Claim, ItemState
from core.model.runs import AttemptOutcome, ExitCode, Mode
from core.patience import patiently
from core.runtime import host
from core.runtime.guard import EffectGuard
from core.runtime.heartbeat import Heartbeat
from core.runtime.loaded import LoadedBot
from core.runtime.queue import Queue
from core.runtime.reaper import let_go, reap, reap_sessions
from core.runtime.windows import Windows
from core.runtime.workshop import Workshop
from core.store import Transaction, items

if TYPE_CHECKING:
    from core.runtime.attempt import Attempts, Ended
    from core.timing.closed import Closed

T = TypeVar("T")

REAP_EVERY = timedelta(seconds=2)
LONGEST_PAUSE = 0.5  # seconds between two looks at an empty queue
UNUSED = timedelta(seconds=5)  # after so long without an item the worker logs out of targets that allow few sessions


@dataclass(slots=True)
class Tally:
    """What a worker has done so far, and why it stopped."""

    outcomes: dict[str, int] = field(default_factory=dict)  # how its attempts ended
    failed: int = 0  # items that failed for good
    stopped: str | None = None  # why it ended before the queue was empty
    exit_code: ExitCode | None = None  # when it was stopped
    goes_on_at: datetime | None = None  # when the closed targets that stopped it are open; absent: none did, or never

    def count(self, ended: "Ended | None") -> None:
        """Count one attempt; None: it was taken over, or its end could not be stored."""
        name = str(ended.outcome if ended is not None else AttemptOutcome.ABANDONED)
        self.outcomes[name] = self.outcomes.get(name, 0) + 1
        if ended is not None and ended.state is ItemState.FAILED:
            self.failed += 1

    def stop(self, why: str, code: ExitCode) -> None:
        """Note why the worker ends."""
        self.stopped, self.exit_code = why, code

    def stop_closed(self, closed: "Closed", *, undone: str = "") -> None:
        """Note that a closed target ends the work, what that leaves undone, and when it may go on."""
        self.stop(f"{closed.why}{undone}", ExitCode.STOPPED)
        self.goes_on_at = closed.until


class Worker:
    """Works the queues of its bots in this thread; Playwright's session belongs to it."""

    def __init__(
        self,
        bots: Mapping[str, LoadedBot],
        *,
        workshop: Workshop,
        mode_of: Callable[[LoadedBot], Mode],
        stop: host.StopRequest,
        locks: Path,
        progress: Callable[[int], None] = lambda done: None,
        recycle: Callable[[], None] = lambda: None,
        beat: Callable[[], None] = lambda: None,
        turned: Callable[[], None] = lambda: None,
    ) -> None:
        """`beat` is called again and again from a thread of its own while the worker lives.

        `turned` is called between items, and every moment while there are none.
        """
        self.tally = Tally()
        self.guard = EffectGuard(now=workshop.database.now, keep=workshop.keep)
        self._bots = bots
        self._shop = workshop
        self._mode_of = mode_of
        self._stop = stop
        self._locks = locks
        self._progress = progress
        self._recycle = recycle
        self._turned = turned
        self.windows = Windows(heeded=workshop.acting)
        self._queue = Queue(
            bots,
            database=workshop.database,
            worker=workshop.worker,
            sessions=workshop.sessions,
            windows=self.windows,
        )
        self._attempts: dict[tuple[str, Mode], Attempts] = {}
        self._heartbeat = Heartbeat(
            database=workshop.database,
            worker=workshop.worker,
            every=min(bot.lease for bot in bots.values()) / 3,
            sessions=workshop.sessions,
            beat=beat,
        )
        self._reaped_at: datetime | None = None
        self._worked_at = workshop.database.now()
        self._done = 0
        self._left: dict[str, tuple[str, ...]] = {}  # bots that wait for an opening, and the targets left
        self._unsure = False  # whether the store was lost while the next item was taken

    @contextmanager
    def alive(self) -> Iterator[None]:
        """Be known to the other workers while inside; at the end nothing stays open."""
        with host.alive(self._shop.worker, folder=self._locks):
            self._heartbeat.start()
            try:
                yield
                self._patiently(self._shop.leave_targets)
            finally:
                self._heartbeat.stop()
                self._shop.drop_targets()

    def work(self, *, run_id: int | None, linger: timedelta | None) -> None:
        """Work items until told to stop, or until nothing has come due for `linger` (None: then wait on).

        `run_id`: the run that makes the attempts; None: each counts to the run that collected its item. With
        `linger` a hold ends the work too, and so does a closed target once it alone is in the way of what is left.
        """
        gave_up_waiting = self._until(linger)
        claim: Claim | None = None
        while not self._stopped(holding=claim):
            self._turned()
            if claim is None:
                self._patiently(lambda: self._reap(run_id))
                self._leave_closed()
                claim = self._patiently(self._next)
            if claim is not None:
                claim = self._make(claim, run_id)
                gave_up_waiting = self._until(linger)
            elif self._held(linger) or not self._wait(gave_up_waiting):
                return

    def _next(self) -> Claim | None:
        """Take the next item; one whose taking may have been lost with the store is let go of before another try."""
        if self._unsure:
            self._let_go()
        self._unsure = True
        claim = self._queue.next(reach=self._shop.boundaries.reach)
        self._unsure = False
        return claim

    def _until(self, linger: timedelta | None) -> datetime | None:
        return None if linger is None else self._shop.database.now() + linger

    def _make(self, claim: Claim, run_id: int | None) -> Claim | None:
        """Make one attempt; return the item that was taken along with storing its end."""
        bot = self._bots[claim.bot]
        try:
            with self._heartbeat.beating(claim.item_id, claim.token, lease=bot.lease):
                made = self._attempts_of(bot).make(claim, run_id=run_id, then=self._take_along)
        except StoreUnavailable as error:
            self._recover(claim, error)
            made = None
        ended = made.ended if made is not None else None
        self.tally.count(ended)
        self._worked_at = self._shop.database.now()
        if ended is not None and ended.stop is not None:
            self.tally.stop(ended.message or "", ended.stop)
            return None
        self._done += 1
        self._progress(self._done)
        self._recycle()
        return made.following if made is not None else None

    def _take_along(self, tx: Transaction) -> Claim | None:
        """Take the next item with the end of the last, unless it is time to look around, or to stop."""
        return None if self._stop.asked or self._reaping_due() else self._queue.take(tx)

    def _attempts_of(self, bot: LoadedBot) -> "Attempts":
        from core.runtime.attempt import Attempts

        mode = self._mode_of(bot)
        made = self._attempts.get((bot.name, mode))
        if made is None:
            made = Attempts(bot=bot, workshop=self._shop, mode=mode, guard=self.guard)
            self._attempts[bot.name, mode] = made
        return made

    def _recover(self, claim: Claim, error: StoreUnavailable) -> None:
        """The store was lost in the middle of an item: wait for it, and let go of what we held."""
        logger.warning("Item {} is let go of: {}", claim.item_id, error.message)
        self._patiently(self._let_go)

    def _let_go(self) -> None:
        """Close everything, and give back whatever the store says is held in this worker's name."""
        self._shop.sessions.forget()
        self._shop.drop_targets()
        let_go(self._shop.database, self._shop.holding, self._bots, worker=self._shop.worker)

    def _patiently(self, do: Callable[[], T]) -> T:
        return patiently(do, clock=self._shop.clock, stopped=lambda: self._stop.asked)

    def _stopped(self, *, holding: Claim | None) -> bool:
        if self._stop.asked and holding is None:
            self.tally.stop("asked to stop", ExitCode.STOPPED)
        return self.tally.stopped is not None

    def _held(self, linger: timedelta | None) -> bool:
        """With an end in sight, a hold in the way of every bot is that end."""
        barred = self._queue.held.keys() | self._queue.closed.keys()
        if linger is None or not self._queue.held or len(barred) < len(self._bots):
            return False
        held = next(iter(self._queue.held.values()))
        self.tally.stop(f"{held.scope} {held.name} is held: {held.reason}", _code_of(held.scope, held.code, by=held.by))
        return True

    def _reaping_due(self) -> bool:
        return self._reaped_at is None or self._shop.database.now() - self._reaped_at >= REAP_EVERY

    def _reap(self, run_id: int | None) -> None:
        if not self._reaping_due():
            return
        self._reaped_at = self._shop.database.now()
        for bot in self._bots.values():
            reap(self._shop.database, bot, worker=self._shop.worker, run_id=run_id, locks=self._locks)
        reap_sessions(self._shop.holding, worker=self._shop.worker, locks=self._locks)

    def _wait(self, gave_up_waiting: datetime | None) -> bool:
        """Wait for what comes due soon, or for what other workers hold; False when the work may end."""
        now = self._shop.database.now()
        pause = LONGEST_PAUSE
        if gave_up_waiting is not None:
            due = self._patiently(lambda: self._comes_by(gave_up_waiting))
            if due is None or now >= gave_up_waiting:
                if due is not None and due <= now:
                    self.tally.stop("its targets allowed no session or turn for as long as it waits", ExitCode.STOPPED)
                self._patiently(lambda: self._say_what_waits(gave_up_waiting))
                return False
            turn = self._shop.sessions.turn_at
            pause = ((turn if turn is not None and due <= now else due) - now).total_seconds()
        if now - self._worked_at >= UNUSED and self._shop.sessions.held:
            self._patiently(self._log_out)
        self._shop.clock.sleep(min(max(pause, 0.01), LONGEST_PAUSE))
        return True

    def _comes_by(self, limit: datetime) -> datetime | None:
        """Return when something may next be taken, by that limit: an item comes due, or another worker's lease ends."""
        soonest = []
        with self._shop.database.reading() as tx:
            for name in self._bots.keys() - self._queue.held.keys():
                due = items.next_ready_at(tx, name)
                if due is not None and due <= limit and name not in self._queue.closed:
                    soonest.append(due)
                soonest += [tx.now + REAP_EVERY for row in items.held(tx, bot=name) if row.lease_until <= limit]
        return min(soonest, default=None)

    def _say_what_waits(self, limit: datetime) -> None:
        """The work ends while a target is closed: with items left that it keeps waiting, that is why."""
        with self._shop.database.reading() as tx:
            for name, closed in self._queue.closed.items():
                due = items.next_ready_at(tx, name)
                if (due is not None and due <= limit) or items.held(tx, bot=name):
                    return self.tally.stop_closed(closed)
        return None

    def _leave_closed(self) -> None:
        """Log out of targets that have closed since; tell the log once of every bot that waits for an opening."""
        closed, before = self._queue.closed, self._left
        if not closed and not before:
            return
        self._left = {name: one.targets for name, one in closed.items()}
        for name in before.keys() - closed.keys():
            logger.info("{} goes on: its targets are open", name)
        for name, one in closed.items():
            if before.get(name) != one.targets:
                logger.info("{} waits: {}", name, one.why)
                self._patiently(lambda targets=one.targets: self._shop.leave_targets(*targets))  # type: ignore[misc]

    def _log_out(self) -> None:
        self._shop.leave_targets(*self._shop.sessions.held)


def _code_of(scope: str, code: str, *, by: str) -> ExitCode:
    """Return the exit code that says what kind of hold ended a run."""
    refused = scope == "target" and by.startswith("system:")  # only a refused login holds a target by itself
    if refused or code == "LOGIN_FAILED":
        return ExitCode.CREDENTIALS
    if code in ("PORTAL_UNAVAILABLE", "PORTAL_CHANGED", "SESSION_LOST"):
        return ExitCode.TARGET
    return ExitCode.STOPPED

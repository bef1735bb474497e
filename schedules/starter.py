"""Starts the runs that are due, each in a process, one of a bot at a time; starts those again whose process died."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from loguru import logger

from audit.actions import Act
from core.model.occurrences import BY_HAND, Occurrence, OccurrenceState
from core.model.protocol import Fate, Hold, hold_of
from core.model.runs import ExitCode
from core.runtime import host
from core.store import Database, Transaction, holds, items, occurrences, slots
from core.timing.openings import first_opening, why_closed
from core.timing.schedule import CatchUp, Schedule
from schedules.processes import Ended, Starting

if TYPE_CHECKING:
    from core.timing.hours import Hours

MOST_STARTS = 5  # processes for one run, one after the other, before it is given up
TO_TAKE = timedelta(minutes=2)  # from its start until a process must have taken its run
SHORTEST_PAUSE = timedelta(seconds=30)  # before a run is started again; doubled each time
FORGOTTEN = timedelta(days=1)  # after so long a run whose schedule is gone is dropped


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """What must be so for a run of a bot to begin."""

    targets: tuple[str, ...] = ()  # none of them held, nor the bot
    hours: "tuple[Hours, ...]" = ()  # of those targets: all open


class Starter:
    """Starts runs of the bots given; any number of starters may do so at one store."""

    def __init__(
        self,
        schedules: Sequence[Schedule],
        bots: Mapping[str, Conditions],
        *,
        database: Database,
        name: str,
        starting: Starting,
        locks: Path,
        reach: Callable[[str], None] = lambda name: None,
    ) -> None:
        """`name` is this scheduler's, as the trail has it."""
        self._schedules = {(schedule.bot, schedule.name): schedule for schedule in schedules}
        self._bots = bots
        self._database = database
        self._name = name
        self._starting = starting
        self._locks = locks
        self._reach = reach

    def start(self) -> datetime | None:
        """Start what is due and free; return when something may be started next."""
        self.note(self._starting.ended())
        for occurrence in self._unfinished():
            if occurrence.state is OccurrenceState.BEGUN:
                self._recover(occurrence)
        waiting = self._unfinished()
        now = self._database.now()
        for bot in {occurrence.bot: None for occurrence in waiting}:
            of_bot = [occurrence for occurrence in waiting if occurrence.bot == bot]
            ready = self._merged([one for one in of_bot if _ready(one, now) and self._ours(one, now)])
            if ready and not any(_at_work(one, now) for one in of_bot):
                self._start(ready[0])
        return min((one.not_before for one in waiting if one.not_before > now), default=None)

    def note(self, ended: Sequence[Ended]) -> None:
        """Put a run off, or give it up, whose process ended before it took it."""
        for each in ended:
            occurrence, code = each.occurrence, each.code
            how = f"was killed by signal {-code}" if code < 0 else f"ended with {code}"
            why = f"its process {how} before it had begun. {each.told}".strip()
            with self._database.transaction(actor=self._name) as tx:
                if occurrence.starts >= MOST_STARTS:
                    occurrences.give_up(tx, occurrence, exit_code=code if code > 0 else ExitCode.FAILED, why=why)
                else:
                    occurrences.put_off(tx, occurrence, until=tx.now + _pause(occurrence.starts), why=why)

    def _unfinished(self) -> list[Occurrence]:
        with self._database.reading() as tx:
            return occurrences.unfinished(tx)

    def _recover(self, occurrence: Occurrence) -> None:
        """Take a run back from a process that is gone: proven so on this host, elsewhere when its lease has run out."""
        holder = occurrence.holder or ""
        fate = host.fate(holder, folder=self._locks)
        with self._database.transaction(actor=self._name) as tx:
            lapsed = occurrence.until is None or occurrence.until <= tx.now
            if hold_of(fate, lapsed=lapsed) is not Hold.TAKE:
                return
            if not self._taken_back(tx, occurrence, holder):
                return
            holds_more = any(row.worker == holder for row in items.held(tx))
            holds_more = holds_more or any(row.holder == holder for row in slots.held(tx))
        logger.warning("The process {} at {} of {} is gone", holder, occurrence.name, occurrence.slot)
        if fate is Fate.DEAD and not holds_more:  # its lock proves the death to whoever takes back what it held
            host.forget(holder, folder=self._locks)

    def _taken_back(self, tx: Transaction, occurrence: Occurrence, holder: str) -> bool:
        """Let the run be started again after a pause, or give it up; False when its process had ended it after all."""
        if occurrence.starts >= MOST_STARTS:
            why = f"its process died {occurrence.starts} times; look at the logs, then order it again"
            return occurrences.give_up(tx, occurrence, exit_code=ExitCode.FAILED, why=why)
        not_before, why = tx.now + _pause(occurrence.starts), f"its process {holder} is gone"
        back = occurrences.give_back(
            tx, occurrence.id, holder=holder, not_before=not_before, why=why, in_good_order=False
        )
        if back:
            tx.note(Act.WORKER_LOST, bot=occurrence.bot, run_id=occurrence.run_id)
        return back

    def _ours(self, occurrence: Occurrence, now: datetime) -> bool:
        """Tell whether bots.toml knows what the run is of; one that nobody knows for a day is dropped."""
        by_hand = occurrence.schedule == BY_HAND
        known = (occurrence.bot, occurrence.schedule) in self._schedules or by_hand
        if known and occurrence.bot in self._bots:
            return True
        if now - occurrence.not_before > FORGOTTEN:
            why = "bots.toml has no such schedule any more, or its bot is not enabled"
            with self._database.transaction(actor=self._name) as tx:
                if occurrence.began_at is None:
                    occurrences.skip(tx, occurrence, why=why)
                else:  # what it did stays in its run
                    occurrences.give_up(tx, occurrence, exit_code=ExitCode.STOPPED, why=why)
        return False

    def _merged(self, ready: list[Occurrence]) -> list[Occurrence]:
        """Drop what a later due time of the same schedule makes up for, and return what is left."""
        left = []
        for occurrence in ready:
            schedule = self._schedules.get((occurrence.bot, occurrence.schedule))
            later = [one for one in ready if one.schedule == occurrence.schedule and one.due > occurrence.due]
            if schedule is None or schedule.catch_up is CatchUp.EACH or not later or not _untouched(occurrence):
                left.append(occurrence)
                continue
            with self._database.transaction(actor=self._name) as tx:
                occurrences.skip(tx, occurrence, why=f"made up for by the run of {later[-1].slot}")
        return left

    def _start(self, occurrence: Occurrence) -> None:
        self._reach("start chosen")
        with self._database.transaction(actor=self._name) as tx:
            started = self._counted(tx, occurrence)
        if started is None:
            return
        self._reach("start counted")
        try:
            self._starting.start(started)
        except OSError as error:
            self.note([Ended(occurrence=started, code=ExitCode.FAILED, told=f"no process could be started: {error}")])

    def _counted(self, tx: Transaction, occurrence: Occurrence) -> Occurrence | None:
        """Count one more start; None when something is in the way, or another scheduler was faster."""
        bot = occurrence.bot
        if not holds.take_turn(tx, f"start:{bot}", holder=self._name, lease=timedelta(0)):
            return None  # of two that come at once the second waits here, and then sees what the first has done
        if any(_at_work(one, tx.now) for one in occurrences.unfinished(tx) if one.bot == bot):
            return None
        if occurrence.starts >= MOST_STARTS:
            why = f"{occurrence.starts} processes were started for it and none has begun it"
            occurrences.give_up(tx, occurrence, exit_code=ExitCode.FAILED, why=why)
            return None
        conditions = self._bots[bot]
        held = holds.in_the_way(tx, bot, targets=conditions.targets)
        if held is not None:
            why = f"{held.scope} {held.name} is held: {held.reason}"
            if occurrence.reason != why:
                occurrences.put_off(tx, occurrence, until=occurrence.not_before, why=why)
            return None
        opens = first_opening(conditions.hours, tx.now)
        if opens != tx.now:
            why = why_closed(conditions.hours, tx.now)
            occurrences.put_off(tx, occurrence, until=opens or tx.now + FORGOTTEN, why=why)
            return None
        again_at = tx.now + TO_TAKE
        if not occurrences.start(tx, occurrence, again_at=again_at):
            return None
        return replace(occurrence, starts=occurrence.starts + 1, not_before=again_at, reason="")


def _ready(occurrence: Occurrence, now: datetime) -> bool:
    return occurrence.state is OccurrenceState.DUE and occurrence.not_before <= now


def _at_work(occurrence: Occurrence, now: datetime) -> bool:
    """Tell whether a process works at a run, is on its way to it, or is to be started again for it soon."""
    on_its_way = occurrence.starts > 0 and occurrence.not_before > now
    return occurrence.state is OccurrenceState.BEGUN or on_its_way


def _untouched(occurrence: Occurrence) -> bool:
    return occurrence.starts == 0 and occurrence.began_at is None


def _pause(starts: int) -> timedelta:
    return SHORTEST_PAUSE * int(2 ** max(0, starts - 1))

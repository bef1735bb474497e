"""Makes what is due: moves each schedule's next due time, and orders the runs of those that are over, in one step."""

from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from loguru import logger

from core.errors import StoreUnavailable
from core.store import Database, Transaction, occurrences
from core.store import schedules as rows
from core.timing.schedule import Schedule, Slot, report_by
from schedules.clockwork import next_slot, slots
from schedules.due import IN_TIME, decide

MOST = 1000  # due times of one schedule that are noted singly after an outage; older ones are summed up in one
COMPARE = timedelta(hours=1)  # after so long a row is held against its schedule again: a clock may have been wrong
_MOMENT = timedelta(microseconds=1)


class Maker:
    """Makes occurrences of the schedules given; any number of makers may do so at one store."""

    def __init__(
        self,
        schedules: Sequence[Schedule],
        *,
        database: Database,
        actor: str,
        reach: Callable[[str], None] = lambda name: None,
    ) -> None:
        self._schedules = {(schedule.bot, schedule.name): schedule for schedule in schedules}
        self._database = database
        self._actor = actor
        self._reach = reach
        self._compared: dict[tuple[str, str], datetime] = {}  # when each row was last held against its schedule

    def make(self) -> datetime | None:
        """Make what is due and return when something is due next; a schedule that fails holds up no other."""
        with self._database.reading() as tx:
            found = {(row.bot, row.name): row for row in rows.all_of(tx)}
            now = tx.now
        for key, schedule in self._schedules.items():
            row = found.get(key)
            compared = self._compared.get(key)
            old = compared is None or now - compared >= COMPARE
            if row is None or row.rule != schedule.rule or _is_due(row, now) or old:
                self._tried(schedule)
        for key in found.keys() - self._schedules.keys():
            if found[key].rule:
                self._retire(*key)
        with self._database.reading() as tx:
            return min((row.next_at for row in rows.all_of(tx) if row.next_at and row.next_at > tx.now), default=None)

    def _tried(self, schedule: Schedule) -> None:
        try:
            with self._database.transaction(actor=self._actor) as tx:
                self._turn(tx, schedule)
                self._reach("due made")
            self._compared[schedule.bot, schedule.name] = tx.now
        except StoreUnavailable:
            raise
        except Exception:  # noqa: BLE001 - one schedule's mistake must not keep every other bot from running
            logger.exception("What is due of {}/{} could not be made", schedule.bot, schedule.name)

    def _turn(self, tx: Transaction, schedule: Schedule) -> None:
        row = rows.find(tx, schedule.bot, schedule.name)
        if row is None:
            rows.write_down(tx, schedule.bot, schedule.name, rule=schedule.rule, next=next_slot(schedule, tx.now))
        elif _is_due(row, tx.now) and not _was_away(row, tx.now):
            self._fire(tx, schedule, row)
        else:
            self._look_ahead(tx, schedule, row)

    def _fire(self, tx: Transaction, schedule: Schedule, row: Any) -> None:
        """Decide what becomes of every slot that is due, if the row is still as it was seen."""
        first = Slot(key=row.next_slot, due=row.next_at)
        number, due = 0, deque[Slot](maxlen=MOST)
        for slot in slots(schedule, row.next_at - _MOMENT, tx.now):
            number += 1
            due.append(slot)
        if not rows.move(tx, row, rule=schedule.rule, next=next_slot(schedule, tx.now)):
            return
        self._reach("due moved")
        passed = []
        if number > MOST:
            passed.append((first, f"nobody was there; it stands for the {number - MOST} due times before {due[0].key}"))
        elif first.key not in {slot.key for slot in due}:
            passed.append((first, "it is no longer due: bots.toml or its calendar has changed"))
        paused = f"paused by {row.paused_by}: {row.paused_why}" if row.paused_at is not None else ""
        for made in decide(schedule, list(due), now=tx.now, paused=paused):
            if made.not_before is None:
                passed.append((made.slot, made.reason))
            else:
                self._order(tx, schedule, made.slot, not_before=made.not_before, reason=made.reason)
        occurrences.pass_over(tx, schedule.bot, schedule.name, passed)

    def _order(self, tx: Transaction, schedule: Schedule, slot: Slot, *, not_before: datetime, reason: str) -> None:
        occurrences.order(
            tx,
            schedule.bot,
            schedule.name,
            slot,
            not_before=not_before,
            report_by=report_by(schedule, slot),
            trigger=f"schedule:{schedule.name} {slot.key}",
            reason=reason,
        )

    def _look_ahead(self, tx: Transaction, schedule: Schedule, row: Any) -> None:
        """Put the row right whose rule or calendar has changed, or which a clock that was ahead had moved too far."""
        upcoming = next_slot(schedule, tx.now)
        key = None if upcoming is None else upcoming.key
        if row.rule == schedule.rule and row.next_slot == key:
            return
        rows.move(tx, row, rule=schedule.rule, next=upcoming)

    def _retire(self, bot: str, name: str) -> None:
        """Forget the rule of a schedule that bots.toml has no more: back again, it begins with what is due then."""
        with self._database.transaction(actor=self._actor) as tx:
            row = rows.find(tx, bot, name)
            if row is not None and row.rule:
                next = None if row.next_slot is None else Slot(key=row.next_slot, due=row.next_at)
                rows.move(tx, row, rule="", next=next)


def _is_due(row: Any, now: datetime) -> bool:
    return row.next_at is not None and row.next_at <= now


def _was_away(row: Any, now: datetime) -> bool:
    """Tell whether a schedule was out of bots.toml as it came due: what it missed then was meant to be missed.

    While hosts are given a new bots.toml one after the other, some know a schedule that others do not.
    """
    return not row.rule and now - row.next_at > IN_TIME

"""Occurrences: made once for a local slot, begun by one process, given back or ended by whoever holds them."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from audit.actions import Act
from core.model.occurrences import BY_HAND, MOVES, Occurrence, OccurrenceState
from core.model.runs import ExitCode
from core.store import runs
from core.store import tables as t
from core.store.transaction import Transaction
from core.timing.schedule import Slot

LEASE = timedelta(minutes=2)  # of a process on a run; it renews it while it lives
AHEAD = timedelta(hours=1)  # noted later than this from now: by a clock that was wrong

_UNFINISHED = t.occurrence.c.state.in_((OccurrenceState.DUE, OccurrenceState.BEGUN))


def order(
    tx: Transaction,
    bot: str,
    schedule: str,
    slot: Slot,
    *,
    not_before: datetime,
    report_by: datetime | None,
    trigger: str,
    reason: str = "",
) -> int | None:
    """Order a run for a slot and return the occurrence's id; None when the slot has one already.

    One that a clock far ahead of ours had passed over is ordered after all.
    """
    row = _row(tx, bot, schedule, slot, state=OccurrenceState.DUE, reason=reason, not_before=not_before)
    made = tx.insert_new(t.occurrence, row | {"report_by": report_by}, unique=("bot", "schedule", "slot"))
    if made is None:
        made = _order_after_all(tx, row)
    if made is None:
        return None
    run_id = runs.order(tx, bot, trigger=trigger)
    tx.connection.execute(t.occurrence.update().where(t.occurrence.c.id == made).values(run_id=run_id))
    tx.note(Act.SCHEDULE_FIRED, bot=bot, run_id=run_id, schedule=schedule, slot=slot.key, occurrence=made)
    return made


def order_by_hand(tx: Transaction, bot: str, *, by: str) -> int:
    """Order a run of a bot for now, as a person asks for it, and return the occurrence's id."""
    slot = Slot(key=tx.now.isoformat(timespec="microseconds"), due=tx.now)
    made = order(tx, bot, BY_HAND, slot, not_before=tx.now, report_by=None, trigger=f"person:{by}")
    if made is None:
        raise LookupError(f"there is a run of {bot} for {slot.key} already")
    return made


def pass_over(tx: Transaction, bot: str, schedule: str, passed: Iterable[tuple[Slot, str]]) -> None:
    """Store slots that are not run, each with its reason; one that has an occurrence already stays as it is."""
    for slot, why in passed:
        row = _row(tx, bot, schedule, slot, state=OccurrenceState.SKIPPED, reason=why, not_before=slot.due)
        made = tx.insert_new(t.occurrence, row | {"ended_at": tx.now}, unique=("bot", "schedule", "slot"))
        if made is not None:
            tx.note(Act.SCHEDULE_MISSED, bot=bot, schedule=schedule, slot=slot.key, reason=why)


def skip(tx: Transaction, occurrence: Occurrence, *, why: str) -> bool:
    """Drop a run that was ordered and never begun; False when it has moved on."""
    moved = _move(tx, occurrence, OccurrenceState.SKIPPED, reason=why, run_id=None, ended_at=tx.now)
    if moved:
        if occurrence.run_id is not None:
            runs.withdraw(tx, occurrence.run_id)
        bot, schedule, slot = occurrence.bot, occurrence.schedule, occurrence.slot
        tx.note(Act.SCHEDULE_MISSED, bot=bot, schedule=schedule, slot=slot, reason=why)
    return moved


def put_off(tx: Transaction, occurrence: Occurrence, *, until: datetime, why: str) -> bool:
    """Let a run that is due wait; False when it has moved on."""
    return _move(tx, occurrence, OccurrenceState.DUE, not_before=until, reason=why)


def start(tx: Transaction, occurrence: Occurrence, *, again_at: datetime) -> bool:
    """Count one more process for a run that is due, and let nobody else start one until `again_at`.

    False when it has moved on. The process itself takes the run with `take`.
    """
    starts = occurrence.starts + 1
    return _move(tx, occurrence, OccurrenceState.DUE, starts=starts, not_before=again_at, reason="")


def take(tx: Transaction, occurrence: Occurrence, *, holder: str, run_id: int) -> bool:
    """Let a process take a run that is due, or whose holder is known to be gone; False when another was faster."""
    return _move(
        tx,
        occurrence,
        OccurrenceState.BEGUN,
        holder=holder,
        until=tx.now + LEASE,
        run_id=run_id,
        reason="",
        began_at=occurrence.began_at or tx.now,
    )


def renew(tx: Transaction, occurrence_id: int, *, holder: str) -> bool:
    """Keep a run that is held; False when it is another's by now."""
    kept = tx.connection.execute(t.occurrence.update().where(_held(occurrence_id, holder)).values(until=tx.now + LEASE))
    return kept.rowcount == 1


def give_back(
    tx: Transaction, occurrence_id: int, *, holder: str, not_before: datetime, why: str, in_good_order: bool
) -> bool:
    """Let a run go on later: its process stopped, or is gone; False when it is another's by now.

    `in_good_order`: the process said so itself; the count of starts begins anew.
    """
    values: dict[str, Any] = {"state": OccurrenceState.DUE, "holder": None, "until": None, "reason": why}
    values |= {"not_before": not_before} | ({"starts": 0} if in_good_order else {})
    back = tx.connection.execute(t.occurrence.update().where(_held(occurrence_id, holder)).values(**values))
    return back.rowcount == 1


def end(tx: Transaction, occurrence_id: int, *, holder: str, exit_code: ExitCode, why: str = "") -> bool:
    """Note how a run ended, for good; False when it is another's by now."""
    values: dict[str, Any] = {"state": OccurrenceState.ENDED, "holder": None, "until": None, "reason": why}
    values |= {"exit_code": int(exit_code), "ended_at": tx.now}
    ended = tx.connection.execute(t.occurrence.update().where(_held(occurrence_id, holder)).values(**values))
    return ended.rowcount == 1


def give_up(tx: Transaction, occurrence: Occurrence, *, exit_code: int, why: str) -> bool:
    """End a run that no process gets done, as failed; False when it has moved on."""
    values: dict[str, Any] = {"state": OccurrenceState.ENDED, "holder": None, "until": None, "reason": why}
    values |= {"exit_code": exit_code, "ended_at": tx.now}
    if tx.connection.execute(t.occurrence.update().where(_as_seen(occurrence)).values(**values)).rowcount == 0:
        return False
    if occurrence.run_id is not None:
        runs.abandon(tx, occurrence.run_id, bot=occurrence.bot, exit_code=exit_code)
    return True


def get(tx: Transaction, occurrence_id: int) -> Occurrence:
    """Return an occurrence; raise LookupError when there is none with that number."""
    query = sa.select(t.occurrence).where(t.occurrence.c.id == occurrence_id)
    row = tx.connection.execute(query).one_or_none()
    if row is None:
        raise LookupError(f"there is no occurrence {occurrence_id}")
    return _occurrence(row)


def unfinished(tx: Transaction) -> list[Occurrence]:
    """Return what is due or at work, the earliest due first."""
    query = sa.select(t.occurrence).where(_UNFINISHED).order_by(t.occurrence.c.due, t.occurrence.c.id)
    return [_occurrence(row) for row in tx.connection.execute(query)]


def holders(tx: Transaction) -> frozenset[str]:
    """Return the workers that hold runs of occurrences: their locks and runs are the scheduler's to clear away."""
    held = sa.select(t.occurrence.c.holder).where(_UNFINISHED, t.occurrence.c.holder.is_not(None))
    return frozenset(tx.connection.execute(held).scalars())


def runs_of_unfinished(tx: Transaction) -> frozenset[int]:
    """Return the runs of what is due or at work: when their process dies, the scheduler has them begun again."""
    theirs = sa.select(t.occurrence.c.run_id).where(_UNFINISHED, t.occurrence.c.run_id.is_not(None))
    return frozenset(tx.connection.execute(theirs).scalars())


def history(
    tx: Transaction, *, bot: str | None = None, schedule: str | None = None, since: datetime | None = None, most: int
) -> Sequence[Occurrence]:
    """Return occurrences, the latest due first."""
    query = sa.select(t.occurrence).order_by(t.occurrence.c.due.desc(), t.occurrence.c.id.desc()).limit(most)
    for column, wanted in ((t.occurrence.c.bot, bot), (t.occurrence.c.schedule, schedule)):
        query = query if wanted is None else query.where(column == wanted)
    if since is not None:
        query = query.where(t.occurrence.c.due >= since)
    return [_occurrence(row) for row in tx.connection.execute(query)]


_OF_SLOT = sa.select(t.occurrence).where(
    t.occurrence.c.bot == sa.bindparam("bot"),
    t.occurrence.c.schedule == sa.bindparam("schedule"),
    t.occurrence.c.slot == sa.bindparam("slot"),
)


def _row(
    tx: Transaction, bot: str, schedule: str, slot: Slot, *, state: OccurrenceState, reason: str, not_before: datetime
) -> dict[str, Any]:
    return {
        "bot": bot,
        "schedule": schedule,
        "slot": slot.key,
        "due": slot.due,
        "state": state,
        "reason": reason,
        "made_at": tx.now,
        "not_before": not_before,
        "starts": 0,
    }


def _order_after_all(tx: Transaction, row: dict[str, Any]) -> int | None:
    there = tx.connection.execute(_OF_SLOT, {name: row[name] for name in ("bot", "schedule", "slot")}).one_or_none()
    if there is None or not _by_a_wrong_clock(tx, there):
        return None
    return there.id if _move(tx, _occurrence(there), OccurrenceState.DUE, **row, ended_at=None) else None


def _by_a_wrong_clock(tx: Transaction, row: sa.Row[Any]) -> bool:
    return bool(row.state == OccurrenceState.SKIPPED and row.made_at > tx.now + AHEAD)


def _move(tx: Transaction, occurrence: Occurrence, to: OccurrenceState, **values: Any) -> bool:
    """Move an occurrence that is still as it was seen; False when it is not."""
    if to is not occurrence.state and to not in MOVES[occurrence.state]:
        raise ValueError(f"an occurrence that is {occurrence.state} does not become {to}")
    moved = t.occurrence.update().where(_as_seen(occurrence)).values({**values, "state": to})
    done: int = tx.connection.execute(moved).rowcount
    return done == 1


def _as_seen(occurrence: Occurrence) -> sa.ColumnElement[bool]:
    c = t.occurrence.c
    return sa.and_(
        c.id == occurrence.id,
        c.state == occurrence.state,
        c.starts == occurrence.starts,
        c.not_before == occurrence.not_before,
        c.holder.is_not_distinct_from(occurrence.holder),
    )


def _held(occurrence_id: int, holder: str) -> sa.ColumnElement[bool]:
    c = t.occurrence.c
    return sa.and_(c.id == occurrence_id, c.state == OccurrenceState.BEGUN, c.holder == holder)


def _occurrence(row: sa.Row[Any]) -> Occurrence:
    return Occurrence(**{**row._mapping, "state": OccurrenceState(row.state)})

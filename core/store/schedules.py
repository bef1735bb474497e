"""Schedules: the due time that comes next is a row, and whoever moves it first makes what was due."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from audit.actions import Act
from core.store import occurrences
from core.store import tables as t
from core.store.transaction import Transaction
from core.timing.schedule import Slot


def find(tx: Transaction, bot: str, name: str) -> sa.Row[Any] | None:
    """Return the schedule's row, or None while no scheduler has seen it."""
    return tx.connection.execute(sa.select(t.schedule).where(_is(bot, name))).one_or_none()


def all_of(tx: Transaction) -> Sequence[sa.Row[Any]]:
    """Return every schedule's row, also of those that are no longer in bots.toml (their `rule` is empty)."""
    return tx.connection.execute(sa.select(t.schedule).order_by(t.schedule.c.bot, t.schedule.c.name)).all()


def write_down(tx: Transaction, bot: str, name: str, *, rule: str, next: Slot | None) -> None:
    """Store a schedule that is seen for the first time; one that is stored already stays as it is."""
    row = {"bot": bot, "name": name, "rule": rule, "next_slot": _key(next), "next_at": _due(next)}
    tx.ensure(t.schedule, row, unique=("bot", "name"))


def move(tx: Transaction, seen: sa.Row[Any], *, rule: str, next: Slot | None) -> bool:
    """Put the due time that comes next in the place of the one that was seen; False when another was faster.

    What was due is made in the same transaction: so it is made once, however many try.
    """
    moved = tx.connection.execute(
        t.schedule.update()
        .where(
            _is(seen.bot, seen.name),
            t.schedule.c.rule == seen.rule,
            t.schedule.c.next_slot.is_not_distinct_from(seen.next_slot),
            t.schedule.c.next_at.is_not_distinct_from(seen.next_at),
        )
        .values(rule=rule, next_slot=_key(next), next_at=_due(next))
    )
    return moved.rowcount == 1


def pause(tx: Transaction, bot: str, name: str, *, by: str, why: str) -> bool:
    """Let what comes due be passed over until somebody resumes it; False when it is paused already."""
    write_down(tx, bot, name, rule="", next=None)  # the next scheduler works out when it is due
    paused = tx.connection.execute(
        t.schedule.update()
        .where(_is(bot, name), t.schedule.c.paused_at.is_(None))
        .values(paused_at=tx.now, paused_by=by, paused_why=why)
    )
    if paused.rowcount == 1:
        tx.note(Act.SCHEDULE_PAUSED, actor=by, bot=bot, schedule=name, reason=why)
    return paused.rowcount == 1


def resume(tx: Transaction, bot: str, name: str, *, by: str) -> bool:
    """Let a schedule go on with what comes due from now on; False when it was not paused."""
    row = find(tx, bot, name)
    if row is not None and row.paused_at is not None and row.next_at is not None and row.next_at <= tx.now:
        _pass_over(tx, row)
    resumed = tx.connection.execute(
        t.schedule.update()
        .where(_is(bot, name), t.schedule.c.paused_at.is_not(None))
        .values(paused_at=None, paused_by=None, paused_why=None)
    )
    if resumed.rowcount == 1:
        tx.note(Act.SCHEDULE_RESUMED, actor=by, bot=bot, schedule=name)
    return resumed.rowcount == 1


def _pass_over(tx: Transaction, row: sa.Row[Any]) -> None:
    """Note what came due in a pause while no scheduler was there; the next one works out what is due from then on."""
    if move(tx, row, rule="", next=None):
        until = f"{tx.now:%Y-%m-%d %H:%M} UTC"
        why = f"paused by {row.paused_by}: {row.paused_why}; so is what came due after it until {until}"
        slot = Slot(key=row.next_slot, due=row.next_at)
        occurrences.pass_over(tx, row.bot, row.name, [(slot, why)])


def _is(bot: str, name: str) -> sa.ColumnElement[bool]:
    return sa.and_(t.schedule.c.bot == bot, t.schedule.c.name == name)


def _key(slot: Slot | None) -> str | None:
    return None if slot is None else slot.key


def _due(slot: Slot | None) -> Any:
    return None if slot is None else slot.due

"""Sessions and rates of targets: how many workers may be logged in at a time, and how fast work may begin.

A slot is one session that a target allows. Whoever holds it keeps it until it logs out; a holder that died is found out
by its lease and its lock, like the holder of an item (core/runtime/reaper.py), since a stopped process may wake up
logged in.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from core.store import tables as t
from core.store.columns import Instant
from core.store.transaction import Transaction

_OPEN = sa.or_(t.slot.c.holder.is_(None), t.slot.c.holder == sa.bindparam("by"))
_FREE = (
    sa.select(t.slot.c.number)
    .where(
        t.slot.c.target == sa.bindparam("of"),
        t.slot.c.number <= sa.bindparam("allowed"),
        _OPEN,
    )
    .order_by(t.slot.c.holder.is_(None), t.slot.c.number)  # its own first
    .limit(1)
    .with_for_update(skip_locked=True)
)
_TAKE = (
    t.slot.update()
    .where(
        t.slot.c.target == sa.bindparam("of"),
        t.slot.c.number == sa.bindparam("this"),
        _OPEN,
    )
    .values(holder=sa.bindparam("by"), until=sa.bindparam("end", type_=Instant))
)


def provide(tx: Transaction, target: str, *, allowed: int) -> None:
    """Make the rows of a target's sessions that are not there yet."""
    for number in range(1, allowed + 1):
        tx.ensure(t.slot, {"target": target, "number": number}, unique=("target", "number"))


def take(tx: Transaction, target: str, *, allowed: int, holder: str, lease: timedelta) -> int | None:
    """Take a free session of the target and return its number; None when all `allowed` are taken.

    A holder that has one already is given that one: it may not know, when the answer to its taking was lost.
    """
    number = tx.connection.execute(_FREE, {"of": target, "allowed": allowed, "by": holder}).scalar_one_or_none()
    if number is None:
        return None
    values = {"of": target, "this": number, "by": holder, "end": tx.now + lease}
    return int(number) if tx.connection.execute(_TAKE, values).rowcount == 1 else None


def renew(tx: Transaction, *, holder: str, lease: timedelta) -> None:
    """Prolong every session the worker holds."""
    tx.connection.execute(t.slot.update().where(t.slot.c.holder == holder).values(until=tx.now + lease))


def give_back(tx: Transaction, target: str, *, holder: str) -> None:
    """Free the worker's session of the target, after it has logged out."""
    tx.connection.execute(
        t.slot.update().where(t.slot.c.target == target, t.slot.c.holder == holder).values(holder=None, until=None)
    )


def held(tx: Transaction) -> Sequence[sa.Row[Any]]:
    """Return the sessions somebody holds: target, number, holder, until."""
    return tx.connection.execute(
        sa.select(t.slot).where(t.slot.c.holder.is_not(None)).order_by(t.slot.c.target, t.slot.c.number)
    ).all()


def free(tx: Transaction, row: sa.Row[Any]) -> bool:
    """Take a session, as `held` listed it, from a lost holder; False when that one has renewed or ended it since."""
    freed = tx.connection.execute(
        t.slot.update()
        .where(
            t.slot.c.target == row.target,
            t.slot.c.number == row.number,
            t.slot.c.holder == row.holder,
            t.slot.c.until == row.until,
        )
        .values(holder=None, until=None)
    )
    return freed.rowcount == 1


_BEGIN = (
    t.rate.update()
    .where(t.rate.c.target == sa.bindparam("of"), t.rate.c.next_at <= sa.bindparam("now", type_=Instant))
    .values(next_at=sa.bindparam("next", type_=Instant))
)


def begin(tx: Transaction, target: str, *, every: timedelta) -> bool:
    """Count one more item begun on the target; False while the last one is younger than `every`."""
    values = {"of": target, "now": tx.now, "next": tx.now + every}
    if tx.connection.execute(_BEGIN, values).rowcount == 1:
        return True
    row = {"target": target, "next_at": tx.now + every}
    statement = sa.select(t.rate.c.target).where(t.rate.c.target == target)
    if tx.connection.execute(statement).one_or_none() is not None:
        return False
    tx.ensure(t.rate, row, unique=("target",))
    return True


def next_begin(tx: Transaction, target: str) -> Any:
    """Return when the next item may begin on the target; None before the first."""
    return tx.connection.execute(sa.select(t.rate.c.next_at).where(t.rate.c.target == target)).scalar_one_or_none()

"""Runs and attempts: what was started, what it took in, how each try ended."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from audit.actions import Act
from core.model.items import Claim, Quarantined
from core.model.runs import AttemptOutcome, Balance, ExitCode, Mode
from core.store import tables as t
from core.store.prepared import Prepared
from core.store.transaction import Transaction

MOST_OVERTAKEN = 100  # runs of a bot that may be ordered after one and begin, or end, before it


def start(tx: Transaction, bot: str, *, version: str, mode: Mode, trigger: str, worker: str) -> int:
    """Open a run and return its id."""
    run_id: int = tx.connection.execute(
        t.run.insert()
        .values(bot=bot, version=version, mode=mode, trigger=trigger, started_at=tx.now, worker=worker)
        .returning(t.run.c.id)
    ).scalar_one()
    tx.note(Act.RUN_STARTED, bot=bot, run_id=run_id, version=version, mode=str(mode), trigger=trigger)
    return run_id


def order(tx: Transaction, bot: str, *, trigger: str) -> int:
    """Note that a run is to be made and return its id; it has no worker, version or mode until one begins it."""
    run_id: int = tx.connection.execute(
        t.run.insert()
        .values(bot=bot, version="", mode="", trigger=trigger, started_at=tx.now, worker="")
        .returning(t.run.c.id)
    ).scalar_one()
    return run_id


def begin(tx: Transaction, seen: sa.Row[Any], *, version: str, mode: Mode, worker: str) -> bool:
    """Begin a run that was ordered, or go on with one whose worker is gone; False when another was faster."""
    values: dict[str, Any] = {"version": version, "mode": mode, "worker": worker}
    if not seen.worker:
        values["started_at"] = tx.now
    begun = tx.connection.execute(
        t.run.update()
        .where(t.run.c.id == seen.id, t.run.c.worker == seen.worker, t.run.c.ended_at.is_(None))
        .values(**values)
    )
    if begun.rowcount == 0:
        return False
    tx.note(Act.RUN_STARTED, bot=seen.bot, run_id=seen.id, version=version, mode=str(mode), trigger=seen.trigger)
    return True


def withdraw(tx: Transaction, run_id: int) -> None:
    """Take back the order of a run that nobody has begun."""
    tx.connection.execute(t.run.delete().where(t.run.c.id == run_id, t.run.c.worker == ""))


def quarantine(tx: Transaction, run_id: int, *, what: Quarantined) -> None:
    """Store what could not become an item, with its reason."""
    tx.connection.execute(
        t.quarantine.insert().values(run_id=run_id, name=what.name, code=what.code, reason=what.reason)
    )


def freeze_intake(tx: Transaction, run_id: int, *, offered: int, new: int, duplicate: int, quarantined: int) -> None:
    """Fix what the run took in; nothing may be added to it afterwards."""
    tx.connection.execute(
        t.run.update()
        .where(t.run.c.id == run_id, t.run.c.frozen_at.is_(None))
        .values(frozen_at=tx.now, offered=offered, new=new, duplicate=duplicate, quarantined=quarantined)
    )
    tx.note(
        Act.RUN_COLLECTED,
        run_id=run_id,
        offered=offered,
        new=new,
        duplicate=duplicate,
        quarantined=quarantined,
    )


def end(tx: Transaction, run_id: int, *, bot: str, exit_code: ExitCode, balances: Sequence[Balance]) -> None:
    """Close a run with its balances, and with it the bot's earlier runs that were killed before they could."""
    drawn = [
        {
            "name": b.name,
            "expected": dict(b.expected),
            "counted": dict(b.counted),
            "differences": list(b.differences),
            "note": b.note,
        }
        for b in balances
    ]
    tx.connection.execute(
        t.run.update().where(t.run.c.id == run_id).values(ended_at=tx.now, exit_code=int(exit_code), balances=drawn)
    )
    tx.note(
        Act.RUN_ENDED,
        bot=bot,
        run_id=run_id,
        exit_code=int(exit_code),
        unbalanced=", ".join(b.name for b in balances if not b.holds) or None,
    )


def unclosed(tx: Transaction, bot: str, *, before: int | None) -> Sequence[Any]:
    """Return the bot's runs that never ended, all or those before a run: id, started_at, worker."""
    query = sa.select(t.run.c.id, t.run.c.started_at, t.run.c.worker).order_by(t.run.c.id)
    query = query.where(t.run.c.bot == bot, t.run.c.ended_at.is_(None))
    return tx.connection.execute(query if before is None else query.where(t.run.c.id < before)).all()


def abandon(tx: Transaction, run_id: int, *, bot: str, exit_code: int = ExitCode.FAILED) -> None:
    """Close a run whose worker died; its items stay where they are and are worked by later runs."""
    closed = tx.connection.execute(
        t.run.update()
        .where(t.run.c.id == run_id, t.run.c.ended_at.is_(None))
        .values(ended_at=tx.now, exit_code=int(exit_code))
    )
    if closed.rowcount == 1:
        tx.note(Act.WORKER_LOST, bot=bot, run_id=run_id)


def get(tx: Transaction, run_id: int) -> sa.Row[Any]:
    """Return the run's row; raise LookupError when there is none."""
    row = tx.connection.execute(sa.select(t.run).where(t.run.c.id == run_id)).one_or_none()
    if row is None:
        raise LookupError(f"there is no run {run_id}")
    return row


def latest(tx: Transaction, bot: str) -> sa.Row[Any] | None:
    """Return the bot's run that was begun last, or None before the first."""
    return _last(tx, t.run.c.started_at, t.run.c.bot == bot, t.run.c.worker != "")


def last_to_end(tx: Transaction, bot: str, *conditions: sa.ColumnElement[bool]) -> sa.Row[Any] | None:
    """Return the bot's run that ended last, of those that meet the conditions; None when there is none."""
    return _last(tx, t.run.c.ended_at, t.run.c.bot == bot, t.run.c.ended_at.is_not(None), *conditions)


def _last(tx: Transaction, by: sa.Column[Any], *conditions: sa.ColumnElement[bool]) -> sa.Row[Any] | None:
    """Return the last by an instant: one that was ordered early may begin late, and end after newer ones."""
    lately = sa.select(t.run).where(*conditions).order_by(t.run.c.id.desc()).limit(MOST_OVERTAKEN).subquery()
    last = sa.select(lately).order_by(lately.c[by.name].desc(), lately.c.id.desc()).limit(1)
    return tx.connection.execute(last).one_or_none()


def balanced_since(tx: Transaction, bot: str) -> datetime:
    """Return from when the target balance must be drawn: the start of the last run that drew it and balanced.

    Before the first such run it is the start of the bot's first run.
    """
    rows = tx.connection.execute(
        sa.select(t.run.c.started_at, t.run.c.balances).where(t.run.c.bot == bot).order_by(t.run.c.id.desc())
    )
    since = tx.now
    for started_at, drawn in rows:
        since = started_at
        if any(one["name"] == "target" and not one["differences"] for one in drawn or ()):
            break
    return since


def quarantined(tx: Transaction, run_id: int) -> tuple[Quarantined, ...]:
    """Return what the run could not take in."""
    rows = tx.connection.execute(sa.select(t.quarantine).where(t.quarantine.c.run_id == run_id))
    return tuple(Quarantined(name=row.name, code=row.code, reason=row.reason) for row in rows)


def count_items(tx: Transaction, run_id: int) -> Mapping[str, tuple[int, int, Mapping[str, Decimal]]]:
    """Return, by state, the run's items: how many, how many without a known amount, and money by currency."""
    counted: dict[str, tuple[int, int, dict[str, Decimal]]] = {}
    rows = tx.connection.execute(
        sa.select(t.item.c.state, t.item.c.amount, t.item.c.currency).where(t.item.c.run_id == run_id)
    )
    for state, amount, currency in rows:
        number, unknown, money = counted.get(state, (0, 0, {}))
        if amount is None:
            unknown += 1
        else:
            money[currency] = money.get(currency, Decimal(0)) + amount
        counted[state] = (number + 1, unknown, money)
    return counted


def count_states(tx: Transaction, bot: str) -> Mapping[str, int]:
    """Return how many of the bot's items stand in each state, over all runs."""
    rows = tx.connection.execute(
        sa.select(t.item.c.state, sa.func.count()).where(t.item.c.bot == bot).group_by(t.item.c.state)
    )
    return dict(tuple(row) for row in rows)


_ATTEMPT = Prepared(
    t.attempt.insert(),
    "item_id", "number", "run_id", "worker", "version", "started_at", "ended_at", "outcome", "code", "message",
)  # fmt: skip


def record_attempt(
    tx: Transaction,
    claim: Claim,
    *,
    run_id: int,
    worker: str,
    version: str,
    started_at: datetime,
    outcome: AttemptOutcome,
    code: str | None,
    message: str | None,
    seen: Mapping[str, Any],
) -> None:
    """Store how a try ended and say it in the trail; `seen` holds the digests of what it read and checked."""
    _ATTEMPT.run(
        tx.connection,
        {
            "item_id": claim.item_id,
            "number": claim.attempt,
            "run_id": run_id,
            "worker": worker,
            "version": version,
            "started_at": started_at,
            "ended_at": tx.now,
            "outcome": outcome,
            "code": code,
            "message": message,
        },
    )
    tx.note(
        Act.ATTEMPT_ENDED,
        bot=claim.bot,
        item_id=claim.item_id,
        run_id=run_id,
        number=claim.attempt,
        outcome=str(outcome),
        code=code,
        version=version,
        **seen,
    )


def attempts_of(tx: Transaction, item_id: int) -> Sequence[sa.Row[Any]]:
    """Return the item's attempts, oldest first."""
    return tx.connection.execute(
        sa.select(t.attempt).where(t.attempt.c.item_id == item_id).order_by(t.attempt.c.id)
    ).all()

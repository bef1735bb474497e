"""Figures over the whole store, for whoever measures it: numbers by bot, target, state and outcome, and no case."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from core.store import runs
from core.store import tables as t
from core.store.columns import Instant
from core.store.transaction import Transaction

Two = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """Things of one kind that wait."""

    number: int
    oldest: datetime  # since when the oldest has waited


@dataclass(frozen=True, slots=True, kw_only=True)
class LastRun:
    """A bot's newest run that has ended."""

    exit_code: int
    started_at: datetime
    ended_at: datetime


def items(tx: Transaction) -> Mapping[Two, int]:
    """Return how many items there are, by bot and state."""
    return _counted(tx, t.item.c.bot, t.item.c.state, of=t.item)


def attempts(tx: Transaction) -> Mapping[Two, int]:
    """Return how many attempts have ended, by bot and outcome."""
    return _counted(tx, t.item.c.bot, t.attempt.c.outcome, of=t.attempt.join(t.item))


def doubts(tx: Transaction) -> Mapping[Two, Waits]:
    """Return the effects of which nobody knows whether they took, by bot and target.

    One that was intended counts too, once no worker holds its item: whoever intended it is gone.
    """
    state = t.effect.c.state
    left = sa.and_(state == "intended", t.item.c.state != sa.literal_column("'in_progress'"))
    query = (
        sa.select(
            t.effect.c.bot, t.effect.c.target, sa.func.count(), sa.func.min(t.effect.c.intended_at, type_=Instant())
        )
        .select_from(t.effect.join(t.item))
        .where(sa.or_(state == "uncertain", left))
        .group_by(t.effect.c.bot, t.effect.c.target)
    )
    return {(bot, target): Waits(number=number, oldest=at) for bot, target, number, at in tx.connection.execute(query)}


def cases(tx: Transaction) -> Mapping[str, Waits]:
    """Return the review tasks that nobody has answered, by bot."""
    return _waiting(tx, t.review.c.bot, t.review.c.opened_at, where=sa.text("review.state <> 'resolved'"))


def ready(tx: Transaction) -> Mapping[str, Waits]:
    """Return the items that a worker could take now, by bot; each has waited since it could first be taken."""
    where = sa.and_(t.item.c.state == sa.literal_column("'pending'"), t.item.c.not_before <= tx.now)
    return _waiting(tx, t.item.c.bot, t.item.c.not_before, where=where)


def in_a_row(tx: Transaction) -> Mapping[str, int]:
    """Return how many system errors each bot has had in a row."""
    return {row.bot: row.in_a_row for row in tx.connection.execute(sa.select(t.breaker))}


def last_run(tx: Transaction, bot: str) -> LastRun | None:
    """Return the bot's run that ended last; None before there is one."""
    row = runs.last_to_end(tx, bot)
    if row is None:
        return None
    return LastRun(exit_code=row.exit_code, started_at=row.started_at, ended_at=row.ended_at)


def late(tx: Transaction, *, grace: timedelta) -> Mapping[str, int]:
    """Return by bot how many starts are late: due for longer than the grace and begun by nobody."""
    limit = tx.now - grace
    occurrences, schedules = t.occurrence.c, t.schedule.c
    waiting = sa.select(occurrences.bot).where(
        sa.text("occurrence.state IN ('due', 'begun')"),  # as the index of those alone has it
        occurrences.state == "due",
        occurrences.not_before <= limit,
    )
    unmade = sa.select(schedules.bot).where(schedules.next_at <= limit, schedules.paused_at.is_(None))
    both = sa.union_all(waiting, unmade).subquery()
    query = sa.select(both.c.bot, sa.func.count()).group_by(both.c.bot)
    return _by_bot(tx, query)


def overdue(tx: Transaction) -> Mapping[str, int]:
    """Return by bot how many starts should have reported by now and have not."""
    occurrences = t.occurrence.c
    query = (
        sa.select(occurrences.bot, sa.func.count())
        .where(sa.text("occurrence.state IN ('due', 'begun')"), occurrences.report_by <= tx.now)
        .group_by(occurrences.bot)
    )
    return _by_bot(tx, query)


def _by_bot(tx: Transaction, query: sa.Select[Any]) -> dict[str, int]:
    return dict(map(tuple, tx.connection.execute(query)))


def _counted(tx: Transaction, *columns: sa.Column[Any], of: sa.FromClause) -> dict[Two, int]:
    query: sa.Select[Any] = sa.select(*columns, sa.func.count()).select_from(of).group_by(*columns)
    return {(one, two): number for one, two, number in tx.connection.execute(query)}


def _waiting(
    tx: Transaction, bot: sa.Column[Any], since: sa.Column[Any], *, where: sa.ColumnElement[bool] | sa.TextClause
) -> dict[str, Waits]:
    query = sa.select(bot, sa.func.count(), sa.func.min(since, type_=Instant())).where(where).group_by(bot)
    return {name: Waits(number=number, oldest=oldest) for name, number, oldest in tx.connection.execute(query)}

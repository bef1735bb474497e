"""Read-only questions about a bot's queue, for whoever wants to know how it stands."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from core.store import tables as t
from core.store.columns import Instant
from core.store.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """The review tasks of a bot that nobody has answered."""

    number: int
    oldest: datetime | None  # when the oldest was opened; None when there is none
    parked: int  # of these, put aside until a date


def reviews_waiting(tx: Transaction, bot: str) -> Waiting:
    """Count the bot's unanswered review tasks."""
    row = tx.connection.execute(
        sa.select(
            sa.func.count().label("number"),
            sa.func.min(t.review.c.opened_at, type_=Instant()).label("oldest"),
            sa.func.count(t.review.c.parked_until).label("parked"),
        ).where(t.review.c.bot == bot, sa.text("review.state <> 'resolved'"))
    ).one()
    return Waiting(number=row.number, oldest=row.oldest, parked=row.parked)


def pending(tx: Transaction, bot: str) -> tuple[int, int]:
    """Return how many of the bot's pending items are ready, and how many wait for a date."""
    row = tx.connection.execute(
        sa.select(
            sa.func.count(),
            sa.func.coalesce(sa.func.sum(sa.case((t.item.c.not_before > tx.now, 1), else_=0)), 0),
        ).where(t.item.c.bot == bot, t.item.c.state == sa.literal_column("'pending'"))
    ).one()
    return int(row[0]) - int(row[1]), int(row[1])


def put_back(tx: Transaction, bot: str, *, most: int) -> tuple[int, Sequence[sa.Row[Any]]]:
    """Return how many pending items wait for a date, and the first of them: id, reference, not_before, code, message.

    `message` is what the item's last attempt said; absent before the first.
    """
    later = sa.and_(t.item.c.bot == bot, t.item.c.state == sa.literal_column("'pending'"), t.item.c.not_before > tx.now)
    number = tx.connection.execute(sa.select(sa.func.count()).select_from(t.item).where(later)).scalar_one()
    return number, _with_message(tx, later, order=t.item.c.not_before, most=most)


def failed(tx: Transaction, bot: str, *, most: int | None = None) -> Sequence[sa.Row[Any]]:
    """Return the bot's failed items, oldest first: id, reference, not_before, code, message."""
    gone = sa.and_(t.item.c.bot == bot, t.item.c.state == sa.literal_column("'failed'"))
    return _with_message(tx, gone, order=t.item.c.id, most=most)


def _with_message(
    tx: Transaction, where: sa.ColumnElement[bool], *, order: sa.Column[Any], most: int | None
) -> Sequence[Any]:
    newest = (
        sa.select(t.attempt.c.message)
        .where(t.attempt.c.item_id == t.item.c.id)
        .order_by(t.attempt.c.id.desc())
        .limit(1)
        .scalar_subquery()
        .label("message")
    )
    query = sa.select(t.item.c.id, t.item.c.reference, t.item.c.not_before, t.item.c.code, newest)
    return tx.connection.execute(query.where(where).order_by(order, t.item.c.id).limit(most)).all()

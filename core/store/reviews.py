"""Review tasks: questions to people, who has them, and how they were answered."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from audit.actions import Act
from core.model.digests import plain
from core.model.reviews import REVIEW_MOVES, Action, Question, ReviewKind, ReviewState, ReviewTask
from core.store import tables as t
from core.store.transaction import Transaction


def open_task(tx: Transaction, *, bot: str, item_id: int, question: Question) -> int:
    """Ask a person and return the task's id; an item has at most one open question."""
    task_id: int = tx.connection.execute(
        t.review.insert()
        .values(
            item_id=item_id,
            bot=bot,
            state=ReviewState.OPEN,
            version=1,
            kind=question.kind,
            code=question.code,
            question=plain(question),
            opened_at=tx.now,
            note="",
        )
        .returning(t.review.c.id)
    ).scalar_one()
    tx.note(
        Act.REVIEW_OPENED,
        bot=bot,
        item_id=item_id,
        review=task_id,
        kind=str(question.kind),
        code=question.code,
    )
    return task_id


_TASKS = sa.select(t.review, t.item.c.reference).join(t.item, t.item.c.id == t.review.c.item_id)


def get(tx: Transaction, task_id: int) -> ReviewTask:
    """Return one task; raise LookupError when there is none."""
    row = tx.connection.execute(_TASKS.where(t.review.c.id == task_id)).one_or_none()
    if row is None:
        raise LookupError(f"there is no review task {task_id}")
    return _task(tx, row)


def waiting(tx: Transaction, *, bot: str | None = None) -> Iterator[ReviewTask]:
    """Return the tasks not yet answered, oldest first."""
    query = _TASKS.where(sa.text("review.state <> 'resolved'")).order_by(t.review.c.id)
    rows = tx.connection.execute(query if bot is None else query.where(t.review.c.bot == bot)).all()
    for row in rows:
        yield _task(tx, row)


def of_item(tx: Transaction, item_id: int) -> Iterator[ReviewTask]:
    """Return every task the item ever had, oldest first."""
    for row in tx.connection.execute(_TASKS.where(t.review.c.item_id == item_id).order_by(t.review.c.id)).all():
        yield _task(tx, row)


def change(tx: Transaction, task: ReviewTask, *, values: dict[str, Any]) -> bool:
    """Change a task that is still as the caller saw it; False when somebody was faster."""
    to = values.get("state", task.state)
    if to is not task.state and to not in REVIEW_MOVES[task.state]:
        raise ValueError(f"a review task that is {task.state} cannot become {to}")
    changed = tx.connection.execute(
        t.review.update()
        .where(
            t.review.c.id == task.id,
            t.review.c.version == task.version,
            t.review.c.state != ReviewState.RESOLVED,
        )
        .values(version=task.version + 1, **values)
    )
    return changed.rowcount == 1


def due_parked(tx: Transaction, *, before: datetime) -> Iterator[ReviewTask]:
    """Return the parked tasks whose date has come."""
    rows = tx.connection.execute(
        _TASKS.where(
            sa.text("review.state <> 'resolved'"),
            t.review.c.parked_until.is_not(None),
            t.review.c.parked_until <= before,
        )
    ).all()
    for row in rows:
        yield _task(tx, row)


def _task(tx: Transaction, row: sa.Row[Any]) -> ReviewTask:
    asked = row.question
    votes = tx.connection.execute(
        sa.select(t.waiver.c.who, t.waiver.c.code, t.waiver.c.digest)
        .where(t.waiver.c.item_id == row.item_id)
        .order_by(t.waiver.c.id)
    )
    return ReviewTask(
        id=row.id,
        item_id=row.item_id,
        bot=row.bot,
        reference=row.reference,
        state=ReviewState(row.state),
        version=row.version,
        question=Question(
            kind=ReviewKind(asked["kind"]),
            code=asked["code"],
            reason=asked["reason"],
            action=asked["action"],
            fields=tuple(asked["fields"]),
            details=asked["details"],
        ),
        opened_at=row.opened_at,
        claimed_by=row.claimed_by,
        claimed_until=row.claimed_until,
        parked_until=row.parked_until,
        resolved_at=row.resolved_at,
        resolution=None if row.resolution is None else Action(row.resolution),
        resolved_by=row.resolved_by,
        note=row.note,
        votes=tuple((vote.who, vote.code, vote.digest) for vote in votes),
    )

"""The queue: adding, claiming, renewing and moving work items."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from audit.actions import Act
from core.errors import Fenced
from core.model.items import MOVES, Amount, Claim, ItemState, NewItem, StoredFile
from core.model.runs import AttemptOutcome
from core.store import tables as t
from core.store.columns import NO_DATE, Exact, Instant, Json
from core.store.prepared import Prepared
from core.store.transaction import Transaction

_CONTENT = Prepared(t.item_content.insert(), "item_id", "payload", "files", "waits")


def add(tx: Transaction, bot: str, *, run_id: int, new: NewItem) -> int | None:
    """Put an item in the bot's queue and return its id; None when its reference is known already."""
    return add_all(tx, bot, run_id=run_id, offered=(new,)).get(new.reference)


def add_all(tx: Transaction, bot: str, *, run_id: int, offered: Sequence[NewItem]) -> Mapping[str, int]:
    """Put items in the bot's queue; return the ids of the new ones by reference: the others are known already."""
    first: dict[str, NewItem] = {}  # of two with one reference the first
    for new in offered:
        first.setdefault(new.reference, new)
    rows = [_row(tx, bot, run_id, new) for new in first.values()]
    ids = tx.insert_all_new(t.item, rows, unique=("bot", "reference"), by="reference")
    _CONTENT.run_all(tx.connection, [_content(item_id, first[reference]) for reference, item_id in ids.items()])
    for item_id in ids.values():
        tx.note(Act.ITEM_ADDED, bot=bot, item_id=item_id, run_id=run_id)
    return ids


def _row(tx: Transaction, bot: str, run_id: int, new: NewItem) -> dict[str, Any]:
    return {
        "bot": bot,
        "reference": new.reference,
        "state": ItemState.PENDING,
        "priority": new.priority,
        "due": new.due or NO_DATE,
        "not_before": new.not_before or tx.now,
        "attempts": 0,
        "system_errors": 0,
        "token": 0,
        "run_id": run_id,
        "added_at": tx.now,
        "changed_at": tx.now,
    }


def _content(item_id: int, new: NewItem) -> dict[str, Any]:
    files = [{"sha256": file.sha256, "name": file.name, "size": file.size} for file in new.files]
    return {"item_id": item_id, "payload": dict(new.payload), "files": files, "waits": {}}


_FIRST = (
    sa.select(t.item.c.priority, t.item.c.due, t.item.c.id)
    .where(
        t.item.c.bot == sa.bindparam("bot"),
        t.item.c.state == sa.literal_column("'pending'"),
        t.item.c.not_before <= sa.bindparam("now", type_=Instant),
    )
    .order_by(t.item.c.priority.desc(), t.item.c.due, t.item.c.id)
    .limit(1)
)


def first_ready(tx: Transaction, bot: str) -> tuple[int, datetime, int] | None:
    """Return the rank of the bot's next ready item, smaller is sooner; None when none is ready."""
    row = tx.connection.execute(_FIRST, {"bot": bot, "now": tx.now}).one_or_none()
    return None if row is None else (-row.priority, row.due, row.id)


def _next_ready(*conditions: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """Return the statement that locks the bot's next ready item and reads all of it that a claim needs."""
    ready = (
        sa.select(
            t.item.c.id,
            t.item.c.reference,
            t.item.c.added_at,
            t.item.c.token,
            t.item.c.attempts,
            t.item.c.run_id,
            t.item.c.system_errors,
        )
        .where(
            t.item.c.bot == sa.bindparam("bot"),
            t.item.c.state == sa.literal_column("'pending'"),
            t.item.c.not_before <= sa.bindparam("now", type_=Instant),
            *conditions,
        )
        .order_by(t.item.c.priority.desc(), t.item.c.due, t.item.c.id)
        .limit(1)
        .with_for_update(skip_locked=True)
        .subquery("ready")
    )
    content = t.item_content.c
    return sa.select(ready, content.payload, content.files, content.waits).join(
        t.item_content, content.item_id == ready.c.id
    )


_NEXT = _next_ready()
_NEXT_UNHELD = _next_ready(~sa.exists().where(t.hold.c.released_at.is_(None)))
_TAKE = Prepared(
    t.item.update()
    .where(t.item.c.id == sa.bindparam("this"), t.item.c.state == sa.literal_column("'pending'"))
    .values(
        state=ItemState.IN_PROGRESS,
        token=t.item.c.token + 1,
        attempts=t.item.c.attempts + 1,
        worker=sa.bindparam("by"),
        lease_until=sa.bindparam("until", type_=Instant),
        changed_at=sa.bindparam("at", type_=Instant),
    )
)


def claim(tx: Transaction, bot: str, *, worker: str, lease: timedelta, unheld: bool = False) -> Claim | None:
    """Take the next ready item of the bot, or None: highest priority first, then earliest due, then oldest.

    `unheld`: only while nothing at all is held. Most often nothing is, and then no question about holds is needed.
    """
    ready = tx.connection.execute(
        _NEXT_UNHELD if unheld else _NEXT, {"bot": bot, "now": tx.now}
    ).one_or_none()  # nobody else can take it now
    if ready is None:
        return None
    until = tx.now + lease
    _TAKE.run(tx.connection, {"this": ready.id, "by": worker, "until": until, "at": tx.now})
    return Claim(
        item_id=ready.id,
        bot=bot,
        reference=ready.reference,
        added_at=ready.added_at,
        payload=ready.payload,
        files=tuple(StoredFile(**file) for file in ready.files),
        token=ready.token + 1,
        attempt=ready.attempts + 1,
        run_id=ready.run_id,
        lease_until=until,
        system_errors=ready.system_errors,
        waits=ready.waits,
    )


_RENEW = Prepared(
    t.item.update()
    .where(
        t.item.c.id == sa.bindparam("this"),
        t.item.c.token == sa.bindparam("held"),
        t.item.c.state == sa.literal_column("'in_progress'"),
    )
    .values(lease_until=sa.bindparam("until", type_=Instant))
)


def renew(tx: Transaction, item_id: int, *, token: int, lease: timedelta) -> datetime:
    """Prolong the lease and return its new end; raise Fenced when the item is no longer held with this token."""
    until = tx.now + lease
    if _RENEW.run(tx.connection, {"this": item_id, "held": token, "until": until}) == 0:
        raise Fenced(f"item {item_id} is no longer held by this worker; nothing more is done for it here")
    return until


_FINISH = Prepared(
    t.item.update()
    .where(
        t.item.c.id == sa.bindparam("this"),
        t.item.c.token == sa.bindparam("held"),
        t.item.c.state == sa.literal_column("'in_progress'"),
    )
    .values(
        state=sa.bindparam("to"),
        worker=None,
        lease_until=None,
        changed_at=sa.bindparam("at", type_=Instant),
        outcome=sa.bindparam("how"),
        code=sa.bindparam("why"),
        system_errors=sa.bindparam("errors"),
        not_before=sa.func.coalesce(sa.bindparam("until", type_=Instant), t.item.c.not_before),
        amount=sa.func.coalesce(sa.bindparam("worth", type_=Exact), t.item.c.amount),
        currency=sa.func.coalesce(sa.bindparam("money", type_=sa.String), t.item.c.currency),
    )
)


def finish(
    tx: Transaction,
    claim: Claim,
    *,
    to: ItemState,
    outcome: str,
    code: str | None,
    system_errors: int,
    until: datetime | None = None,
    amount: Amount | None = None,
) -> None:
    """Move a held item on, letting go of its lease; raise Fenced when it is no longer held with this token.

    `until`: not to be tried again before; absent leaves the date as it is. `amount`: likewise.
    """
    if to not in MOVES[ItemState.IN_PROGRESS]:
        raise ValueError(f"an item in progress cannot become {to}")
    values = {
        "this": claim.item_id,
        "held": claim.token,
        "to": to,
        "at": tx.now,
        "how": outcome,
        "why": code,
        "errors": system_errors,
        "until": until,
        "worth": amount.value if amount is not None else None,
        "money": amount.currency if amount is not None else None,
    }
    if _FINISH.run(tx.connection, values) == 0:
        raise Fenced(f"item {claim.item_id} is no longer held by this worker; its result is not stored twice")


def release(
    tx: Transaction,
    row: sa.Row[Any],
    *,
    not_before: datetime,
    to: ItemState = ItemState.PENDING,
    code: str | None = None,
) -> bool:
    """Take an item, as `held` listed it, from a lost holder; False when that one has renewed or ended it since."""
    released = tx.connection.execute(
        t.item.update()
        .where(
            t.item.c.id == row.id,
            t.item.c.token == row.token,
            t.item.c.lease_until == row.lease_until,
            t.item.c.state == sa.literal_column("'in_progress'"),
        )
        .values(
            state=to,
            worker=None,
            lease_until=None,
            not_before=not_before,
            outcome=AttemptOutcome.ABANDONED,
            code=code,
            changed_at=tx.now,
        )
    )
    return released.rowcount == 1


def move(
    tx: Transaction, item_id: int, *, frm: ItemState, to: ItemState, values: Mapping[str, Any] | None = None
) -> bool:
    """Move an item that no worker holds; False when it is not in the state named (somebody was faster)."""
    if to not in MOVES[frm]:
        raise ValueError(f"an item that is {frm} cannot become {to}")
    moved = tx.connection.execute(
        t.item.update()
        .where(t.item.c.id == item_id, t.item.c.state == frm)
        .values(state=to, changed_at=tx.now, **(values or {}))
    )
    return moved.rowcount == 1


def reopen(tx: Transaction, item_id: int, *, bot: str) -> bool:
    """Send a failed item back to the queue with all its tries; False when it has not failed."""
    again = {"not_before": tx.now, "system_errors": 0, "code": None}
    if not move(tx, item_id, frm=ItemState.FAILED, to=ItemState.PENDING, values=again):
        return False
    tx.note(Act.ITEM_REOPENED, bot=bot, item_id=item_id)
    return True


def set_amount(tx: Transaction, item_id: int, *, amount: Amount) -> None:
    """Note what the item is worth, for the balances."""
    tx.connection.execute(
        t.item.update().where(t.item.c.id == item_id).values(amount=amount.value, currency=amount.currency)
    )


_RESULT = Prepared(
    t.item_content.update()
    .where(t.item_content.c.item_id == sa.bindparam("this"))
    .values(result=sa.bindparam("gave", type_=Json))
)
_WAITS = Prepared(
    t.item_content.update()
    .where(t.item_content.c.item_id == sa.bindparam("this"))
    .values(waits=sa.bindparam("counts", type_=Json))
)


def set_result(tx: Transaction, item_id: int, *, result: Any) -> None:
    """Store what came of the item."""
    _RESULT.run(tx.connection, {"this": item_id, "gave": result})


def set_waits(tx: Transaction, item_id: int, *, waits: Mapping[str, int]) -> None:
    """Store how often the item was put back, by code."""
    _WAITS.run(tx.connection, {"this": item_id, "counts": dict(waits)})


def held(tx: Transaction, *, bot: str | None = None) -> Sequence[sa.Row[Any]]:
    """Return the items under a lease: id, bot, worker, token, lease_until, run_id, attempts."""
    query = sa.select(t.item).where(t.item.c.state == sa.literal_column("'in_progress'"))
    return tx.connection.execute(query if bot is None else query.where(t.item.c.bot == bot)).all()


def unfinished(tx: Transaction, bot: str, *, run_id: int | None, by: datetime) -> Sequence[tuple[int, int]]:
    """Return id and number of tries of items that are being worked, or may be by an instant: one run's, or all."""
    whose = t.item.c.bot == bot if run_id is None else t.item.c.run_id == run_id
    soon = sa.and_(t.item.c.state == sa.literal_column("'pending'"), t.item.c.not_before <= by)
    rows = tx.connection.execute(
        sa.select(t.item.c.id, t.item.c.attempts)
        .where(whose, sa.or_(soon, t.item.c.state == sa.literal_column("'in_progress'")))
        .order_by(t.item.c.id)
    )
    return [(row.id, row.attempts) for row in rows]


def next_ready_at(tx: Transaction, bot: str) -> datetime | None:
    """Return when the bot's next pending item may be tried; None when none waits."""
    soonest: datetime | None = tx.connection.execute(
        sa.select(sa.func.min(t.item.c.not_before, type_=Instant)).where(
            t.item.c.bot == bot, t.item.c.state == sa.literal_column("'pending'")
        )
    ).scalar_one()
    return soonest


def get(tx: Transaction, item_id: int) -> sa.Row[Any]:
    """Return the item's row with payload, files, waits and result; raise LookupError when there is none."""
    row = tx.connection.execute(
        sa.select(t.item, t.item_content).join(t.item_content).where(t.item.c.id == item_id)
    ).one_or_none()
    if row is None:
        raise LookupError(f"there is no item {item_id}")
    return row


def collected_by(tx: Transaction, bot: str, reference: str) -> int | None:
    """Return the run that collected the bot's item with this reference; None when there is no such item."""
    return tx.connection.execute(
        sa.select(t.item.c.run_id).where(t.item.c.bot == bot, t.item.c.reference == reference)
    ).scalar_one_or_none()


def by_reference(tx: Transaction, bot: str, reference: str) -> int | None:
    """Return the id of the bot's item with this reference."""
    return tx.connection.execute(
        sa.select(t.item.c.id).where(t.item.c.bot == bot, t.item.c.reference == reference)
    ).scalar_one_or_none()


def all_of(tx: Transaction, bot: str) -> Iterator[sa.Row[Any]]:
    """Return every item of the bot, oldest first."""
    yield from tx.connection.execute(sa.select(t.item).where(t.item.c.bot == bot).order_by(t.item.c.id))

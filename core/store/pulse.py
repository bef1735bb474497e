"""What shows that the work goes on: signs of life, and when each item at hand last got on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from core.store import tables as t
from core.store.columns import Instant
from core.store.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class AtHand:
    """An item that a worker holds."""

    item_id: int
    bot: str
    worker: str  # its name: host, process id and a random part
    lease_until: datetime
    moved_at: datetime  # when it was taken, or a step, an intent, a receipt or evidence of it was last stored


def at_hand(tx: Transaction, *, host: str) -> Sequence[AtHand]:
    """Return the items that workers of a host hold, and when each last got on; reads a few rows only."""
    items = t.item.c
    held = tx.connection.execute(
        sa.select(items.id, items.bot, items.worker, items.lease_until, items.changed_at).where(
            items.state == sa.literal_column("'in_progress'"), items.worker.startswith(f"{host}:", autoescape=True)
        )  # in no order: SQLite would go through all items for it
    ).all()
    moved = _moved(tx, [row.id for row in held])
    return [
        AtHand(
            item_id=row.id,
            bot=row.bot,
            worker=row.worker,
            lease_until=row.lease_until,
            moved_at=max([row.changed_at, *moved.get(row.id, ())]),
        )
        for row in sorted(held, key=lambda row: int(row.id))
    ]


def _moved(tx: Transaction, ids: Sequence[int]) -> dict[int, list[datetime]]:
    found: dict[int, list[datetime]] = {}
    if not ids:
        return found
    for column in (t.step.c.at, t.evidence.c.at, t.effect.c.intended_at, t.effect.c.ended_at):
        item_id = column.table.c.item_id
        latest = sa.func.max(column, type_=Instant())
        for this, at in tx.connection.execute(sa.select(item_id, latest).where(item_id.in_(ids)).group_by(item_id)):
            if at is not None:
                found.setdefault(this, []).append(at)
    return found

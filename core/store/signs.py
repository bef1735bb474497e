"""Signs of life: who was there last, and when. A process that should never be silent gives one at every turn."""

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa

from core.store import tables as t
from core.store.transaction import Transaction


def give(tx: Transaction, name: str) -> None:
    """Note that somebody is there now: "scheduler:HOST", "watch:HOST"."""
    given = tx.connection.execute(t.sign.update().where(t.sign.c.name == name).values(at=tx.now))
    if given.rowcount == 0:
        tx.ensure(t.sign, {"name": name, "at": tx.now}, unique=("name",))


def all_of(tx: Transaction, kind: str) -> Mapping[str, datetime]:
    """Return by host when each of a kind ("scheduler", "watch") last gave a sign."""
    rows = tx.connection.execute(
        sa.select(t.sign.c.name, t.sign.c.at).where(t.sign.c.name.startswith(f"{kind}:", autoescape=True))
    )
    return {row.name.partition(":")[2]: row.at for row in rows}

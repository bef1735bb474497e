"""Signs of life: who works unattended says at every turn that it is there, so that its silence can be told."""

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa

from core.store import tables as t
from core.store.transaction import Transaction


def give(tx: Transaction, name: str) -> None:
    """Say that "<kind>:<host>" is there, e.g. "scheduler:office-1"."""
    given = tx.connection.execute(t.sign.update().where(t.sign.c.name == name).values(at=tx.now))
    if given.rowcount == 0:
        tx.ensure(t.sign, {"name": name, "at": tx.now}, unique=("name",))


def all_of(tx: Transaction, kind: str) -> Mapping[str, datetime]:
    """Return when each of a kind last gave a sign, by host."""
    rows = tx.connection.execute(sa.select(t.sign).where(t.sign.c.name.startswith(f"{kind}:", autoescape=True)))
    return {row.name.removeprefix(f"{kind}:"): row.at for row in rows}

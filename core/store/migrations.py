"""Brings a database from the schema an earlier program left to today's, one numbered move after the other.

A move is added here for every change of core/store/tables.py, and never changed once it has been released. New
databases are made from the tables at once. All of it happens in the transaction that opens the store: a crash in the
middle leaves the database as it was.
"""

from collections.abc import Callable, Mapping

import sqlalchemy as sa

from audit.actions import Act
from core.errors import ConfigError
from core.store import tables as t
from core.store.transaction import Transaction

Move = Callable[[sa.Connection], None]


def _sessions_and_rates(connection: sa.Connection) -> None:
    """1 -> 2: how many sessions a target allows, and how fast work on it may begin."""
    for table in (t.slot, t.rate):
        table.create(connection)


def _schedules(connection: sa.Connection) -> None:
    """2 -> 3: when bots are due, what came of it, who gives signs of life, and what operators are told."""
    for table in (t.schedule, t.occurrence, t.sign, t.notice, t.delivery):
        table.create(connection)


MOVES: Mapping[int, Move] = {1: _sessions_and_rates, 2: _schedules}  # from this schema to the next
SCHEMA = max(MOVES) + 1


def found_schema(connection: sa.Connection) -> int | None:
    """Return which schema the database has; None when it is new."""
    if not sa.inspect(connection).has_table(t.about.name):
        return None
    told = connection.execute(sa.select(t.about.c.value).where(t.about.c.name == "schema")).scalar_one_or_none()
    return None if told is None else int(told)


def bring_up(tx: Transaction, found: int | None) -> None:
    """Make the tables of a new database, or move those of an older program; raise ConfigError for a newer one's."""
    if found is None:
        t.metadata.create_all(tx.connection, checkfirst=True)
        tx.connection.execute(t.about.insert().values(name="schema", value=str(SCHEMA)))
        return
    refuse_newer(found)
    for schema in range(found, SCHEMA):
        MOVES[schema](tx.connection)
        tx.note(Act.STORE_MIGRATED, schema=schema + 1)
    if found < SCHEMA:
        tx.connection.execute(t.about.update().where(t.about.c.name == "schema").values(value=str(SCHEMA)))


def refuse_newer(found: int) -> None:
    """Raise ConfigError when a newer program has written the database."""
    if found > SCHEMA:
        raise ConfigError(
            [
                f"the database has schema {found}, this program knows {SCHEMA}: a newer Understudy wrote it; "
                "install that version again, or put the copy back that was made before the upgrade"
            ]
        )

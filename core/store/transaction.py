"""One transaction of the store: a state change, its one instant, and the trail's word of it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from importlib import import_module
from typing import Any

import sqlalchemy as sa

from audit.actions import Act
from audit.trail import Event, append


class Transaction:
    """An open transaction: its connection, its one instant, and the events it will leave in the trail."""

    def __init__(self, connection: sa.Connection, *, now: datetime, actor: str) -> None:
        self.connection = connection
        self.now = now
        self.actor = actor
        self._events: list[Event] = []

    def note(
        self,
        action: Act,
        *,
        bot: str | None = None,
        item_id: int | None = None,
        run_id: int | None = None,
        actor: str | None = None,
        **details: Any,
    ) -> None:
        """Leave an event in the trail, committed with whatever this transaction changes."""
        self._events.append(
            Event(
                at=self.now,
                actor=actor or self.actor,
                action=action,
                bot=bot,
                item_id=item_id,
                run_id=run_id,
                details={name: value for name, value in details.items() if value is not None},
            )
        )

    def flush(self) -> None:
        """Write the noted events; called once, right before the commit."""
        if self._events:
            append(self.connection, self._events)
            self._events.clear()

    def insert_new(self, table: sa.Table, values: Mapping[str, Any], *, unique: Sequence[str]) -> int | None:
        """Insert a row and return its id, or None when one with the same unique columns (none named: any) exists."""
        statement = _insert_ignoring(self.connection.dialect.name, table, tuple(unique), returning=True)
        return self.connection.execute(statement, dict(values)).scalar_one_or_none()

    def insert_all_new(
        self, table: sa.Table, rows: Sequence[Mapping[str, Any]], *, unique: Sequence[str], by: str
    ) -> dict[Any, int]:
        """Insert the rows that are new by their unique columns; return their ids, each by its value of one column."""
        statement = _insert_ignoring(self.connection.dialect.name, table, tuple(unique), returning=True)
        found = self.connection.execute(statement.returning(table.c[by]), rows)
        return {value: new_id for new_id, value in sorted(map(tuple, found))}

    def ensure(self, table: sa.Table, values: Mapping[str, Any], *, unique: Sequence[str]) -> None:
        """Insert a row unless one with the same unique columns is there."""
        statement = _insert_ignoring(self.connection.dialect.name, table, tuple(unique), returning=False)
        self.connection.execute(statement, dict(values))


@lru_cache(maxsize=64)
def _insert_ignoring(dialect: str, table: sa.Table, unique: tuple[str, ...], *, returning: bool) -> Any:
    insert = import_module(f"sqlalchemy.dialects.{dialect}").insert  # loads one dialect, not both
    statement = insert(table).on_conflict_do_nothing(index_elements=unique or None)
    return statement.returning(table.c.id) if returning else statement

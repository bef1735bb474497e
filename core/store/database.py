"""Opening the store and doing things in it: one transaction holds a state change and the trail's word of it."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from datetime import datetime, timedelta
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from threading import RLock
from typing import Any

import sqlalchemy as sa

from audit.actions import Act
from audit.trail import Event, append
from core.clock import Clock
from core.errors import ConfigError
from core.store import tables as t

SCHEMA = "1"

_WRITE = {"understudy_write": True}


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
        """Insert a row and return its id, or None when a row with the same unique columns is there."""
        statement = _insert_ignoring(self.connection.dialect.name, table, tuple(unique), returning=True)
        return self.connection.execute(statement, dict(values)).scalar_one_or_none()

    def ensure(self, table: sa.Table, values: Mapping[str, Any], *, unique: Sequence[str]) -> None:
        """Insert a row unless one with the same unique columns is there."""
        statement = _insert_ignoring(self.connection.dialect.name, table, tuple(unique), returning=False)
        self.connection.execute(statement, dict(values))


@lru_cache(maxsize=64)
def _insert_ignoring(dialect: str, table: sa.Table, unique: tuple[str, ...], *, returning: bool) -> Any:
    insert = import_module(f"sqlalchemy.dialects.{dialect}").insert  # loads one dialect, not both
    statement = insert(table).on_conflict_do_nothing(index_elements=list(unique))
    return statement.returning(table.c.id) if returning else statement


class Database:
    """The store of one installation: SQLite by default, PostgreSQL when the URL says so."""

    def __init__(self, engine: sa.Engine, *, clock: Clock) -> None:
        self.engine = engine
        self.clock = clock
        self._latest: tuple[datetime, float] | None = None  # the last instant given, and the monotonic clock then
        # A store in memory has one connection for all threads: its transactions wait for each other here.
        self._alone = RLock() if isinstance(engine.pool, sa.pool.StaticPool) else nullcontext()

    @classmethod
    def open(cls, url: str, *, clock: Clock) -> "Database":
        """Open the database, making its tables when it is new.

        Raises ConfigError when a newer program has written it.
        """
        engine = _engine(url)
        database = cls(engine, clock=clock)
        try:
            with database.transaction(actor="system:store") as tx:
                t.metadata.create_all(tx.connection, checkfirst=True)
                _check_schema(tx, url)
        except ConfigError:
            database.close()
            raise
        return database

    def close(self) -> None:
        """Give every connection back."""
        self.engine.dispose()

    def now(self) -> datetime:
        """Return the store's instant, which never runs backwards within a process.

        When the wall clock is set back, time goes on from where it was by the monotonic clock.
        """
        now, ticks = self.clock.now(), self.clock.monotonic()
        if self._latest is not None and now < self._latest[0]:
            now = self._latest[0] + timedelta(seconds=max(0.0, ticks - self._latest[1]))
        self._latest = now, ticks
        return now

    @contextmanager
    def transaction(self, *, actor: str) -> Iterator[Transaction]:
        """Write: everything inside commits together with its events, or not at all."""
        with self._alone, self.engine.connect().execution_options(**_WRITE) as connection, connection.begin():
            tx = Transaction(connection, now=self.now(), actor=actor)
            yield tx
            tx.flush()

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        """Read a consistent picture; changes nothing."""
        with self._alone, self.engine.connect() as connection, connection.begin():
            yield Transaction(connection, now=self.now(), actor="system:reader")


def _check_schema(tx: Transaction, url: str) -> None:
    found = tx.connection.execute(sa.select(t.about.c.value).where(t.about.c.name == "schema")).scalar_one_or_none()
    if found is None:
        tx.connection.execute(t.about.insert().values(name="schema", value=SCHEMA))
    elif int(found) > int(SCHEMA):
        raise ConfigError(
            [f"the database has schema {found}, this program knows {SCHEMA}: a newer Understudy wrote it; use that one"]
        )


def _engine(url: str) -> sa.Engine:
    parsed = sa.engine.make_url(url)
    if parsed.get_backend_name() == "postgresql":
        return sa.create_engine(parsed.set(drivername="postgresql+psycopg"), pool_size=2, max_overflow=2)
    memory = parsed.database in (None, "", ":memory:")
    if not memory:
        Path(str(parsed.database)).parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(
        parsed,
        connect_args={"check_same_thread": False, "timeout": 60},
        poolclass=sa.pool.StaticPool if memory else sa.pool.QueuePool,
    )
    sa.event.listen(engine, "connect", _prepare_sqlite)
    sa.event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, record: object) -> None:
    connection.isolation_level = None  # BEGIN is ours: see _begin_sqlite
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=60000"):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_sqlite(connection: sa.Connection) -> None:
    # A writer takes the lock at once, so that it cannot fail half-way when another commits between read and write.
    write = connection.get_execution_options().get("understudy_write")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

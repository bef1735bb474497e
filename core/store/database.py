"""Opening the store and doing things in it: one transaction holds a state change and the trail's word of it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.exc import DatabaseError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolExhausted

from core.clock import Clock
from core.errors import ConfigError, StoreUnavailable
from core.store import sqlite
from core.store.transaction import Transaction

if TYPE_CHECKING:
    from core.store.postgres import ServerClock

# How the states begin that PostgreSQL tells of itself, not of a statement: it only lets read (a standby, after a
# failover), or something in it is damaged.
_OF_THE_SERVER = ("25006", "XX")


class Database:
    """The store of one installation: SQLite by default, PostgreSQL when the URL says so."""

    def __init__(self, engine: sa.Engine, *, clock: Clock, server: "ServerClock | None" = None) -> None:
        """`server` tells the hour where workers on several hosts must agree on it; otherwise `clock` does."""
        self.engine = engine
        self.clock = clock
        self._server = server
        self._latest: tuple[datetime, float] | None = None  # the last instant given, and the monotonic clock then
        self._telling = threading.Lock()
        # A store in memory has one connection for all threads: its transactions wait for each other here.
        self._alone = threading.RLock() if isinstance(engine.pool, sa.pool.StaticPool) else nullcontext()

    @classmethod
    def open(cls, url: str, *, clock: Clock) -> "Database":
        """Open the database, making its tables when it is new and bringing older ones up to date.

        Raises ConfigError when a newer program has written it or it cannot be used from here, StoreUnavailable when it
        does not answer.
        """
        database = _opened(url, clock=clock)
        try:
            database._bring_up()
        except BaseException:
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
        with self._telling:
            now = self.clock.now() if self._server is None else self._server.now()
            ticks = self.clock.monotonic()
            if self._latest is not None and now < self._latest[0]:
                now = self._latest[0] + timedelta(seconds=max(0.0, ticks - self._latest[1]))
            self._latest = now, ticks
            return now

    @contextmanager
    def transaction(self, *, actor: str) -> Iterator[Transaction]:
        """Write: everything inside commits together with its events, or not at all.

        Raises StoreUnavailable when the database does not answer; whether the commit took is then unknown.
        """
        with _answering(), self._open(write=True) as connection:
            tx = Transaction(connection, now=self.now(), actor=actor)
            yield tx
            tx.flush()

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        """Read a consistent picture; changes nothing. Raises StoreUnavailable when the database does not answer."""
        with _answering(), self._open(write=False) as connection:
            yield Transaction(connection, now=self.now(), actor="system:reader")

    @contextmanager
    def lent(self) -> Iterator[sa.Connection]:
        """Lend a connection without a transaction to whoever commits in parts: the sealer."""
        with _answering(), self._alone, self.engine.connect() as connection:
            yield connection

    @contextmanager
    def _open(self, *, write: bool) -> Iterator[sa.Connection]:
        if self._server is not None:
            self._server.ask_when_due()  # before a connection is taken, so that one is enough
        with self._alone, self.engine.connect() as connection:
            connection.info[sqlite.WRITES] = write
            with connection.begin():
                yield connection

    def _bring_up(self) -> None:
        from core.store import migrations

        with self.reading() as tx:
            found = migrations.found_schema(tx.connection)
        if found == migrations.SCHEMA:
            return
        if found is not None:
            migrations.refuse_newer(found)
            self._keep_copy(found)
        with self.transaction(actor="system:store") as tx:
            if self.engine.dialect.name == "postgresql":
                from core.store import postgres

                postgres.open_alone(tx.connection)
            migrations.bring_up(tx, migrations.found_schema(tx.connection))  # another may have been faster

    def _keep_copy(self, found: int) -> None:
        """Keep a SQLite file as it is before its upgrade, so that one can go back."""
        file = sqlite.file_of(self.engine.url)
        if file is not None:
            copy = file.with_name(f"{file.name}.schema-{found}")
            if not copy.exists():
                sqlite.copy_to(self.engine, copy)


def _opened(url: str, *, clock: Clock) -> Database:
    try:
        parsed = sa.engine.make_url(url)
        backend = parsed.get_backend_name()
    except sa.exc.ArgumentError:
        backend = ""
    match backend:
        case "sqlite":
            return Database(sqlite.engine_for(parsed), clock=clock)
        case "postgresql":
            from core.store import postgres

            engine = postgres.engine_for(parsed)
            server = postgres.ServerClock(engine, clock=clock) if clock.of_machine else None
            return Database(engine, clock=clock, server=server)
        case _:
            allowed = "sqlite:///var/understudy.db or postgresql://USER@HOST/NAME"
            raise ConfigError([f"installation.database is not a database URL that is known here; expected {allowed}"])


@contextmanager
def _answering() -> Iterator[None]:
    """Say in our words that the database does not answer; what a statement got wrong stays as it is."""
    try:
        yield
    except (OperationalError, InterfaceError) as error:
        if sqlite.is_mistake(error.orig):
            raise
        raise StoreUnavailable(_first_line(error.orig)) from error
    except DatabaseError as error:
        state = getattr(error.orig, "sqlstate", None) or ""
        if not (sqlite.is_damage(error.orig) or state.startswith(_OF_THE_SERVER)):
            raise
        raise StoreUnavailable(_first_line(error.orig)) from error
    except PoolExhausted as error:
        raise StoreUnavailable("all connections of this process are busy") from error


def _first_line(error: BaseException | None) -> str:
    lines = str(error).splitlines()
    return lines[0] if lines else type(error).__name__

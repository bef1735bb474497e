"""PostgreSQL as the store, for workers on many hosts: a bounded pool, one clock for all, one upgrader at a time."""

import threading
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from core.clock import Clock

CONNECTIONS = 3  # a worker's main thread, its heartbeat, its sealer
SPARE = 1  # opened when all three are busy and something else must be written
WAIT = 30  # seconds for a free connection, and for the server to answer at all
ASK_AGAIN = 60.0  # seconds the server's hour is reckoned on with our own monotonic clock

_OPENING = 0x0DE5_70DE  # the lock that whoever creates or upgrades the tables holds


def engine_for(url: sa.URL) -> sa.Engine:
    """Return an engine that opens at most CONNECTIONS + SPARE connections."""
    return sa.create_engine(
        url.set(drivername="postgresql+psycopg"),
        pool_size=CONNECTIONS,
        max_overflow=SPARE,
        pool_timeout=WAIT,
        connect_args={"connect_timeout": WAIT, "application_name": "understudy"},
    )


def open_alone(connection: sa.Connection) -> None:
    """Let nobody else create or upgrade the tables until this transaction ends."""
    connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_OPENING)))


class ServerClock:
    """The database server's hour, the same for workers on every host, however wrong their own clocks are."""

    def __init__(self, engine: sa.Engine, *, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock
        self._asked: tuple[datetime, float] | None = None  # what the server said, and our monotonic clock then
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """Return the server's instant, reckoned on from when it was last asked."""
        self.ask_when_due()
        with self._lock:
            assert self._asked is not None
            told, then = self._asked
            return told + timedelta(seconds=self._clock.monotonic() - then)

    def ask_when_due(self) -> None:
        """Ask the server when it was not asked for a while; needs a connection for a moment.

        A server that does not answer is reckoned on without, once it has answered.
        """
        with self._lock:
            before = self._clock.monotonic()
            if self._asked is not None and before - self._asked[1] < ASK_AGAIN:
                return
            try:
                with self._engine.connect() as connection, connection.begin():
                    told = connection.execute(sa.select(sa.func.clock_timestamp())).scalar_one()
            except sa.exc.SQLAlchemyError:
                if self._asked is None:
                    raise
                return
            self._asked = told.astimezone(UTC), (before + self._clock.monotonic()) / 2

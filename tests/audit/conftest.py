"""What the tests of the trail share: a database, keys, a moment, and a trail with checkpoints."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine

from audit.actions import Act
from audit.keys import Keyring
from audit.sealer import seal
from audit.trail import Event, append
from core.clock import Clock
from core.store import Database
from tests.core.store.conftest import url

__all__ = ["url"]  # a fixture: a new, empty database in memory, in a file, and on a server

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    """An empty store, as the trail finds it in an installation."""
    database = Database.open(url, clock=Clock())
    yield database.engine
    database.close()


@pytest.fixture
def keys(tmp_path: Path) -> Keyring:
    """A fresh signing key."""
    return Keyring.open(tmp_path / "keys")


def some_event(number: int = 1, *, at: datetime = NOW) -> Event:
    """One event of an ordinary case."""
    return Event(
        at=at,
        actor="bot:invoices@abc123",
        action=Act.STEP_DONE,
        bot="invoices",
        item_id=number,
        run_id=1,
        reference=f"INV-{number}",
        details={"step": "read", "outcome": "done"},
    )


def write(connection: Connection, numbers: range, *, at: datetime = NOW) -> None:
    """Append one event per number in a transaction of its own."""
    with connection.begin():
        append(connection, [some_event(number, at=at) for number in numbers])


@pytest.fixture
def trail(engine: Engine, keys: Keyring) -> Iterator[Connection]:
    """A connection to a trail of 40 events with a signed checkpoint after every ten."""
    with engine.connect() as connection:
        for tens in range(4):
            now = NOW + tens * timedelta(minutes=5)
            write(connection, range(tens * 10 + 1, tens * 10 + 11), at=now)
            seal(connection, now=now, keys=keys, checkpoint=True)
        yield connection

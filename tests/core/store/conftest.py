"""The store's tests run on SQLite in memory, SQLite in a file, and on PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.clock import FakeClock
from core.store import Database
from core.testing.postgres import Postgres
from core.testing.stage import NOON


@pytest.fixture(params=["memory", "file", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the URL of a new, empty database."""
    match request.param:
        case "memory":
            return "sqlite://"
        case "file":
            return f"sqlite:///{tmp_path}/store.db"
        case _:
            server: Postgres = request.getfixturevalue("postgres")
            return server.new_database()


@pytest.fixture
def postgres_url(postgres: Postgres) -> str:
    """Return the URL of a new, empty database on the server."""
    return postgres.new_database()


@pytest.fixture
def clock() -> FakeClock:
    """A clock that stands at noon."""
    return FakeClock(NOON)


@pytest.fixture
def database(url: str, clock: FakeClock) -> Iterator[Database]:
    """An open, empty store."""
    opened = Database.open(url, clock=clock.clock())
    yield opened
    opened.close()

"""A store on SQLite and on PostgreSQL, and a clock that stands until it is moved."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.clock import FakeClock
from core.store import Database
from core.testing.postgres import Postgres
from tests.schedules.cast import utc


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the URL of a new, empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/store.db"
    server: Postgres = request.getfixturevalue("postgres")
    return server.new_database()


@pytest.fixture
def clock() -> FakeClock:
    """A clock that stands at six in the morning of a Monday."""
    return FakeClock(utc("2026-03-02 06:00"))


@pytest.fixture
def database(url: str, clock: FakeClock) -> Iterator[Database]:
    """An open, empty store."""
    opened = Database.open(url, clock=clock.clock())
    yield opened
    opened.close()

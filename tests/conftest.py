"""What tests of every folder may stand on: one PostgreSQL server for all of them."""

from collections.abc import Iterator

import pytest

from core.errors import ConfigError
from core.testing.postgres import Postgres


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """A PostgreSQL server; ask it for a new database. Skipped where its packages are absent."""
    try:
        server = Postgres(tmp_path_factory.mktemp("postgres") / "data", durable=False)
    except ConfigError as error:
        pytest.skip(error.message)
    with server:
        yield server

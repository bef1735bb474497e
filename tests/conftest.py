"""What tests of every folder may stand on: one PostgreSQL server for all of them."""

from collections.abc import Iterator

import pytest

from core.testing.postgres import Postgres
from tests.postgres import served


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server that nobody stops; ask it for a new database."""
    with served() as server:
        yield server

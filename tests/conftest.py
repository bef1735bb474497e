"""What tests of every folder may stand on: one PostgreSQL server for all of them."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from core.testing.postgres import Postgres
from tests.postgres import served

# How long an example takes is a matter of the machine's other work, never of right and wrong.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server that nobody stops; ask it for a new database."""
    with served() as server:
        yield server

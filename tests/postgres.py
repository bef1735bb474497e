"""A PostgreSQL server for tests, in a folder that its operating system user may enter."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from core.errors import ConfigError
from core.testing.postgres import Postgres


@contextmanager
def served(**options: int) -> Iterator[Postgres]:
    """Run a server until the block ends; the test is skipped where its packages are absent."""
    with TemporaryDirectory(prefix="postgres-") as folder:  # pytest's own folders are closed to other users
        try:
            server = Postgres(Path(folder) / "data", durable=False, **options)
        except ConfigError as error:
            pytest.skip(error.message)
        with server:
            yield server

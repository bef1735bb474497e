"""The tests of health run on the store's databases."""

from tests.core.store.conftest import clock, database, url

__all__ = ["clock", "database", "url"]  # fixtures

"""Statements made into SQL once: they write what the ordinary way would."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

import pytest
import sqlalchemy as sa

from core.clock import Clock
from core.store import Database
from core.store.columns import Exact, Instant, Json
from core.store.prepared import Prepared

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
TABLE = sa.Table(
    "prepared_things",
    sa.MetaData(),
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.String),
    sa.Column("at", Instant),
    sa.Column("data", Json),
    sa.Column("worth", Exact),
)
ADD = Prepared(TABLE.insert(), "name", "at", "data", "worth")
ROW = {"name": "a", "at": NOON, "data": {"number": 1}, "worth": Decimal("1.10")}


@pytest.fixture
def connection(url: str) -> Iterator[sa.Connection]:
    """A transaction in a new database with one table."""
    database = Database.open(url, clock=Clock())
    with database.engine.connect() as connection, connection.begin():
        TABLE.create(connection)
        yield connection
    database.close()


def things(connection: sa.Connection) -> list[tuple[object, ...]]:
    """Return every row but its id, oldest first."""
    query = sa.select(TABLE.c.name, TABLE.c.at, TABLE.c.data, TABLE.c.worth).order_by(TABLE.c.id)
    return [tuple(row) for row in connection.execute(query)]


def test_values_are_written_as_their_columns_say(connection: sa.Connection) -> None:
    """Instants, JSON and decimals come back as they went in, from one row and from several."""
    assert ADD.run(connection, ROW) == 1
    ADD.run_all(connection, [ROW | {"name": "b"}, ROW | {"name": "c", "at": None, "data": None, "worth": None}])
    ADD.run_all(connection, [ROW | {"name": "d"}])
    ADD.run_all(connection, [])
    rest = (NOON, {"number": 1}, Decimal("1.10"))
    assert things(connection) == [("a", *rest), ("b", *rest), ("c", None, None, None), ("d", *rest)]


def test_values_that_stand_in_the_statement_are_kept(connection: sa.Connection) -> None:
    """An update sets what it is given and what it always sets, and tells how many rows it met."""
    ADD.run_all(connection, [ROW, ROW | {"name": "b"}])
    renamed = (
        TABLE.update().where(TABLE.c.name == sa.bindparam("old")).values(name=sa.bindparam("new"), data={}, at=None)
    )
    change = Prepared(renamed)
    assert [change.run(connection, {"old": name, "new": "z"}) for name in ("b", "nobody")] == [1, 0]
    assert things(connection)[1] == ("z", None, {}, Decimal("1.10"))


def test_a_value_left_out_is_an_error(connection: sa.Connection) -> None:
    """No column is left empty because somebody forgot it."""
    with pytest.raises(KeyError, match="worth"):
        ADD.run(connection, {"name": "a", "at": NOON, "data": None})

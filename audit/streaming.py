"""Reading a table of any length in little memory, as fast as the driver gives it."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection

from audit.tables import AnySelect

BATCH = 1000

Rows = Sequence[tuple[Any, ...]]


def stream(connection: Connection, statement: AnySelect) -> Iterator[Rows]:
    """Return the rows as the driver's own tuples, batch by batch, all of one snapshot taken at the first batch."""
    text = str(statement.compile(dialect=connection.dialect, compile_kwargs={"literal_binds": True}))
    named = connection.dialect.name == "postgresql"  # without a name the whole result would be fetched at once
    if not connection.in_transaction():
        connection.begin()  # as every statement does that goes the long way
    driver = connection.connection
    with closing(driver.cursor(f"trail_{uuid4().hex}") if named else driver.cursor()) as cursor:
        cursor.execute(text)
        while rows := cursor.fetchmany(BATCH):
            yield rows

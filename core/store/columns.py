"""Kinds of columns of the store, the same on SQLite and PostgreSQL: instants, JSON, exact numbers, ids."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import DDL, BigInteger, Column, Dialect, Integer, String, Table, Text, TypeDecorator, event

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NO_DATE = datetime(9999, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Instant(TypeDecorator[datetime]):
    """An aware instant, stored as microseconds since 1970 in UTC."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Refuse a naive instant; it would be read in another zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"an instant needs a time zone, got {value!r}")
        return (value - EPOCH) // _MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        """Return the instant in UTC."""
        return None if value is None else EPOCH + timedelta(microseconds=value)


_written = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode


class Json(TypeDecorator[Any]):
    """JSON data as text."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """Write JSON data down; None stays NULL."""
        return None if value is None else _written(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        """Read it back."""
        return None if value is None else json.loads(value)


class Exact(TypeDecorator[Decimal]):
    """A Decimal, stored as text so that no digit is lost."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> str | None:
        """Write the digits down."""
        return None if value is None else str(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Decimal | None:
        """Read them back."""
        return None if value is None else Decimal(value)


# SQLite gives rowids only to INTEGER; PostgreSQL wants room for more than two thousand million.
Id = BigInteger().with_variant(Integer, "sqlite")


def id_column() -> Column[int]:
    """Return a column for a table's own numbers, which count up."""
    return Column("id", Id, primary_key=True, autoincrement=True)


def index_of_some(name: str, table: Table, *columns: str, where: str, unique: bool = False) -> None:
    """Index only the rows that meet a condition; as text, for an Index would load the dialects of both databases."""
    made = f"CREATE {'UNIQUE ' if unique else ''}INDEX {name} ON {table.name} ({', '.join(columns)}) WHERE {where}"
    event.listen(table, "after_create", DDL(made))  # type: ignore[no-untyped-call]

"""Statements that run for every item: made into SQL once for each kind of database, not looked up at every call."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy.sql.compiler import SQLCompiler

Values: TypeAlias = Mapping[str, Any]
_Arrange: TypeAlias = Callable[[Values], Any]  # a row's values as the driver takes them


class Prepared:
    """An insert or update that gives no rows back; every call names all its values: columns, and bindparams."""

    def __init__(self, statement: sa.Insert | sa.Update, *columns: str) -> None:
        self._statement = statement.inline()  # no row is asked back for its new id
        self._columns = columns
        self._made: dict[str, tuple[str, _Arrange]] = {}  # by kind of database

    def run(self, connection: sa.Connection, values: Values) -> int:
        """Run it once and return how many rows it met."""
        sql, arrange = self._for(connection.dialect)
        return connection.exec_driver_sql(sql, arrange(values)).rowcount

    def run_all(self, connection: sa.Connection, rows: Sequence[Values]) -> None:
        """Run it once for each row, in one go."""
        if len(rows) == 1:
            self.run(connection, rows[0])
        elif rows:
            sql, arrange = self._for(connection.dialect)
            connection.exec_driver_sql(sql, [arrange(values) for values in rows])

    def _for(self, dialect: sa.Dialect) -> tuple[str, _Arrange]:
        made = self._made.get(dialect.name)
        if made is None:
            compiled = self._statement.compile(dialect=dialect, column_keys=self._columns)
            assert isinstance(compiled, SQLCompiler)
            made = self._made[dialect.name] = compiled.string, _arrangement(compiled, dialect)
        return made


def _arrangement(compiled: SQLCompiler, dialect: sa.Dialect) -> _Arrange:
    """Return what turns a call's values into the driver's: in the SQL's order, or under its names."""
    ways: dict[str, Callable[[Any], Any] | None] = {}  # how a value is written down, by name; None: as it is
    fixed: dict[str, Any] = {}  # values that stand in the statement itself
    for name, value in compiled.params.items():
        bind = compiled.binds[name]
        ways[name] = bind.type.dialect_impl(dialect).bind_processor(dialect)
        if not bind.required:
            way = ways.pop(name)
            fixed[name] = value if way is None else way(value)
            ways[name] = None
    order = tuple((name, ways[name]) for name in (compiled.positiontup if compiled.positional else ways) or ())

    def in_order(values: Values) -> tuple[Any, ...]:
        given = {**fixed, **values}
        return tuple([given[name] if way is None else way(given[name]) for name, way in order])

    def by_name(values: Values) -> dict[str, Any]:
        given = {**fixed, **values}
        return {name: given[name] if way is None else way(given[name]) for name, way in order}

    return in_order if compiled.positional else by_name

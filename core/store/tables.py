"""The tables of the store: one set for SQLite and PostgreSQL.

Instants are microseconds since 1970 in UTC, so that both databases compare them alike; JSON is text. What changes
often (state, lease) is kept apart from what is large (payload, results).
"""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    DDL,
    BigInteger,
    Column,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    event,
)

from audit.tables import metadata as audit_metadata

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


metadata = MetaData()

# SQLite gives rowids only to INTEGER; PostgreSQL wants room for more than two thousand million.
_Id = BigInteger().with_variant(Integer, "sqlite")


def _id() -> Column[int]:
    return Column("id", _Id, primary_key=True, autoincrement=True)


def _item() -> Column[int]:
    return Column("item_id", _Id, ForeignKey("item.id"), nullable=False, index=True)


def _index_of_some(name: str, table: Table, *columns: str, where: str, unique: bool = False) -> None:
    """Index only the rows that meet a condition; as text, for an Index would load the dialects of both databases."""
    made = f"CREATE {'UNIQUE ' if unique else ''}INDEX {name} ON {table.name} ({', '.join(columns)}) WHERE {where}"
    event.listen(table, "after_create", DDL(made))  # type: ignore[no-untyped-call]


about = Table(
    "about",
    metadata,
    Column("name", String, primary_key=True),  # "schema", "installation"
    Column("value", String, nullable=False),
)

run = Table(
    "run",
    metadata,
    _id(),
    Column("bot", String, nullable=False, index=True),
    Column("version", String, nullable=False),  # bot version and digest of its code
    Column("mode", String, nullable=False),
    Column("trigger", String, nullable=False),  # who or what started it
    Column("started_at", Instant, nullable=False),
    Column("frozen_at", Instant),  # intake counted; absent when collecting did not finish
    Column("ended_at", Instant),  # absent while running, or when the run was killed
    Column("worker", String, nullable=False),
    Column("offered", Integer, nullable=False, default=0),
    Column("new", Integer, nullable=False, default=0),
    Column("duplicate", Integer, nullable=False, default=0),
    Column("quarantined", Integer, nullable=False, default=0),
    Column("exit_code", Integer),
    Column("balances", Json),
)

quarantine = Table(
    "quarantine",
    metadata,
    _id(),
    Column("run_id", _Id, ForeignKey("run.id"), nullable=False, index=True),
    Column("name", String, nullable=False),
    Column("code", String, nullable=False),
    Column("reason", Text, nullable=False),
)

item = Table(
    "item",
    metadata,
    _id(),
    Column("bot", String, nullable=False),
    Column("reference", String, nullable=False),
    Column("state", String, nullable=False),
    Column("priority", Integer, nullable=False, default=0),
    Column("due", Instant, nullable=False),  # NO_DATE when it has none, so that it sorts last
    Column("not_before", Instant, nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("system_errors", Integer, nullable=False, default=0),  # application exceptions in a row
    Column("token", Integer, nullable=False, default=0),
    Column("worker", String),
    Column("lease_until", Instant),
    Column("run_id", _Id, ForeignKey("run.id"), nullable=False),
    Column("added_at", Instant, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("amount", Exact),
    Column("currency", String),
    Column("outcome", String),  # how the last attempt ended
    Column("code", String),  # why, when it did not end done
    UniqueConstraint("bot", "reference"),
)
_index_of_some("item_ready", item, "bot", "priority DESC", "due", "id", where="state = 'pending'")
_index_of_some("item_held", item, "lease_until", where="state = 'in_progress'")
Index("item_of_run", item.c.run_id, item.c.state)

item_content = Table(
    "item_content",
    metadata,
    Column("item_id", _Id, ForeignKey("item.id"), primary_key=True),
    Column("payload", Json, nullable=False),
    Column("files", Json, nullable=False),  # [{sha256, name, size}]
    Column("waits", Json, nullable=False),  # {code: times put back}
    Column("result", Json),  # what the process function returned
)

attempt = Table(
    "attempt",
    metadata,
    _id(),
    _item(),
    Column("number", Integer, nullable=False),
    Column("run_id", _Id, nullable=False),  # the run that made the attempt
    Column("worker", String, nullable=False),
    Column("version", String, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("ended_at", Instant, nullable=False),
    Column("outcome", String, nullable=False),
    Column("code", String),
    Column("message", Text),
)

step = Table(
    "step",
    metadata,
    _id(),
    _item(),
    Column("attempt", Integer, nullable=False),
    Column("kind", String, nullable=False),
    Column("name", String, nullable=False),
    Column("input_digest", String, nullable=False),
    Column("code_digest", String, nullable=False),
    Column("result", Json),
    Column("result_type", String, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("at", Instant, nullable=False),
)

correction = Table(
    "correction",
    metadata,
    _id(),
    _item(),
    Column("review_id", _Id, nullable=False),
    Column("step", String, nullable=False),
    Column("input_digest", String, nullable=False),
    Column("changes", Json, nullable=False),
    Column("who", String, nullable=False),
    Column("at", Instant, nullable=False),
)

check_outcome = Table(
    "check_outcome",
    metadata,
    _id(),
    _item(),
    Column("attempt", Integer, nullable=False),
    Column("pack", String, nullable=False),  # rule pack and its digest
    Column("code", String, nullable=False),
    Column("outcome", String, nullable=False),
    Column("record", Json, nullable=False),
    Column("digest", String, nullable=False),
)

waiver = Table(
    "waiver",
    metadata,
    _id(),
    _item(),
    Column("review_id", _Id, nullable=False),
    Column("code", String, nullable=False),
    Column("digest", String, nullable=False),
    Column("who", String, nullable=False),
    Column("note", Text, nullable=False),
    Column("at", Instant, nullable=False),
    UniqueConstraint("item_id", "code", "digest", "who"),
)

approval = Table(
    "approval",
    metadata,
    _id(),
    _item(),
    Column("review_id", _Id, nullable=False),
    Column("effect", String, nullable=False),
    Column("plan_digest", String, nullable=False),
    Column("who", String, nullable=False),
    Column("at", Instant, nullable=False),
)

effect = Table(
    "effect",
    metadata,
    _id(),
    _item(),
    Column("bot", String, nullable=False),
    Column("target", String, nullable=False),
    Column("name", String, nullable=False),
    Column("key", String, nullable=False),
    Column("state", String, nullable=False),
    Column("plan", Json, nullable=False),
    Column("plan_digest", String, nullable=False),
    Column("receipt", Json),
    Column("by", String),  # absent: the bot; "looked": begun by it, then found; "found": there before; "person:<name>"
    Column("token", Integer, nullable=False),
    Column("intended_at", Instant, nullable=False),
    Column("ended_at", Instant),
)
_LIVE = "state IN ('intended', 'uncertain', 'confirmed')"
_index_of_some("effect_key", effect, "bot", "target", "name", "key", where=_LIVE, unique=True)
_index_of_some("effect_of_item", effect, "item_id", "name", where=_LIVE, unique=True)

planned = Table(
    "planned",
    metadata,
    _id(),
    _item(),
    Column("attempt", Integer, nullable=False),
    Column("target", String, nullable=False),
    Column("name", String, nullable=False),
    Column("key", String, nullable=False),
    Column("plan", Json, nullable=False),
    Column("plan_digest", String, nullable=False),
    Column("at", Instant, nullable=False),
)

review = Table(
    "review",
    metadata,
    _id(),
    _item(),
    Column("bot", String, nullable=False),
    Column("state", String, nullable=False),
    Column("version", Integer, nullable=False, default=1),
    Column("kind", String, nullable=False),
    Column("code", String, nullable=False),
    Column("question", Json, nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("claimed_by", String),
    Column("claimed_until", Instant),
    Column("parked_until", Instant),
    Column("resolved_at", Instant),
    Column("resolution", String),
    Column("resolved_by", String),
    Column("note", Text, nullable=False, default=""),
)
_WAITING = "state <> 'resolved'"
_index_of_some("review_of_item", review, "item_id", where=_WAITING, unique=True)
_index_of_some("review_waiting", review, "bot", "id", where=_WAITING)

evidence = Table(
    "evidence",
    metadata,
    _id(),
    _item(),
    Column("attempt", Integer, nullable=False),
    Column("sha256", String, nullable=False),
    Column("name", String, nullable=False),
    Column("media_type", String, nullable=False),
    Column("size", Integer, nullable=False),
    Column("at", Instant, nullable=False),
)

hold = Table(
    "hold",
    metadata,
    _id(),
    Column("scope", String, nullable=False),  # "bot" or "target"
    Column("name", String, nullable=False),
    Column("code", String, nullable=False),
    Column("reason", Text, nullable=False),
    Column("by", String, nullable=False),
    Column("at", Instant, nullable=False),
    Column("released_at", Instant),
    Column("released_by", String),
)
_index_of_some("hold_open", hold, "scope", "name", where="released_at IS NULL", unique=True)

breaker = Table(
    "breaker",
    metadata,
    Column("bot", String, primary_key=True),
    Column("in_a_row", Integer, nullable=False),  # application exceptions since the last attempt without one
)

turn = Table(
    "turn",
    metadata,
    Column("name", String, primary_key=True),  # what only one worker may do at a time, e.g. "login:ledger"
    Column("holder", String),
    Column("until", Instant),
)

slot = Table(
    "slot",
    metadata,
    Column("target", String, primary_key=True),
    Column("number", Integer, primary_key=True),  # 1 to the sessions the target allows
    Column("holder", String),  # the worker that is logged in with it; absent while free
    Column("until", Instant),  # end of the holder's lease
)

rate = Table(
    "rate",
    metadata,
    Column("target", String, primary_key=True),
    Column("next_at", Instant, nullable=False),  # no item of the target begins before
)

grant = Table(
    "grant_of_mode",
    metadata,
    _id(),
    Column("bot", String, nullable=False, index=True),
    Column("mode", String, nullable=False),
    Column("by", String, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", Instant, nullable=False),
)

for _table in audit_metadata.tables.values():
    _table.to_metadata(metadata)

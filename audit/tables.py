"""The tables of the trail.

Events are inserted and never changed; seals stand beside them, so that sealing rewrites nothing. `metadata`
belongs to this package alone; whoever owns the database creates its tables together with their own.
"""

from typing import Any, TypeAlias

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Row,
    Select,
    String,
    Table,
    Text,
)

AnyRow: TypeAlias = Row[*tuple[Any, ...]]
AnySelect: TypeAlias = Select[*tuple[Any, ...]]

metadata = MetaData()

_ID = BigInteger().with_variant(Integer, "sqlite")

trail_event = Table(
    "trail_event",
    metadata,
    Column("id", _ID, primary_key=True, autoincrement=True),  # order of insertion, not of sealing
    Column("at", String(27), nullable=False),  # 2026-11-22T10:15:00.000000Z, sorts as text
    Column("actor", Text, nullable=False),  # bot:invoices@abc123, person:anna, system:worker-1
    Column("action", String(40), nullable=False),  # a value of audit.actions.Act
    Column("bot", Text),
    Column("item_id", BigInteger),
    Column("run_id", BigInteger),
    Column("body", Text, nullable=False),  # the whole event as canonical JSON; the columns repeat parts of it
    Index("trail_event_item", "item_id"),
    Index("trail_event_run", "run_id"),
    sqlite_autoincrement=True,  # an id is never given twice, even after the newest row was deleted
)

trail_seal = Table(
    "trail_seal",
    metadata,
    Column("seq", _ID, primary_key=True, autoincrement=False),  # 1, 2, 3, ... without gaps
    Column("event_id", BigInteger, nullable=False, unique=True),
    Column("hash", LargeBinary(32), nullable=False),  # sha256(hash of the seal before || body of the event)
)

trail_checkpoint = Table(
    "trail_checkpoint",
    metadata,
    Column("number", _ID, primary_key=True, autoincrement=False),  # 1, 2, 3, ... without gaps
    Column("seq", BigInteger, nullable=False),  # how many events were sealed
    Column("head", String(64), nullable=False),  # hash of that seal
    Column("at", String(27), nullable=False),
    Column("key_id", String(16), nullable=False),
    Column("previous", String(64), nullable=False),  # hash of the checkpoint before; zeros for the first
    Column("signature", String(128), nullable=False),  # Ed25519, hexadecimal
)

trail_commitment = Table(
    "trail_commitment",
    metadata,
    Column("token", String(75), primary_key=True),  # commitment:<64 hexadecimal digits>
    Column("kind", Text, nullable=False),  # what it is, e.g. "patient name"; not personal itself
    Column("at", String(27), nullable=False),
    Column("salt", LargeBinary(32)),  # absent once erased
    Column("value", Text),  # absent once erased
    Column("erased_at", String(27)),
)

trail_lease = Table(
    "trail_lease",
    metadata,
    Column("name", String(20), primary_key=True),
    Column("holder", Text),  # absent when nobody holds it
    Column("until", String(27), nullable=False),
    Column("low", BigInteger, nullable=False),  # every event up to this id is sealed or will never come
    Column("swept_at", String(27), nullable=False),  # when all events were last searched for unsealed ones
)

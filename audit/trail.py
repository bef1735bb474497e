"""Writing the trail: events go into the caller's transaction and commit with the change they describe."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from itertools import chain
from typing import Any

from sqlalchemy import Connection

from audit.actions import Act
from audit.errors import EventRefused

Scalar = str | int | bool | Decimal | None

ACTORS = ("bot:", "person:", "system:")

_TOGETHER = 20  # rows per statement
_COLUMNS = ("at", "actor", "action", "bot", "item_id", "run_id", "body")
_PLAIN = frozenset({str, int, bool, type(None)})
_encode = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Who did what, when, to which case; never a personal value (see audit.personal), never a secret."""

    at: datetime  # aware
    actor: str  # "bot:invoices@abc123", "person:anna" or "system:worker-1"
    action: Act
    bot: str | None = None
    item_id: int | None = None
    run_id: int | None = None
    reference: str | None = None  # the item's business key, where it is not personal data
    details: Mapping[str, Scalar] = field(default_factory=dict)  # a Decimal is kept as its text


def append(connection: Connection, events: Sequence[Event]) -> None:
    """Write events inside the caller's transaction, in the order given; EventRefused writes none."""
    rows = [_row(event) for event in events]
    for start in range(0, len(rows), _TOGETHER):
        some = rows[start : start + _TOGETHER]
        statement = _insert(connection.dialect.paramstyle, len(some))
        connection.exec_driver_sql(statement, tuple(chain.from_iterable(some)))


def canonical(value: Mapping[str, Any]) -> str:
    """Return the one JSON text of a mapping: sorted keys, no blanks, not escaped beyond need, no NaN."""
    return _encode(value)


def instant(at: datetime) -> str:
    """Return an aware datetime as the text that is stored: UTC, microseconds, a Z."""
    if at.tzinfo is None:
        raise EventRefused(f"an event needs a moment with a time zone, got {at.isoformat()}")
    return at.astimezone(UTC).isoformat(timespec="microseconds")[:26] + "Z"


def moment(text: str) -> datetime:
    """Return the datetime of a stored instant."""
    return datetime.fromisoformat(text)


@cache
def _insert(paramstyle: str, rows: int) -> str:
    """Return one statement for so many rows: a single trip to the database, and no compiling on the hot path."""
    mark = "?" if paramstyle == "qmark" else "%s"
    row = f"({', '.join([mark] * len(_COLUMNS))})"
    return f"INSERT INTO trail_event ({', '.join(_COLUMNS)}) VALUES {', '.join([row] * rows)}"


def _row(event: Event) -> tuple[str, str, str, str | None, int | None, int | None, str]:
    if type(event.action) is not Act:
        raise EventRefused(f"{event.action!r} is not an action of the trail; see audit.actions")
    action: str = event.action._value_
    if not event.actor.startswith(ACTORS):
        raise EventRefused(f"{action}: the actor {event.actor!r} must begin with one of {', '.join(ACTORS)}")
    at = instant(event.at)
    body: dict[str, Any] = {"action": action, "actor": event.actor, "at": at}
    if event.bot is not None:
        body["bot"] = event.bot
    if event.item_id is not None:
        body["item_id"] = event.item_id
    if event.run_id is not None:
        body["run_id"] = event.run_id
    if event.reference is not None:
        body["reference"] = event.reference
    if event.details:
        body["details"] = _plain(action, event.details)
    text = _encode(body)
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise EventRefused(f"{action}: a text holds half a character (a lone surrogate)") from error
    return at, event.actor, action, event.bot, event.item_id, event.run_id, text


def _plain(action: str, details: Mapping[str, Scalar]) -> dict[str, str | int | bool | None]:
    """Return the details as JSON scalars; a fraction must be a Decimal, so that its text is exact."""
    plain: dict[str, Any] = {}
    for name, value in details.items():
        if type(name) is not str:
            raise EventRefused(f"{action}: the name of a detail must be a text, got {name!r}")
        if type(value) in _PLAIN:
            plain[name] = value
        elif isinstance(value, str) or (isinstance(value, Decimal) and value.is_finite()):
            plain[name] = str(value)
        else:
            raise EventRefused(
                f"{action}: {name} is a {type(value).__name__}; allowed are text, whole number, yes/no, "
                "nothing and a finite Decimal"
            )
    return plain

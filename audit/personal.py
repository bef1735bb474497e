"""Personal data and the trail: events carry a salted commitment, the value stands where it can be erased.

A plain hash would not do: all NHS numbers can be tried in minutes. With a random salt per value it says
nothing once salt and value are destroyed, and the chain still verifies.
"""

import hashlib
import hmac
import secrets
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from audit.actions import Act
from audit.errors import CommitmentUnknown
from audit.tables import trail_commitment
from audit.trail import Event, append, instant

_PREFIX = "commitment:"


def commit(connection: Connection, value: str, *, kind: str, now: datetime) -> str:
    """Keep a personal value and return the token to put in an event's details; in the caller's transaction.

    `kind` says what it is ("patient name") and is not personal itself. The same value gives a new token
    each time.
    """
    salt = secrets.token_bytes(32)
    token = commitment_of(kind, value, salt=salt)
    row = {"token": token, "kind": kind, "at": instant(now), "salt": salt, "value": value}
    connection.execute(insert(trail_commitment), row)
    return token


def reveal(connection: Connection, token: str, *, actor: str, reason: str, now: datetime) -> str | None:
    """Return the value behind a token, None when it was erased; reading it is an event."""
    _known(connection, token)
    details = {"token": token, "reason": reason}
    append(connection, [Event(at=now, actor=actor, action=Act.PERSONAL_REVEALED, details=details)])
    value = connection.execute(select(trail_commitment.c.value).where(trail_commitment.c.token == token))
    found: str | None = value.scalar_one()
    return found


def erase(connection: Connection, token: str, *, actor: str, reason: str, now: datetime) -> bool:
    """Destroy value and salt behind a token; False when that was done before. An event says who and why.

    `reason` names the legal basis or the retention rule. Old pages of the database file and backups may still
    hold the value until they are rewritten.
    """
    _known(connection, token)
    done = connection.execute(
        update(trail_commitment)
        .where(trail_commitment.c.token == token, trail_commitment.c.erased_at.is_(None))
        .values(salt=None, value=None, erased_at=instant(now))
    )
    if done.rowcount == 0:
        return False
    details = {"token": token, "reason": reason}
    append(connection, [Event(at=now, actor=actor, action=Act.PERSONAL_ERASED, details=details)])
    return True


def commitment_of(kind: str, value: str, *, salt: bytes) -> str:
    """Return the token that this value and salt give."""
    text = f"{kind}\0{value}".encode()
    return _PREFIX + hmac.new(salt, text, hashlib.sha256).hexdigest()


def _known(connection: Connection, token: str) -> None:
    found = connection.execute(select(trail_commitment.c.token).where(trail_commitment.c.token == token)).first()
    if found is None:
        raise CommitmentUnknown(token)

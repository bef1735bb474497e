"""A checkpoint: the signed statement of how many events were sealed and what the chain's head was."""

import hashlib
import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, insert, select

from audit.errors import AuditError, TrailChanged
from audit.keys import Keyring
from audit.tables import trail_checkpoint, trail_seal
from audit.trail import canonical, instant

NO_HASH = "0" * 64  # stands before the first checkpoint, and before the first seal


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """One signed statement; whoever holds a copy elsewhere can prove what the trail held then."""

    number: int  # 1, 2, 3, ...
    seq: int  # how many events were sealed
    head: str  # hash of the last of them, hexadecimal
    at: str  # stored instant
    key_id: str
    previous: str  # digest of the checkpoint before
    signature: str  # hexadecimal

    def message(self) -> bytes:
        """Return the bytes that are signed."""
        return _message(
            number=self.number,
            seq=self.seq,
            head=self.head,
            at=self.at,
            previous=self.previous,
        )

    def digest(self) -> str:
        """Return the hash that the next checkpoint names as its previous."""
        return hashlib.sha256(self.line().encode()).hexdigest()

    def line(self) -> str:
        """Return the checkpoint as one line of JSON."""
        return canonical(asdict(self))

    @classmethod
    def of(cls, line: str) -> "Checkpoint":
        """Read the line that `line` wrote; raise AuditError when it is not one."""
        try:
            values = json.loads(line)
            checkpoint = cls(**values)
        except (ValueError, TypeError) as error:
            raise AuditError("ANCHOR", f"not a checkpoint of the trail: {line.strip()[:40]!r}") from error
        whole = type(checkpoint.number) is int and type(checkpoint.seq) is int
        texts = (getattr(checkpoint, name) for name in ("head", "at", "key_id", "previous", "signature"))
        if not whole or not all(isinstance(text, str) for text in texts):
            raise AuditError("ANCHOR", f"not a checkpoint of the trail: {line.strip()[:40]!r}")
        return checkpoint


def newest(connection: Connection) -> Checkpoint | None:
    """Return the last checkpoint, or None when there is none yet."""
    row = connection.execute(select(trail_checkpoint).order_by(trail_checkpoint.c.number.desc()).limit(1)).one_or_none()
    return None if row is None else Checkpoint(**row._mapping)


def all_checkpoints(connection: Connection) -> Sequence[Checkpoint]:
    """Return every checkpoint by number."""
    rows = connection.execute(select(trail_checkpoint).order_by(trail_checkpoint.c.number))
    return [Checkpoint(**row._mapping) for row in rows]


def sign(
    connection: Connection, *, after: Checkpoint | None, seq: int, head: bytes, now: datetime, keys: Keyring
) -> Checkpoint:
    """Sign and store the checkpoint that follows `after`, in the caller's transaction."""
    number = 1 if after is None else after.number + 1
    previous = NO_HASH if after is None else after.digest()
    at = instant(now)
    message = _message(number=number, seq=seq, head=head.hex(), at=at, previous=previous)
    key_id, signature = keys.sign(message)
    checkpoint = Checkpoint(
        number=number, seq=seq, head=head.hex(), at=at, key_id=key_id, previous=previous, signature=signature
    )
    connection.execute(insert(trail_checkpoint), asdict(checkpoint))
    return checkpoint


def remember(connection: Connection, checkpoint: Checkpoint, *, keys: Keyring) -> None:
    """Write the checkpoint down beside the keys, where whoever can change the database need not be able to write.

    Call it after the checkpoint is committed: what is remembered must be in the trail.
    """
    if (name := _name_of(connection)) is not None:
        keys.remember(name, checkpoint.line())


def remembered(connection: Connection, *, keys: Keyring) -> Checkpoint | None:
    """Return the newest checkpoint of this database that was remembered beside the keys."""
    name = _name_of(connection)
    line = None if name is None else keys.remembered(name)
    return None if line is None else Checkpoint.of(line)


def changed(connection: Connection, *, keys: Keyring) -> TrailChanged | None:
    """Return an error when the trail no longer holds the checkpoint remembered beside the keys, and what it signed."""
    held = remembered(connection, keys=keys)
    if held is None:
        return None
    row = connection.execute(select(trail_checkpoint).where(trail_checkpoint.c.number == held.number)).one_or_none()
    head = connection.execute(select(trail_seal.c.hash).where(trail_seal.c.seq == held.seq)).scalar_one_or_none()
    if row is not None and Checkpoint(**row._mapping) == held and head is not None and bytes(head).hex() == held.head:
        return None
    return TrailChanged(number=held.number, at=held.at, place=str(keys.place_of(_name_of(connection) or "")))


def _name_of(connection: Connection) -> str | None:
    """Return a name for the database by where it is; None for one in memory, which is new every time."""
    url = connection.engine.url
    if url.get_backend_name() == "sqlite" and url.database in (None, "", ":memory:"):
        return None
    return hashlib.sha256(url.render_as_string(hide_password=True).encode()).hexdigest()[:16]


def anchor(connection: Connection, path: Path) -> Checkpoint:
    """Add the newest checkpoint as one line of JSON to a file kept elsewhere."""
    checkpoint = newest(connection)
    if checkpoint is None:
        raise AuditError("ANCHOR", "there is no checkpoint yet; seal the trail first")
    with path.open("a", encoding="utf-8") as file:
        file.write(checkpoint.line() + "\n")
        file.flush()
        os.fsync(file.fileno())
    return checkpoint


def read_anchors(paths: Iterable[Path]) -> list[Checkpoint]:
    """Return the checkpoints in files that `anchor` wrote; raise AuditError for a line that is not one."""
    lines = (line for path in paths for line in path.read_text(encoding="utf-8").splitlines())
    return [Checkpoint.of(line) for line in lines if line.strip()]


def _message(*, number: int, seq: int, head: str, at: str, previous: str) -> bytes:
    return canonical(
        {
            "at": at,
            "head": head,
            "kind": "understudy trail checkpoint",
            "number": number,
            "previous": previous,
            "seq": seq,
        }
    ).encode()

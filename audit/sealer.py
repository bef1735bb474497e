"""Sealing: every event gets its place in the chain, and the chain's head is signed from time to time.

Events are sealed after they commit, by one sealer at a time. Each batch takes the lease row, reads the head
and writes the seals in one transaction, so a crash leaves whole batches and two sealers never fork the chain.
Where several hosts write, an event with a lower id may become visible after one with a higher id; the sealer
therefore looks for events without a seal above a low-water mark that moves past a gap only once it is old,
and searches all events once a day.
"""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from audit.checkpoints import NO_HASH, Checkpoint, newest, sign
from audit.keys import Keyring
from audit.tables import AnyRow, AnySelect, trail_event, trail_lease, trail_seal
from audit.trail import instant, moment

LEASE = timedelta(seconds=10)  # how long a crashed sealer keeps others waiting
EVERY = timedelta(minutes=5)  # between checkpoints
PATIENCE = timedelta(minutes=10)  # how long a missing id may still appear; the daily search finds later ones
SWEEP = timedelta(days=1)

_NAME = "sealer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """What one call did."""

    events: int  # how many got their seal
    checkpoint: Checkpoint | None  # the newest one this call signed
    busy: bool  # another sealer is at work; nothing, or not everything, was done here


def seal(bind: Engine | Connection, *, now: datetime, keys: Keyring, checkpoint: bool, batch: int = 1000) -> Sealed:
    """Seal every event that has no seal yet, and sign a checkpoint when one is due.

    Needs an engine, or a connection without an open transaction. Call it every few seconds. With
    `checkpoint=True` (at the end of a run, before a command ends) whatever is new is signed at once.
    """
    if isinstance(bind, Engine):
        with bind.connect() as connection:
            return seal(connection, now=now, keys=keys, checkpoint=checkpoint, batch=batch)
    work = _Pass(bind, now=now, keys=keys, forced=checkpoint, batch=batch)
    if not work.needed():
        return Sealed(events=0, checkpoint=None, busy=False)
    while work.one_batch():
        pass
    return Sealed(events=work.sealed, checkpoint=work.signed, busy=work.busy)


def unsealed(connection: Connection) -> int:
    """Return how many events have no seal yet."""
    return int(connection.execute(_without_seal(func.count())).scalar_one())


class _Pass:
    """One call of `seal`: batches until nothing is left, another sealer is at work, or the lease is lost."""

    def __init__(self, connection: Connection, *, now: datetime, keys: Keyring, forced: bool, batch: int) -> None:
        self._connection = connection
        self._now = now
        self._at = instant(now)
        self._keys = keys
        self._forced = forced
        self._batch = batch
        self._holder = secrets.token_hex(8)
        self._cursor: int | None = None  # the highest id this call has sealed; None before its first batch
        self._reach = 0  # no event up to this id can still appear
        self._swept_at = self._at
        self.sealed = 0
        self.signed: Checkpoint | None = None
        self.busy = False

    def needed(self) -> bool:
        """Look without locking: is there anything to seal, to sign or to search for?"""
        with self._connection.begin():
            lease = self._connection.execute(_lease()).one_or_none()
            if lease is not None and not self._sweep_due(lease.swept_at):
                some = self._connection.execute(_unsealed_above(lease.low, limit=1)).first()
                return some is not None or self._due(newest(self._connection), _head(self._connection)[0], final=True)
        if lease is None:
            self._make_lease()
        return True

    def one_batch(self) -> bool:
        """Seal up to a batch in one transaction; tell whether there is more to do."""
        with self._connection.begin():
            if not self._take():
                self.busy = True
                return False
            cursor = self._begin() if self._cursor is None else self._cursor
            rows = self._connection.execute(_unsealed_above(cursor, limit=self._batch)).all()
            self._chain(rows)
            self._cursor = rows[-1].id if rows else cursor
            if len(rows) == self._batch:
                return True
            self._release()
            return False

    def _begin(self) -> int:
        """Return the id above which to search, and learn how far that search settles the matter."""
        lease = self._connection.execute(_lease()).one()
        sweeping = self._sweep_due(lease.swept_at)
        low = 0 if sweeping else int(lease.low)
        self._swept_at = self._at if sweeping else lease.swept_at
        self._reach = self._settled(low)  # before the search: what appears in between must not be passed over
        return low

    def _take(self) -> bool:
        until = instant(self._now + LEASE)
        free = or_(
            trail_lease.c.holder.is_(None),
            trail_lease.c.holder == self._holder,
            trail_lease.c.until < self._at,
        )
        taken = self._connection.execute(
            update(trail_lease).where(trail_lease.c.name == _NAME, free).values(holder=self._holder, until=until)
        )
        return taken.rowcount == 1

    def _chain(self, rows: Sequence[AnyRow]) -> None:
        seq, head = _head(self._connection)
        seals = []
        for event_id, body in rows:
            seq += 1
            head = hashlib.sha256(head + body.encode()).digest()
            seals.append({"seq": seq, "event_id": event_id, "hash": head})
        if seals:
            self._connection.execute(insert(trail_seal), seals)
        last = newest(self._connection)
        if self._due(last, seq, final=len(rows) < self._batch):
            self.signed = sign(self._connection, after=last, seq=seq, head=head, now=self._now, keys=self._keys)
        self.sealed += len(seals)

    def _due(self, last: Checkpoint | None, seq: int, *, final: bool) -> bool:
        if last is None:
            return seq > 0  # the first seals never stand without a checkpoint
        return seq > last.seq and ((self._forced and final) or self._now - moment(last.at) >= EVERY)

    def _settled(self, low: int) -> int:
        """Return the id below which no event can still appear: past old gaps, up to a young one."""
        ids = trail_event.c.id
        old = select(func.max(ids)).where(ids > low, trail_event.c.at < instant(self._now - PATIENCE))
        settled = max(low, self._connection.execute(old).scalar_one() or 0)
        above = self._connection.execute(select(func.count(), func.max(ids)).where(ids > settled)).one()
        whole = above[0] > 0 and above[0] == above[1] - settled
        return int(above[1]) if whole else settled

    def _release(self) -> None:
        self._connection.execute(
            update(trail_lease)
            .where(trail_lease.c.name == _NAME)
            .values(holder=None, until=self._at, low=self._reach, swept_at=self._swept_at)
        )

    def _sweep_due(self, swept_at: str) -> bool:
        return self._now - moment(swept_at) >= SWEEP

    def _make_lease(self) -> None:
        try:
            with self._connection.begin():
                self._connection.execute(
                    insert(trail_lease).values(name=_NAME, holder=None, until=self._at, low=0, swept_at=self._at)
                )
        except IntegrityError:
            return  # another sealer made it in the same moment


def _lease() -> AnySelect:
    return select(trail_lease.c.low, trail_lease.c.swept_at).where(trail_lease.c.name == _NAME)


def _head(connection: Connection) -> tuple[int, bytes]:
    """Return the last sequence number and its hash; 0 and zeros before the first."""
    row = connection.execute(
        select(trail_seal.c.seq, trail_seal.c.hash).order_by(trail_seal.c.seq.desc()).limit(1)
    ).one_or_none()
    return (0, bytes.fromhex(NO_HASH)) if row is None else (int(row.seq), bytes(row.hash))


def _without_seal(*columns: Any) -> AnySelect:
    joined = trail_event.outerjoin(trail_seal, trail_seal.c.event_id == trail_event.c.id)
    return select(*columns).select_from(joined).where(trail_seal.c.event_id.is_(None))


def _unsealed_above(low: int, *, limit: int) -> AnySelect:
    return (
        _without_seal(trail_event.c.id, trail_event.c.body)
        .where(trail_event.c.id > low)
        .order_by(trail_event.c.id)
        .limit(limit)
    )

"""Sealing: every event gets its place in the chain, and the chain's head is signed from time to time.

Events are sealed after they commit, by one sealer at a time. Each batch is one transaction that holds the sealer's row
from its first statement to its commit: it reads the head, writes the seals, and is whole or not there. A sealer that
dies lets go of the row with its connection, so nobody has to wait for a dead one; on a server, one that stands still in
the middle loses its connection after two seconds. What the row says beyond that spares the others needless work.

Where several hosts write, an event with a lower id may become visible after one with a higher id. The sealer looks for
events without a seal above a low-water mark; the mark passes a gap only once nothing can fill it any more, and all
events are searched once a day besides.
"""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, func, insert, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from audit.checkpoints import NO_HASH, Checkpoint, changed, newest, remember, sign
from audit.errors import TrailChanged
from audit.keys import Keyring
from audit.tables import AnyRow, AnySelect, trail_event, trail_lease, trail_seal
from audit.trail import instant, moment

TURN = timedelta(seconds=1)  # after one sealer has looked, the others need not look for so long
BATCH = 250  # events sealed in one transaction: on SQLite nobody else can write meanwhile
EVERY = timedelta(minutes=5)  # between checkpoints
SWEEP = timedelta(days=1)  # between two searches of all events
CROWD = 1000  # events above the low-water mark that are worth stopping the writers for a moment

_NAME = "sealer"
# In a connection's `info`: whether a store of ours begins with SQLite's write lock, at the gate where writers queue, so
# that all get their turn.
_WRITES = "understudy_write"
_STILL = "SET LOCAL idle_in_transaction_session_timeout = '2s'"  # of a host that vanished or was stopped
_STOP_WRITERS = "LOCK TABLE trail_event IN SHARE MODE"  # waits for those under way, keeps new ones waiting


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """What one call did."""

    events: int  # how many got their seal
    checkpoint: Checkpoint | None  # the newest one this call signed
    busy: bool  # another sealer is at work or was a moment ago; nothing, or not everything, was done here


def seal(
    bind: Engine | Connection,
    *,
    now: datetime,
    keys: Keyring,
    checkpoint: bool,
    batch: int = BATCH,
) -> Sealed:
    """Seal every event that has no seal yet, and sign a checkpoint when one is due.

    Needs an engine, or a connection without an open transaction. Call it every second; when others do so too, whoever
    comes first works and the rest return at once. With `checkpoint=True` (at the end of a run, before a command ends)
    it waits for its turn, everything committed before the call is sealed, and whatever is new is signed at once.

    Raises TrailChanged when the trail no longer holds what was signed with these keys before: events are sealed still,
    but nothing is signed, since a new signature would vouch for the change.
    """
    if isinstance(bind, Engine):
        with bind.connect() as connection:
            return seal(connection, now=now, keys=keys, checkpoint=checkpoint, batch=batch)
    work = _Pass(bind, now=now, keys=keys, forced=checkpoint, batch=batch)
    bind.info[_WRITES] = False
    if not work.needed():
        return Sealed(events=0, checkpoint=None, busy=work.busy)
    bind.info[_WRITES] = True
    while work.one_batch():
        pass
    if work.signed is not None:
        remember(bind, work.signed, keys=keys)
    if work.changed is not None:
        raise work.changed
    return Sealed(events=work.sealed, checkpoint=work.signed, busy=work.busy)


def unsealed(connection: Connection) -> int:
    """Return how many events have no seal yet."""
    return int(connection.execute(_without_seal(func.count())).scalar_one())


def behind(connection: Connection) -> int:
    """Return how many of the events above the sealer's mark have no seal: quick, however long the trail is."""
    lease = connection.execute(_lease()).one_or_none()
    low = 0 if lease is None else int(lease.low)
    return int(connection.execute(_without_seal(func.count()).where(trail_event.c.id > low)).scalar_one())


class _Pass:
    """One call of `seal`: batches until nothing is left or another sealer is at work."""

    def __init__(self, connection: Connection, *, now: datetime, keys: Keyring, forced: bool, batch: int) -> None:
        self._connection = connection
        self._server = connection.dialect.name != "sqlite"  # more than one can write at a time
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
        self.changed: TrailChanged | None = None  # why nothing is signed any more
        self.busy = False

    def needed(self) -> bool:
        """Look without locking: is there anything to seal, to sign or to search for?"""
        with self._connection.begin():
            lease = self._connection.execute(_lease()).one_or_none()
            if lease is not None and not self._sweep_due(lease, highest=_highest(self._connection)):
                self.busy = not self._forced and self._others_turn(lease)
                return not self.busy and self._found_something(lease)
        if lease is None:
            self._make_lease()
        return True

    def one_batch(self) -> bool:
        """Seal up to a batch in one transaction; tell whether there is more to do."""
        with self._connection.begin():
            lease = self._take()
            if lease is None:
                self.busy = True
                return False
            cursor = self._begin(lease) if self._cursor is None else self._cursor
            rows = self._connection.execute(_unsealed_above(cursor, limit=self._batch)).all()
            self._chain(rows)
            self._cursor = rows[-1].id if rows else cursor
            more = len(rows) == self._batch
            self._note_turn(ended=not more)
        return more

    def _take(self) -> AnyRow | None:
        """Lock the sealer's row until the transaction ends; None when another sealer has it, or has just had it.

        SQLite has no locks on rows; there the first statement must write, whatever the engine's BEGIN says.
        """
        if not self._server:
            self._connection.execute(update(trail_lease).where(trail_lease.c.name == _NAME).values(name=_NAME))
            lease = self._connection.execute(_lease()).one_or_none()
        else:
            self._connection.exec_driver_sql(_STILL)
            locked = _lease().with_for_update(skip_locked=not self._forced)
            lease = self._connection.execute(locked).one_or_none()
        mine = self._forced or self._cursor is not None  # a pass that has begun goes on
        return None if lease is None or (not mine and self._others_turn(lease)) else lease

    def _others_turn(self, lease: AnyRow) -> bool:
        """Whether somebody has looked so lately; an instant further off is of a clock that goes wrong."""
        return lease.holder is not None and self._at < lease.until <= instant(self._now + TURN)

    def _found_something(self, lease: AnyRow) -> bool:
        if self._connection.execute(_unsealed_above(lease.low, limit=1)).first() is not None:
            return True
        return self._due(newest(self._connection), _head(self._connection)[0], final=True)

    def _begin(self, lease: AnyRow) -> int:
        """Return the id above which to search, and learn how far that search settles the matter."""
        highest = _highest(self._connection)
        sweeping = self._sweep_due(lease, highest=highest)
        low = 0 if sweeping else int(lease.low)
        self._swept_at = self._at if sweeping else lease.swept_at
        # Before the search: what appears in between must not be passed over.
        self._reach = self._settled(low, highest=highest) if self._server else highest
        return low

    def _chain(self, rows: Sequence[AnyRow]) -> None:
        seq, head = _head(self._connection)
        seals = []
        for event_id, body in rows:
            seq += 1
            head = hashlib.sha256(head + body.encode()).digest()
            seals.append((seq, event_id, head))
        if seals:
            self._connection.exec_driver_sql(_seal_row(self._connection), seals)
        self.sealed += len(seals)
        last = newest(self._connection)
        if not self._due(last, seq, final=len(rows) < self._batch):
            return
        self.changed = changed(self._connection, keys=self._keys)
        if self.changed is None:
            self.signed = sign(self._connection, after=last, seq=seq, head=head, now=self._now, keys=self._keys)

    def _due(self, last: Checkpoint | None, seq: int, *, final: bool) -> bool:
        if last is None:
            return seq > 0  # the first seals never stand without a checkpoint
        # A checkpoint from the future was signed by a clock that went wrong: it must not put off the next.
        return seq > last.seq and ((self._forced and final) or abs(self._now - moment(last.at)) >= EVERY)

    def _settled(self, low: int, *, highest: int) -> int:
        """Return the id up to which no event can still appear; on SQLite, whose one lock we hold, that is the last."""
        ids = trail_event.c.id
        count, last = self._connection.execute(select(func.count(), func.max(ids)).where(ids > low)).one()
        if count and count == last - low:
            return int(last)
        if highest - low < CROWD or not self._writers_stopped():
            return low
        return _highest(self._connection)

    def _writers_stopped(self) -> bool:
        """Wait, briefly, until every event under way is committed or given up; an id still missing never comes."""
        try:
            with self._connection.begin_nested():
                self._connection.exec_driver_sql("SET LOCAL lock_timeout = '200ms'")
                self._connection.exec_driver_sql(_STOP_WRITERS)
        except DBAPIError as error:
            if error.connection_invalidated:
                raise
            return False  # somebody holds a transaction open; the mark waits for a better moment
        return True

    def _note_turn(self, *, ended: bool) -> None:
        values: dict[str, Any] = {"holder": self._holder, "until": instant(self._now + TURN)}
        if ended:
            values |= {"low": self._reach, "swept_at": self._swept_at}
        self._connection.execute(update(trail_lease).where(trail_lease.c.name == _NAME).values(values))

    def _sweep_due(self, lease: AnyRow, *, highest: int) -> bool:
        """Whether to search all events: once a day, and when the mark is beyond the last event and cannot be true."""
        return lease.low > highest or abs(self._now - moment(lease.swept_at)) >= SWEEP

    def _make_lease(self) -> None:
        self._connection.info[_WRITES] = True
        try:
            with self._connection.begin():
                self._connection.execute(
                    insert(trail_lease).values(name=_NAME, holder=None, until=self._at, low=0, swept_at=self._at)
                )
        except IntegrityError:
            return  # another sealer made it in the same moment


def _seal_row(connection: Connection) -> str:
    mark = "?" if connection.dialect.paramstyle == "qmark" else "%s"
    return f"INSERT INTO trail_seal (seq, event_id, hash) VALUES ({mark}, {mark}, {mark})"


def _lease() -> AnySelect:
    lease = trail_lease.c
    return select(lease.holder, lease.until, lease.low, lease.swept_at).where(lease.name == _NAME)


def _highest(connection: Connection) -> int:
    """Return the id of the event written last; 0 when there is none."""
    return int(connection.execute(select(func.max(trail_event.c.id))).scalar_one() or 0)


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

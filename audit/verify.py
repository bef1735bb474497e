"""Verifying: does the trail still hold what it held when its checkpoints were signed?

What a checkpoint held elsewhere (an anchor) proves, it proves even against someone who has the signing key;
without one, a cut tail whose checkpoints were cut too cannot be seen.
"""

import hmac
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, select

from audit.chain import Chain, Findings, Stretch, sealed
from audit.checkpoints import Checkpoint
from audit.keys import PublicKey
from audit.personal import commitment_of
from audit.signed import SILENCE, STALE, Signed, checkpoints_of, cut, rehashed
from audit.streaming import stream
from audit.tables import AnyRow, trail_commitment, trail_event, trail_seal
from audit.trail import instant, moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What `verify` found; the trail is whole when there are no problems."""

    events: int  # in the table
    sealed: int  # with a place in the chain
    unsealed: int  # written, not sealed yet: protected by nothing so far
    checkpoints: int
    unsigned: int  # sealed after the newest checkpoint
    anchors: int  # checkpoints held elsewhere that were compared
    head: str  # the chain's last hash, hexadecimal
    problems: tuple[str, ...]  # plain sentences, the gravest first met

    @property
    def whole(self) -> bool:
        """Whether nothing was found wrong."""
        return not self.problems


def verify(
    connection: Connection,
    *,
    public_keys: Iterable[PublicKey],
    anchors: Iterable[Checkpoint] = (),
    remembered: Checkpoint | None = None,
) -> Report:
    """Check chain, checkpoints, anchors and commitments; report every kind of problem with its first place.

    `public_keys` should come from elsewhere than this machine; keys that took over by rotation are learned.
    `remembered` is the checkpoint kept beside our own keys, read before the connection read anything. The work takes
    time in proportion to the trail, and memory that does not grow with it.
    """
    held = sorted(anchors, key=lambda anchor: anchor.seq)
    copies = {f"the checkpoint {anchor.number} held elsewhere": anchor for anchor in held}
    if remembered is not None:
        copies[f"the checkpoint {remembered.number} remembered beside the keys"] = remembered
    walk = _Walk(connection, keys={key.key_id: key for key in public_keys}, copies=copies)
    walk.whole_chain()
    chain, signed = walk.chain, walk.signed
    waiting = _Waiting.of(connection, sealed=chain.present)
    problems = [
        *chain.problems(),
        *signed.cut.sentences(),
        *signed.rehashed.sentences(),
        *signed.linked.sentences(),
        *walk.copy_problems(),
        *signed.signed.sentences(),
        *signed.dates.sentences(),
        *_silence(signed, chain=chain),
        *waiting.problems(newest=signed.newest),
        *_never_sealed(connection, chain=chain, signed=signed, waiting=waiting),
        *walk.destroyed.sentences(),
        *_commitment_problems(connection, erased=chain.erased, newest=signed.newest),
    ]
    signed_last = 0 if signed.newest is None else signed.newest.seq
    return Report(
        events=chain.present + waiting.count,
        sealed=chain.last,
        unsealed=waiting.count,
        checkpoints=signed.count,
        unsigned=chain.last - min(chain.last, signed_last),
        anchors=len(held),
        head=chain.head.hex(),
        problems=tuple(problems),
    )


class _Walk:
    """Chain and checkpoints side by side, and the checkpoints kept elsewhere."""

    def __init__(
        self, connection: Connection, *, keys: Mapping[str, PublicKey], copies: Mapping[str, Checkpoint]
    ) -> None:
        self._connection = connection
        self._copies = copies
        self._wanted = {checkpoint.seq for checkpoint in copies.values()}
        self._marks = sorted(self._wanted, reverse=True)  # of the copies, the next one last
        self._heads: dict[int, str] = {}
        self.chain = Chain(mark=self._mark, next_mark=None)
        # The checkpoints are read from a picture at least as old as the chain's, which can only hold more.
        checkpoints = checkpoints_of(connection)
        self.signed = Signed(checkpoints, keys=keys, rotations=self.chain.rotations, held=copies)
        self._since: Stretch = Stretch()  # the last checkpoint, over the marks of copies in between
        self.chain.next_mark = self._next()
        self.destroyed = Findings()

    def whole_chain(self) -> None:
        """Follow the chain from end to end."""
        for rows in sealed(self._connection):
            self.chain.take(rows)
            if self.chain.tokens:
                self._still_there(self.chain.tokens)
        self.signed.end(last=self.chain.last)

    def copy_problems(self) -> list[str]:
        """Say how the checkpoints kept elsewhere differ from the trail."""
        tail, other = Findings(), Findings()
        good = 0
        for name, checkpoint in self._copies.items():
            self.signed.signature(name, checkpoint)
            if checkpoint.seq > self.chain.last:
                tail.add(cut(name, checkpoint, last=self.chain.last))
            elif self._heads.get(checkpoint.seq, checkpoint.head) != checkpoint.head:
                other.add(rehashed(name, checkpoint, good=good))
            else:
                good = max(good, checkpoint.seq)
        return [*tail.sentences(), *other.sentences(), *self.signed.replaced.sentences()]

    def _mark(self, seq: int, head: bytes | None, stretch: Stretch) -> int | None:
        self._since = Stretch(min(self._since.oldest, stretch.oldest), max(self._since.latest, stretch.latest))
        while self._marks and self._marks[-1] <= seq:
            if self._marks.pop() == seq and head is not None:
                self._heads[seq] = head.hex()
        if self.signed.next_seq is not None and self.signed.next_seq <= seq:
            self.signed.take(seq, head, self._since)
            self._since = Stretch()
        return self._next()

    def _next(self) -> int | None:
        following = [seq for seq in (self.signed.next_seq, *self._marks[-1:]) if seq is not None]
        return min(following, default=None)

    def _still_there(self, tokens: set[str]) -> None:
        """What an event names of personal data is kept or was erased; its row stays in either case."""
        token = trail_commitment.c.token
        for some in _portions(sorted(tokens), 500):
            found = set(self._connection.execute(select(token).where(token.in_(some))).scalars())
            for one in some:
                if one not in found:
                    self.destroyed.add(f"the personal data kept under {one[:20]}... was removed, not erased")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Waiting:
    """The events that have no seal."""

    count: int = 0
    oldest: str = ""
    latest: str = ""
    first_id: int = 0

    @classmethod
    def of(cls, connection: Connection, *, sealed: int) -> "_Waiting":
        """Count them, the long way only where there are more events than sealed ones."""
        if connection.execute(select(func.count()).select_from(trail_event)).scalar_one() == sealed:
            return cls()
        event = trail_event.c
        statement = (
            select(func.count(), func.min(event.at), func.max(event.at), func.min(event.id))
            .select_from(trail_event.outerjoin(trail_seal, trail_seal.c.event_id == event.id))
            .where(trail_seal.c.event_id.is_(None))
        )
        row: AnyRow = connection.execute(statement).one()
        return cls(count=row[0], oldest=row[1] or "", latest=row[2] or "", first_id=row[3] or 0)

    def problems(self, *, newest: Checkpoint | None) -> list[str]:
        """Say what should have been sealed long ago."""
        if not self.count:
            return []
        if newest is not None and self.oldest < instant(moment(newest.at) - STALE):
            return [
                f"an event of {self.oldest} has no seal although later ones were signed long ago: it was added "
                f"afterwards with an old date, or its transaction stayed open for hours ({self.count} have no seal)"
            ]
        if self.latest > instant(moment(self.oldest) + SILENCE):
            return [
                f"from event {self.first_id} on nothing has been sealed since {self.oldest}, and events go on until "
                f"{self.latest}: nobody seals, or somebody keeps the sealer from it ({self.count} have no seal)"
            ]
        return []


def _silence(signed: Signed, *, chain: Chain) -> list[str]:
    if signed.newest is None:
        return ["no checkpoint is left although events are sealed: all were removed"] if chain.last else []
    if chain.stretch.latest <= instant(moment(signed.newest.at) + SILENCE):
        return []
    return [
        f"the trail goes on until {chain.stretch.latest}, but the newest checkpoint ({signed.newest.number}) "
        f"is of {signed.newest.at}: later checkpoints were removed"
    ]


def _never_sealed(connection: Connection, *, chain: Chain, signed: Signed, waiting: _Waiting) -> list[str]:
    """On SQLite no id is given in vain: one that stands nowhere is of an event that was removed before it was sealed.

    Removals that the chain and the checkpoints tell of are not told again.
    """
    if connection.dialect.name != "sqlite":
        return []
    statement = "SELECT max(seq) FROM sqlite_sequence WHERE name = 'trail_event'"
    given = connection.exec_driver_sql(statement).scalar_one_or_none() or 0
    told = chain.absent + chain.gone.count
    if signed.newest is not None:
        told += max(0, signed.newest.seq - chain.last)
    removed = int(given) - chain.present - waiting.count - told
    if removed <= 0:
        return []
    return [f"{removed} of {given} events were removed, before they were sealed or together with their seals"]


def _commitment_problems(connection: Connection, *, erased: set[str], newest: Checkpoint | None) -> list[str]:
    edited, unlogged = Findings(), Findings()
    signed_until = "" if newest is None else newest.at
    for token, kind, salt, value, erased_at in _commitments(connection):
        if erased_at is not None:
            if token not in erased and erased_at < signed_until:
                unlogged.add(f"{token[:20]}... was erased at {erased_at} and the trail does not say by whom")
        elif salt is None or not hmac.compare_digest(token, commitment_of(kind, value or "", salt=salt)):
            edited.add(f"the personal data kept under {token[:20]}... ({kind}) is not what was committed: edited")
    return [*edited.sentences(), *unlogged.sentences()]


def _commitments(connection: Connection) -> Iterator[tuple[Any, ...]]:
    row = trail_commitment.c
    statement = select(row.token, row.kind, row.salt, row.value, row.erased_at).order_by(row.token)
    for rows in stream(connection, statement):
        yield from rows


def _portions(values: list[str], size: int) -> Iterator[list[str]]:
    for start in range(0, len(values), size):
        yield values[start : start + size]

"""Walking along the checkpoints beside the chain: does each follow the last, bear its signature, and fit the chain?"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, select

from audit.chain import Findings, Stretch
from audit.checkpoints import NO_HASH, Checkpoint
from audit.keys import PublicKey, trusted
from audit.streaming import stream
from audit.tables import trail_checkpoint
from audit.trail import instant, moment

SILENCE = timedelta(minutes=15)  # sealed events go on for longer than this only with a checkpoint
STALE = timedelta(hours=2)  # how far an event's moment and the checkpoints around it may lie apart

_UNKNOWN_KEPT = 1000  # checkpoints whose key the chain may still vouch for; beyond that they are reported at once


class Signed:
    """The checkpoints in order, each compared with the chain when it gets there."""

    def __init__(
        self,
        checkpoints: Iterable[Checkpoint],
        *,
        keys: Mapping[str, PublicKey],
        rotations: Sequence[Mapping[str, Any]],  # grows while the chain is read
        held: Mapping[str, Checkpoint],  # kept elsewhere, by what they are called
    ) -> None:
        self._rest = iter(checkpoints)
        self._given = keys
        self._keys = dict(keys)
        self._rotations = rotations
        self._learned = 0  # how many rotations the keys above know
        self._retired: set[str] = set()
        self._held: dict[int, list[tuple[str, Checkpoint]]] = {}
        for name, checkpoint in held.items():
            self._held.setdefault(checkpoint.number, []).append((name, checkpoint))
        self._unknown: list[Checkpoint] = []
        self._good = 0  # the last sequence number known to be as it was signed
        self._next = next(self._rest, None)
        self.newest: Checkpoint | None = None
        self.count = 0
        self.cut, self.rehashed, self.linked, self.signed = Findings(), Findings(), Findings(), Findings()
        self.dates, self.replaced = Findings(), Findings()

    @property
    def next_seq(self) -> int | None:
        """The sequence number of the next checkpoint; None after the last."""
        return None if self._next is None else self._next.seq

    def take(self, seq: int, head: bytes | None, stretch: Stretch) -> int | None:
        """Compare every checkpoint that speaks of `seq`, whose hash is `head`, with the chain; return the next number.

        `head` is None where the chain has no such number; that is reported elsewhere.
        """
        while self._next is not None and self._next.seq <= seq:
            checkpoint = self._next
            self._dated(checkpoint, stretch)
            stretch = Stretch()
            self._one(checkpoint)
            if checkpoint.seq < seq:
                self.linked.add(f"checkpoint {checkpoint.number} signs fewer events than the one before it")
            elif head is not None and head.hex() != checkpoint.head:
                self.rehashed.add(rehashed(f"checkpoint {checkpoint.number}", checkpoint, good=self._good))
            else:
                self._good = checkpoint.seq
            self._next = next(self._rest, None)
        return self.next_seq

    def end(self, *, last: int) -> None:
        """The chain ended at sequence number `last`: look at what is left."""
        while self._next is not None:
            self.cut.add(cut(f"checkpoint {self._next.number}", self._next, last=last))
            self._one(self._next)
            self._next = next(self._rest, None)
        self._learn()
        for checkpoint in self._unknown:
            self._signature(f"checkpoint {checkpoint.number}", checkpoint)
        for ones in self._held.values():
            for name, _ in ones:
                self.replaced.add(f"{name} is no longer in the trail: checkpoints were removed")

    def signature(self, name: str, checkpoint: Checkpoint) -> None:
        """Check one signature with every key learned."""
        self._learn()
        self._signature(name, checkpoint)

    def _one(self, checkpoint: Checkpoint) -> None:
        """Compare a checkpoint with the one before it, with its signature, and with its copies elsewhere."""
        name = f"checkpoint {checkpoint.number}"
        number, previous = (0, NO_HASH) if self.newest is None else (self.newest.number, self.newest.digest())
        if checkpoint.number != number + 1:
            self.linked.add(f"checkpoint {number + 1} is missing: it was removed")
        elif checkpoint.previous != previous:
            self.linked.add(f"{name} does not follow the one before it: one of the two was edited or replaced")
        self._learn()
        if checkpoint.key_id in self._keys or len(self._unknown) >= _UNKNOWN_KEPT:
            self._signature(name, checkpoint)
        else:
            self._unknown.append(checkpoint)  # its key may be vouched for by an event sealed later
        self._retire(name, checkpoint)
        for held_as, held in self._held.pop(checkpoint.number, ()):
            if held != checkpoint:
                self.replaced.add(f"{held_as} differs from {name} in the trail: that one was replaced")
        self.newest = checkpoint
        self.count += 1

    def _signature(self, name: str, checkpoint: Checkpoint) -> None:
        key = self._keys.get(checkpoint.key_id)
        if key is None:
            self.signed.add(
                f"{name} is signed with key {checkpoint.key_id}, which is neither among the keys given "
                "nor vouched for by one of them"
            )
        elif not key.accepts(checkpoint.message(), checkpoint.signature):
            self.signed.add(f"the signature of {name} is wrong: it was edited or made up")

    def _learn(self) -> None:
        if self._learned < len(self._rotations):
            self._keys = trusted(self._given, list(self._rotations))
            self._learned = len(self._rotations)

    def _retire(self, name: str, checkpoint: Checkpoint) -> None:
        """Once a new key has signed, those it took over from must not sign any more."""
        if checkpoint.key_id in self._retired:
            self.signed.add(
                f"{name} is signed with key {checkpoint.key_id}, which a later key had replaced before: whoever "
                "still holds the old one signed it"
            )
            return
        took_over = {checkpoint.key_id}
        while took_over:
            from_whom = {str(r.get("old_key")) for r in self._rotations if r.get("new_key") in took_over}
            took_over = (from_whom & self._keys.keys()) - self._retired - {checkpoint.key_id}
            self._retired |= took_over

    def _dated(self, checkpoint: Checkpoint, stretch: Stretch) -> None:
        """The events between two checkpoints happened between the two, give or take."""
        if not stretch.latest:
            return
        if self.newest is not None and stretch.oldest < instant(moment(self.newest.at) - STALE):
            self.dates.add(
                f"before checkpoint {checkpoint.number} an event of {stretch.oldest} was sealed, although checkpoint "
                f"{self.newest.number} is of {self.newest.at}: it was added with an old date, or a clock was wrong"
            )
        if stretch.latest > instant(moment(checkpoint.at) + STALE):
            self.dates.add(
                f"checkpoint {checkpoint.number} is of {checkpoint.at} and signs an event of {stretch.latest}: it was "
                "added with a date to come, or a clock was wrong"
            )


def rehashed(name: str, checkpoint: Checkpoint, *, good: int) -> str:
    """Say that the chain is not what a checkpoint signed; up to `good` it is."""
    return (
        f"between sequence {good + 1} and {checkpoint.seq} the trail is not what {name} signed: it was "
        "changed and its hashes computed again"
    )


def cut(name: str, checkpoint: Checkpoint, *, last: int) -> str:
    """Say that a checkpoint speaks of more events than there are."""
    return f"the tail was cut: {name} signed {checkpoint.seq} events, the trail ends at number {last}"


def checkpoints_of(connection: Connection, *, after: int = 0) -> Iterator[Checkpoint]:
    """Return every checkpoint behind a number, in order, in little memory."""
    row = trail_checkpoint.c
    names = ("number", "seq", "head", "at", "key_id", "previous", "signature")
    statement = select(*(row[name] for name in names)).order_by(row.number)
    if after:
        statement = statement.where(row.number > after)
    for rows in stream(connection, statement):
        for values in rows:
            yield Checkpoint(**dict(zip(names, values, strict=True)))

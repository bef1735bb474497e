"""Verifying: does the trail still hold what it held when its checkpoints were signed?

What a checkpoint held elsewhere (an anchor) proves, it proves even against someone who has the signing key;
without one, a cut tail whose checkpoints were cut too cannot be seen.
"""

import hmac
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection, func, select

from audit.chain import Chain, Findings, sealed
from audit.checkpoints import NO_HASH, Checkpoint, all_checkpoints
from audit.keys import PublicKey, trusted
from audit.personal import commitment_of
from audit.tables import AnyRow, trail_commitment, trail_event, trail_seal
from audit.trail import instant, moment

SILENCE = timedelta(minutes=15)  # sealed events go on for longer than this only with a checkpoint
STALE = timedelta(hours=1)  # an event so much older than the newest checkpoint should have been sealed


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


def verify(connection: Connection, *, public_keys: Iterable[PublicKey], anchors: Iterable[Checkpoint] = ()) -> Report:
    """Check chain, checkpoints, anchors and commitments; report every kind of problem with its first place.

    `public_keys` should come from elsewhere than this machine; keys that took over by rotation are learned.
    """
    held = sorted(anchors, key=lambda anchor: anchor.seq)
    checkpoints = all_checkpoints(connection)
    chain = Chain({checkpoint.seq for checkpoint in [*checkpoints, *held]})
    chain.last_signed = checkpoints[-1].seq if checkpoints else 0
    for rows in sealed(connection):
        chain.take(rows)
    keys = trusted({key.key_id: key for key in public_keys}, chain.rotations)
    waiting, oldest = _waiting(connection)
    problems = [
        *chain.problems(),
        *_checkpoint_problems(checkpoints, chain=chain, keys=keys),
        *_anchor_problems(held, checkpoints=checkpoints, chain=chain, keys=keys),
        *_stale(oldest, waiting=waiting, checkpoints=checkpoints),
        *_commitment_problems(connection, erased=chain.erased, checkpoints=checkpoints),
    ]
    return Report(
        events=chain.present + waiting,
        sealed=chain.last,
        unsealed=waiting,
        checkpoints=len(checkpoints),
        unsigned=chain.last - min(chain.last, chain.last_signed),
        anchors=len(held),
        head=chain.head.hex(),
        problems=tuple(problems),
    )


def _waiting(connection: Connection) -> tuple[int, AnyRow | None]:
    """Return how many events have no seal, and the oldest of them."""
    joined = trail_event.outerjoin(trail_seal, trail_seal.c.event_id == trail_event.c.id)
    missing = trail_seal.c.event_id.is_(None)
    count = connection.execute(select(func.count()).select_from(joined).where(missing)).scalar_one()
    oldest = connection.execute(
        select(trail_event.c.id, trail_event.c.at)
        .select_from(joined)
        .where(missing)
        .order_by(trail_event.c.at)
        .limit(1)
    ).one_or_none()
    return int(count), oldest


def _checkpoint_problems(
    checkpoints: Sequence[Checkpoint], *, chain: Chain, keys: Mapping[str, PublicKey]
) -> list[str]:
    linked, signed, cut, rehashed = Findings(), Findings(), Findings(), Findings()
    number, previous, good = 0, NO_HASH, 0
    for checkpoint in checkpoints:
        name = f"checkpoint {checkpoint.number}"
        if checkpoint.number != number + 1:
            linked.add(f"checkpoint {number + 1} is missing: it was removed")
        elif checkpoint.previous != previous:
            linked.add(f"{name} does not follow the one before it: one of the two was edited or replaced")
        _signature(name, checkpoint, keys=keys, into=signed)
        good = _head_of(name, checkpoint, chain=chain, good=good, cut=cut, rehashed=rehashed)
        number, previous = checkpoint.number, checkpoint.digest()
    return [
        *cut.sentences(),
        *rehashed.sentences(),
        *linked.sentences(),
        *signed.sentences(),
        *_silence(checkpoints, chain=chain),
    ]


def _signature(name: str, checkpoint: Checkpoint, *, keys: Mapping[str, PublicKey], into: Findings) -> None:
    key = keys.get(checkpoint.key_id)
    if key is None:
        into.add(
            f"{name} is signed with key {checkpoint.key_id}, which is neither among the keys given "
            "nor vouched for by one of them"
        )
    elif not key.accepts(checkpoint.message(), checkpoint.signature):
        into.add(f"the signature of {name} is wrong: it was edited or made up")


def _head_of(name: str, checkpoint: Checkpoint, *, chain: Chain, good: int, cut: Findings, rehashed: Findings) -> int:
    """Compare one checkpoint with the chain; return the last sequence known to be as it was."""
    if checkpoint.seq > chain.last:
        cut.add(f"the tail was cut: {name} signed {checkpoint.seq} events, the trail ends at number {chain.last}")
    elif chain.heads.get(checkpoint.seq, checkpoint.head) != checkpoint.head:
        rehashed.add(
            f"between sequence {good + 1} and {checkpoint.seq} the trail is not what {name} signed: it was "
            "changed and its hashes computed again"
        )
    else:
        return max(good, checkpoint.seq)
    return good


def _silence(checkpoints: Sequence[Checkpoint], *, chain: Chain) -> list[str]:
    if not checkpoints:
        return ["no checkpoint is left although events are sealed: all were removed"] if chain.last else []
    newest = checkpoints[-1]
    if chain.latest_unsigned <= instant(moment(newest.at) + SILENCE):
        return []
    return [
        f"the trail goes on until {chain.latest_unsigned}, but the newest checkpoint ({newest.number}) "
        f"is of {newest.at}: later checkpoints were removed"
    ]


def _anchor_problems(
    anchors: Sequence[Checkpoint],
    *,
    checkpoints: Sequence[Checkpoint],
    chain: Chain,
    keys: Mapping[str, PublicKey],
) -> list[str]:
    signed, cut, rehashed, removed = Findings(), Findings(), Findings(), Findings()
    stored = {checkpoint.number: checkpoint for checkpoint in checkpoints}
    good = 0
    for anchor in anchors:
        name = f"the checkpoint {anchor.number} held elsewhere"
        _signature(name, anchor, keys=keys, into=signed)
        good = _head_of(name, anchor, chain=chain, good=good, cut=cut, rehashed=rehashed)
        if anchor.number not in stored:
            removed.add(f"{name} is no longer in the trail: checkpoints were removed")
        elif stored[anchor.number] != anchor:
            removed.add(f"{name} differs from checkpoint {anchor.number} in the trail: that one was replaced")
    return [*cut.sentences(), *rehashed.sentences(), *removed.sentences(), *signed.sentences()]


def _stale(oldest: AnyRow | None, *, waiting: int, checkpoints: Sequence[Checkpoint]) -> list[str]:
    if oldest is None or not checkpoints:
        return []
    event_id, at = oldest
    if at >= instant(moment(checkpoints[-1].at) - STALE):
        return []
    return [
        f"event {event_id} of {at} has no seal although later events were signed long ago: it was added "
        f"afterwards with an old date, or its transaction stayed open for hours ({waiting} have no seal)"
    ]


def _commitment_problems(connection: Connection, *, erased: set[str], checkpoints: Sequence[Checkpoint]) -> list[str]:
    edited, unlogged = Findings(), Findings()
    row = trail_commitment.c
    signed_until = checkpoints[-1].at if checkpoints else ""
    everything = select(row.token, row.kind, row.salt, row.value, row.erased_at).order_by(row.token)
    rows = connection.execute(everything.execution_options(yield_per=5000))
    for token, kind, salt, value, erased_at in rows:
        if erased_at is not None:
            if token not in erased and erased_at < signed_until:
                unlogged.add(f"{token[:20]}... was erased at {erased_at} and the trail does not say by whom")
        elif salt is None or not hmac.compare_digest(token, commitment_of(kind, value or "", salt=salt)):
            edited.add(f"the personal data kept under {token[:20]}... ({kind}) is not what was committed: edited")
    return [*edited.sentences(), *unlogged.sentences()]

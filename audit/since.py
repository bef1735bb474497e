"""Verifying what came since a checkpoint: in time that does not grow with the trail, for whoever looks often.

It vouches for the checkpoint's own place and for everything behind it. What was changed before it, only the whole
verification finds (see audit.verify).
"""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from audit.chain import Chain, Stretch, sealed
from audit.checkpoints import Checkpoint
from audit.keys import PublicKey
from audit.signed import SILENCE, Signed, checkpoints_of
from audit.tables import trail_checkpoint, trail_event, trail_seal
from audit.trail import instant, moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Since:
    """What was found behind a checkpoint."""

    problems: tuple[str, ...]  # plain sentences; none when everything is as it was signed
    newest: Checkpoint  # from here on the next verification may go on


def verify_since(
    connection: Connection, *, checkpoint: Checkpoint, public_keys: Iterable[PublicKey], now: str
) -> Since:
    """Check that a checkpoint still stands where it stood, and all that was sealed and signed after it.

    `now` is a stored instant: events that have waited for their seal for too long until then are a problem.
    """
    if not _stands(connection, checkpoint):
        why = (
            f"checkpoint {checkpoint.number} of {checkpoint.at}, verified before, is no longer in the trail as it was: "
            "the trail was changed, or it is an older copy"
        )
        return Since(problems=(why,), newest=checkpoint)
    chain, signed = _followed(connection, checkpoint, {key.key_id: key for key in public_keys})
    problems = (
        *chain.problems(),
        *signed.cut.sentences(),
        *signed.rehashed.sentences(),
        *signed.linked.sentences(),
        *signed.signed.sentences(),
        *signed.dates.sentences(),
        *_unsealed(connection, now=now),
    )
    newest = signed.newest
    return Since(problems=problems, newest=checkpoint if newest is None or problems else newest)


def _stands(connection: Connection, checkpoint: Checkpoint) -> bool:
    row = connection.execute(
        select(trail_checkpoint).where(trail_checkpoint.c.number == checkpoint.number)
    ).one_or_none()
    head = connection.execute(select(trail_seal.c.hash).where(trail_seal.c.seq == checkpoint.seq)).scalar_one_or_none()
    return row is not None and Checkpoint(**row._mapping) == checkpoint and _hex(head) == checkpoint.head


def _hex(head: bytes | None) -> str | None:
    return None if head is None else bytes(head).hex()


def _followed(connection: Connection, after: Checkpoint, keys: dict[str, PublicKey]) -> tuple[Chain, Signed]:
    def mark(seq: int, head: bytes | None, stretch: Stretch) -> int | None:
        return signed.take(seq, head, stretch)

    head = bytes.fromhex(after.head)
    chain = Chain(mark=mark, next_mark=None, last=after.seq, head=head)
    checkpoints = checkpoints_of(connection, after=after.number)
    signed = Signed(checkpoints, keys=keys, rotations=chain.rotations, held={})
    signed.newest = after
    if signed.next_seq == after.seq:  # a checkpoint that signs nothing new
        signed.take(after.seq, head, Stretch())
    chain.next_mark = signed.next_seq
    for rows in sealed(connection, after=after.seq):
        chain.take(rows)
    signed.end(last=chain.last)
    return chain, signed


def _unsealed(connection: Connection, *, now: str) -> list[str]:
    """Say that events behind the last seal have waited for too long: nobody seals."""
    last = select(func.coalesce(func.max(trail_seal.c.event_id), 0)).scalar_subquery()
    oldest = connection.execute(select(func.min(trail_event.c.at)).where(trail_event.c.id > last)).scalar_one()
    if oldest is None or instant(moment(oldest) + SILENCE) >= now:
        return []
    return [f"since {oldest} nothing has been sealed: nobody seals, or somebody keeps the sealer from it"]

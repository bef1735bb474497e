"""One look at whether the work goes on: the scheduler's signs of life, and items at hand that stand still.

A look proves that the store can be written to, by leaving a sign of its own. What stood still is counted only from when
the looks began to succeed: after an outage of the store, or of the whole machine, everybody gets time to go on.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.errors import StoreUnavailable
from core.store import Database, Transaction, pulse, signs
from core.store.pulse import AtHand

EVERY = timedelta(seconds=5)  # between two looks
SILENT = timedelta(minutes=3)  # a scheduler without a sign of life for so long stands still
VERIFIED = "trail"  # whoever has verified the trail and found it whole gives this sign


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """What one look has found."""

    at: datetime  # by the store's clock; by our own when the store did not answer
    trouble: str | None = None  # why the store could not be written to; the rest is then absent
    since: datetime | None = None  # the first of the looks in a row that succeeded
    scheduler: datetime | None = None  # when the scheduler of this host last gave a sign
    watch: datetime | None = None  # likewise
    verified: datetime | None = None  # when the trail was last verified, here or elsewhere
    still: tuple[AtHand, ...] = ()  # items that processes of this host hold, which are alive and stand still

    def silent(self, sign: datetime | None, *, for_: timedelta) -> bool:
        """Tell whether somebody has been silent for longer, time without the store not counted."""
        heard = [instant for instant in (sign, self.since) if instant is not None]
        return bool(heard) and self.at - max(heard) > for_

    def standstill(self, ours: Sequence[AtHand]) -> str | None:
        """Return in a sentence what stands still: the scheduler, or those items of processes that are ours.

        None when the work goes on, or waits for the store: nobody can get on then, and starting anything again would
        not mend that.
        """
        if self.trouble is not None:
            return None
        if self.silent(self.scheduler, for_=SILENT):
            last = "" if self.scheduler is None else f" since {self.scheduler:%H:%M:%S} UTC"
            return f"the scheduler has given no sign of life{last}"
        if ours:
            return f"{len(ours)} items at hand do not get on, the first is item {ours[0].item_id}"
        return None


class Looks:
    """Looks that know of the one before; each is one short transaction."""

    def __init__(self, database: Database, *, host: str, alive: Callable[[str], bool], standstill: timedelta) -> None:
        """`alive` tells whether a worker of this host lives: what a dead one left is the next worker's to take up.

        `standstill`: how long an item at hand may go without a step, an intent, a receipt or evidence.
        """
        self._database = database
        self._host = host
        self._alive = alive
        self._standstill = standstill
        self._before: Beat | None = None

    def look(self) -> Beat:
        """Look once."""
        try:
            with self._database.transaction(actor="system:up") as tx:
                found = self._found(tx)
        except StoreUnavailable as error:
            found = Beat(at=self._database.clock.now(), trouble=error.message)
        self._before = found
        return found

    def _found(self, tx: Transaction) -> Beat:
        signs.give(tx, f"up:{self._host}")
        since = self._since(tx.now)
        held = pulse.at_hand(tx, host=self._host)
        still = standing_still(held, now=tx.now, since=since, for_=self._standstill)
        return Beat(
            at=tx.now,
            since=since,
            scheduler=signs.all_of(tx, "scheduler").get(self._host),
            watch=signs.all_of(tx, "watch").get(self._host),
            verified=max(signs.all_of(tx, VERIFIED).values(), default=None),
            still=tuple(one for one in still if self._alive(one.worker)),
        )

    def _since(self, now: datetime) -> datetime:
        before = self._before
        if before is None or before.since is None or now - before.at > SILENT:
            return now
        return before.since


def standing_still(held: Sequence[AtHand], *, now: datetime, since: datetime, for_: timedelta) -> Sequence[AtHand]:
    """Return the items that have not got on for so long, and those whose holder no longer renews its lease."""
    return [one for one in held if now - max(one.moved_at, since) > for_ or now - max(one.lease_until, since) > SILENT]

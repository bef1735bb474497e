"""The effect protocol as pure functions: what is known goes in, the next move comes out; nothing is done here.

`core.runtime.effects` and `core.runtime.reaper` make the moves; `tests/simulation` plays them a million times against
a simulated portal. In one glance:

    nothing begun        look: found -> confirmed    absent -> intend, act, confirm     cannot tell -> a person
    begun, not proven    look: found -> confirmed    absent -> intend again, act        cannot tell -> a person
    proven               return the receipt
    key or plan changed after it was begun -> a person
    begun, not settled   no look: what is not there yet may still come
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from core.model.runs import Mode


class Standing(Enum):
    """What the ledger says of an effect of this item."""

    NOT_BEGUN = "not begun"
    BEGUN = "begun"  # intended or uncertain: it may have happened
    PROVEN = "proven"  # the receipt is stored


class Seen(Enum):
    """What the target answered when it was searched for the plan."""

    NOT_LOOKED = "not looked"
    FOUND = "found"
    ABSENT = "absent"
    CANNOT_TELL = "cannot tell"


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """All that decides what happens next to one effect."""

    standing: Standing
    mode: Mode
    acting: bool  # False in a dry run: nothing outside is changed whatever the mode
    approved: bool = False  # a person approved this very plan
    changed: bool = False  # it was begun with another target, key or plan than the bot would use now
    taken: bool = False  # another item holds the key
    refuted: bool = False  # a person said of this very plan that it did not happen
    settled: bool = True  # False: this attempt made the click itself, so that looking now proves nothing
    seen: Seen = Seen.NOT_LOOKED


class Move(Enum):
    """What is to be done next."""

    RETURN_RECEIPT = "return the stored receipt"
    ASK_CHANGED = "ask a person: it was begun with other values"
    ASK_TAKEN = "ask a person: another item holds the key"
    ASK_CANNOT_TELL = "ask a person: the target does not say for sure"
    ASK_APPROVAL = "ask a person to approve the plan; what was begun did not happen, and is withdrawn"
    STOP_PLANNED = "end with the plan; what was begun did not happen, and is withdrawn"
    WAIT = "come back when the target has settled"
    LOOK = "search the target"
    CONFIRM_FOUND = "store what was found as the receipt"
    ACT = "store the intent, act, store the receipt"


def next_move(known: Known) -> Move:
    """Return the one move that neither does a thing twice nor loses it."""
    if known.changed:
        return Move.RETURN_RECEIPT if known.standing is Standing.PROVEN and known.approved else Move.ASK_CHANGED
    if known.standing is Standing.PROVEN:
        return Move.RETURN_RECEIPT
    if known.seen is Seen.NOT_LOOKED:
        return _before_looking(known)
    if known.seen is Seen.FOUND:
        return Move.CONFIRM_FOUND
    before = known.standing is Standing.NOT_BEGUN  # a refutation answers for what was before it
    if known.seen is Seen.CANNOT_TELL and not (before and known.refuted):
        return Move.ASK_CANNOT_TELL
    return _not_allowed(known) or Move.ACT


def _before_looking(known: Known) -> Move:
    if known.standing is Standing.BEGUN:
        return Move.LOOK if known.settled else Move.WAIT
    if known.taken:
        return Move.ASK_TAKEN
    return _not_allowed(known) or Move.LOOK


def _not_allowed(known: Known) -> Move | None:
    if known.mode is Mode.SHADOW or not known.acting:
        return Move.STOP_PLANNED
    if known.mode is Mode.RECOMMEND and not known.approved:
        return Move.ASK_APPROVAL
    return None


class Aftermath(Enum):
    """What follows when acting ended with an error."""

    WITHDRAW = "nothing was clicked: free the key"
    LEAVE = "nothing was clicked, and the item is another's: touch nothing"
    DOUBT = "it may have happened: look when the target has settled"
    ASK = "the target gave a clear no: a person looks"


def after_error(*, committed: bool, fenced: bool, refused: bool) -> Aftermath:
    """Return what an error means; `committed`: it came after the fence was passed for the click.

    `fenced`: the error is that the item is no longer held. `refused`: the target's answer was a clear no.
    """
    if not committed:
        return Aftermath.LEAVE if fenced else Aftermath.WITHDRAW
    return Aftermath.ASK if refused else Aftermath.DOUBT


def settled_at(known_at: datetime, settle: timedelta) -> datetime:
    """Return when looking for a begun effect proves something.

    `known_at` is when it became known that its holder acts no more: when it met the error itself, or was found dead.
    Never the instant of the intent: a holder that stood still may have clicked long after it.
    """
    return known_at + settle


class Fate(Enum):
    """What the operating system says of a worker."""

    ALIVE = "alive"  # on this host, its lock is held: stopped or slow, but it may still act
    DEAD = "dead"  # on this host, it left its lock file, and no process holds it any more
    UNKNOWN = "unknown"  # on another host, or it ended in good order: only its lease tells


class Hold(Enum):
    """What becomes of an item under a lease."""

    KEEP = "its holder works on it"
    STANDS_STILL = "its holder lives and does not renew: it keeps the item, since it may wake in the middle of a click"
    TAKE = "its holder is gone"


def hold_of(fate: Fate, *, lapsed: bool) -> Hold:
    """Return whether an item may be taken from its holder; `lapsed`: its lease has run out."""
    if fate is Fate.DEAD:
        return Hold.TAKE
    if not lapsed:
        return Hold.KEEP
    return Hold.TAKE if fate is Fate.UNKNOWN else Hold.STANDS_STILL


class Next(Enum):
    """Where an item goes that was taken from a dead holder."""

    AGAIN = "back to the queue"
    ASK = "to a person: it kills its worker each time, and something was begun"
    FAIL = "to the failed: it kills its worker each time"


def after_death(*, begun: bool, crashes: int, most: int) -> Next:
    """Return where the item goes; `crashes`: how many attempts ended with the death of their worker, `most` of them."""
    if crashes < most:
        return Next.AGAIN
    return Next.ASK if begun else Next.FAIL

"""A review task: one question to a person about one item."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any


class ReviewState(StrEnum):
    """A task waits, is with someone, or is answered."""

    OPEN = "open"
    CLAIMED = "claimed"
    RESOLVED = "resolved"


REVIEW_MOVES: Mapping[ReviewState, frozenset[ReviewState]] = MappingProxyType(
    {
        ReviewState.OPEN: frozenset({ReviewState.CLAIMED, ReviewState.RESOLVED}),
        ReviewState.CLAIMED: frozenset({ReviewState.OPEN, ReviewState.RESOLVED}),
        ReviewState.RESOLVED: frozenset(),
    }
)


class ReviewKind(StrEnum):
    """Why a person is asked."""

    BUSINESS = "business"  # the bot met something only a person can settle
    CHECKS = "checks"  # one or more checks did not pass
    PLAN = "plan"  # recommend mode: the plan waits for approval
    UNCERTAIN = "uncertain"  # an effect may or may not have happened
    DUPLICATE = "duplicate"  # another item holds the same key
    CHANGED = "changed"  # key or plan differ from an effect already begun
    UNREADABLE = "unreadable"  # a document cannot be read


class Action(StrEnum):
    """What a person may decide."""

    CORRECT = "correct"  # change values of a step and continue
    WAIVE = "waive"  # go on in spite of one check's outcome
    APPROVE = "approve"  # let the shown plan happen
    RETRY = "retry"  # run again as it is
    PARK = "park"  # ask again later
    DONE_BY_HAND = "done_by_hand"  # a person did it; the receipt is noted
    CANCEL = "cancel"  # nothing is to be done
    CONFIRM = "confirm"  # the uncertain effect did happen; the receipt is noted
    REFUTE = "refute"  # the uncertain effect did not happen


_ALWAYS = frozenset({Action.PARK, Action.RETRY})
_ENDING = frozenset({Action.DONE_BY_HAND, Action.CANCEL})

ALLOWED: Mapping[ReviewKind, frozenset[Action]] = MappingProxyType(
    {
        ReviewKind.BUSINESS: _ALWAYS | _ENDING | {Action.CORRECT},
        ReviewKind.CHECKS: _ALWAYS | _ENDING | {Action.CORRECT, Action.WAIVE},
        ReviewKind.PLAN: _ALWAYS | _ENDING | {Action.CORRECT, Action.APPROVE},
        ReviewKind.UNCERTAIN: _ALWAYS | {Action.CONFIRM, Action.REFUTE, Action.CORRECT, Action.CANCEL},
        ReviewKind.DUPLICATE: _ALWAYS | _ENDING | {Action.CORRECT},
        ReviewKind.CHANGED: _ALWAYS | {Action.CONFIRM, Action.REFUTE, Action.CORRECT},
        ReviewKind.UNREADABLE: _ALWAYS | _ENDING,
    }
)


def allowed(kind: ReviewKind, *, begun: bool) -> frozenset[Action]:
    """Return what a person may decide; `begun`: the item has an effect that is in doubt or proven.

    An effect once begun cannot be cancelled away: somebody says whether it happened.
    """
    if not begun:
        return ALLOWED[kind]
    return (ALLOWED[kind] - {Action.CANCEL}) | {Action.CONFIRM, Action.REFUTE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Why the bot stopped, as it will be shown to a person."""

    kind: ReviewKind
    code: str  # stable, in CAPITALS
    reason: str  # one sentence with the numbers in it
    action: str = ""  # what the person is asked to do
    fields: tuple[str, ...] = ()  # values in doubt, dotted paths
    details: Mapping[str, Any] = field(default_factory=dict)  # JSON data: outcomes, plan, receipts, other item


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewTask:
    """A question as stored, with who has it and how it was answered."""

    id: int
    item_id: int
    bot: str
    reference: str
    state: ReviewState
    version: int  # grows with every change; a decision names the version it saw
    question: Question
    opened_at: datetime
    claimed_by: str | None = None
    claimed_until: datetime | None = None
    parked_until: datetime | None = None
    resolved_at: datetime | None = None
    resolution: Action | None = None
    resolved_by: str | None = None
    note: str = ""
    votes: tuple[tuple[str, str, str], ...] = ()  # (who, check code, digest) of waivers waiting for a second person

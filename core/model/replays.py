"""A replay: what an item's attempt saw and how it ended, and what today's code would make of the same."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from core.model.differences import Difference
from core.model.effects import EffectRecord, Planned
from core.model.items import Amount, Claim
from core.model.outcomes import Outcome, Waiver
from core.model.runs import AttemptOutcome, Mode
from core.model.steps import Correction, StepRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckSeen:
    """What one check answered."""

    code: str
    outcome: Outcome
    message: str
    digest: str  # what a waiver is bound to


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How an attempt ended, in the words of a report."""

    words: str  # "done", "planned", "asked CODE", "later CODE", "carries out EFFECT", "fails CODE"
    reason: str | None = None  # what a person reads; absent where the checks tell it
    until: datetime | None = None  # of "later"; absent when it is no longer known


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """The last attempt of an item that came to an ending of its own, with all that it went by."""

    claim: Claim  # as the attempt had it, with the waits before it; it holds nothing any more
    mode: Mode
    version: str  # of the bot's code
    started_at: datetime
    outcome: AttemptOutcome
    ending: Ending
    looks: tuple[StepRecord, ...]  # in the order they were made
    checks: tuple[CheckSeen, ...]
    plans: Mapping[str, Planned]  # by name of the effect: what was, or would have been, carried out
    stopped_at: str | None  # the effect at which it ended; absent when it ended elsewhere
    receipts: Mapping[str, EffectRecord]  # proven effects by name
    amount: Amount | None  # what the item is worth, said by this attempt or an earlier one
    result: Any  # what the process function returned; absent unless it ended done
    corrections: tuple[Correction, ...]  # made before the attempt, as are waivers and approvals
    waivers: tuple[Waiver, ...]
    approvals: frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What today's code makes of a recorded attempt."""

    ending: Ending
    checks: tuple[CheckSeen, ...]
    plans: Mapping[str, Planned]
    amount: Amount | None
    result: Any


class Verdict(StrEnum):
    """What a replay says of one item."""

    SAME = "same"
    CHANGED = "changed"  # a decision or a plan would be another
    NEEDS_LOOK = "needs_look"  # today's code looks at what was not looked at then, so what it would decide is not known
    NOT_REPLAYABLE = "not_replayable"  # what was recorded cannot be given to today's code
    NO_ENDING = "no_ending"  # no attempt has come to an ending of its own yet; there is nothing to compare


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """One item, gone through again."""

    item_id: int
    reference: str
    document: str | None  # name of its first file
    verdict: Verdict
    attempt: int | None = None  # number of the attempt it was compared with
    version: str | None = None  # of the bot's code then
    why: str = ""  # why it could not be gone through to its end
    differences: tuple[Difference, ...] = ()

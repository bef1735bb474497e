"""A run (one start of a bot) and an attempt (one try of one item)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum


class Mode(StrEnum):
    """How far a bot may go; the more careful of two modes wins."""

    SHADOW = "shadow"  # decides, acts nowhere; its plan is compared with what people did
    RECOMMEND = "recommend"  # every plan goes to a person first
    AUTO = "auto"  # acts when all checks pass

    def careful(self, other: "Mode") -> "Mode":
        """Return the more careful of the two."""
        order = list(Mode)
        return min(self, other, key=order.index)


class AttemptOutcome(StrEnum):
    """How one try of one item ended."""

    DONE = "done"
    PLANNED = "planned"  # reached its first effect without being allowed to act
    REVIEW = "review"  # a person decides
    LATER = "later"  # put back with a date by the bot
    RETRY = "retry"  # an application exception; tried again after a while
    RELEASED = "released"  # given back unfinished: the worker was asked to stop
    DOUBT = "doubt"  # crashed or unclear after the click; looked for again after `settle`
    FAILED = "failed"  # the allowed tries are used up
    ABANDONED = "abandoned"  # the worker died or lost its lease


class ExitCode(IntEnum):
    """What a command tells the scheduler or the person who started it."""

    GREEN = 0  # balanced and no failures, with or without cases for people
    FAILED = 1  # a failure or an imbalance
    CASES = 10  # with --strict: balanced, but cases wait for people
    STOPPED = 20  # stopped by a window or a hold
    TARGET = 30  # target unavailable
    CREDENTIALS = 40
    CONFIGURATION = 50
    TRAIL = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """One of a run's three balances: two numbers counted in different places that must agree."""

    name: str  # "intake", "work" or "target"
    expected: Mapping[str, str] = field(default_factory=dict)
    counted: Mapping[str, str] = field(default_factory=dict)
    differences: tuple[str, ...] = ()  # in plain words; empty when balanced
    note: str = ""  # why a balance could not be drawn, or what it leaves out

    @property
    def holds(self) -> bool:
        """True when nothing differs."""
        return not self.differences

"""What an attempt records on its way: steps, looks and corrections."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class RecordKind(StrEnum):
    """A step is reused while its inputs are the same; a look is made afresh at every attempt."""

    STEP = "step"
    LOOK = "look"


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRecord:
    """One stored result of a step or look."""

    kind: RecordKind
    name: str
    input_digest: str
    code_digest: str  # digest of the bot's code that computed it
    result: Any  # JSON data
    # Of a step: "module:qualified name" of the declared type, so that a correction can be checked early. Of a look:
    # empty, or "raised:" and the name of the error that `result` tells of.
    result_type: str
    seconds: float  # how long it took; 0 when reused
    reused: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """A person's change to a step's result, keyed by what went into the step, never by the code's version."""

    step: str
    input_digest: str
    changes: Mapping[str, Any]  # dotted path into the result to the new JSON value
    who: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """A source that did not give what was asked of it; every check that needs it is not evaluated."""

    reason: str  # in a clerk's words: which source, what was found, what was expected


@dataclass(frozen=True, slots=True, kw_only=True)
class Dated(Generic[T]):
    """A value from a dated source (an export, a report) and the instant or day it was true."""

    value: T
    as_of: datetime | date
    source: str
    limit: timedelta | None = field(default=None)  # how old it may be; None: any age

    def at(self, now: datetime) -> "T | Missing":
        """Return the value, or Missing when it is older than its limit."""
        if self.limit is None:
            return self.value
        age = now - self.as_of if isinstance(self.as_of, datetime) else timedelta(days=(now.date() - self.as_of).days)
        if age <= self.limit:
            return self.value
        return Missing(
            reason=f"{self.source} is of {self.as_of:%d %b %Y}, {age.days} days old; "
            f"at most {self.limit.days} are allowed. Ask for a new one."
        )

"""What looking for an effect in a target can answer."""

from dataclasses import dataclass
from typing import Generic, TypeVar

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Found(Generic[R]):
    """The target holds what the plan asks for; `receipt` is the target's own proof of it."""

    receipt: R


@dataclass(frozen=True, slots=True)
class Absent:
    """The target was searched in full and certainly does not hold it."""


@dataclass(frozen=True, slots=True)
class CannotTell:
    """The target does not say for sure: too many hits, a half match, a page that did not load; a person looks."""

    reason: str


Answer = Found[R] | Absent | CannotTell

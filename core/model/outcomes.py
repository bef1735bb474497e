"""What a check can answer, and a person's leave to go on in spite of it."""

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """The three answers of a check; only `passed` lets a bot go on by itself."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_EVALUATED = "not_evaluated"  # a source is missing or stale, or the check itself broke


@dataclass(frozen=True, slots=True, kw_only=True)
class Waivable:
    """Who may waive a check's outcome; there is no default, each check says it."""

    people: int  # how many different people it takes; 0: nobody may
    role: str | None = None  # a role of `[people]` in bots.toml; None: any reviewer of the bot


NOBODY = Waivable(people=0)
ONE_PERSON = Waivable(people=1)
TWO_PEOPLE = Waivable(people=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckOutcome:
    """One check's answer for one item, with everything a person needs to judge it."""

    code: str  # stable, in CAPITALS
    outcome: Outcome
    message: str  # a sentence with the numbers in it
    found: str = ""
    expected: str = ""
    fields: tuple[str, ...] = ()  # dotted paths of the values in doubt
    source: str = ""  # where the rule comes from
    action: str = ""  # what a person should do about it
    waivable: Waivable = NOBODY
    digest: str = ""  # of the check's inputs and outcome; a waiver is bound to it


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """A person's leave for one outcome of one item; void as soon as the digest changes."""

    code: str
    digest: str
    who: str

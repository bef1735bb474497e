"""What goes wrong in the simulations, and how often: far more than in any office, so that seconds show years.

Only zero and not zero, and which protocol is worse, mean anything: the rates are invented.
"""

from dataclasses import dataclass
from enum import Enum
from random import Random


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """How often each fault comes (a share of its occasions), and how long it lasts (seconds)."""

    crash: float = 0.02  # at every boundary
    pause: float = 0.01  # at every boundary
    shortest_pause: float = 10.0
    longest_pause: float = 300.0
    error_before: float = 0.05  # the portal fails before it has entered anything
    error_after: float = 0.03  # it has entered it, and shows an error
    timeout_before: float = 0.03  # it never answers, and never enters it
    timeout_after: float = 0.03  # it has entered it, and never answers
    late: float = 0.01  # it never answers, and enters it after the bot has given up waiting
    longest_late: float = 90.0  # after the time-out
    timeout: float = 30.0
    session: float = 0.03  # the login is gone when the form is opened
    search: float = 0.05  # the search fails
    longest_lag: float = 60.0  # until the search shows what was entered
    browser: float = 0.0  # the browser is found dead only when the target is let go of
    store: float = 0.0  # the connection to the store is lost at a commit, before or after it took

    @property
    def settle(self) -> float:
        """The least settle that is right: the worst late commit, counted from the click, and the search's lag."""
        return self.timeout + self.longest_late + self.longest_lag


C1 = Rates()
# Everything more often: shows in hundreds of items what the rates above show in tens of thousands.
HARD = Rates(
    crash=0.05,
    pause=0.05,
    late=0.10,
    timeout_after=0.10,
    error_after=0.05,
    session=0.05,
    browser=0.03,
    store=0.01,
)


class Answer(Enum):
    """What the portal answers to the click."""

    RECEIPT = "its number"
    ERROR = "an error"
    SILENCE = "nothing, until the time-out"
    REFUSAL = "a clear no: it holds one with this reference"


@dataclass(frozen=True, slots=True, kw_only=True)
class Click:
    """What comes of one click."""

    answer: Answer
    after: float | None  # when it is entered, in seconds from the click; None: never


def click(rates: Rates, chance: Random) -> Click:
    """Draw what the portal makes of a click."""
    drawn = chance.random()
    for share, answer, after in (
        (rates.error_before, Answer.ERROR, None),
        (rates.error_after, Answer.ERROR, 0.0),
        (rates.timeout_before, Answer.SILENCE, None),
        (rates.timeout_after, Answer.SILENCE, 0.0),
    ):
        if drawn < share:
            return Click(answer=answer, after=after)
        drawn -= share
    if drawn < rates.late:
        return Click(answer=Answer.SILENCE, after=rates.timeout + chance.uniform(0.0, rates.longest_late))
    return Click(answer=Answer.RECEIPT, after=0.0)


@dataclass(slots=True)
class Tally:
    """What the portal's own books say of the items, against what became of them."""

    items: int = 0
    doubled: int = 0
    lost: int = 0  # done without an entry, failed with one, or ended nowhere
    done: int = 0
    failed: int = 0
    asked: int = 0  # how often a person was asked

    def add(self, *, end: str, entries: int) -> None:
        """Judge one item."""
        self.items += 1
        self.doubled += entries > 1
        self.lost += {"done": entries == 0, "failed": entries > 0, "in_review": False}.get(end, True)
        self.done += end == "done"
        self.failed += end == "failed"

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            self.items + other.items,
            self.doubled + other.doubled,
            self.lost + other.lost,
            self.done + other.done,
            self.failed + other.failed,
            self.asked + other.asked,
        )

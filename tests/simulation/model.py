"""The pure transition function against a simulated portal: one item at a time on a virtual clock, no store.

Every decision is `core.model.protocol`'s, which the shipped runtime goes by. A control replaces one of them by what is
often done instead, and must double.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import product
from random import Random

from core.model.protocol import (
    Aftermath,
    Fate,
    Hold,
    Known,
    Move,
    Next,
    Seen,
    Standing,
    after_death,
    after_error,
    hold_of,
    next_move,
    settled_at,
)
from core.model.runs import Mode
from tests.simulation.faults import C1, Answer, Rates, Tally, click

EPOCH = datetime(2026, 3, 2, tzinfo=UTC)
LEASE = 120.0  # seconds
BACKOFF = 30.0
TRIES = 3
CRASHES = 20
FIND_OUT = 2.0  # seconds until a death on this host is noticed: how often the reaper looks


def from_death(known_dead: float, intended: float, settle: float) -> float:
    """Return when to look, as the runtime does it: the target settles from when the holder is known to act no more."""
    return (settled_at(EPOCH + timedelta(seconds=known_dead), timedelta(seconds=settle)) - EPOCH).total_seconds()


def from_intent(known_dead: float, intended: float, settle: float) -> float:
    """The control: the target settles from the intent."""
    return max(known_dead, intended + settle)


def never_look(known: Known) -> Move:
    """The control: retry until it says OK."""
    return Move.RETURN_RECEIPT if known.standing is Standing.PROVEN else Move.ACT


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How items are worked; the defaults are what is shipped."""

    decide: Callable[[Known], Move] = next_move
    look_at: Callable[[float, float, float], float] = from_death  # (known dead, intended, settle) to instant
    settle: float = C1.settle
    person: float = 5.0  # seconds until a person has looked
    believes: bool = False  # True in the control that acts on a person's word at once
    locks: bool = True  # the workers share a host: the system says who is dead; else only leases tell
    refuses_twins: bool = False  # the portal carries our reference, and refuses a second entry with it


SHIPPED = Rules()
CONTROLS = {
    "retry until OK": Rules(decide=never_look, settle=0.0),
    "look at once": Rules(settle=0.0),
    "settle of 60 s": Rules(settle=60.0),
    "settle counted from the time-out, not from the click": Rules(settle=C1.settle - C1.timeout),
    "settle counted from the intent": Rules(look_at=from_intent),
    "a quick person believed at once": Rules(believes=True),
    "leases only, settle counted from the intent": Rules(look_at=from_intent, locks=False),
}


class _Died(Exception):
    """The worker is gone."""


class _TakenOver(Exception):
    """The worker stood still for longer than its lease, and another host has the item."""

    def __init__(self, wakes: float) -> None:
        super().__init__(wakes)
        self.wakes = wakes


class _Unanswered(Exception):
    """An application exception: tried again."""


class _SessionLost(_Unanswered):
    """Tried again at once, the first time."""


_KNOWN = {
    (standing, seen, refuted): Known(standing=standing, mode=Mode.AUTO, acting=True, seen=seen, refuted=refuted)
    for standing, seen, refuted in product(Standing, Seen, (False, True))
}


@dataclass(slots=True)
class Item:
    """One item from its first attempt to its end."""

    rates: Rates
    rules: Rules
    chance: Random
    now: float = 0.0  # seconds
    entries: list[tuple[float, float]] = field(default_factory=list)  # (entered at, shown by the search from)
    standing: Standing = Standing.NOT_BEGUN
    refuted: bool = False
    intended: float = 0.0
    crashes: int = 0
    errors: int = 0  # in a row
    asked: int = 0

    def work(self) -> str:
        """Make attempts until the item is done or has failed, and return which."""
        while True:
            try:
                end = self._attempt()
            except (_Died, _TakenOver):
                end = self._after_death()
            except _Unanswered:
                end = self._again(self.now + BACKOFF * 2**self.errors)
            if end is not None:
                return end

    # -- what the runtime does --------------------------------------------------------------------------------------

    def _attempt(self, *, again: bool = False) -> str | None:
        self._boundary()
        move = self._decide(Seen.NOT_LOOKED)
        if move is Move.LOOK:
            self._boundary()
            seen = self._search()
            self._boundary()
            move = self._decide(seen)
        if move is Move.CONFIRM_FOUND:
            self.standing = Standing.PROVEN
            self._boundary()
        elif move is Move.ACT:
            try:
                doubt = self._act()
            except _SessionLost:
                if again:
                    raise
                return self._attempt(again=True)
            if doubt is not None:
                settled = self.rules.look_at(self.now, self.intended, self.rules.settle)
                return self._ask(settled) if doubt is Aftermath.ASK else self._again(settled)
        self._boundary()
        return "done"

    def _decide(self, seen: Seen) -> Move:
        return self.rules.decide(_KNOWN[self.standing, seen, self.refuted])

    def _act(self) -> Aftermath | None:
        self._boundary()
        self.standing = Standing.BEGUN
        self.intended = self.now
        self._boundary()
        if self.chance.random() < self.rates.session:
            if after_error(committed=False, fenced=False, refused=False) is Aftermath.WITHDRAW:
                self.standing = Standing.NOT_BEGUN
            raise _SessionLost
        answer = self._click()  # the fence was passed: the item is held here
        self._boundary()
        if answer is not Answer.RECEIPT:
            return after_error(committed=True, fenced=False, refused=answer is Answer.REFUSAL)
        self.standing = Standing.PROVEN
        return None

    def _again(self, until: float) -> str | None:
        self.errors += 1
        if self.errors >= TRIES and self.rules.decide is next_move:
            return self._ask(until) if self.standing is Standing.BEGUN else "failed"
        self.now = until
        return None

    def _after_death(self) -> str | None:
        if self.rules.locks:
            fate, lapsed, found_out = Fate.DEAD, False, self.now + FIND_OUT
        else:
            fate, lapsed, found_out = Fate.UNKNOWN, True, self.now + LEASE
        if hold_of(fate, lapsed=lapsed) is not Hold.TAKE:
            raise AssertionError("an item whose holder is gone is not taken")
        self.crashes += 1
        begun = self.standing is Standing.BEGUN
        end = after_death(begun=begun, crashes=self.crashes, most=CRASHES)
        self.now = found_out
        settled = self.rules.look_at(found_out, self.intended, self.rules.settle) if begun else found_out
        if end is Next.AGAIN:
            self.now = settled
            return None
        return self._ask(settled) if end is Next.ASK else "failed"

    def _ask(self, settled: float) -> None:
        """A person looks in the portal and says what is there, perhaps before everything has landed there."""
        self.asked += 1
        self.errors = 0
        self.now += self.rules.person
        if any(entered <= self.now for entered, _ in self.entries):
            self.standing = Standing.PROVEN
        else:
            self.standing, self.refuted = Standing.NOT_BEGUN, True
        if not self.rules.believes:
            self.now = max(self.now, settled)

    # -- what the world does ----------------------------------------------------------------------------------------

    def _boundary(self) -> None:
        self.now += 1.0
        drawn = self.chance.random()
        if drawn < self.rates.crash:
            raise _Died
        if drawn < self.rates.crash + self.rates.pause:
            self._stand_still()

    def _stand_still(self) -> None:
        """The lock keeps the item for who stands still; another host takes it when the lease lapses."""
        pause = self.chance.uniform(self.rates.shortest_pause, self.rates.longest_pause)
        if self.rules.locks or pause < LEASE:
            self.now += pause
        else:
            raise _TakenOver(self.now + pause)

    def _click(self) -> Answer:
        """Between the last check and the click lies a gap in which a process may stand still, and wakes to click."""
        try:
            self._boundary()
        except _TakenOver as gap:
            self._enter(gap.wakes)
            raise
        answer = self._enter(self.now)
        if answer is Answer.SILENCE:
            if self.chance.random() < self.rates.crash:
                raise _Died
            self.now += self.rates.timeout
        return answer

    def _enter(self, now: float) -> Answer:
        drawn = click(self.rates, self.chance)
        if drawn.after is None:
            return drawn.answer
        entered = now + drawn.after
        if self.rules.refuses_twins:
            if any(at <= entered for at, _ in self.entries):
                return Answer.REFUSAL if drawn.after == 0.0 else drawn.answer
            self.entries.clear()  # what was to be entered later will be refused
        self.entries.append((entered, entered + self.chance.uniform(0.0, self.rates.longest_lag)))
        return drawn.answer

    def _search(self) -> Seen:
        if self.chance.random() < self.rates.search:
            raise _Unanswered
        return Seen.FOUND if any(shown <= self.now for _, shown in self.entries) else Seen.ABSENT


def play(items: int, *, seed: int, rules: Rules = SHIPPED, rates: Rates = C1) -> Tally:
    """Work so many items and judge them by the portal's books."""
    chance = Random(seed)
    tally = Tally()
    for _ in range(items):
        item = Item(rates, rules, chance)
        tally.add(end=item.work(), entries=len(item.entries))
        tally.asked += item.asked
    return tally

"""A world on a virtual clock: its actors take turns at every wait, in an order that one seed decides."""

import heapq
from collections.abc import Callable
from dataclasses import replace
from random import Random

from greenlet import getcurrent, greenlet

from core.clock import Clock, FakeClock
from core.testing.stage import NOON


class World:
    """Runs actors until nobody has anything left to do; time passes only when all of them wait."""

    def __init__(self, seed: int) -> None:
        self.chance = Random(seed)
        self.time = 0.0  # seconds since the beginning
        self._clock = FakeClock(NOON)
        self._turns: list[tuple[float, float, greenlet]] = []
        self._hub: greenlet | None = None

    def clock(self) -> Clock:
        """Return the clock of this world; who sleeps by it lets the others go on."""
        return replace(self._clock.clock(), sleep=self.sleep)

    def begin(self, actor: Callable[[], None], *, after: float = 0.0) -> None:
        """Let an actor begin."""
        self._enqueue(greenlet(actor), after)

    def sleep(self, seconds: float) -> None:
        """Wait, as an actor."""
        assert self._hub is not None, "only an actor waits"
        self._enqueue(getcurrent(), seconds)
        self._hub.switch()

    def run(self) -> None:
        """Give turns until every actor has ended."""
        self._hub = getcurrent()
        while self._turns:
            at, _, actor = heapq.heappop(self._turns)
            self._clock.tick(at - self.time)
            self.time = at
            actor.parent = self._hub
            actor.switch()

    def _enqueue(self, actor: greenlet, after: float) -> None:
        heapq.heappush(self._turns, (self.time + after, self.chance.random(), actor))

"""Time and waiting, as arguments: whoever needs the hour is given a clock, so that tests can give their own."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta


@dataclass(frozen=True, slots=True)
class Clock:
    """The wall clock (aware, UTC), a monotonic clock (seconds) and a way to wait."""

    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep  # seconds
    of_machine: bool = True  # False: a clock of a test's own, which nobody else's hour may overrule


class FakeClock:
    """A clock for tests: time passes only by `tick` or by sleeping; `clock()` gives the Clock to hand over."""

    def __init__(self, start: datetime) -> None:
        if start.tzinfo is None:
            raise ValueError(f"a clock starts at an aware instant, got {start!r}")
        self._start = start
        self._elapsed = 0.0

    def tick(self, by: timedelta | float) -> None:
        """Let time pass: a timedelta, or seconds."""
        self._elapsed += by.total_seconds() if isinstance(by, timedelta) else by

    def clock(self) -> Clock:
        """Return the Clock that reads and moves this fake."""
        return Clock(
            now=lambda: self._start + timedelta(seconds=self._elapsed),
            monotonic=lambda: self._elapsed,
            sleep=self.tick,
            of_machine=False,
        )

"""Reads the figures when they are asked for, however often that is, without ever taking much of the store's time."""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from core.clock import Clock

T = TypeVar("T")

SOONEST = 5.0  # seconds between two readings
SHARE = 20  # a reading may take a twentieth of the time


class Sparing(Generic[T]):
    """The last reading while it is fresh enough, otherwise a new one; who asks meanwhile waits for it."""

    def __init__(self, read: Callable[[], T], *, clock: Clock) -> None:
        self._read = read
        self._clock = clock
        self._reading = threading.Lock()
        self._last: tuple[T, float] | None = None  # what was read, and when the next may be

    def latest(self) -> T:
        """Return what was read last, or read now: a reading that took two seconds stands for forty."""
        with self._reading:
            began = self._clock.monotonic()
            if self._last is None or began >= self._last[1]:
                read = self._read()
                ended = self._clock.monotonic()
                self._last = read, ended + max(SOONEST, (ended - began) * SHARE)
            return self._last[0]

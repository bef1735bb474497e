"""Asks something again and again in a thread of its own, so that whoever wants the answer never waits for it."""

import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Generic, Self, TypeVar

T = TypeVar("T")


class Turning(Generic[T]):
    """Asks while inside, the first time at once; `latest` is the last answer, `age` how long ago it was given.

    What is asked tells its troubles in its answer. When it hangs, or raises, the answer grows old: look at the age.
    """

    def __init__(
        self, ask: Callable[[], T], *, every: float, name: str, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        """`every`: seconds between an answer and the next question."""
        self._ask = ask
        self._every = every
        self._monotonic = monotonic
        self._answered: tuple[T, float] | None = None
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join(timeout=5)  # one that hangs ends with the process

    @property
    def latest(self) -> T | None:
        """The last answer; None before the first."""
        return None if self._answered is None else self._answered[0]

    @property
    def age(self) -> float:
        """Seconds since the last answer; infinite before the first."""
        return float("inf") if self._answered is None else self._monotonic() - self._answered[1]

    def _run(self) -> None:
        while not self._ended.is_set():
            self._answered = self._ask(), self._monotonic()
            self._ended.wait(self._every)

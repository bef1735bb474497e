"""Waiting for a store that does not answer."""

from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from loguru import logger

from core.clock import Clock
from core.errors import StoreUnavailable

T = TypeVar("T")

PATIENCE = timedelta(minutes=10)  # how long a worker waits
_SHORTEST, _LONGEST = 0.2, 5.0  # seconds between two tries


def patiently(do: Callable[[], T], *, clock: Clock, stopped: Callable[[], bool] = lambda: False) -> T:
    """Do something with the store, again and again while it does not answer.

    What is given must be safe to repeat: whether a try that failed took is not known. Raises StoreUnavailable when the
    store stays away too long, or at once when `stopped`.
    """
    waited, pause = 0.0, _SHORTEST
    while True:
        try:
            return do()
        except StoreUnavailable as error:
            if stopped() or waited >= PATIENCE.total_seconds():
                raise
            logger.warning("Waiting for the store: {}", error.message)
            clock.sleep(pause)
            waited, pause = waited + pause, min(pause * 2, _LONGEST)

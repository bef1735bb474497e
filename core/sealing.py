"""Seals the trail while a run goes on, from a thread of its own: no event waits longer than five seconds."""

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

from loguru import logger
from sqlalchemy.exc import DBAPIError

EVERY = 5.0  # seconds


class Sealing:
    """Calls `seal` every few seconds while inside; one that fails is tried again at the next turn."""

    def __init__(self, seal: Callable[[], None]) -> None:
        self._seal = seal
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sealing", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ended.wait(EVERY):
            try:
                self._seal()
            except DBAPIError as error:
                logger.warning("The trail could not be sealed this time: {}", type(error.orig).__name__)

"""Seals the trail while a run goes on, from a thread of its own: no event waits longer than five seconds."""

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

from loguru import logger
from sqlalchemy.exc import SQLAlchemyError

from audit.errors import AuditError
from core.errors import UnderstudyError

# Seconds. The promise is five: one for this, one for the turn of another sealer, two until a server lets go of a
# sealer that stopped in the middle, and the work itself.
EVERY = 1.0


class Sealing:
    """Calls `seal` every second while inside; one that fails is logged and tried again at the next turn."""

    def __init__(self, seal: Callable[[], None], *, every: float = EVERY) -> None:
        self._seal = seal
        self._every = every
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
        told = ""
        while not self._ended.wait(self._every):
            try:
                self._seal()
                told = ""
            except (UnderstudyError, AuditError, SQLAlchemyError, OSError) as error:
                why = error.message if isinstance(error, UnderstudyError | AuditError) else type(error).__name__
                if why != told:
                    logger.error("The trail could not be sealed; it is tried again every second: {}", why)
                told = why

"""The processes that runs are worked in: started, looked after, told to stop."""

import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import IO, Protocol

from loguru import logger

from core.model.occurrences import Occurrence
from core.runtime.tied import tied

MOST_TOLD = 2000  # bytes of what a process said last


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A process that has ended, and for which occurrence it was started."""

    occurrence: Occurrence  # as it was when the process was started
    code: int  # below zero: the signal that killed it
    told: str  # the end of what it said on standard error, in one line; mostly empty


class Starting(Protocol):
    """Starts processes for occurrences and says which have ended."""

    def start(self, occurrence: Occurrence) -> None:
        """Start a process; raise OSError when the system gives none."""

    def ended(self) -> list[Ended]:
        """Return the processes that have ended since it was last asked."""


class Processes:
    """Children of this process, told to stop when it dies: `command` says what is run for an occurrence."""

    def __init__(self, command: Callable[[Occurrence], Sequence[str]]) -> None:
        self._command = command
        self._running: list[tuple[Occurrence, subprocess.Popen[bytes], IO[bytes]]] = []

    def start(self, occurrence: Occurrence) -> None:
        """Start a process for an occurrence; raise OSError when the system gives none."""
        said = tempfile.TemporaryFile()  # noqa: SIM115 - closed when the process has ended
        try:
            process = subprocess.Popen(
                tied(self._command(occurrence)), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=said
            )
        except OSError:
            said.close()
            raise
        logger.info("Process {} is started for {} of {}", process.pid, occurrence.name, occurrence.slot)
        self._running.append((occurrence, process, said))

    def ended(self) -> list[Ended]:
        """Return the processes that have ended since it was last asked."""
        over = [each for each in self._running if each[1].poll() is not None]
        self._running = [each for each in self._running if each[1].returncode is None]
        return [_ended(*each) for each in over]

    def stop(self, *, grace: timedelta) -> list[Ended]:
        """Ask all to stop and wait for them; what still runs after the grace is killed. Return how they ended."""
        for _, process, _ in self._running:
            process.terminate()
        limit = time.monotonic() + grace.total_seconds()
        for occurrence, process, _ in self._running:
            try:
                process.wait(max(0.0, limit - time.monotonic()))
            except subprocess.TimeoutExpired:
                logger.error("Process {} for {} did not end in time and is killed", process.pid, occurrence.name)
                process.kill()
                process.wait()
        return self.ended()


def _ended(occurrence: Occurrence, process: "subprocess.Popen[bytes]", said: IO[bytes]) -> Ended:
    with said:
        size = said.seek(0, 2)
        said.seek(max(0, size - MOST_TOLD))
        told = " ".join(said.read().decode("utf-8", "replace").split())
    code = process.returncode
    logger.log("INFO" if code == 0 else "WARNING", "Process {} ended with {}. {}", process.pid, code, told)
    return Ended(occurrence=occurrence, code=code, told=told)

"""Who a worker is on this host, whether it still lives, and asking it to stop."""

import os
import secrets
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from types import FrameType

from core.locks import FileLock
from core.model.protocol import Fate


def new_worker_name() -> str:
    """Return a name no other worker has: host, process id, and a random part (process ids come again)."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"


def process_of(worker: str) -> int:
    """Return the process id in a worker's name."""
    return int(worker.rsplit(":", 2)[1])


def parent_of(pid: int) -> int | None:
    """Return the process that started another, or took it over; None where the system does not tell."""
    try:
        told = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    return int(told.rpartition(")")[2].split()[1])


@contextmanager
def alive(worker: str, *, folder: Path) -> Iterator[None]:
    """Hold the worker's lock file; the system lets go of it when the process dies, however it dies.

    The file goes away at a good end only: left unlocked it says that what the worker held may be taken at once.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = _lock_path(worker, folder)
    with closing(FileLock(path)) as lock:
        if not lock.take():
            raise RuntimeError(f"{path} is locked by somebody else")
        yield
        path.unlink(missing_ok=True)


def fate(worker: str, *, folder: Path) -> Fate:
    """Ask what became of a worker."""
    if not worker.startswith(f"{socket.gethostname()}:"):
        return Fate.UNKNOWN
    try:
        lock = FileLock(_lock_path(worker, folder), make=False)
    except FileNotFoundError:
        return Fate.UNKNOWN
    with closing(lock):
        return Fate.DEAD if lock.take() else Fate.ALIVE


def forget(worker: str, *, folder: Path) -> None:
    """Remove a dead worker's lock file, once nothing is held in its name."""
    _lock_path(worker, folder).unlink(missing_ok=True)


def _lock_path(worker: str, folder: Path) -> Path:
    return folder / (worker.replace(":", "_").replace("/", "_") + ".lock")


class StopRequest:
    """Set by SIGTERM or SIGINT: the worker takes no other item and has some time to finish the one at hand."""

    def __init__(self, *, grace: timedelta | None = None) -> None:
        """`grace` is the time to finish; None: as long as it takes."""
        self.asked = False
        self._grace = grace
        self._asked_at = 0.0

    def overdue(self) -> bool:
        """Tell whether the time to finish the item at hand is over: it is given back at the next occasion."""
        return (
            self.asked and self._grace is not None and time.monotonic() - self._asked_at > self._grace.total_seconds()
        )

    @contextmanager
    def listening(self) -> Iterator["StopRequest"]:
        """Answer the signals while inside; a second SIGINT ends the process at once."""
        before = {number: signal.signal(number, self._note) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield self
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.asked and number == signal.SIGINT:
            raise KeyboardInterrupt
        if not self.asked:
            self._asked_at = time.monotonic()
        self.asked = True

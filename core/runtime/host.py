"""The only module that knows POSIX: who a worker is, whether it still lives, and asking it to stop."""

import fcntl
import os
import secrets
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import IO


def new_worker_name() -> str:
    """Return a name no other worker has: host, process id, and a random part (process ids come again)."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"


@contextmanager
def alive(worker: str, *, folder: Path) -> Iterator[None]:
    """Hold the worker's lock file; the system lets go of it when the process dies, however it dies."""
    folder.mkdir(parents=True, exist_ok=True)
    path = _lock_path(worker, folder)
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def is_dead(worker: str, *, folder: Path) -> bool:
    """True only when the worker ran on this host, left its lock file, and no process holds it any more.

    False means alive or unknown: then only its lease tells.
    """
    path = _lock_path(worker, folder)
    if not worker.startswith(f"{socket.gethostname()}:") or not path.exists():
        return False
    with path.open("r+") as lock:
        return _free(lock)


def forget(worker: str, *, folder: Path) -> None:
    """Remove a dead worker's lock file, once nothing is held in its name."""
    _lock_path(worker, folder).unlink(missing_ok=True)


def _free(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    fcntl.flock(lock, fcntl.LOCK_UN)
    return True


def _lock_path(worker: str, folder: Path) -> Path:
    return folder / (worker.replace(":", "_").replace("/", "_") + ".lock")


class StopRequest:
    """Set by SIGTERM or SIGINT: the worker finishes its item and takes no other."""

    def __init__(self) -> None:
        self.asked = False

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
        self.asked = True

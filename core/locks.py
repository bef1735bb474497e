"""Locks the operating system keeps for a process and takes back when it dies, however it dies.

The only module that knows how: POSIX `flock` on a file. Two opened locks on one file exclude each other, also within a
process.
"""

import fcntl
import os
from pathlib import Path


class FileLock:
    """A lock on a file; closing lets go of it."""

    def __init__(self, path: Path, *, make: bool = True) -> None:
        """`make`: make the file when it is not there; otherwise FileNotFoundError is raised."""
        self._file = os.open(path, os.O_RDWR | os.O_CLOEXEC | (os.O_CREAT if make else 0), 0o600)

    def wait(self) -> None:
        """Take the lock, waiting until whoever has it lets go."""
        fcntl.flock(self._file, fcntl.LOCK_EX)

    def take(self) -> bool:
        """Take the lock at once; False when somebody has it."""
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def let_go(self) -> None:
        """Let the next one have it."""
        fcntl.flock(self._file, fcntl.LOCK_UN)

    def close(self) -> None:
        """Let go for good; the file stays."""
        os.close(self._file)

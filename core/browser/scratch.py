"""A private temporary folder for one browser session.

Playwright and Chromium leave profiles, sockets and trace files behind when a process is killed; here they fall into one
folder that is removed at `close()`, and that the next start sweeps away when its owner died.
"""

import os
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

try:
    import fcntl
except ImportError:  # a system without POSIX locks: folders are removed at close, never swept
    fcntl = None  # type: ignore[assignment]

_PREFIX = "understudy-browser-"
_LOCK = "owner.lock"
_SETTING = threading.Lock()
_YOUNG = 60.0  # seconds during which a folder may still be without its lock


class Scratch:
    """The folder and its lock, held as long as this process lives."""

    def __init__(self) -> None:
        _sweep(Path(tempfile.gettempdir()))
        self.folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
        self._lock: IO[bytes] | None = (self.folder / _LOCK).open("wb")
        if fcntl is not None:
            fcntl.flock(self._lock, fcntl.LOCK_EX)

    @contextmanager
    def as_tmpdir(self) -> Iterator[None]:
        """Let child processes started inside use the folder as their TMPDIR; one thread at a time."""
        with _SETTING:  # the environment is everybody's: two threads would each put the other's folder back
            before = os.environ.get("TMPDIR")
            os.environ["TMPDIR"] = str(self.folder)
            try:
                yield
            finally:
                if before is None:
                    del os.environ["TMPDIR"]
                else:
                    os.environ["TMPDIR"] = before

    def close(self) -> None:
        """Remove the folder; harmless when called twice."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None
        shutil.rmtree(self.folder, ignore_errors=True)


def _sweep(parent: Path) -> None:
    if fcntl is None:
        return
    for folder in parent.glob(f"{_PREFIX}*"):
        if _abandoned(folder):
            shutil.rmtree(folder, ignore_errors=True)


def _abandoned(folder: Path) -> bool:
    try:
        if time.time() - folder.stat().st_mtime < _YOUNG:
            return False
        with (folder / _LOCK).open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    except OSError:
        return False

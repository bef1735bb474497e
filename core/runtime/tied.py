"""Starts a program that is told to end when the process that started it is gone, however that one went.

Linux keeps the promise (the parent-death signal, which outlives the change into the program); a stand-in for the
program asks for it, since asking between fork and exec is not safe in a process with threads. On other systems the
program runs untied.
"""

import errno
import os
import shutil
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

_ON_PARENTS_DEATH = 1  # PR_SET_PDEATHSIG


def tied(command: Sequence[str]) -> list[str]:
    """Return the command that becomes the program given and gets SIGTERM when this process dies.

    Raises FileNotFoundError when there is no such program. Start it in the main thread: Linux counts the death of the
    thread that started a process.
    """
    if shutil.which(command[0]) is None:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), command[0])
    return [sys.executable, "-I", "-S", str(Path(__file__).resolve()), str(os.getpid()), *command]


def _become(parent: int, command: Sequence[str]) -> None:
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(_ON_PARENTS_DEATH, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != parent:
            sys.exit(f"{command[0]} is not started: the process that wanted it is gone")
    os.execvp(command[0], list(command))


if __name__ == "__main__":
    _become(int(sys.argv[1]), sys.argv[2:])

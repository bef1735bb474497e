"""Keeps a number of processes running until told to stop: each a worker of its own, started again when it fails."""

import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from loguru import logger

from core.model.runs import ExitCode
from core.runtime.host import StopRequest

LOOK = 0.2  # seconds between two looks at the processes
SOON = timedelta(seconds=10)  # a process that fails younger than this is started again later each time
LONGEST_PAUSE = 60.0  # seconds before a process that keeps failing is started again
FINAL = frozenset({ExitCode.GREEN, ExitCode.CONFIGURATION, ExitCode.CREDENTIALS})  # starting again would change nothing


@dataclass(slots=True)
class _Member:
    process: "subprocess.Popen[bytes] | None" = None  # absent while it is not started again yet
    started: float = 0.0
    failures: int = 0  # in a row, each soon after its start
    due: float = 0.0  # when it is started again
    code: int | None = None  # how it ended for good


class Crew:
    """A group of like processes; `run` returns when all have ended."""

    def __init__(self, command: Sequence[str], *, number: int, stop: StopRequest, grace: timedelta) -> None:
        """`grace` is how long they may take to end after SIGTERM; what still runs then is killed."""
        self._command = list(command)
        self._members = [_Member() for _ in range(number)]
        self._stop = stop
        self._grace = grace

    def run(self, *, told: Callable[[str], None] = lambda sentence: None) -> int:
        """Keep the processes running; return the highest exit code of those that ended for good."""
        while not self._stop.asked and any(member.code is None for member in self._members):
            for member in self._members:
                self._look_after(member, told)
            time.sleep(LOOK)
        self._end()
        return max((member.code for member in self._members if member.code is not None), default=0)

    def _look_after(self, member: _Member, told: Callable[[str], None]) -> None:
        if member.code is not None:
            return
        if member.process is None:
            if time.monotonic() >= member.due:
                member.process, member.started = subprocess.Popen(self._command), time.monotonic()
            return
        code = member.process.poll()
        if code is None:
            return
        if code in FINAL:
            member.process, member.code = None, code
            return
        young = time.monotonic() - member.started < SOON.total_seconds()
        member.failures = member.failures + 1 if young else 0
        how = f"was killed ({signal.Signals(-code).name})" if code < 0 else f"ended with {code}"
        sentence = f"Worker process {member.process.pid} {how}; another takes its place"
        logger.error("{}", sentence)
        told(sentence)
        member.process, member.due = None, time.monotonic() + min(2.0**member.failures - 1, LONGEST_PAUSE)

    def _end(self) -> None:
        running = [member for member in self._members if member.process is not None]
        for member in running:
            assert member.process is not None
            member.process.send_signal(signal.SIGTERM)
        limit = time.monotonic() + self._grace.total_seconds()
        for member in running:
            assert member.process is not None
            try:
                member.code = member.process.wait(max(0.0, limit - time.monotonic()))
            except subprocess.TimeoutExpired:
                logger.error("Worker process {} did not end in time and is killed", member.process.pid)
                member.process.kill()
                member.process.wait()
            member.process = None

"""Keeps processes running until told to stop: each is started again when it fails, and none takes the others down."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from loguru import logger

from core.model.runs import ExitCode
from core.runtime.host import StopRequest
from core.runtime.tied import tied

LOOK = 0.2  # seconds between two looks at the processes
SOON = timedelta(seconds=10)  # a process that fails younger than this is started again later each time
LONGEST_PAUSE = 60.0  # seconds before a process that keeps failing is started again
MENDED_BY_HAND = frozenset({ExitCode.CONFIGURATION, ExitCode.CREDENTIALS})  # a file or a secret: starting mends neither
FINAL = MENDED_BY_HAND | {ExitCode.GREEN}  # starting again would change nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one process of a crew does."""

    name: str  # "scheduler", "worker 2": what sentences call it
    command: tuple[str, ...]
    final: frozenset[int] = FINAL  # exit codes after which it is not started again


@dataclass(slots=True)
class _Member:
    part: Part
    process: "subprocess.Popen[bytes] | None" = None  # absent while it is not started again yet
    started: float = 0.0
    failures: int = 0  # in a row, each soon after its start
    due: float = 0.0  # when it is started again
    code: int | None = None  # how it ended for good


class Crew:
    """A group of processes; `run` returns when all have ended. They get SIGTERM when this process dies."""

    def __init__(
        self,
        parts: Sequence[Part],
        *,
        stop: StopRequest,
        grace: timedelta,
        without: frozenset[str] = frozenset(),
    ) -> None:
        """`grace` is how long they may take to end after SIGTERM; what still runs then is killed.

        `without` are variables of the environment that are not handed on.
        """
        self._members = [_Member(part) for part in parts]
        self._stop = stop
        self._grace = grace
        self._environment = {name: value for name, value in os.environ.items() if name not in without}
        self.restarts = 0  # how often a process was started again since the beginning

    def run(
        self,
        *,
        told: Callable[[str], None] = lambda sentence: None,
        looked: Callable[[], None] = lambda: None,
        stands_still: Callable[[str, timedelta], str | None] = lambda name, age: None,
        ending: Callable[[], None] = lambda: None,
    ) -> int:
        """Keep the processes running; return the highest exit code of those that ended for good.

        `looked` is called after each look at them. `stands_still` is asked of each that runs, by name and age, and
        tells why it is to be killed and started again; None: it is well. `ending` is called before all are told to end.
        """
        while not self._stop.asked and any(member.code is None for member in self._members):
            for member in self._members:
                self._look_after(member, told, stands_still)
            looked()
            time.sleep(LOOK)
        ending()
        self._end()
        return max([0, *(member.code or 0 for member in self._members)])

    def running(self) -> Mapping[str, int | None]:
        """Return the process id of each part that has not ended for good; None while it is not started (again) yet."""
        return {
            member.part.name: member.process.pid if member.process is not None else None
            for member in self._members
            if member.code is None
        }

    def _look_after(
        self,
        member: _Member,
        told: Callable[[str], None],
        stands_still: Callable[[str, timedelta], str | None],
    ) -> None:
        if member.code is not None:
            return
        if member.process is None:
            if time.monotonic() >= member.due:
                self._start(member, told)
            return
        code = member.process.poll()
        if code is None:
            age = timedelta(seconds=time.monotonic() - member.started)
            why = stands_still(member.part.name, age)
            if why is None:
                return
            member.process.kill()
            member.process.wait()
            self._failed(member, f"stands still and was killed: {why}", told, mendable=False)
        elif code in member.part.final:
            member.process, member.code = None, code
        else:
            how = f"was killed ({signal.Signals(-code).name})" if code < 0 else f"ended with {code}"
            self._failed(member, how, told, mendable=code in MENDED_BY_HAND)

    def _start(self, member: _Member, told: Callable[[str], None]) -> None:
        member.started = time.monotonic()
        try:
            member.process = subprocess.Popen(tied(member.part.command), env=self._environment)
        except OSError as error:
            self._failed(member, f"could not be started: {error.strerror}", told, mendable=False)

    def _failed(self, member: _Member, how: str, told: Callable[[str], None], *, mendable: bool) -> None:
        """Tell how a process ended, and when another takes its place: later each time it fails soon."""
        young = time.monotonic() - member.started < SOON.total_seconds()
        member.failures = member.failures + 1 if young else 0
        pause = LONGEST_PAUSE if mendable else min(2.0 ** min(member.failures, 10) - 1, LONGEST_PAUSE)
        number = f" (process {member.process.pid})" if member.process is not None else ""
        when = f" in {pause:.0f} s" if pause else ""
        sentence = f"{member.part.name}{number} {how}; another takes its place{when}"
        logger.error("{}", sentence)
        told(sentence)
        self.restarts += 1
        member.process, member.due = None, time.monotonic() + pause

    def _end(self) -> None:
        running = [(member, member.process) for member in self._members if member.process is not None]
        for _, process in running:
            process.send_signal(signal.SIGTERM)
        limit = time.monotonic() + self._grace.total_seconds()
        for member, process in running:
            try:
                member.code = process.wait(max(0.0, limit - time.monotonic()))
            except subprocess.TimeoutExpired:
                logger.error("{} (process {}) did not end in time and is killed", member.part.name, process.pid)
                process.kill()
                process.wait()
            member.process = None

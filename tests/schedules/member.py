"""One scheduler of a fleet, as a process: it is told the hour line by line, takes a turn at each, and answers.

`python member.py URL FOLDER BOTS_TOML_FOLDER`; a line is an instant, or an instant and the boundary at which to die.
"""

import os
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from core.clock import Clock
from core.config import read_config
from core.store import Database
from tests.schedules.cast import Desk, scheduler

START = datetime(2026, 1, 1, tzinfo=UTC)


class Told:
    """The hour, as it was told last, and where to die in this turn."""

    def __init__(self) -> None:
        self.now = START
        self.deadly = ""

    def listen(self, line: str) -> None:
        """Take an instant, and perhaps a boundary."""
        instant, _, self.deadly = line.strip().partition(" ")
        self.now = datetime.fromisoformat(instant)

    def reach(self, boundary: str) -> None:
        """Die without any clean-up, where that was asked for."""
        if boundary == self.deadly:
            os.kill(os.getpid(), signal.SIGKILL)

    def clock(self) -> Clock:
        """Return the clock that shows it."""
        elapsed = lambda: (self.now - START).total_seconds()  # noqa: E731
        return Clock(now=lambda: self.now, monotonic=elapsed, sleep=lambda seconds: None, of_machine=False)


def main(url: str, locks: str, installation: str) -> None:
    """Take turns until nothing more is told."""
    told = Told()
    config = read_config(Path(installation), environment={})
    told.listen(sys.stdin.readline())
    database = Database.open(url, clock=told.clock())
    desk = Desk(database, locks=Path(locks), reach=told.reach)
    member = scheduler(database, config.schedules(), starting=desk, locks=Path(locks), reach=told.reach)
    while True:
        member.turn()
        sys.stdout.write("done\n")
        sys.stdout.flush()
        line = sys.stdin.readline()
        if not line:
            return
        told.listen(line)


if __name__ == "__main__":
    main(*sys.argv[1:])

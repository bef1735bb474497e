"""The scheduler: at every turn it makes what is due and starts what may begin. Any number may run at one store."""

import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from loguru import logger

from core.errors import StoreUnavailable
from core.runtime.host import StopRequest
from core.store import Database, signs
from core.timing.schedule import Schedule
from schedules.maker import Maker
from schedules.processes import Starting
from schedules.starter import Conditions, Starter

TURN = 5.0  # seconds between two turns when nothing is due sooner
LOOK = 0.5  # seconds until it is noticed that it is to stop


class Scheduler:
    """Makes and starts the runs of an installation's schedules."""

    def __init__(
        self,
        schedules: Sequence[Schedule],
        bots: Mapping[str, Conditions],
        *,
        database: Database,
        host: str,
        starting: Starting,
        locks: Path,
        reach: Callable[[str], None] = lambda name: None,
    ) -> None:
        """`host` names the machine in its signs of life; `bots` are those whose runs may be started."""
        name = f"system:scheduler@{host}"
        self._sign = f"scheduler:{host}"
        self._database = database
        self._reach = reach
        self._maker = Maker(schedules, database=database, actor=name, reach=reach)
        self._starter = Starter(
            schedules, bots, database=database, name=name, starting=starting, locks=locks, reach=reach
        )
        self.note = self._starter.note

    def turn(self) -> datetime | None:
        """Give a sign of life, make what is due, start what may begin; return when something is next to be done.

        Raises StoreUnavailable when the store does not answer: nothing is lost, the next turn does it.
        """
        with self._database.transaction(actor=self._sign) as tx:
            signs.give(tx, self._sign)
        due = self._maker.make()
        self._reach("all made")
        startable = self._starter.start()
        return min((at for at in (due, startable) if at is not None), default=None)

    def run(
        self,
        *,
        stop: StopRequest,
        woken: threading.Event,
        wake_at: Callable[[datetime], None],
        turned: Callable[[], None] = lambda: None,
    ) -> None:
        """Take turns until told to stop: every few seconds, and whenever it is woken; a lost store is waited for.

        `turned` is called after each turn, and each time the store was found lost.
        """
        lost = ""
        while not stop.asked:
            woken.clear()
            try:
                due = self.turn()
                if due is not None:
                    wake_at(due)
                lost = ""
            except StoreUnavailable as error:
                if error.message != lost:
                    logger.error("The scheduler waits for the store: {}", error.message)
                lost = error.message
            turned()
            waited = 0.0
            while waited < TURN and not stop.asked and not woken.wait(LOOK):
                waited += LOOK


def this_host() -> str:
    """Return the name by which this machine's scheduler gives its signs of life."""
    return socket.gethostname()

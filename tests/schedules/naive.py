"""The control: schedulers of APScheduler that share its own job store, told the hour as a member of our fleet is.

`python naive.py URL FILE BOTS_TOML_FOLDER`: each start of a job is a line of the file. What it lacks is what the
fleet has: nothing makes sure that only one of those who see a job due starts it.
"""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

import apscheduler.schedulers.base as base
from apscheduler.executors.debug import DebugExecutor
from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore

from core.config import read_config
from core.timing.schedule import Schedule
from schedules.clockwork import next_slot

_now = datetime(2026, 1, 1, tzinfo=UTC)
_file = Path()


class _Told(datetime):
    """The hour as it was told last."""

    @classmethod
    def now(cls, tz: Any = None) -> datetime:
        """Return it in a zone."""
        return _now.astimezone(tz)


class ByHand(base.BaseScheduler):
    """Looks for what is due when it is told to, in this thread."""

    def wakeup(self) -> None:
        """Nobody sleeps here."""

    def shutdown(self, wait: bool = True) -> None:
        """It ends with its process."""

    def look(self) -> None:
        """Start what is due."""
        self._process_jobs()


class Ours(base.BaseTrigger):
    """The same due times as our own schedulers have."""

    def __init__(self, schedule: Schedule) -> None:
        self.schedule = schedule

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime | None:
        """Return the next due time after the last one, or after now."""
        slot = next_slot(self.schedule, (previous_fire_time or now).astimezone(UTC))
        return None if slot is None else slot.due


def start(name: str) -> None:
    """Note that a job was started."""
    with _file.open("a", encoding="utf-8") as file:
        file.write(f"{name} {_now.isoformat()}\n")


def main(url: str, file: str, installation: str) -> None:
    """Look at every hour told until nothing more is told."""
    global _now, _file
    _file = Path(file)
    _now = datetime.fromisoformat(sys.stdin.readline().strip())
    base.datetime = _Told  # type: ignore[misc, attr-defined]
    scheduler = ByHand(timezone=UTC)
    scheduler.add_jobstore(SQLAlchemyJobStore(url=url.replace("postgresql://", "postgresql+psycopg://")))
    scheduler.add_executor(DebugExecutor())
    for schedule in read_config(Path(installation), environment={}).schedules():
        name = f"{schedule.bot}/{schedule.name}"
        scheduler.add_job(
            "tests.schedules.naive:start",
            Ours(schedule),
            args=[name],
            id=name,
            replace_existing=True,
            misfire_grace_time=None,
            coalesce=True,
        )
    scheduler.start()
    while True:
        scheduler.look()
        sys.stdout.write("done\n")
        sys.stdout.flush()
        line = sys.stdin.readline()
        if not line:
            return
        _now = datetime.fromisoformat(line.strip())


if __name__ == "__main__":
    from tests.schedules import naive  # under the name by which the job store finds it again

    naive.main(*sys.argv[1:])

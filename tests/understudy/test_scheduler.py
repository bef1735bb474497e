"""`understudy scheduler` as a process, with the runs it starts as processes: killed, told to stop, started again."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from core.installation import Installation
from core.model.occurrences import Occurrence
from core.store import occurrences, signs
from tests.scenarios import harness
from tests.understudy.conftest import TOML, Desk

WAITS = """
def process(item, ctx):
    import signal, time
    home = Path(__file__).parents[2]
    listening = signal.getsignal(signal.SIGTERM)
    signal.signal(signal.SIGTERM, lambda *told: ((home / "told").touch(), listening(*told)))
    (home / "at-work").touch()
    while not (home / "go").exists():
        time.sleep(0.02)
"""


class Scheduled:
    """A scheduler of an installation, and what it does."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.processes: list[subprocess.Popen[bytes]] = []

    def start(self) -> "subprocess.Popen[bytes]":
        """Start a scheduler."""
        command = [sys.executable, "-m", "understudy.main", "--folder", str(self.folder), "scheduler", "--grace", "5s"]
        process = subprocess.Popen(command, env=harness.environment(), stdout=subprocess.DEVNULL)
        self.processes.append(process)
        return process

    def order(self) -> None:
        """Order a run by hand."""
        with Installation.open(self.folder) as office, office.database.transaction(actor="person:anna") as tx:
            occurrences.order_by_hand(tx, "clerk", by="anna")

    def only(self) -> Occurrence:
        """Return the one occurrence there is."""
        with Installation.open(self.folder) as office, office.database.reading() as tx:
            (one,) = occurrences.history(tx, most=10)
        return one

    def until(self, there: Callable[[], Any]) -> None:
        """Wait for a state."""
        given_up = time.monotonic() + harness.MOST
        while not there():
            assert time.monotonic() < given_up, "did not come about"
            time.sleep(0.05)


@pytest.fixture
def scheduled(desk: Desk) -> Iterator[Scheduled]:
    """An installation whose bot waits in the middle of its item until it is let go."""
    path = desk.folder / "bots" / "clerk" / "bot.py"
    path.write_text(path.read_text().replace("\ndef process(item, ctx):\n", WAITS, 1))
    desk.toml(TOML)
    desk.note("n1", "tea")
    desk.note("n2", "milk")
    made = Scheduled(desk.folder)
    yield made
    (desk.folder / "go").touch()  # for a run whose scheduler was killed
    for process in made.processes:
        process.kill()
        process.wait()


def test_told_to_stop_it_stops_its_runs_and_the_next_scheduler_goes_on_with_them(
    scheduled: Scheduled, desk: Desk
) -> None:
    """The item at hand is finished, nothing else is begun, both end in good order; then the rest is done, once."""
    scheduled.order()
    first = scheduled.start()
    scheduled.until((desk.folder / "at-work").exists)
    first.send_signal(signal.SIGTERM)
    scheduled.until((desk.folder / "told").exists)
    (desk.folder / "go").touch()
    assert first.wait(timeout=harness.MOST) == 0
    one = scheduled.only()
    assert (str(one.state), one.holder, one.starts) == ("due", None, 0)
    assert len(desk.outbox()) < 2
    scheduled.start()
    scheduled.until(lambda: str(scheduled.only().state) == "ended")
    assert scheduled.only().exit_code == 0
    assert sorted(desk.outbox()) == ["n1 tea", "n2 milk"]


def test_a_run_that_is_killed_is_noticed_and_due_again(scheduled: Scheduled, desk: Desk) -> None:
    """Its process is proven dead within seconds, and the run waits for its next start with the reason."""
    scheduled.order()
    scheduled.start()
    scheduled.until((desk.folder / "at-work").exists)
    holder = scheduled.only().holder
    assert holder is not None
    os.kill(int(holder.split(":")[1]), signal.SIGKILL)
    scheduled.until(lambda: str(scheduled.only().state) == "due")
    one = scheduled.only()
    assert (one.reason, one.starts) == (f"its process {holder} is gone", 1)


def test_a_scheduler_that_is_killed_leaves_its_run_and_the_next_one_does_not_double_it(
    scheduled: Scheduled, desk: Desk
) -> None:
    """The run goes on and ends by itself; another scheduler sees that it lives, and starts none."""
    scheduled.order()
    first = scheduled.start()
    scheduled.until((desk.folder / "at-work").exists)
    first.kill()
    first.wait()
    scheduled.start()
    scheduled.until(lambda: _signs(scheduled) > 0)
    (desk.folder / "go").touch()
    scheduled.until(lambda: str(scheduled.only().state) == "ended")
    assert (scheduled.only().exit_code, scheduled.only().starts) == (0, 1)
    assert sorted(desk.outbox()) == ["n1 tea", "n2 milk"]


def _signs(scheduled: Scheduled) -> int:
    with Installation.open(scheduled.folder) as office, office.database.reading() as tx:
        return len(signs.all_of(tx, "scheduler"))

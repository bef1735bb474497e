"""The scheduler's loop: woken in time, through a lost store, until told to stop."""

import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from core.clock import Clock, FakeClock
from core.runtime.host import StopRequest
from core.store import Database, signs
from schedules.clockwork import Waker
from schedules.scheduler import Scheduler
from tests.schedules.cast import Desk, schedule, scheduler, utc


class Woken(threading.Event):
    """An event that lets a test do something whenever the scheduler would wait."""

    def __init__(self, do: list[object]) -> None:
        super().__init__()
        self._do = do

    def wait(self, timeout: float | None = None) -> bool:
        """Do the next thing instead of waiting."""
        if self._do:
            step = self._do.pop(0)
            assert callable(step)
            step()
        return True


def test_it_takes_turns_until_told_to_stop_and_says_when_to_wake_it(
    database: Database, clock: FakeClock, tmp_path: Path
) -> None:
    """At each turn it asks to be woken when something is due next."""
    asked: list[datetime] = []
    stop = StopRequest()
    ours = scheduler(database, [schedule()], starting=Desk(database, locks=tmp_path), locks=tmp_path)

    def later() -> None:
        clock.tick(timedelta(hours=2))

    def end() -> None:
        stop.asked = True

    ours.run(stop=stop, woken=Woken([later, end]), wake_at=asked.append)
    assert asked == [utc("2026-03-02 07:30"), utc("2026-03-03 07:30")]


def test_a_store_that_does_not_answer_is_waited_for(tmp_path: Path) -> None:
    """It is locked for three turns; the scheduler says so, stays, and goes on when it answers again."""
    clock = FakeClock(utc("2026-03-02 06:00"))
    database = Database.open(f"sqlite:///{tmp_path}/store.db?timeout=0.05", clock=clock.clock())
    other = sa.create_engine(f"sqlite:///{tmp_path}/store.db")
    connection = other.connect()
    connection.exec_driver_sql("BEGIN EXCLUSIVE")
    stop = StopRequest()

    def unlock() -> None:
        connection.rollback()

    def end() -> None:
        stop.asked = True

    ours = scheduler(database, [schedule()], starting=Desk(database, locks=tmp_path), locks=tmp_path)
    ours.run(stop=stop, woken=Woken([_nothing, _nothing, unlock, end]), wake_at=lambda at: None)
    with database.reading() as tx:
        assert list(signs.all_of(tx, "scheduler")) == ["office-1"]
    connection.close()
    other.dispose()
    database.close()


def test_it_looks_again_within_seconds_when_nobody_wakes_it(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A waker whose clock went wrong costs seconds, not a run."""
    monkeypatch.setattr("schedules.scheduler.TURN", 0.05)
    monkeypatch.setattr("schedules.scheduler.LOOK", 0.01)
    stop, turns = StopRequest(), []
    ours = scheduler(database, [schedule()], starting=Desk(database, locks=tmp_path), locks=tmp_path)

    def asked(at: datetime) -> None:
        turns.append(at)
        stop.asked = len(turns) == 3

    ours.run(stop=stop, woken=threading.Event(), wake_at=asked)
    assert len(turns) == 3


def test_the_waker_wakes_at_an_instant_and_at_once_when_it_is_over() -> None:
    """The last instant asked for is the one that counts."""
    woken = threading.Event()
    with Waker(woken.set) as waker:
        waker.at(datetime.now(UTC) + timedelta(hours=1))
        assert not woken.is_set()
        waker.at(datetime.now(UTC) - timedelta(seconds=1))
        assert woken.wait(60)
        woken.clear()
        before = time.monotonic()
        waker.at(datetime.now(UTC) + timedelta(milliseconds=300))
        assert woken.wait(60)
        assert time.monotonic() - before > 0.2


def test_a_real_clock_wakes_it_for_what_is_due(tmp_path: Path) -> None:
    """With the waker and the machine's clock: what a person orders is begun within seconds."""
    from core.store import occurrences

    database = Database.open(f"sqlite:///{tmp_path}/store.db", clock=Clock())
    with database.transaction(actor="person:anna") as tx:
        occurrences.order_by_hand(tx, "invoices", by="anna")
    desk, woken, stop = Desk(database, locks=tmp_path / "locks"), threading.Event(), StopRequest()
    ours: Scheduler = scheduler(database, [schedule()], starting=desk, locks=tmp_path / "locks")
    with Waker(woken.set) as waker:

        def wake_at(at: datetime) -> None:
            waker.at(at)
            stop.asked = bool(desk.started)

        ours.run(stop=stop, woken=woken, wake_at=wake_at)
    assert [one.schedule for one in desk.started] == ["by hand"]
    desk.ended()
    database.close()


def _nothing() -> None:
    return None

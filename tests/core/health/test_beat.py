"""A look at whether the work goes on: who is silent, and which item stands still."""

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from core.clock import FakeClock
from core.health.beat import SILENT, Beat, Looks
from core.store import Database, items, signs
from core.testing.stage import NOON
from tests.core.store.filled import MINUTE, fill, take

STANDSTILL = 15 * MINUTE


@pytest.fixture
def looks(database: Database) -> Looks:
    """Looks of the host `here`."""
    return Looks(database, host="here", alive=lambda worker: not worker.endswith("dead"), standstill=STANDSTILL)


def sign(database: Database, name: str) -> None:
    """Give a sign of life."""
    with database.transaction(actor="system:test") as tx:
        signs.give(tx, name)


def wait(looks: Looks, clock: FakeClock, minutes: int) -> Beat:
    """Look once a minute and return what the last look found."""
    for _ in range(minutes):
        clock.tick(MINUTE)
        beat = looks.look()
    return beat


def test_a_look_proves_that_the_store_can_be_written_to(looks: Looks, database: Database) -> None:
    """It leaves a sign of its own, and finds those of the scheduler and the watch of this host, not of another."""
    sign(database, "scheduler:here")
    sign(database, "watch:elsewhere")
    sign(database, "trail:elsewhere")
    beat = looks.look()
    assert (beat.scheduler, beat.watch, beat.verified, beat.trouble) == (NOON, None, NOON, None)
    with database.reading() as tx:
        assert signs.all_of(tx, "up") == {"here": NOON}


def test_a_scheduler_without_a_sign_for_minutes_stands_still(
    looks: Looks, database: Database, clock: FakeClock
) -> None:
    """Up to three minutes are well; a sign makes it well again; one that never gave any is silent too."""
    looks.look()
    assert wait(looks, clock, 3).standstill(()) is None
    assert wait(looks, clock, 1).standstill(()) == "the scheduler has given no sign of life"
    sign(database, "scheduler:here")
    assert looks.look().standstill(()) is None
    assert wait(looks, clock, 4).standstill(()) == "the scheduler has given no sign of life since 12:04:00 UTC"


def test_an_item_that_does_not_get_on_stands_still(looks: Looks, database: Database, clock: FakeClock) -> None:
    """While its worker renews the lease from a thread, only what is stored of it counts; another host's is not ours."""
    fill(database, clock)
    claim = take(database, worker="here:1:a")
    take(database, worker="elsewhere:1:a")
    for minute in range(17):
        clock.tick(MINUTE)
        sign(database, "scheduler:here")
        with database.transaction(actor="system:test") as tx:
            items.renew(tx, claim.item_id, token=claim.token, lease=MINUTE)
        beat = looks.look()
        assert [one.item_id for one in beat.still] == ([claim.item_id] if minute > 15 else [])
    assert beat.standstill(beat.still) == f"1 items at hand do not get on, the first is item {claim.item_id}"


def test_a_worker_that_renews_nothing_stands_still_sooner(looks: Looks, database: Database, clock: FakeClock) -> None:
    """Three minutes after its lease has lapsed it is told: the whole process is stopped."""
    fill(database, clock)
    take(database, worker="here:1:a")
    looks.look()
    assert wait(looks, clock, 4).still == ()
    assert len(wait(looks, clock, 1).still) == 1


def test_what_a_dead_worker_left_does_not_stand_still(looks: Looks, database: Database, clock: FakeClock) -> None:
    """The next worker takes it up; until then nobody here hangs."""
    fill(database, clock)
    take(database, worker="here:1:dead")
    looks.look()
    assert wait(looks, clock, 20).still == ()


def test_time_without_looks_is_not_counted(looks: Looks, database: Database, clock: FakeClock) -> None:
    """After a sleep of the machine everybody gets as long as at the start."""
    fill(database, clock)
    take(database, worker="here:1:a")
    looks.look()
    clock.tick(timedelta(hours=8))
    assert looks.look().standstill(()) is None
    assert wait(looks, clock, 3).standstill(()) is None
    assert wait(looks, clock, 1).standstill(()) is not None


def test_a_store_that_does_not_answer_is_told_and_blames_nobody(tmp_path: Path, clock: FakeClock) -> None:
    """While somebody else keeps it locked nothing stands still; once it answers again, everybody has time."""
    file = tmp_path / "store.db"
    store = Database.open(f"sqlite:///{file}?timeout=0.05", clock=clock.clock())
    looks = Looks(store, host="here", alive=lambda worker: True, standstill=STANDSTILL)
    looks.look()
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        locked = wait(looks, clock, 4)
        assert (locked.trouble, locked.standstill(())) == ("the store does not answer: database is locked", None)
        other.execute("ROLLBACK")
    assert wait(looks, clock, 4).standstill(()) is None
    assert wait(looks, clock, 1).standstill(()) is not None
    store.close()


def test_the_limit_of_silence() -> None:
    """Exactly at the limit nobody is silent yet."""
    beat = Beat(at=NOON + SILENT, since=NOON)
    assert not beat.silent(None, for_=SILENT)
    assert beat.silent(None, for_=SILENT - timedelta(seconds=1))
    assert not Beat(at=NOON, trouble="down").silent(None, for_=SILENT)

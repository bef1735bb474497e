"""Sealing: in batches, one at a time, whatever order commits appear in, and through every crash."""

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, delete, func, select, update
from sqlalchemy.exc import OperationalError

from audit.checkpoints import all_checkpoints, remembered
from audit.errors import KeyProblem, TrailChanged
from audit.keys import Keyring
from audit.sealer import CROWD, EVERY, SWEEP, TURN, seal
from audit.tables import trail_checkpoint, trail_event, trail_lease, trail_seal
from audit.trail import append
from audit.verify import Report, verify
from core.clock import Clock
from core.store import Database
from tests.audit.conftest import NOW, some_event, write
from tests.audit.test_verify import edit, rehash

LATER = NOW + TURN
ROOT = Path(__file__).parents[2]


def report(engine: Engine, keys: Keyring) -> Report:
    with engine.connect() as connection:
        return verify(connection, public_keys=keys.public_keys())


def fill(engine: Engine, numbers: range) -> None:
    with engine.connect() as connection:
        write(connection, numbers)


def low_water(engine: Engine) -> int:
    with engine.connect() as connection:
        return int(connection.execute(select(trail_lease.c.low)).scalar_one())


def several_processes(engine: Engine) -> None:
    if engine.url.database is None:
        pytest.skip("a database in memory has one connection")


def several_writers(engine: Engine) -> None:
    if engine.dialect.name == "sqlite":
        pytest.skip("SQLite has one writer at a time")


def test_everything_is_sealed_in_batches(engine: Engine, keys: Keyring) -> None:
    """A backlog larger than one batch is sealed whole, with one checkpoint at the end of it."""
    fill(engine, range(1, 108))
    done = seal(engine, now=NOW, keys=keys, checkpoint=True, batch=10)
    assert (done.events, done.busy) == (107, False)
    assert done.checkpoint is not None
    assert done.checkpoint.seq == 107
    assert report(engine, keys).whole


def test_a_checkpoint_is_signed_first_of_all_and_then_every_five_minutes(engine: Engine, keys: Keyring) -> None:
    """Without being asked, a checkpoint follows only when its time has come and there is something new."""
    fill(engine, range(1, 3))
    assert seal(engine, now=NOW, keys=keys, checkpoint=False).checkpoint is not None
    fill(engine, range(3, 5))
    assert seal(engine, now=NOW + EVERY / 2, keys=keys, checkpoint=False).checkpoint is None
    assert seal(engine, now=NOW + EVERY, keys=keys, checkpoint=False).checkpoint is not None
    assert seal(engine, now=NOW + 3 * EVERY, keys=keys, checkpoint=True).checkpoint is None


def test_sealing_nothing_writes_nothing(engine: Engine, keys: Keyring) -> None:
    """A quiet installation makes no checkpoints."""
    for _ in range(2):
        done = seal(engine, now=NOW, keys=keys, checkpoint=True)
        assert (done.events, done.checkpoint) == (0, None)
    assert report(engine, keys).whole


def test_a_moment_after_one_sealer_the_others_need_not_look(engine: Engine, keys: Keyring) -> None:
    """Of many workers that call every second one works; whoever ends a command does not wait for a turn."""
    fill(engine, range(1, 3))
    seal(engine, now=NOW, keys=keys, checkpoint=False)
    fill(engine, range(3, 5))
    assert seal(engine, now=NOW + TURN / 2, keys=keys, checkpoint=False).busy
    assert seal(engine, now=NOW + TURN, keys=keys, checkpoint=False).events == 2
    fill(engine, range(5, 7))
    assert seal(engine, now=NOW + TURN, keys=keys, checkpoint=True).events == 2


def test_a_turn_of_a_clock_that_is_ahead_holds_nobody_up(engine: Engine, keys: Keyring) -> None:
    """A sealer whose clock is an hour ahead makes the others neither wait for their turn nor for a checkpoint."""
    fill(engine, range(1, 3))
    seal(engine, now=NOW + timedelta(hours=1), keys=keys, checkpoint=True)
    fill(engine, range(3, 5))
    done = seal(engine, now=NOW, keys=keys, checkpoint=False)
    assert (done.events, done.checkpoint is None) == (2, False)


def test_looking_takes_no_lock(engine: Engine, keys: Keyring) -> None:
    """While somebody writes, a sealer with nothing to do returns at once instead of queueing for the lock."""
    several_processes(engine)
    fill(engine, range(1, 3))
    seal(engine, now=NOW, keys=keys, checkpoint=True)
    with engine.connect() as writer:
        writer.info["understudy_write"] = True
        with writer.begin():
            writer.execute(update(trail_lease).values(name="sealer"))
            assert seal(engine, now=LATER, keys=keys, checkpoint=True).events == 0


def test_a_sealer_leaves_the_work_to_another(engine: Engine, keys: Keyring) -> None:
    """While another sealer is in the middle of a batch, one that only passes by returns at once."""
    several_writers(engine)
    fill(engine, range(1, 3))
    seal(engine, now=NOW, keys=keys, checkpoint=True)
    fill(engine, range(3, 5))
    with engine.connect() as other, other.begin():
        other.execute(select(trail_lease).with_for_update())
        done = seal(engine, now=LATER, keys=keys, checkpoint=False)
    assert (done.events, done.busy) == (0, True)


def test_commits_out_of_order_are_all_sealed(engine: Engine, keys: Keyring) -> None:
    """A transaction that took its ids first and commits last loses nothing, however many commit meanwhile."""
    several_writers(engine)
    with engine.connect() as slow:
        transaction = slow.begin()
        append(slow, [some_event(1)])
        fill(engine, range(2, CROWD + 10))
        assert seal(engine, now=NOW, keys=keys, checkpoint=True).events == CROWD + 8
        assert low_water(engine) == 0
        transaction.commit()
    assert seal(engine, now=NOW, keys=keys, checkpoint=True).events == 1
    found = report(engine, keys)
    assert (found.whole, found.sealed, found.unsealed) == (True, CROWD + 9, 0)


def test_the_mark_passes_ids_that_were_given_up(engine: Engine, keys: Keyring) -> None:
    """An id whose transaction was rolled back holds the mark up only until enough events lie above it."""
    several_writers(engine)
    with engine.connect() as connection:
        transaction = connection.begin()
        append(connection, [some_event(1)])
        transaction.rollback()
    fill(engine, range(2, 10))
    seal(engine, now=NOW, keys=keys, checkpoint=True)
    assert low_water(engine) == 0
    fill(engine, range(10, CROWD + 10))
    seal(engine, now=LATER, keys=keys, checkpoint=True)
    assert low_water(engine) == CROWD + 9


def test_a_mark_that_skips_events_is_put_right_by_the_daily_search(engine: Engine, keys: Keyring) -> None:
    """Events below the mark are found within a day, whoever moved it and whatever the row says of the last search."""
    fill(engine, range(1, 6))
    seal(engine, now=NOW, keys=keys, checkpoint=True)
    fill(engine, range(6, 9))
    with engine.begin() as connection:
        connection.execute(update(trail_lease).values(low=8))
    assert seal(engine, now=LATER, keys=keys, checkpoint=True).events == 0
    assert seal(engine, now=NOW + SWEEP, keys=keys, checkpoint=True).events == 3
    fill(engine, range(9, 11))
    with engine.begin() as connection:
        connection.execute(update(trail_lease).values(low=10, swept_at="2036-03-02T09:00:00.000000Z"))
    assert seal(engine, now=NOW + SWEEP + TURN, keys=keys, checkpoint=True).events == 2


def test_a_mark_beyond_the_last_event_is_not_believed(engine: Engine, keys: Keyring) -> None:
    """Moving the mark far ahead does not keep events from being sealed."""
    fill(engine, range(1, 6))
    seal(engine, now=NOW, keys=keys, checkpoint=True)
    with engine.begin() as connection:
        connection.execute(update(trail_lease).values(low=10**9))
    fill(engine, range(6, 9))
    assert seal(engine, now=LATER, keys=keys, checkpoint=False).events == 3
    assert low_water(engine) == 8


def test_the_mark_passes_what_is_settled(engine: Engine, keys: Keyring) -> None:
    """After sealing without gaps, the next search begins behind the last event."""
    fill(engine, range(1, 51))
    seal(engine, now=NOW, keys=keys, checkpoint=True, batch=20)
    assert low_water(engine) == 50


def test_two_sealers_and_two_writers_at_once_make_one_chain(engine: Engine, keys: Keyring) -> None:
    """Everything written while two sealers work ends in one whole chain, and nothing is sealed by both."""
    several_processes(engine)
    stop = threading.Event()
    failures: list[BaseException] = []
    sealed: list[int] = []

    def guarded(work: Callable[[], None]) -> None:
        try:
            work()
        except (AssertionError, OperationalError) as error:
            failures.append(error)

    def sealing() -> None:
        while not stop.is_set():
            sealed.append(seal(engine, now=NOW, keys=keys, checkpoint=True, batch=7).events)

    def writing() -> None:
        for number in range(1, 101):
            fill(engine, range(number, number + 1))

    sealers = [threading.Thread(target=guarded, args=(sealing,)) for _ in range(2)]
    writers = [threading.Thread(target=guarded, args=(writing,)) for _ in range(2)]
    for thread in [*sealers, *writers]:
        thread.start()
    for thread in writers:
        thread.join()
    stop.set()
    for thread in sealers:
        thread.join()
    assert failures == []
    sealed.append(seal(engine, now=LATER, keys=keys, checkpoint=True).events)
    found = report(engine, keys)
    assert found.whole, found.problems
    assert (found.sealed, found.unsealed, sum(sealed)) == (200, 0, 200)


def _write_until(url: str, stop: str, number: int) -> None:
    """Commit events one by one until a file appears: one of the processes of the next test."""
    database = Database.open(url, clock=Clock())
    written = 0
    while written < 50 or not Path(stop).exists():
        with database.transaction(actor="system:test") as tx:
            append(tx.connection, [some_event(number, at=tx.now)])
        written += 1
    database.close()


def test_each_look_seals_all_that_was_committed_before_it(engine: Engine, keys: Keyring, tmp_path: Path) -> None:
    """Under four processes that write as fast as they can, no event outlasts the next look of a sealer."""
    several_processes(engine)
    url, stop = engine.url.render_as_string(hide_password=False), tmp_path / "stop"
    database = Database(engine, clock=Clock())
    spawn = multiprocessing.get_context("spawn")
    writers = [spawn.Process(target=_write_until, args=(url, str(stop), number)) for number in range(4)]
    for writer in writers:
        writer.start()
    try:
        for _ in range(5):
            with engine.connect() as connection:
                committed = set(connection.execute(select(trail_event.c.id)).scalars())
            with database.lent() as connection:
                seal(connection, now=database.now(), keys=keys, checkpoint=True)
            with engine.connect() as connection:
                assert committed <= set(connection.execute(select(trail_seal.c.event_id)).scalars())
    finally:
        stop.touch()
        for writer in writers:
            writer.join()
    assert [writer.exitcode for writer in writers] == [0, 0, 0, 0]
    seal(engine, now=database.now(), keys=keys, checkpoint=True)
    found = report(engine, keys)
    assert found.whole, found.problems
    assert (found.unsealed, found.sealed >= 200) == (0, True)


SEALER = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from audit.keys import Keyring
from audit.sealer import seal
from core.clock import Clock
from core.store import Database

class Keys(Keyring):
    def sign(self, message):
        os.kill(os.getpid(), getattr(signal, sys.argv[3]))  # in the middle: locked, seals written, not committed
        return super().sign(message)

engine = Database.open(sys.argv[1], clock=Clock()).engine
seal(engine, now=datetime(2026, 3, 2, 9, tzinfo=UTC), keys=Keys(Path(sys.argv[2])), checkpoint=True, batch=30)
"""


@contextmanager
def sealer_hit_by(blow: str, engine: Engine, folder: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """A sealer in a process of its own that is hit by a signal in the middle of its last batch."""
    url = engine.url.render_as_string(hide_password=False)
    process = subprocess.Popen(
        [sys.executable, "-c", SEALER, url, str(folder / "keys"), blow],
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    try:
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WSTOPPED | os.WNOWAIT)
        yield process
    finally:
        process.kill()
        process.communicate()


def test_a_sealer_killed_in_the_middle_delays_nobody(engine: Engine, keys: Keyring, tmp_path: Path) -> None:
    """After kill -9 in the middle of a batch the next sealer goes on at once, and the chain is whole."""
    several_processes(engine)
    fill(engine, range(1, 100))
    with sealer_hit_by("SIGKILL", engine, tmp_path):
        assert report(engine, keys).unsealed == 99  # the first batch signs, since it is the first of all
        done = seal(engine, now=NOW, keys=keys, checkpoint=False, batch=30)
    assert (done.events, done.busy) == (99, False)
    found = report(engine, keys)
    assert found.whole, found.problems


def test_a_sealer_that_stands_still_in_the_middle_loses_its_place(
    engine: Engine, keys: Keyring, tmp_path: Path
) -> None:
    """A server lets go of a stopped sealer's lock; when it wakes it has sealed nothing, and the chain is whole."""
    several_writers(engine)
    fill(engine, range(1, 100))
    with sealer_hit_by("SIGSTOP", engine, tmp_path) as stopped:
        assert seal(engine, now=NOW, keys=keys, checkpoint=True).events == 99
        stopped.send_signal(signal.SIGCONT)
        assert stopped.wait() != 0
    found = report(engine, keys)
    assert found.whole, found.problems
    assert (found.sealed, found.checkpoints) == (99, 1)


def forge(connection: Connection) -> None:
    """What somebody does who can write to the database: change a signed event, and take away what signed it."""
    edit(connection, 2)
    rehash(connection)
    connection.execute(delete(trail_checkpoint).where(trail_checkpoint.c.number > 1))


def test_a_changed_trail_is_not_signed_again(engine: Engine, keys: Keyring) -> None:
    """The sealer remembers beside its keys what it signed, and does not vouch for a trail that lost it."""
    several_processes(engine)
    for number in (1, 2, 3):
        fill(engine, range(number, number + 1))
        seal(engine, now=NOW, keys=keys, checkpoint=True)
    with engine.begin() as connection:
        forge(connection)
    assert report(engine, keys).whole, "the trail alone cannot tell"
    fill(engine, range(4, 6))
    with pytest.raises(TrailChanged, match="no longer holds checkpoint 3"):
        seal(engine, now=LATER, keys=keys, checkpoint=True)
    assert report(engine, keys).sealed == 5, "events are sealed all the same"
    with engine.connect() as connection:
        held = remembered(connection, keys=keys)
        assert held is not None
        assert len(all_checkpoints(connection)) == 1
        assert not verify(connection, public_keys=keys.public_keys(), remembered=held).whole


def test_signing_goes_on_once_the_remembered_checkpoint_is_moved_away(
    engine: Engine, keys: Keyring, tmp_path: Path
) -> None:
    """After a database was restored from an older copy on purpose, moving one file lets the sealer go on."""
    several_processes(engine)
    for number in (1, 2):
        fill(engine, range(number, number + 1))
        seal(engine, now=NOW, keys=keys, checkpoint=True)
    with engine.begin() as connection:
        connection.execute(delete(trail_seal).where(trail_seal.c.seq == 2))
        connection.execute(delete(trail_event).where(trail_event.c.id == 2))
        connection.execute(delete(trail_checkpoint).where(trail_checkpoint.c.number == 2))
    fill(engine, range(3, 4))
    with pytest.raises(TrailChanged) as refused:
        seal(engine, now=LATER, keys=keys, checkpoint=True)
    (kept,) = (tmp_path / "keys").glob("*.signed")
    assert str(kept) in refused.value.message
    kept.rename(tmp_path / "before-the-restore.jsonl")
    assert seal(engine, now=LATER, keys=keys, checkpoint=True).checkpoint is not None


def test_a_connection_can_be_given_instead_of_an_engine(engine: Engine, keys: Keyring) -> None:
    """Whoever has one connection only, such as a database in memory, can seal too."""
    with engine.connect() as connection:
        write(connection, range(1, 5))
        assert seal(connection, now=NOW, keys=keys, checkpoint=True).events == 4


def test_without_its_key_nothing_is_sealed(engine: Engine, keys: Keyring, tmp_path: Path) -> None:
    """A key that went missing is an error before anything is written."""
    fill(engine, range(1, 5))
    (tmp_path / "keys" / f"{keys.key_id}.key").unlink()
    with pytest.raises(KeyProblem, match="cannot be read"):
        seal(engine, now=NOW, keys=keys, checkpoint=True)
    with engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(trail_seal)).scalar_one() == 0


def test_key_files_are_for_their_owner_only(keys: Keyring, tmp_path: Path) -> None:
    """Nobody else on the machine can read the private half, and opening again finds the same key."""
    for path in (tmp_path / "keys").iterdir():
        assert path.stat().st_mode & 0o077 == 0
    assert Keyring.open(tmp_path / "keys").key_id == keys.key_id


def test_a_key_under_another_name_is_refused(keys: Keyring, tmp_path: Path) -> None:
    """A key file that was exchanged is noticed when it should sign."""
    other = Keyring.open(tmp_path / "other")
    exchanged = (tmp_path / "other" / f"{other.key_id}.key").read_text(encoding="ascii")
    (tmp_path / "keys" / f"{keys.key_id}.key").write_text(exchanged, encoding="ascii")
    with pytest.raises(KeyProblem, match="another key"):
        keys.sign(b"message")

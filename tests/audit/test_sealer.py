"""Sealing: in batches, one at a time, whatever order commits appear in, and through every crash."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, insert, select, update
from sqlalchemy.exc import OperationalError

from audit.errors import KeyProblem
from audit.keys import Keyring
from audit.sealer import EVERY, PATIENCE, SWEEP, seal, unsealed
from audit.tables import trail_event, trail_lease, trail_seal
from audit.trail import append
from audit.verify import Report, verify
from tests.audit.conftest import NOW, some_event, write


def report(engine: Engine, keys: Keyring) -> Report:
    with engine.connect() as connection:
        return verify(connection, public_keys=keys.public_keys())


def fill(engine: Engine, numbers: range) -> None:
    with engine.connect() as connection:
        write(connection, numbers)


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


def test_an_id_that_appears_late_is_sealed(engine: Engine, keys: Keyring) -> None:
    """Where a lower id commits after a higher one, the sealer comes back for it."""
    with engine.begin() as connection:
        append(connection, [some_event(number) for number in range(1, 6)])
        late = connection.execute(select(trail_event).where(trail_event.c.id == 3)).one()
        connection.execute(trail_event.delete().where(trail_event.c.id == 3))
    assert seal(engine, now=NOW, keys=keys, checkpoint=False).events == 4
    with engine.begin() as connection:
        connection.execute(insert(trail_event).values(late._asdict()))
    assert seal(engine, now=NOW + PATIENCE / 2, keys=keys, checkpoint=True).events == 1
    assert report(engine, keys).whole


def test_an_id_that_appears_very_late_is_found_by_the_daily_search(engine: Engine, keys: Keyring) -> None:
    """A transaction that stayed open beyond all patience is sealed within a day, and reported until then."""
    with engine.begin() as connection:
        append(connection, [some_event(number) for number in range(1, 6)])
        late = connection.execute(select(trail_event).where(trail_event.c.id == 3)).one()
        connection.execute(trail_event.delete().where(trail_event.c.id == 3))
    seal(engine, now=NOW, keys=keys, checkpoint=True)
    fill(engine, range(6, 8))
    seal(engine, now=NOW + 2 * PATIENCE, keys=keys, checkpoint=True)
    with engine.begin() as connection:
        connection.execute(insert(trail_event).values(late._asdict()))
    assert seal(engine, now=NOW + 3 * PATIENCE, keys=keys, checkpoint=True).events == 0
    assert report(engine, keys).unsealed == 1
    assert seal(engine, now=NOW + SWEEP, keys=keys, checkpoint=True).events == 1
    assert report(engine, keys).unsealed == 0


def test_commits_out_of_order_are_all_sealed(engine: Engine, keys: Keyring) -> None:
    """A transaction that took its ids first and commits last loses nothing; only a server lets two write at once."""
    if engine.dialect.name == "sqlite":
        pytest.skip("SQLite has one writer at a time")
    with engine.connect() as slow:
        transaction = slow.begin()
        append(slow, [some_event(1)])
        fill(engine, range(2, 5))
        assert seal(engine, now=NOW, keys=keys, checkpoint=True).events == 3
        transaction.commit()
    assert seal(engine, now=NOW, keys=keys, checkpoint=True).events == 1
    found = report(engine, keys)
    assert (found.whole, found.sealed, found.unsealed) == (True, 4, 0)


def test_the_mark_passes_what_is_settled(engine: Engine, keys: Keyring) -> None:
    """After sealing without gaps, the next search begins behind the last event."""
    fill(engine, range(1, 51))
    seal(engine, now=NOW, keys=keys, checkpoint=True, batch=20)
    with engine.connect() as connection:
        assert connection.execute(select(trail_lease.c.low)).scalar_one() == 50


def test_a_sealer_waits_for_another_until_its_lease_ends(engine: Engine, keys: Keyring) -> None:
    """While another sealer holds the lease nothing is done; when it died, its lease runs out."""
    seal(engine, now=NOW, keys=keys, checkpoint=False)
    fill(engine, range(1, 5))
    until = (NOW + timedelta(seconds=10)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    with engine.begin() as connection:
        connection.execute(update(trail_lease).values(holder="another", until=until))
    assert seal(engine, now=NOW + timedelta(seconds=5), keys=keys, checkpoint=True).busy
    assert report(engine, keys).sealed == 0
    assert seal(engine, now=NOW + timedelta(seconds=11), keys=keys, checkpoint=True).events == 4


def test_two_sealers_and_two_writers_at_once_make_one_chain(engine: Engine, keys: Keyring) -> None:
    """Everything written while two sealers work ends in one whole chain."""
    stop = threading.Event()
    failures: list[BaseException] = []

    def guarded(work: Callable[[], None]) -> None:
        try:
            work()
        except (AssertionError, OperationalError) as error:
            failures.append(error)

    def sealing() -> None:
        while not stop.is_set():
            seal(engine, now=NOW, keys=keys, checkpoint=False, batch=7)

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
    seal(engine, now=NOW + timedelta(minutes=1), keys=keys, checkpoint=True)
    found = report(engine, keys)
    assert found.whole, found.problems
    assert (found.sealed, found.unsealed) == (200, 0)


SEALER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from sqlalchemy import create_engine
from audit.keys import Keyring
from audit.sealer import seal
keys = Keyring.open(Path(sys.argv[2]))
print("ready", flush=True)
seal(create_engine(sys.argv[1]), now=datetime(2026, 3, 2, 9, tzinfo=UTC), keys=keys, checkpoint=True, batch=3)
"""


def test_a_sealer_killed_in_the_middle_leaves_a_whole_chain(engine: Engine, keys: Keyring, tmp_path: Path) -> None:
    """After kill -9 between batches the chain verifies as far as it goes, and the next sealer finishes it."""
    fill(engine, range(1, 4001))
    url = engine.url.render_as_string(hide_password=False)
    middle = 0
    for _ in range(4):
        process = subprocess.Popen(
            [sys.executable, "-c", SEALER, url, str(tmp_path / "keys")],
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        )
        assert process.stdout is not None
        process.stdout.readline()
        before = left = _left(engine)
        deadline = time.monotonic() + 20
        while left > before - 30 and process.poll() is None and time.monotonic() < deadline:
            left = _left(engine)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        found = report(engine, keys)
        assert found.whole, found.problems
        middle += 0 < found.unsealed < before
        with engine.begin() as connection:
            connection.execute(update(trail_lease).values(until="2026-03-02T08:00:00.000000Z"))
    assert middle > 0, "no kill hit the middle of the work"
    seal(engine, now=NOW + timedelta(minutes=1), keys=keys, checkpoint=True)
    found = report(engine, keys)
    assert found.whole, found.problems
    assert (found.sealed, found.unsealed) == (4000, 0)


def _left(engine: Engine) -> int:
    with engine.connect() as connection:
        return unsealed(connection)


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

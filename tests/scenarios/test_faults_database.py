"""What befalls the database under its workers, and how it ends: nothing twice, nothing lost, and the work goes on."""

import os
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest

from core.testing.postgres import PACKAGES, Postgres
from tests.postgres import served
from tests.scenarios import crews
from tests.scenarios.crews import WAIT, Crew

LOCKED = timedelta(seconds=60)  # six leases of vouchers/bots.toml


def four_start_on_an_empty_database(crew: Crew) -> None:
    """Each finds it without tables, all at about the same time."""
    crew.empty_the_database()
    crew.start(4)
    assert [worker.ended() for worker in crew.workers] == [0] * 4, crew.told()


def one_has_a_clock_an_hour_behind(crew: Crew) -> None:
    """Its item is not taken from it in the middle of an effect, although by its own clock its lease is long over."""
    trap = crew.trap("enter", WAIT)
    (late,) = crew.start(1, "late")
    crew.caught(trap)
    (punctual,) = crew.start(1, folder=crews.another_host(crew) if crew.many_hosts else None)
    assert punctual.ended() == 0, crew.told()
    crew.open_traps()
    assert late.ended() == 0, crew.told()


def it_is_locked_for_a_minute(crew: Crew) -> None:
    """Two workers, one of them in the middle of an effect, wait until it is free and go on."""
    trap = crew.trap("entered", WAIT)
    crew.start(2, meet=2)
    crew.caught(trap)
    with locked(crew):
        crew.open_traps()
        locked_at = datetime.now(UTC)
        crew.until(lambda: datetime.now(UTC) > locked_at + LOCKED)
    assert [worker.ended() for worker in crew.workers] == [0, 0], crew.told()


@contextmanager
def locked(crew: Crew) -> Iterator[None]:
    """Keep everybody from writing while inside."""
    if crew.url.startswith("sqlite"):
        with closing(sqlite3.connect(crew.url.removeprefix("sqlite:///"), timeout=60, isolation_level=None)) as holder:
            holder.execute("BEGIN EXCLUSIVE")
            yield
            holder.execute("ROLLBACK")
    else:
        with psycopg.connect(crew.url) as connection:
            connection.execute("LOCK TABLE item, trail_event IN ACCESS EXCLUSIVE MODE")
            yield


@contextmanager
def small_disk(folder: Path, *, size: str = "8m") -> Iterator[Path]:
    """Put what a folder holds on a small disk."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount a small disk")
    folder.mkdir(parents=True)
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], capture_output=True, check=False
    )
    if made.returncode:
        pytest.skip("no small disk can be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


@contextmanager
def full(disk: Path) -> Iterator[None]:
    """Leave no byte on a disk while inside."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (4096, 1):
            with suppress(OSError):
                while True:
                    file.write(bytes(size))
    try:
        yield
    finally:
        ballast.unlink()


FAULTS = [
    (four_start_on_an_empty_database, "sqlite"),
    (four_start_on_an_empty_database, "postgres"),
    (one_has_a_clock_an_hour_behind, "sqlite"),
    (one_has_a_clock_an_hour_behind, "postgres"),
    (it_is_locked_for_a_minute, "sqlite"),
    (it_is_locked_for_a_minute, "postgres"),
]


@pytest.mark.parametrize(("fault", "database"), FAULTS, ids=crews.named)
def test_nothing_twice_and_nothing_lost(faults: crews.Outcomes, fault: crews.Fault, database: str) -> None:
    """Every item ends, every voucher stands once in the book, the trail is whole and the balances hold."""
    assert faults[fault.__name__, database].result() == []


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_postgres_restarts_under_load(tmp_path: Path, end: str) -> None:
    """Four workers, one between an entry and its receipt, wait for the server and go on."""
    with served() as server:
        crew = crews.assembled(tmp_path / "office", server.new_database())
        trap = crew.trap("entered", WAIT)
        with crew:
            crew.start(4, meet=4)
            crew.caught(trap)
            getattr(server, end)()
            server.start()
            crew.open_traps()
            codes = [worker.ended() for worker in crew.workers]
            assert crew.wrong() == []
            assert codes == [0] * 4, crew.told()


@pytest.mark.parametrize("place", ["find", "entered"])
def test_the_disk_is_full(tmp_path: Path, place: str) -> None:
    """At an intent, and at a receipt: the worker waits for room and goes on."""
    with small_disk(tmp_path / "office" / "var") as disk:
        crew = crews.assembled(tmp_path / "office", "sqlite:///var/understudy.db")
        trap = crew.trap(place, WAIT)
        with crew:
            (worker,) = crew.start(1)
            crew.caught(trap)
            with full(disk):
                crew.open_traps()
                crew.until(lambda: "disk is full" in worker.told or worker.process.poll() is not None)
                assert "disk is full" in worker.told, worker.told
            code = worker.ended()
            assert crew.wrong() == []
            assert code == 0, worker.told


@pytest.mark.parametrize("place", ["find", "entered"])
def test_the_disk_of_postgres_is_full(tmp_path: Path, place: str) -> None:
    """The server gives up in the middle of a commit; when there is room and it was started again, all goes on."""
    for package in PACKAGES:
        pytest.importorskip(package)
    with (
        TemporaryDirectory(prefix="full-") as folder,
        small_disk(Path(folder) / "disk", size="200m") as disk,
        Postgres(disk / "data", durable=False) as server,
        crews.assembled(tmp_path / "office", server.new_database()) as crew,
    ):
        trap = crew.trap(place, WAIT)
        (worker,) = crew.start(1)
        crew.caught(trap)
        with full(disk):
            log_is_full(server)
            crew.open_traps()
            crew.until(lambda: "Waiting for the store" in worker.told or worker.process.poll() is not None)
        with suppress(RuntimeError):  # it has given up by itself
            server.kill()
        server.start()
        code = worker.ended()
        assert crew.wrong() == []
        assert code == 0, worker.told


def log_is_full(server: Postgres) -> None:
    """Let the server need another file of its log, for which there is no room."""
    with suppress(psycopg.Error), psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute("SELECT pg_switch_wal()")
        connection.execute("CREATE TABLE more AS SELECT generate_series(1, 1000000)")

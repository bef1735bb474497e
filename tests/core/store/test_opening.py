"""Opening a store: where it may lie, whose tables it finds, whose hour counts, who writes first."""

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from audit.tables import trail_event
from core.clock import Clock, FakeClock
from core.errors import ConfigError, StoreUnavailable
from core.model.items import NewItem
from core.model.runs import Mode
from core.store import Database, items, runs, signs
from core.store import tables as t
from core.store.migrations import SCHEMA
from core.store.sqlite import refuse_shared_place
from core.testing.postgres import Postgres
from core.testing.stage import NOON

MOUNTS = """
/dev/vda1 / ext4 rw 0 0
filer:/export /mnt/filer nfs4 rw 0 0
//filer/share /mnt/with\\040blank cifs rw 0 0
/dev/vdb1 /mnt/filer/local xfs rw 0 0
""".lstrip()


@pytest.mark.parametrize(
    ("place", "word"),
    [
        ("/mnt/filer/office/var/understudy.db", "network drive (nfs4)"),
        ("/mnt/with blank/understudy.db", "network drive (cifs)"),
        ("/home/anna/OneDrive - Northmoor/office/understudy.db", "synchronised folder 'OneDrive - Northmoor'"),
        ("/home/anna/Dropbox/understudy.db", "synchronised folder 'Dropbox'"),
    ],
)
def test_a_shared_place_is_refused(tmp_path: Path, place: str, word: str) -> None:
    """The message names the place, what is wrong with it, and both ways out."""
    mounts = tmp_path / "mounts"
    mounts.write_text(MOUNTS, encoding="utf-8")
    with pytest.raises(ConfigError) as raised:
        refuse_shared_place(Path(place), mounts=mounts)
    assert word in raised.value.message
    assert "sqlite:////var/lib" in raised.value.message
    assert "postgresql://" in raised.value.message


@pytest.mark.parametrize("place", ["/srv/office/understudy.db", "/mnt/filer/local/u.db", "/srv/dropbox-bot/u.db"])
def test_a_disk_of_this_machine_is_fine(tmp_path: Path, place: str) -> None:
    """The innermost mount counts, and a name that only begins like a service's is a name."""
    mounts = tmp_path / "mounts"
    mounts.write_text(MOUNTS, encoding="utf-8")
    refuse_shared_place(Path(place), mounts=mounts)


def test_an_unknown_kind_of_database_is_refused(clock: FakeClock) -> None:
    """The message gives both kinds, and does not repeat the URL, which may hold a password."""
    for url in ("mysql://clerk:s3cret@host/db", "nonsense"):
        with pytest.raises(ConfigError, match="postgresql://") as raised:
            Database.open(url, clock=clock.clock())
        assert "s3cret" not in raised.value.message


# Tables that came with schema 2, and with schema 3.
LATER = {"slot", "rate"} | {"schedule", "occurrence", "sign", "notice", "delivery"}


def as_schema_1(database: Database) -> None:
    """Leave a database as the first released program would: without the tables that came later."""
    with database.transaction(actor="system:test") as tx:
        for table in reversed(t.metadata.sorted_tables):
            if table.name in LATER:
                table.drop(tx.connection)
        tx.connection.execute(t.about.update().where(t.about.c.name == "schema").values(value="1"))


def test_an_older_store_is_upgraded_with_items_in_flight(url: str, clock: FakeClock) -> None:
    """What waited and what was held stay as they were; the move is in the trail; opening again changes nothing."""
    if url == "sqlite://":
        pytest.skip("a store in memory does not outlive its program")
    old = Database.open(url, clock=clock.clock())
    with old.transaction(actor="system:test") as tx:
        run_id = runs.start(tx, "clerk", version="1", mode=Mode.AUTO, trigger="test", worker="w")
        for reference in ("held", "waits"):
            items.add(tx, "clerk", run_id=run_id, new=NewItem(reference=reference))
        claim = items.claim(tx, "clerk", worker="w", lease=timedelta(seconds=60))
    assert claim is not None
    as_schema_1(old)
    old.close()
    for _ in range(2):
        new = Database.open(url, clock=clock.clock())
        with new.reading() as tx:
            assert {row.reference: row.state for row in items.all_of(tx, "clerk")} == {
                "held": "in_progress",
                "waits": "pending",
            }
            moved = sa.select(sa.func.count()).where(trail_event.c.action == "store.migrated")
            assert tx.connection.execute(moved).scalar_one() == SCHEMA - 1
        with new.transaction(actor="system:test") as tx:
            items.renew(tx, claim.item_id, token=claim.token, lease=timedelta(seconds=60))
        new.close()


def test_a_copy_is_kept_before_an_upgrade(tmp_path: Path, clock: FakeClock) -> None:
    """Going back is putting the copy back: it has the schema and the items of before."""
    file = tmp_path / "store.db"
    database = Database.open(f"sqlite:///{file}", clock=clock.clock())
    as_schema_1(database)
    database.close()
    Database.open(f"sqlite:///{file}", clock=clock.clock()).close()
    copy = sa.create_engine(f"sqlite:///{tmp_path}/store.db.schema-1")
    with copy.connect() as connection:
        assert connection.execute(sa.select(t.about.c.value).where(t.about.c.name == "schema")).scalar_one() == "1"
    copy.dispose()


def test_programs_that_open_a_new_store_at_once_all_succeed(url: str, clock: FakeClock) -> None:
    """One makes the tables, the others find them."""
    if url == "sqlite://":
        pytest.skip("a store in memory is each program's own")
    together, opened, failures = threading.Barrier(4), [], []

    def opening() -> None:
        together.wait()
        try:
            opened.append(Database.open(url, clock=clock.clock()))
        except (StoreUnavailable, sa.exc.DBAPIError) as error:
            failures.append(error)

    threads = [threading.Thread(target=opening) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for database in opened:
        database.close()
    assert failures == []


def test_on_a_server_its_hour_counts_not_the_workers(postgres_url: str) -> None:
    """A worker whose clock is an hour behind has the same now as the others."""
    behind = Clock(now=lambda: datetime.now(UTC) - timedelta(hours=1))
    database = Database.open(postgres_url, clock=behind)
    assert abs(database.now() - datetime.now(UTC)) < timedelta(minutes=5)
    with database.reading() as tx:
        assert abs(tx.now - datetime.now(UTC)) < timedelta(minutes=5)
    database.close()


def test_a_writer_waits_at_the_gate_and_readers_do_not(tmp_path: Path, clock: FakeClock) -> None:
    """While one writes, the next stands at the gate, before SQLite's own lock; who only reads goes on."""
    database = Database.open(f"sqlite:///{tmp_path}/store.db", clock=clock.clock())
    order = []
    inside = threading.Event()

    def second() -> None:
        inside.wait()
        with database.transaction(actor="system:test"):
            order.append("second")

    thread = threading.Thread(target=second)
    thread.start()
    with database.transaction(actor="system:test"):
        inside.set()
        with database.reading():
            order.append("reader")
        order.append("first")
    thread.join()
    database.close()
    assert order == ["reader", "first", "second"]


def test_a_locked_store_says_so_and_works_again_afterwards(tmp_path: Path, clock: FakeClock) -> None:
    """Another program holds the file: after the time-out StoreUnavailable, and no lock of ours is left behind."""
    database = Database.open(f"sqlite:///{tmp_path}/store.db?timeout=0.05", clock=clock.clock())
    other = sa.create_engine(f"sqlite:///{tmp_path}/store.db")
    with other.connect() as connection:
        connection.exec_driver_sql("BEGIN EXCLUSIVE")
        for _ in range(2):
            with pytest.raises(StoreUnavailable, match="locked"), database.transaction(actor="system:test"):
                pass
        connection.rollback()
    other.dispose()
    with database.transaction(actor="system:test") as tx:
        runs.start(tx, "clerk", version="1", mode=Mode.AUTO, trigger="test", worker="w")
    database.close()


def test_a_file_that_is_damaged_is_a_store_that_does_not_answer(tmp_path: Path) -> None:
    """Whoever watches goes on watching, and tells people; nobody's work ends in an error that nobody provides for."""
    file = tmp_path / "store.db"
    database = Database.open(f"sqlite:///{file}", clock=FakeClock(NOON).clock())
    database.close()
    file.write_bytes(b"no database any more" * 1000)
    with pytest.raises(StoreUnavailable, match="not a database"), database.transaction(actor="system:test"):
        pass
    database.close()


def test_a_server_that_only_lets_read_is_a_store_that_does_not_answer(postgres: Postgres) -> None:
    """After a failover a standby may answer for a while: it is waited for."""
    url = postgres.new_database()
    Database.open(url, clock=FakeClock(NOON).clock()).close()
    asked = sa.make_url(url).update_query_dict({"options": "-c default_transaction_read_only=on"})
    database = Database.open(asked.render_as_string(hide_password=False), clock=FakeClock(NOON).clock())
    with pytest.raises(StoreUnavailable, match="read-only"), database.transaction(actor="system:test") as tx:
        signs.give(tx, "scheduler:office-1")
    database.close()

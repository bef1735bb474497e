"""How long an event waits for its seal while several processes write as fast as they can."""

import multiprocessing
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from audit.actions import Act
from audit.keys import Keyring
from audit.sealer import seal
from audit.tables import trail_event, trail_seal
from audit.trail import moment
from audit.verify import verify
from core.clock import Clock
from core.errors import ConfigError
from core.sealing import EVERY
from core.store import Database
from core.testing.postgres import Postgres

WRITERS = 4
SEALERS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Waited:
    """What was measured."""

    events: int
    sealed: int
    longest: float  # seconds from an event's moment until it was seen with a seal, the worst of all
    slowest: float  # seconds of the slowest commit of a writer
    alone: float  # the same while nobody sealed
    share: float  # of the events, sealed exactly once
    whole: bool


def databases() -> Iterator[tuple[str, str]]:
    """Yield the name and URL of each empty database there is to measure on."""
    with tempfile.TemporaryDirectory() as folder:
        yield "SQLite", f"sqlite:///{folder}/store.db"
    with tempfile.TemporaryDirectory() as folder:
        try:
            server = Postgres(Path(folder) / "data", durable=True)
        except ConfigError as error:
            print(f"      ({error.message})")
            return
        with server:
            yield "PostgreSQL", server.new_database()


def measured(url: str, *, seconds: float) -> Waited:
    """Write without and then with sealers for so long, and watch the oldest event without a seal."""
    database = Database.open(url, clock=Clock())
    alone = _load(url, seconds=seconds / 2, sealers=0, folder=None)
    with tempfile.TemporaryDirectory() as folder:
        keys = Keyring.open(Path(folder) / "keys")
        with database.lent() as connection:
            seal(connection, now=database.now(), keys=keys, checkpoint=True)
        worst: list[float] = []
        slowest = _load(
            url, seconds=seconds, sealers=SEALERS, folder=folder, watch=lambda: worst.append(_oldest(database))
        )
        with database.lent() as connection:
            seal(connection, now=database.now(), keys=keys, checkpoint=True)
        with database.reading() as tx:
            report = verify(tx.connection, public_keys=keys.public_keys())
            events = tx.connection.execute(select(func.count()).select_from(trail_event)).scalar_one()
            once = tx.connection.execute(select(func.count(trail_seal.c.event_id.distinct()))).scalar_one()
    database.close()
    return Waited(
        events=events,
        sealed=report.sealed,
        longest=max(worst, default=0.0),
        slowest=slowest,
        alone=alone,
        share=once / events if report.sealed == once else 0.0,
        whole=report.whole,
    )


def _oldest(database: Database) -> float:
    """Return how long the event that waits longest has waited, by the store's clock."""
    joined = trail_event.outerjoin(trail_seal, trail_seal.c.event_id == trail_event.c.id)
    with database.reading() as tx:
        now = database.now()
        last = tx.connection.execute(select(func.max(trail_seal.c.event_id))).scalar_one() or 0
        oldest = tx.connection.execute(
            select(func.min(trail_event.c.at))
            .select_from(joined)
            .where(trail_seal.c.event_id.is_(None), trail_event.c.id > last - 5_000)
        ).scalar_one()
    return 0.0 if oldest is None else (now - moment(oldest)).total_seconds()


def _load(url: str, *, seconds: float, sealers: int, folder: str | None, watch: Any = None) -> float:
    """Run writers, and sealers beside them; return the slowest commit."""
    spawn = multiprocessing.get_context("spawn")
    slowest, ready, stop = spawn.Queue(), spawn.Queue(), spawn.Event()
    writers = [spawn.Process(target=_write, args=(url, seconds, slowest)) for _ in range(WRITERS)]
    sealing = [spawn.Process(target=_seal, args=(url, folder, ready, stop)) for _ in range(sealers)]
    for process in sealing:
        process.start()
    for _ in sealing:
        ready.get()
    for process in writers:
        process.start()
    while any(writer.is_alive() for writer in writers):
        time.sleep(0.05)
        if watch is not None:
            watch()
    told = [slowest.get() for _ in writers]
    stop.set()
    for process in [*writers, *sealing]:
        process.join()
    return float(max(told))


def _write(url: str, seconds: float, slowest: Any) -> None:
    database = Database.open(url, clock=Clock())
    until, worst, number = time.monotonic() + seconds, 0.0, 0
    while (began := time.monotonic()) < until:
        with database.transaction(actor="system:benchmark") as tx:
            tx.note(Act.STEP_DONE, bot="invoices", item_id=number, step="read")
        worst, number = max(worst, time.monotonic() - began), number + 1
    database.close()
    slowest.put(worst)


def _seal(url: str, folder: str, ready: Any, stop: Any) -> None:
    database, keys = Database.open(url, clock=Clock()), Keyring.open(Path(folder) / "keys")
    ready.put(True)
    while not stop.wait(EVERY):
        now = database.now()
        with database.lent() as connection:
            seal(connection, now=now, keys=keys, checkpoint=False)
    database.close()

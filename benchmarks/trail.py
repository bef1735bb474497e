"""How fast the trail is sealed and verified, in how much memory, and how long an event waits for its seal under load.

Rates are by CPU seconds, on SQLite in a file as an installation has it; memory is that of a trail beside one a tenth as
long. `python -m benchmarks.trail EVENTS` takes another length than a million. The wait is by the wall clock: four
processes commit events as fast as they can while two call the sealer every second, on SQLite and, where its server can
be started, on PostgreSQL.
"""

import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection

from audit import sealer
from audit.actions import Act
from audit.export import export
from audit.keys import Keyring
from audit.trail import Event, append
from audit.verify import verify
from benchmarks import Bars, waiting
from core.clock import Clock
from core.store import Database

EVENTS = 1_000_000
LOAD = 10  # seconds
TOGETHER = 2_000  # events written in one transaction
START = datetime.now(UTC)
KINDS = (Act.ITEM_CLAIMED, Act.STEP_DONE, Act.CHECK_EVALUATED, Act.EFFECT_INTENDED, Act.EFFECT_CONFIRMED)


def main() -> int:
    """Print events/s and memory, judge them, and return 1 when a bar was missed."""
    events = int(sys.argv[1]) if len(sys.argv) > 1 else EVENTS
    bars = Bars()
    with tempfile.TemporaryDirectory() as folder:
        short, long = Path(folder) / "short", Path(folder) / "long"
        make(short, events // 10)
        bars.at_least("events written", make(long, events), 20_000, "a second of CPU")
        bars.at_least("events sealed", _told(long, "seal"), 50_000, "a second of CPU")
        _told(short, "seal")
        rate, small, large = _told(long, "verify"), _memory(short, "verify"), _memory(long, "verify")
        bars.at_least("events verified", rate, 150_000, "a second of CPU")
        bars.at_most("memory that verifying ten times as many events adds", large - small, 10, "MB")
        print(f"      (verifying {events:,} events took {large:.0f} MB in all)")
        _told(long, "export"), _told(short, "export")
        small, large = _memory(short, "alone"), _memory(long, "alone")
        bars.at_least("events verified with nothing but Python", _told(long, "alone"), 150_000, "a second of CPU")
        bars.at_most("memory that ten times as many exported events add", large - small, 10, "MB")
    for name, url in waiting.databases():
        told = waiting.measured(url, seconds=LOAD)
        bars.at_most(f"longest wait for a seal, {name}", told.longest, 5, "s")
        print(
            f"      ({told.events:,} events in {LOAD} s, {told.sealed:,} seals, trail whole: {told.whole}; a writer's"
        )
        print(f"      slowest commit with sealers {told.slowest * 1000:.0f} ms, without {told.alone * 1000:.0f} ms)")
        bars.at_least(f"events sealed once and only once, {name}", told.share, 1, "%")
    return bars.code


def make(folder: Path, events: int) -> float:
    """Write events into a new store below the folder; return how many a second of CPU."""
    folder.mkdir()
    database = Database.open(_url(folder), clock=Clock())
    began = time.process_time()
    for first in range(0, events, TOGETHER):
        with database.transaction(actor="system:benchmark") as tx:
            append(tx.connection, [_event(number) for number in range(first, min(first + TOGETHER, events))])
    spent = time.process_time() - began
    database.close()
    return events / spent


def _event(number: int) -> Event:
    return Event(
        at=START + timedelta(milliseconds=number),
        actor="bot:invoices@2f6a91c4",
        action=KINDS[number % len(KINDS)],
        bot="invoices",
        item_id=number // len(KINDS) + 1,
        run_id=number // 10_000 + 1,
        details={"step": "read", "digest": f"{number * 2654435761 % 2**64:016x}", "attempt": 1, "reused": False},
    )


def _url(folder: Path) -> str:
    return f"sqlite:///{folder}/trail.db"


# Each piece of work is measured in a process of its own, so that its memory is its own.


def _told(folder: Path, work: str) -> float:
    """Do the work in a process of its own; return events a second of CPU."""
    return _measured(folder, work)[0]


def _memory(folder: Path, work: str) -> float:
    return _measured(folder, work)[1]


def _measured(folder: Path, work: str) -> tuple[float, float]:
    command = [sys.executable, "-c", f"from benchmarks.trail import work; work({str(folder)!r}, {work!r})"]
    told = subprocess.run(command, check=True, capture_output=True, text=True, cwd=Path(__file__).parents[1]).stdout
    rate, megabytes = told.split()
    return float(rate), float(megabytes)


def work(where: str, name: str) -> None:
    """Do one piece of work; print events a second of CPU and the highest memory in MB."""
    import resource

    folder = Path(where)
    database = Database.open(_url(folder), clock=Clock())
    keys = Keyring.open(folder / "keys")
    began = time.process_time()
    if name == "alone":
        events = _alone(folder)
    elif name == "seal":
        events = _seal(database, keys)
    else:
        with database.reading() as tx:
            events = {"verify": _verify, "export": _export}[name](tx.connection, keys, folder)
    spent = time.process_time() - began
    print(events / spent, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def _seal(database: Database, keys: Keyring) -> int:
    """Seal everything, with a checkpoint for about every thousand events, as in an installation's ordinary week."""
    sealer.EVERY = timedelta(0)
    return sealer.seal(database.engine, now=database.now(), keys=keys, checkpoint=True, batch=1000).events


def _verify(connection: Connection, keys: Keyring, folder: Path) -> int:
    report = verify(connection, public_keys=keys.public_keys())
    assert report.whole, report.problems
    return report.sealed


def _export(connection: Connection, keys: Keyring, folder: Path) -> int:
    return export(connection, folder / "export", public_keys=keys.public_keys()).events


def _alone(folder: Path) -> int:
    from audit.standalone import verify as verify_export

    told, problems = verify_export(folder / "export", folder / "export" / "public-keys.txt", [])
    assert not problems, problems
    return int(told.split()[0])


if __name__ == "__main__":
    sys.exit(main())

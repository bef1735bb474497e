"""Several workers of one installation on one database, what befalls them, and what must be true at the end."""

import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import sqlalchemy as sa

from audit.actions import Act
from audit.keys import Keyring
from audit.tables import trail_event
from core.model.items import ItemState
from core.store import items
from core.store import tables as t
from tests.scenarios import harness

BOT = "vouchers"
ENDED = {ItemState.DONE, ItemState.IN_REVIEW, ItemState.FAILED}
KILL, STOP, WAIT = "KILL", "STOP", "WAIT"  # what a trap does, see vouchers/bots/vouchers/traps.py

Fault = Callable[["Crew"], None]
Outcomes = dict[tuple[str, str], Future[list[str]]]  # what was wrong at the end, by fault and database


@dataclass(frozen=True, kw_only=True)
class Worker:
    """One process of the crew."""

    process: subprocess.Popen[bytes]
    output: Path

    @property
    def told(self) -> str:
        """What it has printed."""
        return self.output.read_text(encoding="utf-8")

    @property
    def stopped(self) -> bool:
        """Whether a signal has stopped it."""
        stat = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="utf-8")
        return stat.rpartition(")")[2].split()[0] == "T"

    def go_on(self) -> None:
        """Let it go on."""
        self.process.send_signal(signal.SIGCONT)

    def ended(self) -> int:
        """Wait for its end and return its exit code."""
        return self.process.wait(timeout=harness.MOST)


@dataclass(frozen=True, kw_only=True)
class Crew:
    """An installation, its database and the workers started on it."""

    folder: Path
    url: str  # of its database
    vouchers: int
    workers: list[Worker] = field(default_factory=list)

    def start(self, number: int, *more: str, folder: Path | None = None, meet: int = 0) -> list[Worker]:
        """Start workers; they begin together when `meet` says how many there are in all."""
        command = harness.command(folder or self.folder, BOT, *more)
        return [self._started(command, meet=meet) for _ in range(number)]

    def start_reaper_and_sealer(self) -> Worker:
        """Start a process that reaps and seals without a pause until the traps are opened."""
        return self._started([sys.executable, str(harness.HERE / "reap_and_seal.py"), str(self.folder), BOT])

    def _started(self, command: list[str], *, meet: int = 0) -> Worker:
        output = self.folder / f"worker-{len(self.workers)}.log"
        with output.open("wb") as log:
            environment = harness.environment() | {"UNDERSTUDY_CREW": str(meet)}
            process = subprocess.Popen(command, env=environment, cwd=self.folder, stdout=log, stderr=log)
        worker = Worker(process=process, output=output)
        self.workers.append(worker)
        return worker

    def trap(self, place: str, what: str) -> Path:
        """Set a trap and return the file that is there when a process fell into it."""
        folder = self.folder / "traps"
        folder.mkdir(exist_ok=True)
        number = len(list(folder.iterdir()))
        (folder / f"{place} {number}").write_text(what, encoding="utf-8")
        return folder / f"sprung {place} {number}"

    def open_traps(self) -> None:
        """Let go of everybody who waits in a trap."""
        (self.folder / "traps" / "open").touch()

    def caught(self, trap: Path) -> Worker:
        """Wait until a worker is in the trap and return it."""
        self.until(trap.exists)
        number = int(trap.read_text(encoding="utf-8"))
        (worker,) = [worker for worker in self.workers if worker.process.pid == number]
        return worker

    def until(self, there: Callable[[], bool]) -> None:
        """Wait for a state; fail when it does not come, or when nobody is left to bring it about."""
        given_up = time.monotonic() + harness.MOST
        while not there():
            alive = [worker for worker in self.workers if worker.process.poll() is None]
            assert (alive and time.monotonic() < given_up) or there(), self.told()
            time.sleep(0.05)

    def rows(self) -> list[Any]:
        """Return the items as they stand."""
        database = harness.store(self.folder)
        try:
            with database.reading() as tx:
                return list(items.all_of(tx, BOT))
        finally:
            database.close()

    def lapsed(self) -> int:
        """Return how many leases have run out by the clock on the wall."""
        now = datetime.now(UTC)
        return sum(row.lease_until is not None and row.lease_until <= now for row in self.rows())

    def states(self) -> Counter[str]:
        """Return how many items stand in each state."""
        return Counter(str(row.state) for row in self.rows())

    @property
    def many_hosts(self) -> bool:
        """Whether its database serves more than one host."""
        return not self.url.startswith("sqlite")

    def empty_the_database(self) -> None:
        """Take the tables away, as in an installation that was never used."""
        database = harness.store(self.folder)
        try:
            with database.engine.begin() as connection:
                t.metadata.drop_all(connection)
        finally:
            database.close()

    def happened(self, action: Act) -> int:
        """Return how often the trail tells of an action."""
        database = harness.store(self.folder)
        try:
            with database.reading() as tx:
                told = sa.select(sa.func.count()).where(trail_event.c.action == str(action))
                return int(tx.connection.execute(told).scalar_one())
        finally:
            database.close()

    def told(self) -> list[str]:
        """Return the ends of what the workers have printed."""
        return [worker.told[-2000:] for worker in self.workers]

    def wrong(self) -> list[str]:
        """Let one more run finish what is left, and return all that is not as it must be then."""
        last = harness.run(self.folder, BOT)
        found = [f"the last run ended with {last.code}: {last.said} {last.errors[-1500:]}"] if last.code else []
        return found + self.wrong_now()

    def wrong_now(self) -> list[str]:
        """Return all that is not as it must be when a run has ended well."""
        found = [f"an item is {state}" for state in self.states() if state not in ENDED]
        expected = sorted((f"RD-{number}", f"{number}.50") for number in range(self.vouchers))
        entries = harness.entries(self.folder)
        found += [f"{entry} stands {times} times in the book" for entry, times in Counter(entries).items() if times > 1]
        found += [f"{entry} is not in the book" for entry in expected if entry not in entries]
        report = harness.trail(self.folder)
        found += [*report.problems, *([f"{report.unsealed} events are not sealed"] if report.unsealed else [])]
        return found

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        """End what still runs."""
        for worker in self.workers:
            if worker.process.poll() is None:
                worker.process.kill()
                worker.process.wait()


def another_host(crew: Crew) -> Path:
    """Return a folder whose workers share everything with the crew but what one machine knows: the locks."""
    folder = crew.folder.with_name(crew.folder.name + "-other-host")
    shared = [crew.folder / "var" / name for name in ("keys", "documents", "evidence")]
    (folder / "var").mkdir(parents=True)
    for path in shared:
        path.mkdir(parents=True, exist_ok=True)
        (folder / "var" / path.name).symlink_to(path)
    for name in ("bots", "bots.toml"):
        (folder / name).symlink_to(crew.folder / name)
    return folder


def assembled(folder: Path, url: str, *, vouchers: int = 12, lag: float = 0, **settings: str | int) -> Crew:
    """Set up an installation on the database and return its crew, nobody started yet.

    `lag`: seconds until a new entry of the book is found; `settings` replace values of bots.toml by key.
    """
    harness.copied("vouchers", folder)
    lines = [f"RD-{number},Redwood Dale,{number}.50" for number in range(vouchers)]
    (folder / "vouchers.csv").write_text("\n".join(["number,supplier,net", *lines]) + "\n", encoding="utf-8")
    if lag:
        (folder / "lag").write_text(str(lag), encoding="utf-8")
    if url.startswith("sqlite:///") and not url.startswith("sqlite:////"):
        url = f"sqlite:///{folder}/{url.removeprefix('sqlite:///')}"
    harness.set_values(folder / "bots.toml", {"database": url, **settings})
    harness.store(folder).close()  # the tables are there before anybody starts, and so are the keys
    Keyring.open(folder / "var" / "keys")
    return Crew(folder=folder, url=url, vouchers=vouchers)


def played(folder: Path, url: str, fault: Fault) -> list[str]:
    """Let a fault befall a new crew and return what is wrong afterwards."""
    with assembled(folder, url) as crew:
        fault(crew)
        return crew.wrong()


def named(part: Fault | str) -> str:
    """Return a fault's or a database's name, for the name of its test."""
    return part if isinstance(part, str) else part.__name__

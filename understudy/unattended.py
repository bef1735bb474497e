"""Everything one machine needs to work unattended, in processes that are kept running and looked after.

A part that ends is started again, later each time it fails soon, and takes no other down. A part that gives no sign of
life, and a process whose item stands still, is killed: what was proven stays, what is in doubt is looked for. systemd
is told that the work gets on only while it does.
"""

import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from datetime import timedelta
from pathlib import Path

from loguru import logger

from core.errors import ConfigError, StoreUnavailable
from core.health.beat import EVERY, SILENT, Beat, Looks
from core.health.exposition import written
from core.health.measured import Measured, free_disk, measured
from core.health.metrics import Supervised, families
from core.health.pages import pages_for
from core.health.readiness import STALE, Around, look_around, parts_of
from core.health.readiness import Part as Looked
from core.health.reading import Sparing
from core.health.server import HealthServer
from core.health.turning import Turning
from core.installation import Installation
from core.locks import FileLock
from core.model.protocol import Fate
from core.runtime import host
from core.runtime.crew import Crew, Part
from core.runtime.host import StopRequest
from core.runtime.systemd import VARIABLES, Notifier
from core.store.pulse import AtHand
from understudy.commands import COMMANDS

AROUND = timedelta(seconds=15)  # between two looks at disk, keys, evidence and browser
WATCH_SILENT = timedelta(minutes=10)  # a watch may wait that long for mail servers that do not answer
TO_END = timedelta(seconds=90)  # beyond the grace, for runs that must still store their end; then a process is killed


def parts_for(folder: Path, *, workers: int, grace: timedelta) -> list[Part]:
    """Return the processes of one machine, each a command of this program; none of them is meant to end."""
    start = [sys.executable, "-m", "understudy.main", "--folder", str(folder.absolute())]
    limit = ["--grace", f"{grace.total_seconds():g}s"]
    words = {"scheduler": ["scheduler", *limit, *(["--leave-to-workers"] if workers else [])], "watch": ["watch"]}
    if "serve" in COMMANDS:
        words["review desk"] = ["serve"]
    words |= {f"worker {number}": ["worker", *limit] for number in range(1, workers + 1)}
    return [Part(name=name, command=(*start, *said), final=frozenset()) for name, said in words.items()]


@contextmanager
def alone(var: Path) -> Iterator[None]:
    """Be the only `understudy up` of an installation while inside; raise ConfigError when there is another."""
    var.mkdir(parents=True, exist_ok=True)
    place = var / "up.lock"
    with closing(FileLock(place)) as lock:
        if not lock.take():
            raise ConfigError(
                [
                    f"`understudy up` runs here already, as process {place.read_text(encoding='utf-8').strip()}; "
                    "stop that one first, or leave it: it does all there is to do"
                ]
            )
        place.write_text(f"{os.getpid()}\n", encoding="utf-8")
        yield


class Unattended:
    """Keeps the parts of one installation running until told to stop."""

    def __init__(
        self,
        installation: Installation,
        parts: list[Part],
        *,
        grace: timedelta,
        notifier: Notifier,
        stop: StopRequest,
        told: Callable[[str], None],
    ) -> None:
        self._installation = installation
        self._notifier = notifier
        self._told = told
        self._crew = Crew(parts, stop=stop, grace=grace + TO_END, without=VARIABLES)
        self._began = installation.database.now()
        self._turned = time.monotonic()
        self._ended: set[str] = set()  # workers that were killed for standing still
        health = installation.config.file.health
        locks = installation.var / "locks"
        looks = Looks(
            installation.database,
            host=socket.gethostname(),
            alive=lambda worker: host.fate(worker, folder=locks) is Fate.ALIVE,
            standstill=health.standstill,
        )
        self._beats = Turning(looks.look, every=EVERY.total_seconds(), name="beat")
        around = Around(
            var=installation.var,
            keys=lambda: installation.keys,
            probe_evidence=lambda: installation.evidence.probe(),
            database=installation.database,
        )
        self._around = Turning(lambda: look_around(around), every=AROUND.total_seconds(), name="around")
        self._figures = Sparing(self._measured, clock=installation.clock)

    def run(self) -> int:
        """Run until told to stop; return the exit code."""
        with ExitStack() as open_:
            open_.enter_context(self._beats)
            open_.enter_context(self._around)
            listen = self._installation.config.file.health.listen
            if listen is not None:
                pages = pages_for(turned=self._since_turn, parts=self._looked, metrics=self._metrics)
                server = open_.enter_context(HealthServer(listen, pages))
                self._told(f"Health is told at http://{server.address}/readyz")
            return self._crew.run(
                told=self._told,
                looked=self._turn,
                stands_still=self._stands_still,
                ending=self._notifier.stopping,
            )

    def _turn(self) -> None:
        """After each look at the processes: end what stands still, and tell systemd how things are."""
        self._turned = time.monotonic()
        beat, fresh = self._beats.latest, self._beats.age <= STALE.total_seconds()
        running = {name: pid for name, pid in self._crew.running().items() if pid is not None}
        if beat is None:
            return
        still = [one for one in beat.still if fresh and _is_ours(one.worker, among=set(running.values()))]
        for one in still:
            self._end(one)
        why_not = beat.standstill(still) if fresh else "the store has not been heard of"
        if beat.scheduler is not None and beat.scheduler >= self._began:
            self._notifier.ready()
        if why_not is None:
            self._notifier.gets_on()
        self._notifier.status(_in_words(running, restarts=self._crew.restarts, beat=beat, why_not=why_not))

    def _stands_still(self, name: str, age: timedelta) -> str | None:
        beat = self._beats.latest
        if beat is None or beat.trouble is not None or self._beats.age > STALE.total_seconds():
            return None
        look = self._installation.config.file.alerts.look
        limits = {"scheduler": (beat.scheduler, SILENT), "watch": (beat.watch, max(WATCH_SILENT, 3 * look))}
        sign, limit = limits.get(name, (None, timedelta.max))
        if age <= limit or not beat.silent(sign, for_=limit):
            return None
        return f"it has given no sign of life for {limit.total_seconds() / 60:g} minutes"

    def _end(self, one: AtHand) -> None:
        """Kill the process whose item stands still; once, since the next look may still see what it left."""
        if one.worker in self._ended:
            return
        self._ended.add(one.worker)
        pid = host.process_of(one.worker)
        sentence = f"Process {pid} stands still at item {one.item_id} of {one.bot} and is killed"
        logger.error("{}", sentence)
        self._told(sentence)
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)

    def _since_turn(self) -> float:
        return time.monotonic() - self._turned

    def _looked(self) -> tuple[Looked, ...]:
        around, age = self._around.latest, self._around.age
        told = parts_of(self._beats.latest, age=self._beats.age)
        if around is None or age > 4 * AROUND.total_seconds():
            return (*told, Looked(part="surroundings", good=False, says="disk, keys and evidence were not looked at"))
        return (*told, *around)

    def _metrics(self, accept: str) -> tuple[bytes, str]:
        running = sum(pid is not None for pid in self._crew.running().values())
        supervised = Supervised(running=running, restarts=self._crew.restarts)
        found = families(self._figures.latest(), free=free_disk(self._installation.var), supervised=supervised)
        return written(found, accept=accept)

    def _measured(self) -> Measured | None:
        try:
            with self._installation.database.reading() as tx:
                return measured(tx, self._installation.config)
        except StoreUnavailable:
            return None


def _is_ours(worker: str, *, among: set[int]) -> bool:
    """Tell whether a worker that lives is one of these processes, or was started by one of them."""
    pid = host.process_of(worker)
    return pid in among or host.parent_of(pid) in among


def _in_words(running: dict[str, int], *, restarts: int, beat: Beat, why_not: str | None) -> str:
    """Return how things are in a line, for whoever asks systemd."""
    told = [f"{', '.join(running) or 'nothing'} run{'' if len(running) > 1 else 's'}"]
    if restarts:
        told.append(f"{restarts} started again so far")
    if beat.trouble is not None:
        told.append(beat.trouble)
    if why_not is not None:
        told.append(f"STANDS STILL: {why_not}")
    return "; ".join(told)

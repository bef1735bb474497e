"""One play: a bot is run in a throw-away installation until nothing is left to do, and killed once on the way if asked.

Everything happens in processes of the command line, as a scheduler and a person would start them: `run`, then
`review resolve` for each case that waits, then `run` again while something goes on. A process that was killed is
started again.
"""

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from audit.keys import Keyring
from audit.verify import verify
from core.clock import Clock
from core.config import VARIABLE as OVERLAY
from core.model.effects import EffectState
from core.model.reviews import Action, ReviewTask, allowed
from core.runtime import boundaries
from core.store import Database, Transaction, effects, items, reviews
from core.testing import programs
from core.testing.programs import Ended
from core.testing.rehearsal.comparing import Proof
from core.testing.rehearsal.kills import Kill
from core.testing.rehearsal.place import Place

WHO = "rehearsal"  # who decides
MOST_SECONDS = 600  # that one process may take
MOST_RUNS = 10
RECEIPT = "0"  # the number given for what is said to have happened


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """How one process ended."""

    command: str  # "run", or "decide" for a review task
    code: int  # exit code; negative: the signal that ended it
    reached: tuple[str, ...]  # boundaries, in order
    report: dict[str, Any] = field(default_factory=dict)  # what a run printed; empty when it was killed
    errors: str = ""  # the last line on standard error

    @property
    def killed(self) -> bool:
        """Whether it died as in a power cut."""
        return self.code == -signal.SIGKILL


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What a play left behind, looked at from outside."""

    processes: tuple[Process, ...]
    snapshots: dict[str, dict[str, Any]]  # by target
    proofs: dict[str, tuple[Proof, ...]]  # confirmed effects by target
    states: dict[str, str]  # items by reference
    asked: Counter[str]  # codes of the questions to people
    trail: tuple[str, ...]  # what is wrong with it

    @property
    def runs(self) -> list[Process]:
        """The runs among the processes."""
        return [process for process in self.processes if process.command == "run"]

    @property
    def killed(self) -> bool:
        """Whether a process was killed."""
        return any(process.killed for process in self.processes)

    @property
    def trouble(self) -> str | None:
        """Why it did not end well: what the last process that was not killed says; None when it ended with 0."""
        ended = [process for process in self.processes if not process.killed]
        if ended and ended[-1].code == 0:
            return None
        if not ended:
            return f"it was still killed after {MOST_RUNS} runs"
        last = ended[-1]
        found = [difference for one in last.report.get("balances", ()) for difference in one["differences"]]
        why = "; ".join([*found, *filter(None, [last.report.get("stopped"), last.errors])])
        failed = last.report.get("items", {}).get("failed", 0)
        return f"{last.command} ended with {last.code}: {why or f'{failed} items failed'}"


def play(place: Place, *, kill: Kill | None) -> Played:
    """Play a bot to its end in a new place, with at most one kill."""
    playing = _Playing(place, kill)
    playing.to_the_end()
    with _store(place) as database, database.reading() as tx:
        rows = list(items.all_of(tx, place.original.bot.name))
        proofs = _proofs(tx, [row.id for row in rows])
        asked = Counter(task.question.code for row in rows for task in reviews.of_item(tx, row.id))
        states = {row.reference: str(row.state) for row in rows}
        trail = _trail(tx, place)
    return Played(
        processes=tuple(playing.processes),
        snapshots=place.snapshots(),
        proofs=proofs,
        states=states,
        asked=asked,
        trail=trail,
    )


class _Playing:
    def __init__(self, place: Place, kill: Kill | None) -> None:
        self._place = place
        self._bot = place.original.bot.name
        self._kill = kill
        self.processes: list[Process] = []

    def to_the_end(self) -> None:
        for _ in range(MOST_RUNS):
            ended = self._start("run", "run", self._bot, "--json")
            if ended.killed:
                continue
            if ended.code != 0 or not self._decide_all():
                return
            if not self._goes_on():
                return

    def _decide_all(self) -> bool:
        """Decide what waits for a person, each task in a process of its own; False when a decision fails."""
        while (task := self._waiting()) is not None:
            ended = self._start("decide", "review", "resolve", str(task.id), *decision(task, begun=self._begun(task)))
            if ended.code != 0 and not ended.killed:
                return False
        return True

    def _goes_on(self) -> bool:
        """Whether an item is to be worked now, or the last process was killed before it could seal what it wrote."""
        with _store(self._place) as database, database.reading() as tx:
            due = items.next_ready_at(tx, self._bot)
            return self.processes[-1].killed or (due is not None and due <= tx.now)

    def _waiting(self) -> ReviewTask | None:
        with _store(self._place) as database, database.reading() as tx:
            return next(reviews.waiting(tx, bot=self._bot), None)

    def _begun(self, task: ReviewTask) -> bool:
        with _store(self._place) as database, database.reading() as tx:
            return bool(effects.live(tx, task.item_id))

    def _start(self, command: str, *words: str) -> Process:
        log = self._place.var / f"boundaries-{len(self.processes)}.log"
        log.parent.mkdir(exist_ok=True)
        log.touch()
        done = self._ended([*_PROGRAM, "--folder", str(self._place.folder), *words], self._environment(log))
        ended = Process(
            command=command,
            code=done.code,
            reached=tuple(line.split(" ", 1)[1] for line in log.read_text(encoding="utf-8").splitlines()),
            report=json.loads(done.out) if command == "run" and done.code >= 0 and done.out.startswith("{") else {},
            errors=(done.errors.strip().splitlines() or [""])[-1],
        )
        self.processes.append(ended)
        return ended

    def _ended(self, command: list[str], environment: dict[str, str]) -> Ended:
        try:
            return programs.run(command, folder=self._place.folder, environment=environment, most=MOST_SECONDS)
        except subprocess.TimeoutExpired:
            return Ended(code=1, out="", errors=f"it had not ended after {MOST_SECONDS} seconds")

    def _environment(self, log: Path) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("UNDERSTUDY_KILL")}
        kept.pop(OVERLAY, None)  # what it lays over is in the place's own bots.toml
        here = self._kill if self._kill is not None and self._kill.process == len(self.processes) else None
        named = {} if here is None else {boundaries.NAMED: here.boundary}
        return kept | named | {boundaries.VARIABLE: f"{0 if here is None else here.count}:{log}"}


_PROGRAM = (sys.executable, "-P", "-m", "understudy.main")  # -P: nothing is imported from the folder it runs in


def decision(task: ReviewTask, *, begun: bool) -> list[str]:
    """Return the words that decide a task, always the same: nothing is to be done; or, once begun, it happened."""
    if Action.CANCEL in allowed(task.question.kind, begun=begun):
        return [Action.CANCEL, "--as", WHO, "--note", "rehearsal"]
    return [Action.CONFIRM, "--as", WHO, "--note", "rehearsal", "--receipt", RECEIPT]


@contextmanager
def _store(place: Place) -> Iterator[Database]:
    database = Database.open(f"sqlite:///{place.var}/understudy.db", clock=Clock())
    try:
        yield database
    finally:
        database.close()


def _proofs(tx: Transaction, item_ids: list[int]) -> dict[str, tuple[Proof, ...]]:
    found: dict[str, list[Proof]] = {}
    for item_id in item_ids:
        for effect in effects.of_item(tx, item_id):
            if effect.state is EffectState.CONFIRMED:
                proof = Proof(effect=effect.name, key=effect.key, receipt=effect.receipt)
                found.setdefault(effect.target, []).append(proof)
    return {target: tuple(proofs) for target, proofs in found.items()}


def _trail(tx: Transaction, place: Place) -> tuple[str, ...]:
    report = verify(tx.connection, public_keys=Keyring.open(place.var / "keys").public_keys())
    unsealed = (f"{report.unsealed} events are not sealed",) if report.unsealed else ()
    return (*report.problems, *unsealed)

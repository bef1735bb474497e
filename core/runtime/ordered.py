"""A run that was ordered: the occurrence it is made for, taken, held while the process lives, and ended."""

from datetime import datetime
from pathlib import Path

from loguru import logger

from core.errors import Fenced, StoreUnavailable, UnderstudyError
from core.model.occurrences import Occurrence, OccurrenceState
from core.model.protocol import Hold, hold_of
from core.model.runs import ExitCode, Mode
from core.runtime import host
from core.store import Database, Transaction, occurrences, runs


class Taken(UnderstudyError):
    """The occurrence needs no process: another works at it, or it is over."""

    def __init__(self, message: str) -> None:
        super().__init__("OCCURRENCE_TAKEN", message)


class Order:
    """One occurrence, worked by one process at a time."""

    def __init__(self, occurrence: int, *, locks: Path) -> None:
        self.occurrence = occurrence
        self._locks = locks
        self.goes_on = False  # whether runs before this one have left it something
        self._worker = ""  # who holds it: this process, once it has begun

    def begin(self, tx: Transaction, *, version: str, mode: Mode, worker: str) -> int:
        """Take the run over and return its id, the same when it is asked again; raise Taken when it is not to be had.

        A run whose worker is gone goes on; when it was closed in the meantime, another is opened in its place.
        """
        occurrence = occurrences.get(tx, self.occurrence)
        if occurrence.state is OccurrenceState.BEGUN and occurrence.holder == worker and occurrence.run_id is not None:
            self._worker = worker
            return occurrence.run_id
        self._refuse(tx, occurrence)
        run = runs.get(tx, self._run_of(tx, occurrence))
        self.goes_on = occurrence.began_at is not None and (
            run.id != occurrence.run_id or run.started_at > occurrence.began_at
        )
        if not occurrences.take(tx, occurrence, holder=worker, run_id=run.id):
            raise Taken(f"occurrence {self.occurrence} has just been taken by another process")
        if not runs.begin(tx, run, version=version, mode=mode, worker=worker):
            raise Taken(f"run {run.id} has just been closed by another process")
        self._worker = worker
        return int(run.id)

    def _refuse(self, tx: Transaction, occurrence: Occurrence) -> None:
        if occurrence.state is OccurrenceState.BEGUN:
            fate = host.fate(occurrence.holder or "", folder=self._locks)
            lapsed = occurrence.until is None or occurrence.until <= tx.now
            if hold_of(fate, lapsed=lapsed) is not Hold.TAKE:
                raise Taken(f"occurrence {occurrence.id} is being worked by {occurrence.holder}")
        elif occurrence.state is not OccurrenceState.DUE:
            raise Taken(f"occurrence {occurrence.id} is {occurrence.state}; there is nothing to do for it")

    def _run_of(self, tx: Transaction, occurrence: Occurrence) -> int:
        """Return the run to go on with: the one that was ordered, or another when that one has ended."""
        assert occurrence.run_id is not None
        run = runs.get(tx, occurrence.run_id)
        return int(run.id) if run.ended_at is None else runs.order(tx, run.bot, trigger=run.trigger)

    def beat(self, database: Database) -> None:
        """Renew the hold on it."""
        if not self._worker:
            return
        try:
            with database.transaction(actor=f"system:{self._worker}") as tx:
                occurrences.renew(tx, self.occurrence, holder=self._worker)
        except StoreUnavailable as error:
            logger.warning("The hold on occurrence {} could not be renewed: {}", self.occurrence, error.message)

    def end(self, tx: Transaction, *, exit_code: ExitCode, goes_on_at: datetime | None, why: str) -> None:
        """Note how the run ended, or that it goes on later; raise Fenced when another process has taken it over."""
        if goes_on_at is None:
            kept = occurrences.end(tx, self.occurrence, holder=self._worker, exit_code=exit_code, why=why)
        else:
            kept = occurrences.give_back(
                tx, self.occurrence, holder=self._worker, not_before=goes_on_at, why=why, in_good_order=True
            )
        if not kept:
            raise Fenced(f"occurrence {self.occurrence} was taken over by another process; its run is ended there")

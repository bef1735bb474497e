"""One measurement: so many worker loops in this process, against a PostgreSQL that others work on too.

A loop waits as long as an item's work would take, then ends the attempt and takes the next item along in the same
transaction: with the functions of core.store that a worker calls, and the rows and events they write. Only the work
itself is pretended.
"""

import random
import resource
import threading
import time
from contextlib import AbstractContextManager
from datetime import timedelta

import sqlalchemy as sa

from benchmarks.engine.children import options, tell
from core.clock import Clock
from core.model.digests import digest
from core.model.items import Claim, ItemState
from core.model.runs import AttemptOutcome
from core.model.steps import RecordKind, StepRecord
from core.store import Database, Transaction, holds, items, runs, steps

LEASE = timedelta(seconds=60)
VERSION = "1"


class Worker:
    """One worker's loop and what it noted."""

    def __init__(self, database: Database, *, name: str, bot: str, run_id: int, work: float) -> None:
        self._database = database
        self._name = name
        self._bot = bot
        self._run_id = run_id
        self._work = work
        self.claims: list[tuple[float, float]] = []  # when each was asked for, and how many seconds it took

    def loop(self, until: float) -> None:
        """Work until this instant of the wall clock."""
        time.sleep(random.random() * self._work)  # so that they do not go in step
        with self._writing() as tx:
            claim = self._take(tx)
        while time.time() < until:
            time.sleep(self._work)
            asked = time.time()
            with self._writing() as tx:
                self._end(tx, claim)
                claim = self._take(tx)
            self.claims.append((asked, time.time() - asked))

    def _writing(self) -> AbstractContextManager[Transaction]:
        return self._database.transaction(actor=f"bot:{self._bot}@{VERSION}")

    def _take(self, tx: Transaction) -> Claim:
        claim = items.claim(tx, self._bot, worker=self._name, lease=LEASE, unheld=True)
        if claim is None:
            raise RuntimeError("the queue ran empty; there must be more ready items than can be done")
        return claim

    def _end(self, tx: Transaction, claim: Claim) -> None:
        done = AttemptOutcome.DONE
        record = StepRecord(
            kind=RecordKind.STEP,
            name="twice",
            input_digest=digest(claim.payload),
            code_digest=digest(VERSION),
            result=2,
            result_type="builtins:int",
            seconds=0.0,
        )
        items.finish(tx, claim, to=ItemState.DONE, outcome=done, code=None, system_errors=0)
        steps.save(tx, claim.item_id, attempt=claim.attempt, records=(record,))
        items.set_result(tx, claim.item_id, result=2)
        runs.record_attempt(
            tx,
            claim,
            run_id=self._run_id,
            worker=self._name,
            version=VERSION,
            started_at=claim.lease_until - LEASE,
            outcome=done,
            code=None,
            message=None,
            seen={"step:twice": record.input_digest[:16]},
        )
        holds.reset_breaker(tx, self._bot)


def main(*, url: str, pool: int, workers: int, bot: str, run_id: int, work: float, begin: float, until: float) -> None:
    """Run the loops and tell what falls between two instants of the wall clock: the start is for warming up."""
    engine = sa.create_engine(sa.engine.make_url(url).set(drivername="postgresql+psycopg"), pool_size=pool)
    database = Database(engine, clock=Clock())
    crew = [Worker(database, name=f"{bot}:{n}", bot=bot, run_id=run_id, work=work) for n in range(workers)]
    threads = [threading.Thread(target=one.loop, args=(until,), daemon=True) for one in crew]
    for thread in threads:
        thread.start()
    time.sleep(max(0.0, begin - time.time()))
    before = _computed()
    time.sleep(max(0.0, until - time.time()))
    computing = _computed() - before
    for thread in threads:
        thread.join()
    claims = [took for one in crew for asked, took in one.claims if begin <= asked + took < until]
    tell(claims=claims, computing=computing)
    database.close()


def _computed() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main(**options())

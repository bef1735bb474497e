"""What a dead worker held comes back; what a living one holds does not."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from core.errors import Fenced
from core.model.items import Claim, ItemState, WorkItem
from core.model.runs import AttemptOutcome
from core.runtime import Context, host
from core.runtime.heartbeat import Heartbeat
from core.runtime.reaper import MOST_CRASHES, reap
from core.store import items, runs
from core.testing import Stage
from tests.core.cast import Book, Entry, Receipt, entering, numbered, staged

LEASE = timedelta(seconds=60)


@pytest.fixture
def book() -> Book:
    """An empty book."""
    return Book()


@pytest.fixture
def stage(book: Book) -> Iterator[Stage]:
    """A stage with one item in the queue."""
    with staged(entering(book), items=numbered("7"), linger=timedelta(0)) as stage:
        stage.change(process=entering(book))
        with stage.database.transaction(actor="system:test") as tx:
            run_id = runs.start(tx, "clerk", version="1", mode=stage.bot.mode, trigger="test", worker="nobody")
            items.add(tx, "clerk", run_id=run_id, new=numbered("7")[0])
        yield stage


def claim(stage: Stage, worker: str) -> Claim:
    """Let a worker take the item."""
    with stage.database.transaction(actor="system:test") as tx:
        taken = items.claim(tx, "clerk", worker=worker, lease=LEASE)
    assert taken is not None
    return taken


@contextmanager
def dying(stage: Stage, worker: str) -> Iterator[None]:
    """Be a worker that dies at the end without letting go of anything."""
    with suppress(RuntimeError), host.alive(worker, folder=stage.folder / "locks"):
        yield
        raise RuntimeError("the worker dies")


def reaped(stage: Stage) -> int:
    """Let another worker look for the dead."""
    return reap(stage.database, stage.bot, worker="reaper", run_id=None, locks=stage.folder / "locks")


def test_a_dead_worker_on_this_host_is_known_dead_at_once(stage: Stage) -> None:
    """Its lock file is there and nobody holds it: no need to wait for the lease."""
    worker = host.new_worker_name()
    with dying(stage, worker):
        claim(stage, worker)
    assert reaped(stage) == 1
    assert stage.item("7").state == "pending"
    assert host.fate(worker, folder=stage.folder / "locks") is host.Fate.UNKNOWN, "its lock file is left lying about"


def test_a_living_worker_keeps_its_item_when_its_lease_has_lapsed(stage: Stage) -> None:
    """Stopped in the middle of a click, it would click when it wakes: nobody else may begin."""
    worker = host.new_worker_name()
    with host.alive(worker, folder=stage.folder / "locks"):
        claim(stage, worker)
        stage.clock.tick(LEASE * 10)
        assert reaped(stage) == 0
        assert stage.item("7").state == "in_progress"
        assert stage.run().outcomes == {}
    assert reaped(stage) == 1, "once it is gone its lease tells"


def test_a_worker_elsewhere_is_given_its_lease(stage: Stage) -> None:
    """Nothing is known of another host's processes but their leases."""
    claim(stage, "elsewhere:1:abc")
    stage.clock.tick(LEASE / 2)
    assert reaped(stage) == 0
    stage.clock.tick(LEASE)
    assert reaped(stage) == 1


def test_a_late_worker_is_fenced_off(stage: Stage) -> None:
    """Its item was given to another: it can neither renew, nor store, nor end it."""
    late = claim(stage, "elsewhere:1:abc")
    stage.clock.tick(LEASE * 2)
    reaped(stage)
    for taken_over in (False, True):
        if taken_over:
            claim(stage, "elsewhere:2:def")
        with stage.database.transaction(actor="system:test") as tx, pytest.raises(Fenced):
            items.renew(tx, late.item_id, token=late.token, lease=LEASE)
        with stage.database.transaction(actor="system:test") as tx, pytest.raises(Fenced):
            items.finish(tx, late, to=ItemState.DONE, outcome=AttemptOutcome.DONE, code=None, system_errors=0)


def test_a_worker_that_renewed_in_between_keeps_its_item(stage: Stage) -> None:
    """The release names the lease it saw."""
    taken = claim(stage, "elsewhere:1:abc")
    with stage.database.reading() as tx:
        (row,) = items.held(tx)
    stage.clock.tick(1)
    with stage.database.transaction(actor="system:test") as tx:
        items.renew(tx, taken.item_id, token=taken.token, lease=LEASE)
        assert not items.release(tx, row, not_before=tx.now)


def test_the_heartbeat_keeps_a_claim_alive(stage: Stage, tmp_path: Path) -> None:
    """One beat moves the lease; a fenced beat is no error, the main thread meets the fence itself."""
    taken = claim(stage, "w")
    heart = Heartbeat(database=stage.database, worker="w", every=LEASE / 3)
    stage.clock.tick(LEASE / 2)
    heart._beat(taken.item_id, taken.token, LEASE)
    assert stage.item("7").lease_until == taken.lease_until + LEASE / 2
    heart._beat(taken.item_id, taken.token - 1, LEASE)
    assert stage.item("7").lease_until == taken.lease_until + LEASE / 2


def test_a_beat_never_breaks_into_a_transaction_of_a_store_in_memory() -> None:
    """In a dry run longer than a third of its lease the heartbeat and the worker wait for each other."""
    with staged(
        lambda item, ctx: _busy(item), items=numbered(*"abcdefghij"), lease=timedelta(milliseconds=30)
    ) as stage:
        report = stage.run()
        assert report.states == {"done": 10}


def _busy(item: Any) -> int:
    return sum(number for number in range(400_000))


def test_runs_of_dead_workers_are_closed(stage: Stage) -> None:
    """A killed run does not stay open for ever."""
    worker = host.new_worker_name()
    with dying(stage, worker), stage.database.transaction(actor="system:test") as tx:
        dead = runs.start(tx, "clerk", version="1", mode=stage.bot.mode, trigger="test", worker=worker)
    stage.run()
    with stage.database.reading() as tx:
        assert runs.get(tx, dead).ended_at is not None


@pytest.mark.parametrize("begun", [True, False])
def test_an_item_that_takes_its_worker_down_each_time_is_worked_no_more(*, begun: bool) -> None:
    """Twenty times, then it has failed, or a person is asked where an effect was begun; the others go on."""
    book = Book()

    def do(plan: Entry) -> Receipt:
        raise KeyboardInterrupt

    def process(item: WorkItem, ctx: Context[Any]) -> Any:
        if item.reference != "7":
            return "fine"
        if not begun:
            raise KeyboardInterrupt
        return ctx.effect("post", key="7", plan=Entry(number="7"), find=book.find, do=do, target="book")

    with staged(process, items=lambda: numbered("7", "8")) as stage:
        for _ in range(MOST_CRASHES):
            with pytest.raises(KeyboardInterrupt):
                stage.run()
            stage.clock.tick(LEASE)
        stage.run()
        item = stage.item("7")
        assert stage.item("8").state == "done"
        assert (item.state, item.code) == ("in_review" if begun else "failed", "WORKER_LOST")
        assert [task.question.code for task in stage.waiting()] == (["EFFECT_IN_DOUBT"] if begun else [])

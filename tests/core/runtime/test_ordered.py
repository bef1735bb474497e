"""A run that a scheduler has ordered: taken by one process, gone on with after a death, ended by whoever holds it."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from core.errors import ApplicationException, Fenced
from core.model.items import NewItem, WorkItem
from core.model.occurrences import Occurrence, OccurrenceState
from core.model.runs import ExitCode
from core.runtime import Context, host
from core.runtime.host import StopRequest
from core.runtime.ordered import Order, Taken
from core.runtime.reaper import reap
from core.store import occurrences, runs
from core.store import tables as t
from core.testing import Stage
from core.timing.schedule import Slot
from tests.core.cast import Book, entering, hours, numbered, staged


class Killed(BaseException):
    """A power cut."""


@pytest.fixture
def book() -> Book:
    """An empty book."""
    return Book()


@pytest.fixture
def stage(book: Book) -> Iterator[Stage]:
    """A stage whose bot has two items to enter."""
    with staged(entering(book), items=numbered("7", "8"), linger=timedelta(0)) as stage:
        stage.change(process=entering(book))
        yield stage


@pytest.fixture
def ordered(stage: Stage) -> int:
    """The number of an occurrence whose run was ordered."""
    with stage.database.transaction(actor="system:test") as tx:
        slot = Slot(key="2026-03-02T12:00", due=tx.now)
        made = occurrences.order(tx, "clerk", "noon", slot, not_before=tx.now, report_by=None, trigger="schedule:noon")
    assert made is not None
    return made


def found(stage: Stage, number: int) -> Occurrence:
    """Return the occurrence as it stands."""
    with stage.database.reading() as tx:
        return occurrences.get(tx, number)


def give_back(stage: Stage, number: int) -> None:
    """Let the run be started again, as the scheduler does when its process is proven dead."""
    holder = found(stage, number).holder
    assert holder is not None
    with stage.database.transaction(actor="system:test") as tx:
        assert occurrences.give_back(tx, number, holder=holder, not_before=tx.now, why="dead", in_good_order=False)


def test_the_run_that_was_ordered_is_the_one_that_is_made(stage: Stage, ordered: int, book: Book) -> None:
    """Its row gets worker, version and mode; the occurrence ends with its exit code in the same transaction."""
    report = stage.run(occurrence=ordered)
    one = found(stage, ordered)
    assert (one.state, one.exit_code, one.run_id) == (OccurrenceState.ENDED, 0, report.run_id)
    assert (one.holder, one.until) == (None, None)
    with stage.database.reading() as tx:
        run = runs.get(tx, report.run_id)
        assert tx.connection.execute(t.run.select()).all() == [run]
    assert (run.trigger, run.mode, run.new, bool(run.worker)) == ("schedule:noon", "auto", 2, True)
    assert sorted(book.numbers()) == ["7", "8"]


def test_a_run_whose_taking_was_not_heard_of_is_taken_once(stage: Stage, ordered: int) -> None:
    """The store was lost with the answer: asking again gives the same run, and no other."""
    order = Order(ordered, locks=stage.folder / "locks")
    given = []
    for _ in range(2):
        with stage.database.transaction(actor="system:test") as tx:
            given.append(order.begin(tx, version="1", mode=stage.bot.mode, worker="here:1:a"))
    assert given[0] == given[1] == found(stage, ordered).run_id


def test_what_has_ended_is_not_made_again(stage: Stage, ordered: int, book: Book) -> None:
    """A process that comes too late does nothing."""
    stage.run(occurrence=ordered)
    with pytest.raises(Taken, match="is ended; there is nothing to do"):
        stage.run(occurrence=ordered)
    assert len(book.entries) == 2


def test_what_another_process_works_at_is_left_to_it(stage: Stage, ordered: int, book: Book) -> None:
    """Of two processes that were started for it the second goes away, and the first ends it."""
    seen: list[str] = []

    def process(item: WorkItem, ctx: Context[None]) -> object:
        with pytest.raises(Taken, match="is being worked by"):
            stage.run(occurrence=ordered)
        seen.append(item.reference)
        return None

    stage.change(process=process)
    assert stage.run(occurrence=ordered).exit_code is ExitCode.GREEN
    assert len(seen) == 2


def test_a_run_whose_process_died_at_work_goes_on_without_collecting_again(
    stage: Stage, ordered: int, book: Book
) -> None:
    """The same run, its intake as it was counted: the work balance holds over both processes."""
    collected: list[int] = []

    def collect(ctx: Context[None]) -> Iterator[NewItem]:
        collected.append(1)
        yield from numbered("7", "8")

    def die(item: WorkItem, ctx: Context[None]) -> object:
        raise Killed

    stage.change(collect=collect, process=die)
    with pytest.raises(Killed):
        stage.run(occurrence=ordered)
    first = found(stage, ordered)
    assert (first.state, host.fate(first.holder or "", folder=stage.folder / "locks").value) == ("begun", "dead")
    give_back(stage, ordered)
    stage.change(process=entering(book))
    report = stage.run(occurrence=ordered)
    assert (report.run_id, report.exit_code, report.new) == (first.run_id, ExitCode.GREEN, 2)
    assert all(balance.holds for balance in report.balances)
    assert (collected, sorted(book.numbers())) == ([1], ["7", "8"])


def test_a_run_whose_process_died_while_collecting_counts_what_it_had_stored(
    stage: Stage, ordered: int, book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the first process stored is new, not a duplicate: both balances hold."""
    monkeypatch.setattr("core.runtime.run.BATCH", 1)
    dying = True

    def collect(ctx: Context[None]) -> Iterator[NewItem]:
        yield from numbered("7")
        if dying:
            raise Killed
        yield from numbered("8")

    stage.change(collect=collect)
    with pytest.raises(Killed):
        stage.run(occurrence=ordered)
    give_back(stage, ordered)
    dying = False
    report = stage.run(occurrence=ordered)
    assert (report.offered, report.new, report.duplicate) == (2, 2, 0)
    assert all(balance.holds for balance in report.balances)


def test_what_its_dead_process_had_taken_in_counts_though_the_source_has_it_no_more(
    stage: Stage, ordered: int, book: Book
) -> None:
    """The source lists other records when the run goes on: all balance, and both are entered."""
    tries: list[int] = []

    def collect(ctx: Context[None]) -> Iterator[NewItem]:
        tries.append(1)
        if len(tries) > 1:
            yield from numbered("8")
            return
        yield from numbered(*(str(number) for number in range(100, 200)))  # a whole batch, which is stored
        raise Killed

    stage.change(collect=collect)
    with pytest.raises(Killed):
        stage.run(occurrence=ordered)
    give_back(stage, ordered)
    report = stage.run(occurrence=ordered)
    assert (report.exit_code, report.offered, report.new) == (ExitCode.GREEN, 101, 101)
    assert len(book.numbers()) == 101


def test_a_process_may_take_over_from_one_that_is_proven_dead(stage: Stage, ordered: int) -> None:
    """Also before the scheduler has seen it."""
    stage.change(process=_killing)
    with pytest.raises(Killed):
        stage.run(occurrence=ordered)
    stage.change(process=lambda item, ctx: None)
    assert stage.run(occurrence=ordered).exit_code is ExitCode.GREEN
    assert found(stage, ordered).state is OccurrenceState.ENDED


def test_a_run_that_was_closed_in_the_meantime_gets_another(stage: Stage, ordered: int) -> None:
    """What the dead one left is worked by a run of its own."""
    stage.change(process=_killing)
    with pytest.raises(Killed):
        stage.run(occurrence=ordered)
    give_back(stage, ordered)
    first = found(stage, ordered).run_id
    assert first is not None
    with stage.database.transaction(actor="system:test") as tx:
        runs.abandon(tx, first, bot="clerk")
    stage.change(process=lambda item, ctx: None)
    report = stage.run(occurrence=ordered)
    assert (report.exit_code, report.run_id != first, report.duplicate) == (ExitCode.GREEN, True, 2)
    assert found(stage, ordered).run_id == report.run_id


def test_workers_leave_the_run_of_a_dead_process_to_the_scheduler(stage: Stage, ordered: int) -> None:
    """They take its items; its run stays open and its lock is kept, since both prove that it may be taken over."""
    stage.change(process=_killing)
    with pytest.raises(Killed):
        stage.run(occurrence=ordered)
    one = found(stage, ordered)
    assert one.holder is not None
    locks = stage.folder / "locks"
    assert reap(stage.database, stage.bot, worker="reaper", run_id=None, locks=locks) == 1
    assert host.fate(one.holder, folder=locks).value == "dead"
    with stage.database.reading() as tx:
        assert [run.id for run in runs.unclosed(tx, "clerk", before=None)] == [one.run_id]


def test_workers_leave_a_run_that_waits_to_be_begun_again(stage: Stage, ordered: int, book: Book) -> None:
    """Its process is dead and the scheduler starts another soon: a run by hand in between closes nothing as failed."""

    def die(item: WorkItem, ctx: Context[None]) -> object:
        raise Killed

    stage.change(process=die)
    with pytest.raises(Killed):
        stage.run(occurrence=ordered)
    first = found(stage, ordered).run_id or 0
    give_back(stage, ordered)
    stage.change(process=entering(book))
    assert stage.run().exit_code is ExitCode.GREEN
    with stage.database.reading() as tx:
        assert runs.get(tx, first).ended_at is None
    report = stage.run(occurrence=ordered)
    assert (report.run_id, report.exit_code) == (first, ExitCode.GREEN)
    assert sorted(book.numbers()) == ["7", "8"]


def test_a_process_whose_run_was_taken_over_ends_nothing(stage: Stage, ordered: int) -> None:
    """It had stood still beyond its lease and another took it: the end is the other's to write."""

    def process(item: WorkItem, ctx: Context[None]) -> object:
        one = found(stage, ordered)
        if one.holder is not None and not one.holder.startswith("elsewhere"):
            with stage.database.transaction(actor="system:test") as tx:
                assert occurrences.take(tx, one, holder="elsewhere:1:a", run_id=one.run_id or 0)
        return None

    stage.change(process=process)
    with pytest.raises(Fenced):
        stage.run(occurrence=ordered)
    one = found(stage, ordered)
    assert (one.state, one.holder) == (OccurrenceState.BEGUN, "elsewhere:1:a")
    with stage.database.reading() as tx:
        assert runs.get(tx, one.run_id or 0).ended_at is None


def test_a_run_that_is_told_to_stop_goes_on_when_a_scheduler_is_there(stage: Stage, ordered: int, book: Book) -> None:
    """Its scheduler ends: the run is due again at once, by a run of its own, and the rest is done then."""
    stop = StopRequest()

    def process(item: WorkItem, ctx: Context[None]) -> object:
        stop.asked = True
        return entering(book)(item, ctx)

    stage.change(process=process)
    report = stage.run(occurrence=ordered, stop=stop)
    one = found(stage, ordered)
    assert (report.exit_code, one.state, one.starts) == (ExitCode.STOPPED, OccurrenceState.DUE, 0)
    assert one.reason == "asked to stop"
    assert report.goes_on_at == one.not_before == stage.database.now()
    stage.change(process=entering(book))
    assert stage.run(occurrence=ordered).exit_code is ExitCode.GREEN
    assert sorted(book.numbers()) == ["7", "8"]
    assert found(stage, ordered).state is OccurrenceState.ENDED


def test_a_run_that_had_failures_and_was_told_to_stop_goes_on_too(stage: Stage, ordered: int) -> None:
    """Its own run has ended with 1, for whoever watches runs; what it left is not left for another day."""
    stop = StopRequest()

    def process(item: WorkItem, ctx: Context[None]) -> object:
        stop.asked = True
        raise ApplicationException("SYSTEM_DOWN", "The system is down.")

    stage.change(process=process, attempts=1)
    report = stage.run(occurrence=ordered, stop=stop)
    assert report.exit_code is ExitCode.FAILED
    assert found(stage, ordered).state is OccurrenceState.DUE
    stage.change(process=lambda item, ctx: None)
    assert stage.run(occurrence=ordered).outcomes == {"done": 1}


@pytest.mark.parametrize("fails", [False, True])
def test_a_run_that_met_closing_time_is_due_again_at_the_opening(
    stage: Stage, ordered: int, book: Book, fails: bool
) -> None:
    """Whether or not something failed before, the rest is done by the same occurrence when it is open."""
    opens = datetime(2026, 3, 3, 7, tzinfo=UTC)

    def process(item: WorkItem, ctx: Context[None]) -> object:
        stage.clock.tick(timedelta(hours=1))
        if fails:
            raise ApplicationException("SYSTEM_DOWN", "The system is down.")
        return entering(book)(item, ctx)

    stage.change(process=process, attempts=1, hours=hours("mon-fri 07:00-12:30"))
    report = stage.run(occurrence=ordered)
    one = found(stage, ordered)
    assert report.exit_code is (ExitCode.FAILED if fails else ExitCode.STOPPED)
    assert (one.state, one.starts, one.holder) == (OccurrenceState.DUE, 0, None)
    assert one.not_before == report.goes_on_at == opens
    assert "book is closed" in one.reason
    stage.clock.tick(opens - stage.database.now())
    stage.change(process=entering(book))
    assert stage.run(occurrence=ordered).outcomes == {"done": 1}
    assert found(stage, ordered).state is OccurrenceState.ENDED


def test_a_bot_whose_collect_fails_ends_the_occurrence_as_failed(stage: Stage, ordered: int) -> None:
    """It would fail again: the run is closed with 1, and said so."""

    def collect(ctx: Context[None]) -> Iterator[NewItem]:
        raise ValueError("the list has another layout")
        yield

    stage.change(collect=collect)
    with pytest.raises(ValueError, match="another layout"):
        stage.run(occurrence=ordered)
    one = found(stage, ordered)
    assert (one.state, one.exit_code) == (OccurrenceState.ENDED, 1)
    assert "collect" in one.reason


def test_the_hold_on_a_run_is_renewed_while_its_process_lives(stage: Stage, ordered: int) -> None:
    """From the heartbeat's thread, however long one item takes."""
    stage.change(lease=timedelta(milliseconds=60))
    until: list[bool] = []

    def process(item: WorkItem, ctx: Context[None]) -> object:
        before = found(stage, ordered).until
        stage.clock.tick(occurrences.LEASE / 2)
        deadline = time.monotonic() + 60
        while found(stage, ordered).until == before:
            assert time.monotonic() < deadline, "it was not renewed"
            time.sleep(0.01)
        until.append(True)
        return None

    stage.change(process=process)
    stage.run(occurrence=ordered)
    assert len(until) >= 1


def _killing(item: WorkItem, ctx: Context[None]) -> object:
    raise Killed

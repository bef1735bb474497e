"""A worker: over several bots, within what their targets allow, asked to stop, and when its store is lost."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from core.bot import Bot
from core.errors import SessionLost, StoreUnavailable
from core.model.items import NewItem, WorkItem
from core.model.runs import AttemptOutcome, ExitCode, Mode
from core.runtime import Context, Listed, LoadedBot, Worker, host
from core.runtime.reaper import reap_sessions
from core.store import holds, items, runs, slots
from core.target import Target
from core.testing import Stage, loaded
from tests.core.cast import Book, Process, entering, numbered, simulated, staged


def bot_of(name: str, process: Process, *targets: Any) -> LoadedBot:
    """Return another bot for the same worker."""
    bot = Bot[Any](name)
    bot.collect(lambda ctx: iter(()))
    bot.process(process)
    return loaded(bot, targets={target.name: target for target in targets or [simulated()]})


def put(stage: Stage, bot: str, *new: NewItem) -> None:
    """Put items in a bot's queue, as an earlier run would."""
    with stage.database.transaction(actor="system:test") as tx:
        run_id = runs.start(tx, bot, version="1", mode=stage.bot.mode, trigger="test", worker="nobody")
        for one in new:
            items.add(tx, bot, run_id=run_id, new=one)


def noting(order: list[str]) -> Process:
    """Return a process function that only notes whose turn it is."""

    def process(item: WorkItem, ctx: Context[Any]) -> None:
        order.append(item.reference)

    return process


def test_the_most_urgent_item_of_all_bots_comes_first() -> None:
    """Priority, then due date, then age, whichever bot's it is; a held bot is passed over."""
    order: list[str] = []
    with staged(noting(order)) as stage:
        other, held = bot_of("other", noting(order)), bot_of("held", noting(order))
        put(stage, "clerk", NewItem(reference="old"), NewItem(reference="urgent", priority=5))
        put(stage, "other", NewItem(reference="due", due=stage.database.now() + timedelta(hours=1)))
        put(stage, "held", NewItem(reference="never", priority=9))
        with stage.database.transaction(actor="system:test") as tx:
            holds.place(tx, "bot", "held", code="HELD_BY_HAND", reason="a test", by="person:anna")
        tally = stage.work(other, held)
    assert order == ["urgent", "due", "old"]
    assert tally.outcomes == {"done": 3}
    assert tally.stopped is None


def test_attempts_count_to_the_run_that_collected_the_item() -> None:
    """A worker has no run of its own."""
    with staged(noting([])) as stage:
        put(stage, "clerk", *numbered("7"))
        stage.work()
        row = stage.item("7")
        with stage.database.reading() as tx:
            (attempt,) = runs.attempts_of(tx, row.id)
        assert attempt.run_id == row.run_id


def limited(number: int) -> Any:
    """Return a target that allows so many sessions."""
    return replace(simulated(), slots=number)


def take_session(stage: Stage, worker: str) -> None:
    """Let another worker be logged in."""
    with stage.database.transaction(actor="system:test") as tx:
        slots.provide(tx, "book", allowed=1)
        assert slots.take(tx, "book", allowed=1, holder=worker, lease=timedelta(seconds=60))


def sessions(stage: Stage) -> list[str]:
    """Return who holds sessions."""
    with stage.database.reading() as tx:
        return [row.holder for row in slots.held(tx)]


def test_a_worker_without_a_session_leaves_the_item_and_says_why() -> None:
    """Another worker has the only one: the item waits, also a run ends only after its time, and not as if finished."""
    book = Book()
    with staged(entering(book), targets=[limited(1)], linger=timedelta(seconds=3)) as stage:
        put(stage, "clerk", *numbered("7"))
        take_session(stage, "elsewhere:1:abc")
        report = stage.run()
        assert report.exit_code is ExitCode.STOPPED
        assert "session" in (report.stopped or "")
        assert book.numbers() == []
        assert stage.item("7").state == "pending"


def test_a_session_is_held_while_there_is_work_and_given_back_at_the_end() -> None:
    """One login serves many items."""
    seen: list[list[str]] = []
    with staged(lambda item, ctx: seen.append(sessions(stage)), targets=[limited(1)]) as stage:
        put(stage, "clerk", *numbered(*"abc"))
        assert stage.work().outcomes == {"done": 3}
        assert len({holder for held in seen for holder in held}) == 1
        assert [len(held) for held in seen] == [1, 1, 1]
        assert sessions(stage) == []


def test_the_target_s_list_is_read_within_a_session() -> None:
    """Also by a run that has no item to do itself, as one whose items workers do."""
    seen: list[list[str]] = []

    def listed(ctx: Context[Any], since: datetime) -> Iterator[Listed]:
        seen.append(sessions(stage))
        return iter(())

    with staged(noting([]), listed=listed, targets=[limited(1)]) as stage:
        report = stage.run()
        assert (report.exit_code, [len(held) for held in seen], sessions(stage)) == (ExitCode.GREEN, [1], [])


def test_without_a_free_session_the_target_s_list_is_left_to_the_next_run() -> None:
    """Nobody is pushed out for it; the run says what was not compared, and is not green."""

    def listed(ctx: Context[Any], since: datetime) -> Iterator[Listed]:
        raise AssertionError("it must not be read")

    with staged(noting([]), listed=listed, targets=[limited(1)], linger=timedelta(seconds=3)) as stage:
        take_session(stage, "elsewhere:1:abc")
        report = stage.run()
        assert report.exit_code is ExitCode.FAILED
        (balance,) = [balance for balance in report.balances if balance.name == "target"]
        assert balance.differences == (
            "no session of its targets came free for the target's list; the next run compares it",
        )


def test_other_bots_go_on_while_a_session_is_waited_for() -> None:
    """The item that comes first waits for its target; the worker takes the next one of another bot."""
    book, order = Book(), list[str]()
    with staged(entering(book), targets=[limited(1)]) as stage:
        other = bot_of("other", noting(order), simulated("free"))
        put(stage, "clerk", NewItem(reference="7", payload={"number": "7"}, priority=5))
        put(stage, "other", *numbered("8"))
        take_session(stage, "elsewhere:1:abc")
        stage.work(other)
        assert (book.numbers(), order) == ([], ["8"])


@pytest.mark.parametrize("seconds", [0, 61])
def test_the_session_of_a_worker_elsewhere_is_its_until_its_lease_lapses(seconds: float) -> None:
    """Nothing more is known of another host."""
    with staged(noting([]), targets=[limited(1)]) as stage:
        take_session(stage, "elsewhere:1:abc")
        stage.clock.tick(seconds)
        reap_sessions(stage.database, worker="w", locks=stage.folder / "locks")
        assert sessions(stage) == ([] if seconds else ["elsewhere:1:abc"])


def test_a_stopped_worker_of_this_host_keeps_its_session() -> None:
    """It may wake up logged in; when it is proven dead its session is free at once."""
    with staged(noting([]), targets=[limited(1)]) as stage:
        locks, worker = stage.folder / "locks", host.new_worker_name()
        with host.alive(worker, folder=locks):
            take_session(stage, worker)
            stage.clock.tick(600)
            assert reap_sessions(stage.database, worker="w", locks=locks) == 0
        (locks / f"{worker.replace(':', '_')}.lock").touch()  # as a crash leaves it: there, and nobody holds it
        assert reap_sessions(stage.database, worker="w", locks=locks) == 1


def test_items_begin_at_the_pace_of_their_target() -> None:
    """Three items at one every ten seconds take twenty."""
    paced = replace(simulated(), pace=timedelta(seconds=10))
    times = []
    with staged(lambda item, ctx: times.append(stage.database.now()), targets=[paced]) as stage:
        put(stage, "clerk", *numbered(*"abc"))
        assert stage.work(linger=timedelta(seconds=60)).outcomes == {"done": 3}
    assert [b - a >= timedelta(seconds=10) for a, b in pairwise(times)] == [True, True]


def test_a_turn_is_slept_for() -> None:
    """A worker that waits ten minutes for its item's turn looks twice a second, and is there when it comes."""
    paced = replace(simulated(), pace=timedelta(minutes=10, seconds=0.3))
    times: list[datetime] = []
    with staged(lambda item, ctx: times.append(stage.database.now()), targets=[paced]) as stage:
        put(stage, "clerk", *numbered(*"ab"))
        tick, slept = stage.clock.tick, []
        stage.clock.tick = lambda by: (slept.append(by), tick(by))  # type: ignore[assignment,func-returns-value,misc]
        assert stage.work(linger=timedelta(minutes=20)).outcomes == {"done": 2}
    assert len(slept) < 1300
    assert times[1] - times[0] < timedelta(minutes=10, seconds=0.5)


def test_asked_to_stop_a_worker_finishes_its_item_and_takes_no_other() -> None:
    """The next one stays in the queue."""
    stop = host.StopRequest(grace=timedelta(hours=1))

    def process(item: WorkItem, ctx: Context[Any]) -> None:
        stop._note(15, None)
        ctx.step("read", reading)

    with staged(process) as stage:
        put(stage, "clerk", *numbered(*"ab"))
        tally = stage.work(stop=stop)
        assert (tally.outcomes, tally.exit_code) == ({"done": 1}, ExitCode.STOPPED)
        assert stage.item("b").state == "pending"


def test_after_the_grace_the_item_is_given_back_between_two_steps() -> None:
    """Its tries are untouched, and what an effect had begun would have been finished."""
    book, stop = Book(), host.StopRequest(grace=timedelta(0))

    def process(item: WorkItem, ctx: Context[Any]) -> None:
        entering(book)(item, ctx)
        stop._note(15, None)
        ctx.step("read again", reading)
        raise AssertionError("not reached")

    with staged(process) as stage:
        put(stage, "clerk", *numbered("7"))
        tally = stage.work(stop=stop)
        row = stage.item("7")
        assert tally.outcomes == {AttemptOutcome.RELEASED: 1}
        assert (row.state, row.code, row.system_errors) == ("pending", "ASKED_TO_STOP", 0)
        assert book.numbers() == ["7"]
        assert [effect.state for effect in stage.effects("7")] == ["confirmed"]


def reading() -> int:
    """A step."""
    return 1


class LockedBook(Book):
    """A book in which entering something makes another program lock the store's file."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.lock = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
        self.locked = False

    def do(self, plan: Any) -> Any:
        """Enter it, and lock the store before the receipt can be stored."""
        receipt = super().do(plan)
        self.lock.execute("BEGIN EXCLUSIVE")
        self.locked = True
        return receipt

    def unlock(self) -> None:
        """Let the store be used again."""
        if self.locked:
            self.lock.execute("ROLLBACK")
            self.locked = False


@contextmanager
def in_a_file(tmp_path: Path, book: Callable[[Path], Book], **values: Any) -> Iterator[tuple[Stage, Book]]:
    """Put a bot on a stage whose store is a file that another program may lock; sleeping lets it go."""
    file = tmp_path / "store.db"
    bot = Bot[Any]("clerk")
    made = book(file)
    bot.collect(lambda ctx: iter(()))
    bot.process(entering(made))
    on_stage = loaded(bot, targets={"book": simulated()})
    with Stage(replace(on_stage, **values), folder=tmp_path, url=f"sqlite:///{file}?timeout=0.05") as stage:
        yield stage, made


def test_a_store_lost_before_the_receipt_is_waited_for_and_the_entry_found(tmp_path: Path) -> None:
    """When it answers again the item is let go of, the target has its time to settle, and nothing is entered twice."""
    with in_a_file(tmp_path, LockedBook) as (stage, book):
        assert isinstance(book, LockedBook)
        put(stage, "clerk", *numbered("7"))
        tick = stage.clock.tick

        def ticking(by: timedelta | float) -> None:
            tick(by)
            book.unlock()

        stage.clock.tick = ticking  # type: ignore[method-assign]
        tally = stage.work(linger=timedelta(seconds=60))
        with closing(book.lock):
            assert tally.outcomes == {"abandoned": 1, "done": 1}
        assert book.numbers() == ["7"]
        (effect,) = stage.effects("7")
        assert (effect.state, effect.by) == ("confirmed", "looked")
        assert stage.item("7").state == "done"


def test_a_store_that_stays_away_ends_the_worker(tmp_path: Path) -> None:
    """After ten minutes it says so; its item is found by whoever comes next."""
    with in_a_file(tmp_path, LockedBook) as (stage, book):
        assert isinstance(book, LockedBook)
        put(stage, "clerk", *numbered("7"))
        with pytest.raises(StoreUnavailable, match="locked"):
            stage.work(linger=timedelta(seconds=60))
        with closing(book.lock):
            book.unlock()
        assert stage.item("7").state == "in_progress"
        assert stage.work(linger=timedelta(seconds=200)).outcomes == {"done": 1}
        assert book.numbers() == ["7"]


def test_a_store_lost_before_the_attempt_began_loses_nothing(tmp_path: Path) -> None:
    """Asked for the bot's mode it does not answer: the item is let go of, and done when it answers again."""
    with in_a_file(tmp_path, lambda file: Book()) as (stage, book), stage._workshop(True) as shop:
        put(stage, "clerk", *numbered("7"))
        asked: list[str] = []

        def mode_of(bot: LoadedBot) -> Mode:
            asked.append(bot.name)
            if len(asked) == 1:
                raise StoreUnavailable("it is restarted")
            return bot.mode

        worker = Worker(
            {"clerk": stage.bot},
            workshop=shop,
            mode_of=mode_of,
            stop=host.StopRequest(),
            locks=stage.folder / "locks",
        )
        with worker.alive():
            worker.work(run_id=None, linger=timedelta(seconds=5))
        assert worker.tally.outcomes == {"abandoned": 1, "done": 1}
        assert book.numbers() == ["7"]


class Guarded(Target):
    """A target that loses its session once, in the middle of an item."""

    name = "book"
    lost = False


def test_a_new_login_in_the_middle_of_an_item_keeps_the_session() -> None:
    """The lost session is replaced under the same slot; nobody else could have had it in between."""
    held: list[int] = []

    def process(item: WorkItem, ctx: Context[Any]) -> None:
        with ctx.target(Guarded):
            held.append(len(sessions(stage)))
            if not Guarded.lost:
                Guarded.lost = True
                raise SessionLost("gone")

    with staged(process, targets=[limited(1)]) as stage:
        put(stage, "clerk", *numbered("7"))
        assert stage.work().outcomes == {"done": 1}
    assert held == [1, 1]

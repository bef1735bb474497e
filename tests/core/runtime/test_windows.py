"""Windows: no item is begun while a target of its bot is closed, what is at hand is finished, and the rest goes on."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from core.bot import Bot
from core.errors import ApplicationException, BusinessException
from core.model.items import NewItem, WorkItem
from core.model.runs import ExitCode
from core.runtime import Context, Listed, LoadedBot, Run, RunReport, host
from core.runtime.ordered import Order
from core.runtime.windows import Windows
from core.store import holds, items, occurrences, runs
from core.target import Target
from core.testing import Stage, loaded
from core.testing.postgres import Postgres
from core.timing.closed import closed_at
from tests.core.cast import Book, Entry, Process, entering, hours, numbered, simulated, staged

OFFICE = "mon-fri 07:00-12:30"  # the stage's clock stands at noon on a Monday
TUESDAY = datetime(2026, 3, 3, 7, tzinfo=UTC)
MINUTES = timedelta(minutes=1)


@pytest.fixture(params=["memory", "file", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the URL of a new, empty database."""
    if request.param == "postgres":
        server: Postgres = request.getfixturevalue("postgres")
        return server.new_database()
    return "sqlite://" if request.param == "memory" else f"sqlite:///{tmp_path}/store.db"


class SlowBook(Book):
    """A book in which an entry takes some time; `began` says when each was begun."""

    def __init__(self, takes: timedelta = 20 * MINUTES) -> None:
        super().__init__()
        self.takes = takes
        self.stage: Stage | None = None
        self.began: list[str] = []

    def do(self, plan: Any) -> Any:
        """Enter it, slowly."""
        assert self.stage is not None
        self.began.append(f"{self.stage.database.now():%H:%M:%S}")
        self.stage.clock.tick(self.takes)
        return super().do(plan)


def put(stage: Stage, bot: str, *new: NewItem) -> int:
    """Put items in a bot's queue, as an earlier run would; return that run."""
    with stage.database.transaction(actor="system:test") as tx:
        run_id = runs.start(tx, bot, version="1", mode=stage.bot.mode, trigger="test", worker="nobody")
        items.add_all(tx, bot, run_id=run_id, offered=new)
    return run_id


def until(stage: Stage, instant: datetime) -> None:
    """Let time pass until an instant."""
    stage.clock.tick(instant - stage.database.now())


def idle(item: WorkItem, ctx: Context[Any]) -> None:
    """Do nothing."""


def test_it_closes_between_two_items(url: str) -> None:
    """The run ends in good order with 20, says which target, why and until when, and goes on at the opening."""
    book = SlowBook(15 * MINUTES)
    with staged(entering(book), items=numbered(*"abc"), hours=hours(OFFICE), url=url) as stage:
        book.stage = stage
        report = stage.run()
        assert book.began == ["12:00:00", "12:15:00"]
        assert (report.exit_code, report.goes_on_at) == (ExitCode.STOPPED, TUESDAY)
        assert report.stopped == (
            "book is closed: opening hours are mon-fri 07:00-12:30; it opens Tue 03 Mar 2026 07:00 (UTC)"
        )
        assert report.states == {"done": 2, "pending": 1}
        assert (stage.item("c").attempts, stage.item("c").state) == (0, "pending")
        until(stage, TUESDAY)
        report = stage.run()
        assert (report.exit_code, report.goes_on_at, report.stopped) == (ExitCode.GREEN, None, None)
        assert book.numbers() == [*"abc"]


def test_an_item_at_hand_is_finished_after_closing_time(url: str) -> None:
    """Its effect is done and proven, its commit is not refused, and the next item is not begun."""
    book = SlowBook()
    with staged(entering(book), items=numbered(*"abc"), hours=hours(OFFICE), url=url) as stage:
        book.stage = stage
        report = stage.run()
        assert book.began == ["12:00:00", "12:20:00"]
        assert [effect.state for effect in stage.effects("b")] == ["confirmed"]
        assert report.states == {"done": 2, "pending": 1}
        assert stage.effects("c") == []


def test_every_effect_of_the_item_at_hand_is_finished() -> None:
    """The second effect of an item begins after closing time: an item is not left half done for a night."""
    first, second = SlowBook(40 * MINUTES), Book()

    def process(item: WorkItem, ctx: Context[Any]) -> None:
        entering(first)(item, ctx)
        plan = Entry(number=item.reference)
        ctx.effect("file", key=plan.number, plan=plan, find=second.find, do=second.do, target="book")

    with staged(process, items=numbered(*"ab"), hours=hours(OFFICE)) as stage:
        first.stage = stage
        assert stage.run().states == {"done": 1, "pending": 1}
        assert [effect.state for effect in stage.effects("a")] == ["confirmed", "confirmed"]


def test_items_taken_along_heed_the_hour_too(url: str) -> None:
    """The next item is taken in the transaction that stores the end of the last: not at closing time or later."""
    book = SlowBook(timedelta(seconds=0.25))
    with staged(entering(book), items=numbered(*"abcdefgh"), hours=hours(OFFICE), url=url) as stage:
        book.stage = stage
        until(stage, datetime(2026, 3, 2, 12, 29, 59, tzinfo=UTC))
        report = stage.run()
        assert book.began == ["12:29:59"] * 4
        assert report.states == {"done": 4, "pending": 4}


def test_a_run_that_begins_while_closed_takes_nothing_in(url: str) -> None:
    """It ends with 20 at once, says when it opens, and offers the same to the run after the opening."""
    collected: list[str] = []

    def offered() -> Iterator[NewItem]:
        collected.append("asked")
        yield from numbered("a")

    with staged(idle, items=offered, hours=hours("mon-fri 07:00-12:00"), url=url) as stage:
        report = stage.run()
        assert (report.exit_code, report.goes_on_at, report.offered) == (ExitCode.STOPPED, TUESDAY, 0)
        assert (report.stopped or "").endswith("nothing was collected")
        assert all(balance.holds for balance in report.balances)
        assert collected == []
        with stage.database.reading() as tx:
            run = runs.get(tx, report.run_id)
        assert (run.exit_code, run.ended_at is not None, run.frozen_at) == (20, True, None)
        until(stage, TUESDAY)
        assert stage.run().states == {"done": 1}


@pytest.mark.parametrize(
    ("closed", "why", "opens"),
    [
        (hours(maintenance=["mon 12:10-14:00"]), "maintenance mon 12:10-14:00", "2026-03-02 14:00"),
        (hours(maintenance=["2026-03-02 12:05/2026-03-04 06:00"]), "maintenance 2026-03-02", "2026-03-04 06:00"),
        (hours(freeze=["12:00 / 1 workday 13:00"]), "month-end freeze", "2026-03-02 13:00"),
        (hours("tue 09:00-10:00"), "opening hours are tue 09:00-10:00", "2026-03-03 09:00"),
    ],
)
def test_every_kind_of_window_closes(closed: dict[str, Any], why: str, opens: str) -> None:
    """Maintenance each week or once, the freeze around the month's end, opening hours."""
    book = SlowBook()
    with staged(entering(book), items=numbered(*"abc"), hours=closed) as stage:
        book.stage = stage
        report = stage.run()
        assert why in (report.stopped or "")
        assert report.goes_on_at == datetime.fromisoformat(f"{opens}+00:00")
        until(stage, report.goes_on_at)
        assert stage.run().exit_code is not ExitCode.FAILED
        assert book.numbers() != []


def test_hours_mean_the_clock_on_the_wall_of_the_target() -> None:
    """Over the night in which clocks go forward it opens at seven by the new time."""
    book = Book()
    closed = hours("daily 07:00-19:00", zone="Europe/London")
    with staged(entering(book), items=numbered("a"), hours=closed) as stage:
        until(stage, datetime(2026, 3, 28, 19, tzinfo=UTC))
        report = stage.run()
        assert report.goes_on_at == datetime(2026, 3, 29, 6, tzinfo=UTC)
        assert "it opens Sun 29 Mar 2026 07:00 (Europe/London)" in (report.stopped or "")
        until(stage, report.goes_on_at)
        assert stage.run().exit_code is ExitCode.GREEN
        assert book.numbers() == ["a"]


def test_of_two_targets_one_is_closed() -> None:
    """The closed one is named, and it goes on when both are open."""
    both = hours("mon-fri 11:00-13:00", target="book") | hours("daily 06:00-11:30", target="post")
    targets = [simulated("book"), simulated("post")]
    with staged(entering(Book()), items=numbered("a"), targets=targets, hours=both) as stage:
        report = stage.run()
        assert (report.stopped or "").startswith("post is closed: ")
        assert "book and post are open together Tue 03 Mar 2026 11:00" in (report.stopped or "")
        assert report.goes_on_at == datetime(2026, 3, 3, 11, tzinfo=UTC)
        until(stage, report.goes_on_at)
        assert stage.run().exit_code is ExitCode.GREEN


def test_targets_that_are_never_open_together_stop_a_run_for_good() -> None:
    """It says so, and names no time at which it goes on."""
    both = hours("mon-fri 07:00-12:00", target="book") | hours("sat 09:00-12:00", target="post")
    with staged(idle, items=numbered("a"), targets=[simulated("book"), simulated("post")], hours=both) as stage:
        report = stage.run()
        assert (report.exit_code, report.goes_on_at) == (ExitCode.STOPPED, None)
        assert "never open together" in (report.stopped or "")


def bot_of(name: str, process: Process, target: str) -> LoadedBot:
    """Return another bot for the same worker."""
    bot = Bot[Any](name)
    bot.collect(lambda ctx: iter(()))
    bot.process(process)
    return loaded(bot, targets={target: simulated(target)})


def noting(order: list[str]) -> Process:
    """Return a process function that only notes whose turn it is."""

    def process(item: WorkItem, ctx: Context[Any]) -> None:
        order.append(item.reference)

    return process


def test_a_worker_over_two_bots_passes_over_the_closed_one() -> None:
    """The other's items are done, though the closed one's are more urgent; the worker says what it left."""
    order: list[str] = []
    with staged(noting(order), hours=hours("mon-fri 07:00-12:00")) as stage:
        other = bot_of("other", noting(order), "free")
        put(stage, "clerk", NewItem(reference="urgent", priority=9))
        put(stage, "other", *numbered(*"ab"))
        tally = stage.work(other)
        assert order == ["a", "b"]
        assert (tally.exit_code, tally.goes_on_at) == (ExitCode.STOPPED, TUESDAY)
        assert (stage.item("urgent").state, stage.item("urgent").attempts) == ("pending", 0)


def test_a_worker_whose_bots_have_nothing_left_ends_as_ever() -> None:
    """A closed target without items is in nobody's way."""
    order: list[str] = []
    with staged(noting(order), hours=hours("mon-fri 07:00-12:00")) as stage:
        put(stage, "other", *numbered("a"))
        tally = stage.work(bot_of("other", noting(order), "free"))
        assert (order, tally.stopped, tally.exit_code) == (["a"], None, None)


def test_one_bot_held_and_the_other_closed_end_a_worker_that_does_not_wait() -> None:
    """The hold is told: somebody must lift it, while the target opens by itself."""
    with staged(idle, hours=hours("mon-fri 07:00-12:00")) as stage:
        put(stage, "clerk", *numbered("a"))
        put(stage, "other", *numbered("b"))
        with stage.database.transaction(actor="system:test") as tx:
            holds.place(tx, "bot", "other", code="HELD_BY_HAND", reason="a test", by="person:anna")
        tally = stage.work(bot_of("other", idle, "free"))
        assert (tally.stopped, tally.exit_code) == ("bot other is held: a test", ExitCode.STOPPED)


class Visited(Target):
    """A target that notes when somebody logs out."""

    name = "book"
    left: list[str]

    def leave(self) -> None:
        """Note it."""
        self.left.append(f"{self.access.clock.now():%H:%M:%S}")


class Called(Visited):
    """Another such target."""

    name = "post"


def test_a_worker_without_end_waits_for_the_opening_and_logs_out_meanwhile() -> None:
    """It does the rest as soon as the target is open; nothing stays logged in at a closed target."""
    Visited.left = []
    stop = host.StopRequest()
    began: list[str] = []

    def process(item: WorkItem, ctx: Context[Any]) -> None:
        with ctx.target(Visited):
            began.append(f"{item.reference} {stage.database.now():%H:%M}")
            stage.clock.tick(MINUTES)
        if item.reference == "c":
            stop._note(15, None)

    with staged(process, hours=hours(maintenance=["mon 12:02-12:04"])) as stage:
        put(stage, "clerk", *numbered(*"abc"))
        tally = stage.work(stop=stop, linger=None)
        assert began == ["a 12:00", "b 12:01", "c 12:04"]
        assert Visited.left[0].startswith("12:02")
        assert tally.outcomes == {"done": 3}


def test_each_target_is_left_when_it_closes() -> None:
    """The bot waits already, and its other target closes too."""
    Visited.left, Called.left = [], []
    stop = host.StopRequest()

    def process(item: WorkItem, ctx: Context[Any]) -> None:
        with ctx.target(Visited), ctx.target(Called):
            if item.reference == "b":
                stop._note(15, None)
            stage.clock.tick(MINUTES)

    both = hours(maintenance=["mon 12:01-12:05"]) | hours(maintenance=["mon 12:03-12:05"], target="post")
    with staged(process, targets=[simulated("book"), simulated("post")], hours=both) as stage:
        put(stage, "clerk", *numbered(*"ab"))
        stage.work(stop=stop, linger=None)
        assert [at[:5] for at in (*Visited.left, *Called.left)] == ["12:01", "12:06", "12:03", "12:06"]


def test_a_worker_busy_elsewhere_logs_out_of_a_target_that_has_closed() -> None:
    """Also while the items of another bot leave it no rest."""
    Visited.left = []

    def visiting(item: WorkItem, ctx: Context[Any]) -> None:
        with ctx.target(Visited):
            pass

    def slowly(item: WorkItem, ctx: Context[Any]) -> None:
        stage.clock.tick(MINUTES)

    with staged(visiting, hours=hours("mon-fri 07:00-12:02")) as stage:
        put(stage, "clerk", NewItem(reference="first", priority=9))
        put(stage, "other", *numbered(*"abcdefgh"))
        stage.work(bot_of("other", slowly, "free"))
        assert [at[:5] for at in Visited.left] == ["12:03"]


def test_an_answer_that_arrives_while_closed_waits_for_the_opening() -> None:
    """The person decides at night; the bot goes on in the morning."""
    errors = [BusinessException("ODD", "Odd.")]
    book = Book()

    def process(item: WorkItem, ctx: Context[Any]) -> Any:
        if errors:
            raise errors.pop()
        return entering(book)(item, ctx)

    with staged(process, items=numbered("a"), hours=hours(OFFICE), people={"anna": ("clerk",)}) as stage:
        stage.run()
        (task,) = stage.waiting()
        stage.clock.tick(timedelta(hours=8))
        stage.decisions.retry(task.id, version=task.version, who="anna")
        assert stage.item("a").state == "pending"
        tally = stage.work()
        assert (tally.outcomes, tally.goes_on_at, book.numbers()) == ({}, TUESDAY, [])
        until(stage, TUESDAY)
        assert stage.work().outcomes == {"done": 1}
        assert book.numbers() == ["a"]


def test_what_is_in_doubt_is_looked_for_after_the_opening() -> None:
    """The look is an attempt like any other; nothing is entered twice."""
    book = SlowBook()
    book.after = [ApplicationException("SLOW", "It did not answer.")]
    with staged(entering(book), items=numbered("a"), hours=hours("mon-fri 07:00-12:10")) as stage:
        book.stage = stage
        report = stage.run()
        assert (report.outcomes, report.goes_on_at) == ({"doubt": 1}, TUESDAY)
        until(stage, TUESDAY)
        assert stage.run().states == {"done": 1}
        assert book.numbers() == ["a"]


def test_what_another_worker_has_at_hand_at_closing_time_is_not_counted_as_done() -> None:
    """The run has nothing left to take; it goes on at the opening, when it is known what became of that item."""

    def process(item: WorkItem, ctx: Context[Any]) -> None:
        with stage.database.transaction(actor="system:test") as tx:
            assert items.claim(tx, "clerk", worker="elsewhere:1:a", lease=timedelta(hours=2))
        stage.clock.tick(40 * MINUTES)

    with staged(process, items=numbered(*"ab"), hours=hours(OFFICE)) as stage:
        report = stage.run()
        assert (report.exit_code, report.goes_on_at) == (ExitCode.STOPPED, TUESDAY)
        assert report.states == {"done": 1, "in_progress": 1}


def test_a_failure_outweighs_the_closing_and_it_is_known_all_the_same_when_it_goes_on() -> None:
    """The run ends with 1; what is left is done at the opening."""

    def process(item: WorkItem, ctx: Context[Any]) -> None:
        stage.clock.tick(40 * MINUTES)
        raise ApplicationException("DOWN", "It is down.")

    with staged(process, items=numbered(*"ab"), hours=hours(OFFICE), attempts=1) as stage:
        report = stage.run()
        assert (report.exit_code, report.goes_on_at) == (ExitCode.FAILED, TUESDAY)


def test_a_run_with_nothing_left_is_green_also_after_closing_time() -> None:
    """Nothing was kept waiting: what comes due tomorrow is no reason, nor is what waits for a person."""

    def process(item: WorkItem, ctx: Context[Any]) -> None:
        stage.clock.tick(20 * MINUTES)
        if item.reference == "b":
            ctx.later(ctx.now + timedelta(days=1), "Not there.", code="GOODS", most=5)

    with staged(process, items=numbered(*"ab"), hours=hours(OFFICE)) as stage:
        report = stage.run()
        assert (report.exit_code, report.stopped, report.states) == (ExitCode.GREEN, None, {"done": 1, "pending": 1})


def test_a_closed_target_s_list_is_compared_by_the_run_that_goes_on() -> None:
    """All items are done, but it cannot be read: the run ends with 20, not green, and not as if something differed."""
    book = SlowBook(40 * MINUTES)
    asked: list[str] = []

    def listed(ctx: Context[Any], since: datetime) -> Iterator[Listed]:
        asked.append(f"{stage.database.now():%a %H:%M}")
        return (Listed(receipt=receipt, key=number) for number, receipt in book.entries)

    with staged(entering(book), items=numbered("a"), listed=listed, hours=hours(OFFICE)) as stage:
        book.stage = stage
        report = stage.run()
        assert (report.exit_code, report.goes_on_at, asked) == (ExitCode.STOPPED, TUESDAY, [])
        assert (report.stopped or "").endswith("what its targets list was not compared")
        assert [balance.name for balance in report.balances] == ["intake", "work"]
        until(stage, TUESDAY)
        report = stage.run()
        assert (report.exit_code, asked) == (ExitCode.GREEN, ["Tue 07:00"])
        (target,) = [balance for balance in report.balances if balance.name == "target"]
        assert target.expected == {"confirmed": "1"}


def test_a_list_is_not_read_again_once_its_target_has_closed() -> None:
    """While a young receipt is waited for the hour is looked at before each reading."""
    book = SlowBook(timedelta(0))

    def listed(ctx: Context[Any], since: datetime) -> Iterator[Listed]:
        assert stage.database.now() < datetime(2026, 3, 2, 12, 30, tzinfo=UTC)
        return iter(())

    with staged(entering(book), items=numbered("a"), listed=listed, hours=hours(OFFICE)) as stage:
        book.stage = stage
        until(stage, datetime(2026, 3, 2, 12, 29, 52, tzinfo=UTC))
        assert stage.run().exit_code is ExitCode.STOPPED


def test_a_dry_run_is_made_at_any_hour() -> None:
    """It acts nowhere."""
    with staged(entering(Book()), items=numbered("a"), hours=hours("mon-fri 07:00-12:00")) as stage:
        report = stage.run(acting=False)
        assert (report.outcomes, report.stopped) == ({"planned": 1}, None)


def test_items_keep_their_pace_within_the_hours() -> None:
    """A rate spreads them, the window ends them, and the one after the opening does not come sooner for it."""
    paced = replace(simulated(), pace=timedelta(minutes=10))
    began: list[str] = []

    def process(item: WorkItem, ctx: Context[Any]) -> None:
        began.append(f"{stage.database.now():%H:%M}")

    closed = hours(maintenance=["mon 12:15-12:25"])
    with staged(process, targets=[paced], hours=closed, items=numbered(*"abcd"), linger=20 * MINUTES) as stage:
        report = stage.run()
        assert (began, report.goes_on_at) == (["12:00", "12:10"], datetime(2026, 3, 2, 12, 25, tzinfo=UTC))
        until(stage, report.goes_on_at)
        assert stage.run().exit_code is ExitCode.GREEN
        assert began == ["12:00", "12:10", "12:25", "12:35"]


def left_to_workers(stage: Stage, shop: Any, *, occurrence: int | None = None) -> RunReport:
    """Run the bot, its items left to workers."""
    locks = stage.folder / "locks"
    return Run(
        order=None if occurrence is None else Order(occurrence, locks=locks),
        bot=stage.bot,
        workshop=shop,
        mode=stage.bot.mode,
        trigger="test",
        stop=host.StopRequest(),
        locks=locks,
        leave_to_workers=True,
    ).start()


def test_a_run_that_leaves_its_items_to_workers_ends_when_they_stop_for_the_night() -> None:
    """No later than that: nobody gets on with them before the opening."""
    with staged(idle, items=numbered("a"), hours=hours(OFFICE), linger=timedelta(hours=3)) as stage:
        with stage._workshop(True) as shop:
            report = left_to_workers(stage, shop)
        assert (report.exit_code, report.goes_on_at, report.states) == (ExitCode.STOPPED, TUESDAY, {"pending": 1})
        assert stage.database.now() < datetime(2026, 3, 2, 12, 31, tzinfo=UTC)


def test_such_a_run_that_goes_on_waits_for_what_it_had_left() -> None:
    """What it took in before closing time belongs to yesterday's run: it ends when that is done, not at once."""
    with staged(idle, items=numbered("a"), hours=hours(OFFICE), linger=timedelta(hours=3)) as stage:
        with stage.database.transaction(actor="system:test") as tx:
            number = occurrences.order_by_hand(tx, "clerk", by="anna")
        with stage._workshop(True) as shop:
            assert left_to_workers(stage, shop, occurrence=number).goes_on_at == TUESDAY
        until(stage, TUESDAY)
        tick, claims = stage.clock.tick, list[Any]()

        def working(by: timedelta | float) -> None:
            """A worker elsewhere does the item in the first minutes."""
            tick(by)
            with stage.database.transaction(actor="system:test") as tx:
                if not claims:
                    claims.append(items.claim(tx, "clerk", worker="elsewhere:1:a", lease=timedelta(hours=1)))
                elif tx.now > TUESDAY + 3 * MINUTES and claims[-1] is not None:
                    items.finish(tx, claims[-1], to="done", outcome="done", code=None, system_errors=0)  # type: ignore[arg-type]
                    claims.append(None)

        stage.clock.tick = working  # type: ignore[method-assign]
        with stage._workshop(True) as shop:
            report = left_to_workers(stage, shop, occurrence=number)
        assert (report.exit_code, report.stopped, report.states) == (ExitCode.GREEN, None, {"done": 1})
        assert stage.database.now() > TUESDAY + 3 * MINUTES


def test_such_a_run_waits_for_what_workers_have_at_hand() -> None:
    """The last item is finished after closing time, and the run is complete."""
    with staged(idle, items=numbered("a"), hours=hours("mon-fri 07:00-12:01"), linger=timedelta(hours=1)) as stage:
        tick, taken = stage.clock.tick, []

        def working(by: timedelta | float) -> None:
            """A worker elsewhere takes the item before it closes and ends it after."""
            tick(by)
            with stage.database.transaction(actor="system:test") as tx:
                if not taken:
                    taken.append(items.claim(tx, "clerk", worker="elsewhere:1:a", lease=timedelta(hours=1)))
                elif tx.now > datetime(2026, 3, 2, 12, 3, tzinfo=UTC) and taken[-1] is not None:
                    items.finish(tx, taken[-1], to="done", outcome="done", code=None, system_errors=0)  # type: ignore[arg-type]
                    taken.append(None)

        stage.clock.tick = working  # type: ignore[method-assign]
        with stage._workshop(True) as shop:
            report = left_to_workers(stage, shop)
        assert (report.exit_code, report.stopped, report.states) == (ExitCode.GREEN, None, {"done": 1})


def test_hours_cost_no_question_to_the_store() -> None:
    """A run with hours, open all the while, asks the store as often as one without."""

    def asked(**values: Any) -> int:
        statements = 0

        def count(*_: object) -> None:
            nonlocal statements
            statements += 1

        with staged(idle, items=numbered(*map(str, range(50))), **values) as stage:
            sa.event.listen(stage.database.engine, "before_cursor_execute", count)
            assert stage.run().outcomes == {"done": 50}
        return statements

    assert asked(hours=hours("mon-fri 07:00-19:00")) == asked()


def test_the_opening_is_not_slept_over() -> None:
    """Asked right before it, and then at it: what was remembered of a closed target ends there."""
    bot = replace(bot_of("clerk", idle, "book"), hours=hours("tue 07:00-19:00"))
    windows = Windows(heeded=True)
    before = windows.in_the_way(bot, TUESDAY - timedelta(seconds=20))
    assert before is not None
    assert before.until == TUESDAY
    assert windows.in_the_way(bot, TUESDAY) is None


@given(
    steps=st.lists(st.integers(min_value=0, max_value=60 * 400), min_size=1, max_size=40),
    opening=st.sampled_from(["mon-fri 07:00-19:00", "daily 22:00-06:00", "sat,sun 10:00-12:15"]),
    maintenance=st.sampled_from([(), ("mon 12:10-14:00",), ("2026-03-02 23:00/2026-03-04 06:00",)]),
)
def test_what_is_remembered_is_what_the_hours_say(steps: list[int], opening: str, maintenance: tuple[str, ...]) -> None:
    """However time goes on, a bot is let in exactly when all its targets are open, and told the right opening."""
    both = hours(opening, maintenance=maintenance, zone="Europe/London") | hours("daily 05:00-23:30", target="post")
    windows, now = Windows(heeded=True), datetime(2026, 3, 2, 12, tzinfo=UTC)
    bot = replace(bot_of("clerk", idle, "book"), hours=both)
    for seconds in steps:
        now += timedelta(seconds=seconds)
        found, fresh = windows.in_the_way(bot, now), closed_at(both, now)
        assert (found is None) == (fresh is None)
        if found is not None and fresh is not None:
            assert found.until == fresh.until

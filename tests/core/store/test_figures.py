"""Figures over the whole store, the same on every database."""

from datetime import timedelta

from core.clock import FakeClock
from core.model.effects import Planned
from core.model.runs import ExitCode, Mode
from core.store import Database, effects, figures, runs
from core.store.figures import LastRun, Waits
from core.testing.stage import NOON
from tests.core.store.filled import MINUTE, fill, take


def test_what_is_there_is_counted(database: Database, clock: FakeClock) -> None:
    """Items by state, attempts by outcome, and what waits since when."""
    fill(database, clock)
    take(database)
    with database.reading() as tx:
        assert figures.items(tx) == {
            ("clerk", "done"): 1,
            ("clerk", "in_progress"): 1,
            ("clerk", "in_review"): 1,
            ("clerk", "pending"): 3,
        }
        assert figures.attempts(tx) == {("clerk", "done"): 1, ("clerk", "review"): 1}
        assert figures.cases(tx) == {"clerk": Waits(number=1, oldest=NOON + MINUTE)}
        assert figures.ready(tx) == {"clerk": Waits(number=2, oldest=NOON)}
        assert figures.in_a_row(tx) == {"clerk": 1}


def test_an_effect_is_in_doubt_when_it_is_uncertain_or_its_worker_is_gone(database: Database, clock: FakeClock) -> None:
    """An intent of an item that is being worked is none yet; once the item is let go of, it is."""
    fill(database, clock)
    claim = take(database)
    plan = Planned(target="book", name="post", key="other", plan={}, plan_digest="d")
    with database.transaction(actor="system:test") as tx:
        effects.intend(tx, bot="clerk", item_id=claim.item_id, token=claim.token, plan=plan)
    uncertain = Waits(number=1, oldest=NOON + MINUTE)
    with database.reading() as tx:
        assert figures.doubts(tx) == {("clerk", "book"): uncertain}
    with database.transaction(actor="system:test") as tx:
        tx.connection.exec_driver_sql("UPDATE item SET state = 'pending' WHERE state = 'in_progress'")
    with database.reading() as tx:
        assert figures.doubts(tx)["clerk", "book"].number == 2


def test_the_last_run_is_the_newest_that_has_ended(database: Database, clock: FakeClock) -> None:
    """A run that goes on does not hide the last one that ended; a bot without a run has none."""
    fill(database, clock)
    with database.reading() as tx:
        expected = LastRun(exit_code=1, started_at=NOON, ended_at=NOON + MINUTE)
        assert figures.last_run(tx, "clerk") == expected
        assert figures.last_run(tx, "other") is None


def test_a_start_is_late_while_nobody_has_begun_it_or_even_made_it(database: Database, clock: FakeClock) -> None:
    """Due occurrences and passed due times count after the grace; begun ones and paused schedules do not."""
    fill(database, clock)
    with database.reading() as tx:
        assert figures.late(tx, grace=2 * MINUTE) == {"clerk": 2}
        assert figures.late(tx, grace=4 * MINUTE) == {"clerk": 1}
        assert figures.late(tx, grace=timedelta(hours=1)) == {}
        assert figures.overdue(tx) == {"clerk": 1}


def test_an_empty_store_has_no_figures(database: Database) -> None:
    """Nothing is there, so nothing is counted."""
    with database.reading() as tx:
        for figure in (figures.items, figures.attempts, figures.doubts, figures.cases, figures.ready, figures.overdue):
            assert figure(tx) == {}


def test_the_last_run_is_not_the_one_that_was_ordered_last(database: Database, clock: FakeClock) -> None:
    """Ordered before a run by hand, begun and failed after it: that is how the bot stands."""
    with database.transaction(actor="system:test") as tx:
        ordered = runs.order(tx, "clerk", trigger="schedule:noon")
        by_hand = runs.start(tx, "clerk", version="1", mode=Mode.AUTO, trigger="test", worker="w:1")
        runs.end(tx, by_hand, bot="clerk", exit_code=ExitCode.GREEN, balances=())
    clock.tick(MINUTE)
    with database.transaction(actor="system:test") as tx:
        runs.begin(tx, runs.get(tx, ordered), version="1", mode=Mode.AUTO, worker="w:2")
        runs.end(tx, ordered, bot="clerk", exit_code=ExitCode.FAILED, balances=())
    with database.reading() as tx:
        last, latest = figures.last_run(tx, "clerk"), runs.latest(tx, "clerk")
    assert last is not None
    assert last.exit_code == ExitCode.FAILED
    assert latest is not None
    assert latest.id == ordered

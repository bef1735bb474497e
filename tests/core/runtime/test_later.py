"""Putting an item back with a date, so many times, and then a person."""

from datetime import datetime, timedelta
from typing import Any

from core.model.items import WorkItem
from core.runtime import Context
from core.testing import Stage
from tests.core.cast import numbered, staged

DAY = timedelta(days=1)


def tomorrow(item: WorkItem, ctx: Context[Any]) -> None:
    """Wait for goods that never come."""
    ctx.later(ctx.now + DAY, "The goods are not received.", code="NOT_RECEIVED", most=5)


def test_an_item_comes_back_on_its_date_and_at_last_goes_to_a_person() -> None:
    """Five waits of a day each, then the question says how often it was looked."""
    with staged(tomorrow, items=numbered("7")) as stage:
        looks = 0
        while not stage.waiting():
            report = stage.run()
            assert report.outcomes == ({"later": 1} if looks < 5 else {"review": 1})
            assert stage.run().outcomes == {}, "it came back before its date"
            stage.clock.tick(DAY)
            looks += 1
        assert looks == 6
        (task,) = stage.waiting()
        assert task.question.code == "NOT_RECEIVED"
        assert task.question.reason.endswith("Looked 5 times.")


def test_waits_are_counted_by_code() -> None:
    """Waiting for one thing does not use up the patience for another."""
    codes = ["A", "A", "B", "B"]

    def process(item: WorkItem, ctx: Context[Any]) -> None:
        if codes:
            ctx.later(ctx.now + timedelta(seconds=1), "Not yet.", code=codes.pop(), most=2)

    with staged(process, items=numbered("7")) as stage:
        assert stage.run().outcomes == {"later": 4, "done": 1}


def test_a_retry_after_the_last_wait_asks_again() -> None:
    """It does not begin to wait anew, and does not loop."""
    with staged(tomorrow, items=numbered("7")) as stage:
        while not stage.waiting():
            stage.run()
            stage.clock.tick(DAY)
        (task,) = stage.waiting()
        stage.decisions.retry(task.id, version=task.version, who="anna")
        assert stage.run().outcomes == {"review": 1}


def test_a_wait_is_no_system_error() -> None:
    """The breaker does not count it."""
    with staged(tomorrow, items=numbered(*"abcdefgh"), stop_after=2) as stage:
        report: Any = stage.run()
        assert (report.outcomes, report.stopped) == ({"later": 8}, None)


def test_an_instant_without_a_zone_is_refused() -> None:
    """The item does not hang: it is the bot's mistake, named in its attempt."""

    def process(item: WorkItem, ctx: Context[Any]) -> None:
        ctx.later(datetime(2026, 3, 3), "Not yet.", code="A", most=2)  # noqa: DTZ001

    with staged(process, items=numbered("7"), attempts=1) as stage:
        stage.run()
        assert _state(stage) == ("failed", "UNEXPECTED")


def _state(stage: Stage) -> tuple[str, str]:
    item = stage.item("7")
    return item.state, item.code

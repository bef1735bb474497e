"""Looks read the outside: recorded, made afresh at every attempt, and missing or stale facts are seen by the checks."""

from datetime import date, timedelta
from typing import Any

import pytest

from core.checks import Finding, RulePack, passed
from core.model.items import WorkItem
from core.model.outcomes import NOBODY, ONE_PERSON
from core.model.steps import Dated, Missing, RecordKind
from core.runtime import Context
from core.store import steps
from core.testing.stage import NOON
from tests.core.cast import numbered, staged


def priced() -> RulePack:
    """A pack whose one rule needs the price."""
    pack = RulePack("prices", version="1")

    @pack.rule("PRICE_KNOWN", source="policy 3", action="Look the price up.", waive=ONE_PERSON)
    def price_known(price: int) -> Finding:
        """The price is known."""
        return passed(found=str(price))

    return pack


def test_a_look_is_made_afresh_at_every_attempt() -> None:
    """The second attempt sees today's answer, and both answers are recorded."""
    answers = iter([Missing(reason="The price list is not there."), 12])
    seen: list[object] = []
    pack = priced()

    def process(item: WorkItem, ctx: Context[Any]) -> None:
        price: Any = ctx.look("price", lambda: next(answers))
        seen.append(price)
        ctx.check(pack, price=price)

    with staged(process, items=numbered("7")) as stage:
        stage.run()
        (task,) = stage.waiting()
        assert task.question.code == "PRICE_KNOWN"
        assert task.question.details["outcomes"][0]["outcome"] == "not_evaluated"
        assert task.question.reason == "The price list is not there."
        stage.decisions.retry(task.id, version=task.version, who="anna")
        stage.run()
        assert seen[-1] == 12
        item = stage.item("7")
        assert item.state == "done"
        with stage.database.reading() as tx:
            (record,) = steps.latest(tx, item.id)
        assert (record.kind, record.result) == (RecordKind.LOOK, 12)


@pytest.mark.parametrize(
    ("as_of", "limit", "fresh"),
    [
        (NOON - timedelta(days=2), timedelta(days=3), True),
        (NOON - timedelta(days=4), timedelta(days=3), False),
        (NOON.date() - timedelta(days=3), timedelta(days=3), True),
        (NOON.date() - timedelta(days=4), timedelta(days=3), False),
        (date(2000, 1, 1), None, True),
    ],
)
def test_a_stale_source_is_not_evaluated(as_of: Any, limit: timedelta | None, *, fresh: bool) -> None:
    """A dated value older than its limit is missing, and the reason says how old it is."""
    pack = priced()

    def process(item: WorkItem, ctx: Context[Any]) -> None:
        price: Any = ctx.look("price", lambda: Dated(value=12, as_of=as_of, source="The price list", limit=limit))
        ctx.check(pack, price=price)

    with staged(process, items=numbered("7")) as stage:
        stage.run()
        assert (stage.item("7").state == "done") is fresh
        if not fresh:
            (task,) = stage.waiting()
            assert "4 days old" in task.question.reason


def test_a_look_of_bytes_is_recorded() -> None:
    """What is read may hold files; they are written down too."""
    with staged(lambda item, ctx: len(ctx.look("scan", lambda: b"\xff\x00")), items=numbered("7")) as stage:
        stage.run()
        assert stage.item("7").result == 2


def test_a_missing_source_never_passes_a_rule() -> None:
    """A rule is not even called with a missing fact."""
    pack = RulePack("blind", version="1")

    @pack.rule("ALWAYS", source="policy 4", action="Look.", waive=NOBODY)
    def always(price: object) -> Finding:
        """Passes whatever it is given."""
        return passed()

    (outcome,) = pack.run({"price": Missing(reason="gone")})
    assert outcome.outcome == "not_evaluated"

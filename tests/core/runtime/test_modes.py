"""Without leave to act: shadow, dry run and recommend."""

from decimal import Decimal

import pytest

from core.errors import PortalUnavailable
from core.model.reviews import ReviewKind, ReviewTask
from core.model.runs import Mode
from core.store import effects
from core.testing import Stage
from tests.core.cast import SETTLE, Book, Entry, entering, numbered, staged


def waiting(stage: Stage) -> ReviewTask:
    """Return the one task that waits."""
    (task,) = stage.waiting()
    return task


@pytest.mark.parametrize(("mode", "acting"), [(Mode.SHADOW, True), (Mode.AUTO, False), (Mode.RECOMMEND, False)])
def test_shadow_and_dry_run_end_at_the_first_effect(mode: Mode, *, acting: bool) -> None:
    """The plan is kept for comparison; nothing is looked for, intended or entered."""
    book = Book()
    with staged(entering(book), items=numbered("7")) as stage:
        report = stage.run(mode=mode, acting=acting)
        assert report.outcomes == {"planned": 1}
        assert (book.entries, book.searches, stage.effects("7")) == ([], 0, [])
        item = stage.item("7")
        with stage.database.reading() as tx:
            (plan,) = effects.plans_of(tx, item.id)
        assert (plan.key, plan.plan) == ("7", {"number": "7", "net": "5.00"})


def test_recommend_asks_with_the_plan_and_acts_when_it_is_approved() -> None:
    """Nothing happens before a person said so, and then it happens once."""
    book = Book()
    with staged(entering(book), items=numbered("7")) as stage:
        stage.run(mode=Mode.RECOMMEND)
        task = waiting(stage)
        assert task.question.kind is ReviewKind.PLAN
        assert task.question.details["plan"] == {"number": "7", "net": "5.00"}
        assert (book.entries, book.searches) == ([], 0)
        stage.decisions.approve(task.id, version=task.version, who="anna")
        stage.run(mode=Mode.RECOMMEND)
        assert book.numbers() == ["7"]
        assert stage.item("7").state == "done"


def test_an_approval_is_bound_to_the_plan() -> None:
    """A plan that changed since is asked again."""
    book = Book()
    net = ["5.00", "6.00", "6.00"]

    def process(item: object, ctx: object) -> object:
        plan = Entry(number="7", net=Decimal(net.pop(0)))
        return ctx.effect("post", key="7", plan=plan, find=book.find, do=book.do, target="book")  # type: ignore[attr-defined]

    with staged(process, items=numbered("7")) as stage:
        for _ in range(2):
            stage.run(mode=Mode.RECOMMEND)
            task = waiting(stage)
            assert task.question.code == "PLAN_TO_APPROVE"
            assert book.entries == []
            stage.decisions.approve(task.id, version=task.version, who="anna")
        stage.run(mode=Mode.RECOMMEND)
        assert book.numbers() == ["7"]


def test_an_approval_of_one_item_says_nothing_of_another() -> None:
    """Approvals are by item."""
    book = Book()
    with staged(entering(book), items=numbered("7", "8")) as stage:
        stage.run(mode=Mode.RECOMMEND)
        task = stage.waiting()[0]
        stage.decisions.approve(task.id, version=task.version, who="anna")
        stage.run(mode=Mode.RECOMMEND)
        assert book.numbers() == ["7"]
        assert [task.reference for task in stage.waiting()] == ["8"]


@pytest.mark.parametrize("mode", [Mode.SHADOW, Mode.RECOMMEND])
@pytest.mark.parametrize("happened", [True, False])
def test_a_bot_set_back_while_an_effect_is_in_doubt_looks_and_does_not_act(mode: Mode, *, happened: bool) -> None:
    """What happened is confirmed; what did not is withdrawn, and not done now."""
    trouble: list[BaseException] = [PortalUnavailable("no answer")]
    book = Book(after=trouble) if happened else Book(before=trouble)
    with staged(entering(book), items=numbered("7"), linger=SETTLE / 2) as stage:
        stage.run()
        entered = list(book.entries)
        stage.clock.tick(SETTLE)
        stage.run(mode=mode)
        assert book.entries == entered
        assert [str(effect.state) for effect in stage.effects("7")] == ["confirmed" if happened else "withdrawn"]

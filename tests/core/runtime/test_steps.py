"""Steps are pure: computed once, stored, corrected, and computed again when something changed."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict

from core.decisions import DecisionRefused
from core.errors import BusinessException
from core.model.items import WorkItem
from core.runtime import Context
from core.store import steps
from core.testing import Stage
from tests.core.cast import numbered, staged


class Read(BaseModel):
    """What the tests' step reads."""

    model_config = ConfigDict(frozen=True)

    number: str
    net: Decimal


class Clerk:
    """A bot that reads, notes what it read, and asks a person until the net is not negative."""

    def __init__(self) -> None:
        self.computed: list[Any] = []
        self.went_by: list[Decimal] = []
        self.suffix = ""

    def process(self, item: WorkItem, ctx: Context[Any]) -> str:
        def read(number: str) -> Read:
            self.computed.append(number)
            return Read(number=number, net=Decimal("-1.00"))

        result = ctx.step("read", read, item.payload["number"] + self.suffix)
        self.went_by.append(result.net)
        if result.net < 0:
            raise BusinessException("NEGATIVE", "The net is -1.00.", fields=["net"])
        return str(result.net)


@pytest.fixture
def clerk() -> Clerk:
    """A clerk who has not begun."""
    return Clerk()


@pytest.fixture
def stage(clerk: Clerk) -> Iterator[Stage]:
    """A stage with one item, worked once: a person is asked about its net."""
    with staged(clerk.process, items=numbered("7")) as stage:
        stage.run()
        yield stage


def correct(stage: Stage, net: object, *, step: str = "read", field: str = "net") -> None:
    """Correct the waiting item's net."""
    (task,) = stage.waiting()
    stage.decisions.correct(task.id, version=task.version, who="anna", step=step, changes={field: net})


def retry(stage: Stage) -> None:
    """Let the bot try the waiting item again."""
    (task,) = stage.waiting()
    stage.decisions.retry(task.id, version=task.version, who="anna")
    stage.run()


def test_a_step_is_computed_once_while_input_and_code_are_the_same(stage: Stage, clerk: Clerk) -> None:
    """The next attempt uses the stored result."""
    retry(stage)
    assert clerk.computed == ["7"]
    assert len(clerk.went_by) == 2


def test_another_input_computes_a_step_again(stage: Stage, clerk: Clerk) -> None:
    """A result is reused for the digest of its inputs only."""
    clerk.suffix = "b"
    retry(stage)
    assert clerk.computed == ["7", "7b"]


def test_new_code_computes_a_step_again(stage: Stage, clerk: Clerk) -> None:
    """A result is reused for the digest of the bot's code only."""
    stage.change(code_digest="deployed")
    retry(stage)
    assert clerk.computed == ["7", "7"]


def test_a_correction_is_what_the_bot_goes_by(stage: Stage, clerk: Clerk) -> None:
    """The item goes on with the corrected value, and the step is not computed again."""
    correct(stage, "12.50")
    stage.run()
    assert clerk.went_by[-1] == Decimal("12.50")
    assert clerk.computed == ["7"]
    assert stage.item("7").state == "done"


def test_a_deploy_does_not_lose_a_correction(stage: Stage, clerk: Clerk) -> None:
    """A correction is keyed by item, step and input, never by code version."""
    correct(stage, "12.50")
    stage.change(code_digest="deployed")
    stage.run()
    assert clerk.computed == ["7", "7"]
    assert clerk.went_by[-1] == Decimal("12.50")


def test_a_correction_of_another_input_does_not_count(stage: Stage, clerk: Clerk) -> None:
    """A correction made for one input is not used for another."""
    correct(stage, "12.50")
    clerk.suffix = "b"
    stage.run()
    assert clerk.went_by[-1] == Decimal("-1.00")


def test_a_correction_of_another_item_does_not_count(clerk: Clerk) -> None:
    """Two items with the same input are corrected each for itself."""
    clerk.process = lambda item, ctx: Clerk.process(clerk, _with_number(item, "7"), ctx)  # type: ignore[method-assign]
    with staged(clerk.process, items=numbered("a", "b")) as stage:
        stage.run()
        task = next(task for task in stage.waiting() if task.reference == "a")
        stage.decisions.correct(task.id, version=task.version, who="anna", step="read", changes={"net": "1"})
        stage.run()
        assert stage.item("a").state == "done"
        assert stage.item("b").state == "in_review"


def _with_number(item: WorkItem, number: str) -> WorkItem:
    return WorkItem(id=item.id, reference=item.reference, added_at=item.added_at, payload={"number": number})


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("net", "twelve", "DOES_NOT_FIT"),
        ("nett", "12.50", "NO_SUCH_FIELD"),
        ("net.pence", "50", "NO_SUCH_FIELD"),
    ],
)
def test_a_correction_that_does_not_fit_is_refused_up_front(stage: Stage, field: str, value: str, code: str) -> None:
    """The person hears at once, and nothing is stored."""
    before = stage.waiting()
    with pytest.raises(DecisionRefused) as refused:
        correct(stage, value, field=field)
    assert refused.value.code == code
    assert stage.waiting() == before
    with stage.database.reading() as tx:
        assert not steps.corrections(tx, before[0].item_id)


def test_only_steps_can_be_corrected() -> None:
    """A look is made afresh, so that a correction of it would change nothing: it is refused."""

    def process(item: WorkItem, ctx: Context[Any]) -> None:
        ctx.look("price", lambda: 5)
        raise BusinessException("ODD", "Odd.")

    with staged(process, items=numbered("7")) as stage:
        stage.run()
        with pytest.raises(DecisionRefused) as refused:
            correct(stage, 6, step="price", field="")
        assert refused.value.code == "NO_SUCH_STEP"


def test_a_correction_goes_by_what_the_newest_attempt_went_by(clerk: Clerk) -> None:
    """A step that returned to an earlier input is corrected for that input, not for the one in between."""

    def matched(read: Read) -> Read:
        return Read(number=read.number, net=Decimal("-2.00"))

    def process(item: WorkItem, ctx: Context[Any]) -> None:
        result = ctx.step("match", matched, ctx.step("read", lambda_read, item.payload["number"]))
        clerk.went_by.append(result.net)
        if result.net < 0:
            raise BusinessException("NEGATIVE", "The net is negative.")

    def lambda_read(number: str) -> Read:
        return Read(number=number, net=Decimal("3.00"))

    with staged(process, items=numbered("7")) as stage:
        stage.run()
        correct(stage, "4.00")
        stage.run()
        correct(stage, "3.00")
        stage.run()
        correct(stage, "1.00", step="match")
        stage.run()
        assert clerk.went_by[-1] == Decimal("1.00")
        assert stage.item("7").state == "done"


def test_a_correction_that_new_code_outdates_is_asked_about_and_can_be_made_again() -> None:
    """A field that is gone does not lock the item: the next correction takes the old one's place."""
    field = "net"

    def read(number: str) -> dict[str, str]:
        return {field: "-1.00"}

    def process(item: WorkItem, ctx: Context[Any]) -> None:
        if ctx.step("read", read, item.payload["number"])[field].startswith("-"):
            raise BusinessException("NEGATIVE", "The net is negative.")

    with staged(process, items=numbered("7")) as stage:
        stage.run()
        correct(stage, "-2.00")
        stage.run()
        field = "amount"
        stage.change(code_digest="deployed")
        retry(stage)
        (task,) = stage.waiting()
        assert task.question.code == "CORRECTION_REFUSED"
        correct(stage, "3.00", field="amount")
        stage.run()
        assert stage.item("7").state == "done"


def test_a_result_that_does_not_fit_its_annotation_is_the_bots_mistake() -> None:
    """Nobody is asked to correct again what nobody has corrected."""

    def read(number: str) -> int:
        return None  # type: ignore[return-value]

    with staged(lambda item, ctx: ctx.step("read", read, "7"), items=numbered("7"), attempts=1) as stage:
        stage.run()
        assert stage.item("7").code == "UNEXPECTED"


def test_the_order_of_steps_is_that_of_the_newest_attempt(stage: Stage) -> None:
    """A reused result is stored with the attempt that went by it."""
    retry(stage)
    item = stage.item("7")
    with stage.database.reading() as tx:
        assert [record.name for record in steps.latest(tx, item.id)] == ["read"]


def test_a_step_belongs_into_process() -> None:
    """Collect offers items; a step there is refused with a sentence."""
    with staged(lambda item, ctx: None) as stage:
        stage.change(collect=lambda ctx: ctx.step("read", str, "7"))
        with pytest.raises(TypeError, match="belong into process"):
            stage.run()

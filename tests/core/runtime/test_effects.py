"""Effects: found or intended before acting, confirmed after, and never done twice."""

from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
from pydantic import BaseModel

from core.decisions import DecisionRefused
from core.errors import BusinessException, Fenced, PortalUnavailable, SessionLost
from core.model.effects import Planned
from core.model.items import WorkItem
from core.model.reviews import ReviewKind, ReviewTask
from core.model.runs import Mode
from core.runtime import Context
from core.store import effects, steps
from core.store import tables as t
from core.testing import Stage
from tests.core.cast import SETTLE, Book, Entry, Receipt, entering, numbered, read_entry, simulated, staged


class PowerCut(BaseException):
    """Ends the worker in the middle, as nothing else does."""


def waiting(stage: Stage) -> ReviewTask:
    """Return the one task that waits."""
    (task,) = stage.waiting()
    return task


def confirm(stage: Stage, receipt: str = "V-9") -> None:
    """Say that the effect in doubt happened, and let the bot go on."""
    task = waiting(stage)
    stage.decisions.confirm(task.id, version=task.version, who="anna", receipt=receipt)
    stage.run()


def refute(stage: Stage) -> None:
    """Say that the effect in doubt did not happen, and let the bot go on."""
    task = waiting(stage)
    stage.decisions.refute(task.id, version=task.version, who="anna")
    stage.run()


def states(stage: Stage, reference: str = "7") -> list[str]:
    """Return the states of the item's effects, oldest first."""
    return [str(effect.state) for effect in stage.effects(reference)]


def test_an_effect_is_done_once_and_its_receipt_returned() -> None:
    """Nothing there: it is done, and the item ends with the receipt."""
    book = Book()
    with staged(entering(book), items=numbered("7")) as stage:
        stage.run()
        assert book.entries == [("7", "V-1")]
        assert stage.item("7").result == {"at": "today", "number": "V-1"}
        assert states(stage) == ["confirmed"]


def test_it_is_looked_for_before_the_first_do() -> None:
    """What staff entered by hand is found, confirmed, and not entered again."""
    book = Book(entries=[("7", "V-by-hand")])
    with staged(entering(book), items=numbered("7")) as stage:
        stage.run()
        assert book.numbers() == ["7"]
        (effect,) = stage.effects("7")
        assert (effect.state, effect.by, effect.receipt["number"]) == ("confirmed", "found", "V-by-hand")


def test_a_proven_effect_is_neither_looked_for_nor_done_again() -> None:
    """An item that comes back later gets the stored receipt."""
    book = Book()
    asked = True

    def process(item: WorkItem, ctx: Context[Any]) -> Receipt:
        receipt: Receipt = entering(book)(item, ctx)
        if asked:
            raise BusinessException("ODD", "Something after the effect.")
        return receipt

    with staged(process, items=numbered("7")) as stage:
        stage.run()
        searches, asked = book.searches, False
        task = waiting(stage)
        stage.decisions.retry(task.id, version=task.version, who="anna")
        stage.run()
        assert book.numbers() == ["7"]
        assert book.searches == searches
        assert stage.item("7").result == {"at": "today", "number": "V-1"}


def test_when_the_target_cannot_tell_a_person_is_asked_before_the_first_do() -> None:
    """Nothing is entered, nothing is intended."""
    book = Book(blind=["two hits"])
    with staged(entering(book), items=numbered("7")) as stage:
        stage.run()
        assert waiting(stage).question.kind is ReviewKind.UNCERTAIN
        assert "two hits" in waiting(stage).question.reason
        assert (book.entries, states(stage)) == ([], [])


def test_refuting_lets_it_be_done_though_the_target_still_cannot_tell() -> None:
    """The person has looked: the next attempt acts, and asks no second time."""
    book = Book(blind=["two hits", "two hits"])
    with staged(entering(book), items=numbered("7")) as stage:
        stage.run()
        refute(stage)
        assert book.numbers() == ["7"]
        assert states(stage) == ["refuted", "confirmed"]


def test_a_refutation_does_not_answer_for_what_was_tried_after_it() -> None:
    """In doubt again after the person looked: a person looks again, and nothing is done blindly."""
    book = Book(blind=["two hits", "two hits"], after=[PortalUnavailable("no answer")])
    with staged(entering(book), items=numbered("7")) as stage:
        stage.run()
        book.blind.append("still two hits")
        refute(stage)
        assert waiting(stage).question.code == "CANNOT_TELL"
        assert book.numbers() == ["7"]
        confirm(stage)
        assert book.numbers() == ["7"]
        assert stage.item("7").state == "done"


def test_confirming_takes_the_number_a_person_typed() -> None:
    """The item goes on with a receipt of the target's type, made of that number."""
    book = Book(blind=["two hits"])
    with staged(entering(book), items=numbered("7")) as stage:
        stage.run()
        confirm(stage, " V-9 ")
        assert book.entries == []
        assert stage.item("7").result == {"at": None, "number": "V-9"}
        assert states(stage) == ["confirmed"]


@pytest.mark.parametrize("blank", ["", "  "])
def test_confirming_needs_a_number(blank: str) -> None:
    """Without one nothing changes."""
    book = Book(blind=["two hits"])
    with staged(entering(book), items=numbered("7")) as stage:
        stage.run()
        with pytest.raises(DecisionRefused) as refused:
            confirm(stage, blank)
        assert refused.value.code == "NO_RECEIPT"
        assert states(stage) == []
        assert waiting(stage).version == 1


@pytest.mark.parametrize("unclear", [PortalUnavailable("no answer"), RuntimeError("who knows"), SessionLost("gone")])
def test_an_unclear_answer_is_looked_for_after_the_target_has_settled(unclear: Exception) -> None:
    """It was entered although the answer was lost: it is found, not entered again."""
    book = Book(after=[unclear])
    with staged(entering(book), items=numbered("7")) as stage:
        began = stage.clock.clock().now()
        stage.run()
        assert book.numbers() == ["7"]
        assert states(stage) == ["confirmed"]
        assert stage.item("7").changed_at - began >= SETTLE


def test_what_did_not_take_is_done_again_after_the_target_has_settled() -> None:
    """A plain function may have changed something from its first line on, so it waits too."""
    book = Book(before=[PortalUnavailable("no answer")])
    with staged(entering(book), items=numbered("7")) as stage:
        stage.run()
        assert book.numbers() == ["7"]
        assert states(stage) == ["confirmed"]
        assert book.searches == 2


def test_a_search_that_fails_after_a_doubt_never_means_absent() -> None:
    """Looking fails every time: a person is asked, naming the effect and the target; refuting acts exactly once."""
    book = Book()

    def do(plan: Entry) -> Receipt:
        book.blind = [PortalUnavailable("down")] * 2
        raise PortalUnavailable("no answer")

    failing = [do]

    def process(item: WorkItem, ctx: Context[Any]) -> Receipt:
        plan = Entry(number="7")
        acting = failing.pop() if failing else book.do
        return ctx.effect("post", key="7", plan=plan, find=book.find, do=acting, target="book")

    with staged(process, items=numbered("7"), attempts=3, stop_after=99) as stage:
        stage.run()
        task = waiting(stage)
        assert (task.question.code, task.question.kind) == ("EFFECT_IN_DOUBT", ReviewKind.UNCERTAIN)
        assert task.question.details["target"] == "book"
        assert book.entries == []
        refute(stage)
        assert book.numbers() == ["7"]
        assert states(stage) == ["refuted", "confirmed"]


def test_an_effect_that_always_fails_ends_with_a_person_and_loops_nowhere() -> None:
    """Done again after each doubt until the tries are used up; every retry a person asks for is bounded too."""
    book = Book(before=[PortalUnavailable("no answer")] * 50)
    with staged(entering(book), items=numbered("7"), attempts=3, stop_after=99) as stage:
        stage.run()
        assert waiting(stage).question.code == "EFFECT_IN_DOUBT"
        used = 50 - len(book.before)
        assert used == 3
        task = waiting(stage)
        stage.decisions.retry(task.id, version=task.version, who="anna")
        stage.run()
        assert waiting(stage).question.code == "EFFECT_IN_DOUBT"


def test_a_second_document_for_a_live_key_is_a_possible_duplicate() -> None:
    """The second item asks a person, shows the first one's receipt, and enters nothing."""
    book = Book()
    with staged(entering(book, key=lambda plan: "same"), items=numbered("7", "8")) as stage:
        stage.run()
        task = waiting(stage)
        assert (task.reference, task.question.kind) == ("8", ReviewKind.DUPLICATE)
        assert task.question.details["receipt"]["number"] == "V-1"
        assert book.numbers() == ["7"]
        with stage.database.reading() as tx:
            assert [record.name for record in steps.latest(tx, task.item_id)] == ["read"]


def test_a_duplicate_can_be_cancelled() -> None:
    """Nothing was begun for it."""
    book = Book()
    with staged(entering(book, key=lambda plan: "same"), items=numbered("7", "8")) as stage:
        stage.run()
        task = waiting(stage)
        stage.decisions.cancel(task.id, version=task.version, who="anna", note="the same invoice")
        stage.run()
        assert (stage.item("8").state, book.numbers()) == ("cancelled", ["7"])


def test_an_item_is_no_duplicate_of_itself() -> None:
    """The session is lost after the entry was found: the repeat goes on with the receipt it has."""
    book = Book(entries=[("7", "V-1")])
    lost = [SessionLost("gone")]

    def process(item: WorkItem, ctx: Context[Any]) -> Receipt:
        receipt: Receipt = entering(book)(item, ctx)
        if lost:
            raise lost.pop()
        return receipt

    with staged(process, items=numbered("7")) as stage:
        stage.run()
        assert stage.item("7").state == "done"
        assert book.numbers() == ["7"]


@pytest.mark.parametrize("what", ["plan", "key", "target"])
def test_what_changed_after_it_was_entered_goes_to_a_person_and_can_be_confirmed(what: str) -> None:
    """Entered with other values: a person says that it stands, is asked once, and nothing is entered again."""
    book = Book()
    change = {"plan": "7", "key": "7", "target": "book"}
    then: list[Exception] = [BusinessException("ODD", "Something.")]

    def process(item: WorkItem, ctx: Context[Any]) -> Receipt:
        plan = Entry(number=change["plan"])
        receipt = ctx.effect("post", key=change["key"], plan=plan, find=book.find, do=book.do, target=change["target"])
        if then:
            raise then.pop()
        return receipt

    with staged(process, items=numbered("7"), targets=[simulated(), simulated("other")]) as stage:
        stage.run()
        change[what] = "other"
        task = waiting(stage)
        stage.decisions.retry(task.id, version=task.version, who="anna")
        stage.run()
        task = waiting(stage)
        assert (task.question.kind, task.question.code) == (ReviewKind.CHANGED, "PLAN_CHANGED")
        with pytest.raises(DecisionRefused, match="receipt"):
            stage.decisions.refute(task.id, version=task.version, who="anna")
        confirm(stage)
        assert stage.item("7").state == "done"
        assert book.numbers() == ["7"]
        assert stage.item("7").result["number"] == "V-1"


@pytest.mark.parametrize("happened", [True, False])
def test_what_changed_while_in_doubt_goes_to_a_person(*, happened: bool) -> None:
    """Confirmed, it stands as entered; refuted, the key is free and the new plan is carried out, once."""
    book = Book(after=[PortalUnavailable("no answer")])
    if not happened:
        book = Book(before=[PortalUnavailable("no answer")])
    change = {"number": "7"}

    def process(item: WorkItem, ctx: Context[Any]) -> Receipt:
        plan = Entry(number=change["number"])
        change["number"] = "8"
        return ctx.effect("post", key=plan.number, plan=plan, find=book.find, do=book.do, target="book")

    with staged(process, items=numbered("7")) as stage:
        stage.run()
        assert waiting(stage).question.code == "PLAN_CHANGED"
        if happened:
            confirm(stage)
            assert book.numbers() == ["7"]
            assert states(stage) == ["confirmed"]
        else:
            refute(stage)
            assert book.numbers() == ["8"]
            assert states(stage) == ["refuted", "confirmed"]
        assert stage.item("7").state == "done"


def test_a_power_cut_in_the_middle_is_looked_into() -> None:
    """Killed after the entry and before the receipt: the next run finds it."""
    book = Book(after=[])

    def do(plan: Entry) -> Receipt:
        book.do(plan)
        raise PowerCut

    acting = [do]

    def process(item: WorkItem, ctx: Context[Any]) -> Receipt:
        plan = Entry(number="7")
        return ctx.effect(
            "post", key="7", plan=plan, find=book.find, do=acting.pop() if acting else book.do, target="book"
        )

    with staged(process, items=numbered("7")) as stage:
        with pytest.raises(PowerCut):
            stage.run()
        died = stage.clock.clock().now()
        stage.run()
        assert book.numbers() == ["7"]
        (effect,) = stage.effects("7")
        assert effect.by == "looked"
        assert effect.ended_at is not None
        assert effect.ended_at - died >= SETTLE


def test_a_worker_that_lost_the_item_does_not_click() -> None:
    """The fence is right before the change: who no longer holds the item changes nothing."""
    book = Book()

    def process(item: WorkItem, ctx: Context[Any]) -> Receipt:
        def find(plan: Entry) -> Any:
            with stage.database.transaction(actor="system:thief") as tx:
                tx.connection.execute(t.item.update().values(token=t.item.c.token + 1))
            return book.find(plan)

        return ctx.effect("post", key="7", plan=Entry(number="7"), find=find, do=book.do, target="book")

    with staged(process, items=numbered("7")) as stage:
        report = stage.run()
        assert report.outcomes == {"abandoned": 1}
        assert (book.entries, states(stage)) == ([], [])


def test_a_fence_met_after_the_click_is_a_doubt() -> None:
    """The intent stands, so that whoever takes the item over looks before acting."""
    book = Book(after=[Fenced("no longer held")])
    with staged(entering(book), items=numbered("7")) as stage:
        stage.run()
        assert book.numbers() == ["7"]
        assert [effect.by for effect in stage.effects("7")] == ["looked"]


def test_plans_never_reserve_a_key() -> None:
    """What one bot only planned, another item may enter; approved later, the plan is a possible duplicate."""
    book = Book()
    with staged(entering(book, key=lambda plan: "same"), items=numbered("7", "8")) as stage:
        stage.run(mode=Mode.RECOMMEND)
        first, second = stage.waiting()
        assert {first.question.kind, second.question.kind} == {ReviewKind.PLAN}
        assert stage.effects("7") == stage.effects("8") == []
        stage.decisions.approve(second.id, version=second.version, who="anna")
        stage.run(mode=Mode.RECOMMEND)
        stage.decisions.approve(first.id, version=first.version, who="anna")
        stage.run(mode=Mode.RECOMMEND)
        assert waiting(stage).question.kind is ReviewKind.DUPLICATE
        assert book.numbers() == ["8"]


def test_a_document_sent_again_reopens_nothing() -> None:
    """The reference is known for ever."""
    book = Book()
    with staged(entering(book), items=lambda: numbered("7")) as stage:
        stage.run()
        report = stage.run()
        assert (report.new, report.duplicate) == (0, 1)
        assert book.numbers() == ["7"]


def test_the_same_effect_twice_in_one_attempt_is_one_effect() -> None:
    """A second call with the same plan gets the same receipt; with another plan it goes to a person."""
    book = Book()

    def process(item: WorkItem, ctx: Context[Any]) -> bool:
        first, second = entering(book)(item, ctx), entering(book)(item, ctx)
        return bool(first == second)

    with staged(process, items=numbered("7")) as stage:
        stage.run()
        assert stage.item("7").result is True
        assert book.numbers() == ["7"]


def test_two_effects_of_one_item_are_decided_apart() -> None:
    """Confirming the second says nothing about the first, which is in doubt too."""
    ledger, archive = Book(after=[PortalUnavailable("no answer")]), Book(blind=["cannot say"])
    deployed = False

    def process(item: WorkItem, ctx: Context[Any]) -> None:
        plan = Entry(number="7")
        if deployed:
            ctx.effect("file", key="7", plan=plan, find=archive.find, do=archive.do, target="book")
        ctx.effect("post", key="7", plan=plan, find=ledger.find, do=ledger.do, target="book")

    with staged(process, items=numbered("7"), linger=SETTLE / 2) as stage:
        stage.run()
        assert states(stage) == ["uncertain"]
        deployed = True
        stage.clock.tick(SETTLE)
        stage.run()
        confirm(stage, "A-1")
        by_name = {effect.name: effect for effect in stage.effects("7")}
        assert by_name["file"].receipt == {"by_hand": "A-1"}
        assert by_name["post"].by == "looked"
        assert by_name["post"].receipt["number"] == "V-1"


class Loose(BaseModel):
    """A plan that can be changed after it was shown."""

    number: str


class TwoNumbers(BaseModel):
    """A receipt that nobody could type as one number."""

    number: str
    page: str


@dataclass(frozen=True)
class Stub:
    """A receipt as a dataclass."""

    number: str


def two_numbers(plan: Entry) -> TwoNumbers:
    """Would return such a receipt."""
    raise AssertionError("must not be called")


def stub(plan: Entry) -> Stub:
    """Return a dataclass."""
    return Stub(number="S-1")


def nothing(plan: Entry) -> Receipt:
    """Forget to return the receipt."""
    return None  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("plan", "do", "answer"),
    [
        (Loose(number="7"), Book().do, None),
        ({"number": "7"}, Book().do, None),
        (Entry(number="7"), two_numbers, None),
        (Entry(number="7"), Book().do, "yes"),
    ],
)
def test_a_mistake_of_the_author_is_met_before_anything_is_done(plan: Any, do: Any, answer: Any) -> None:
    """A plan that can change, a receipt nobody can type, a search with no answer: nothing is intended."""
    book = Book()

    def process(item: WorkItem, ctx: Context[Any]) -> Any:
        def find(plan: Any) -> Any:
            return answer if answer is not None else Book().find(plan)

        return ctx.effect("post", key="7", plan=plan, find=find, do=do, target="book")

    with staged(process, items=numbered("7"), attempts=1) as stage:
        stage.run()
        assert (stage.item("7").state, stage.item("7").code) == ("failed", "UNEXPECTED")
        assert (book.entries, states(stage)) == ([], [])


def test_a_receipt_that_does_not_fit_is_a_doubt() -> None:
    """Something may have happened, so it is looked for; nothing that cannot be read back is stored as proof."""
    book = Book()
    acting: list[Any] = [nothing]

    def process(item: WorkItem, ctx: Context[Any]) -> Receipt:
        do = acting.pop() if acting else book.do
        return ctx.effect("post", key="7", plan=Entry(number="7"), find=book.find, do=do, target="book")

    with staged(process, items=numbered("7")) as stage:
        stage.run()
        assert book.searches == 2
        assert book.numbers() == ["7"]


@pytest.mark.parametrize("do", [stub, partial(stub), lambda plan: Stub(number="S-1")])
def test_any_callable_may_do_it(do: Any) -> None:
    """A dataclass receipt, a partial, a lambda; a number typed by a person fits each."""
    blind = ["cannot say"]

    def find(plan: Entry) -> Any:
        return Book(blind=[blind.pop()]).find(plan) if blind else Book().find(plan)

    def process(item: WorkItem, ctx: Context[Any]) -> Any:
        return ctx.effect("post", key=item.reference, plan=Entry(number="7"), find=find, do=do, target="book")

    with staged(process, items=numbered("7", "8")) as stage:
        stage.run()
        assert stage.item("8").result == {"number": "S-1"}
        confirm(stage, "S-9")
        assert stage.item("7").result in ({"number": "S-9"}, "S-9")


def test_a_clear_refusal_after_the_click_goes_to_a_person_at_once() -> None:
    """The target said no: nobody tries again before a person has looked, and a refutation lets the bot go on once."""
    book = Book(before=[BusinessException("VOUCHER_REFUSED", "the period is closed")])
    with staged(entering(book), items=numbered("7")) as stage:
        stage.run()
        task = waiting(stage)
        assert (task.question.kind, task.question.code) == (ReviewKind.UNCERTAIN, "VOUCHER_REFUSED")
        assert "the period is closed" in task.question.reason
        stage.run()
        assert book.entries == []
        refute(stage)
        assert [number for number, _ in book.entries] == ["7"]
        assert states(stage) == ["refuted", "confirmed"]


@pytest.mark.parametrize("there", [True, False])
def test_a_key_taken_by_another_worker_at_the_same_moment_is_a_possible_duplicate(*, there: bool) -> None:
    """Taken between the search and the intent: nothing is entered, and the steps are stored with the question."""
    book = Book(entries=[("8", "V-0")] if there else [])

    def find(plan: Entry) -> Any:
        answer = book.find(plan)
        if plan.number == "8":
            taken = Planned(target="book", name="post", key="8", plan={}, plan_digest="d")
            with stage.database.transaction(actor="system:other") as tx:
                effects.intend(tx, bot="clerk", item_id=1, token=1, plan=taken)
        return answer

    def process(item: WorkItem, ctx: Context[Any]) -> Any:
        if item.reference == "7":
            return "fine"
        plan = ctx.step("read", read_entry, dict(item.payload))
        return ctx.effect("post", key=plan.number, plan=plan, find=find, do=book.do, target="book")

    with staged(process, items=numbered("7", "8")) as stage:
        stage.run()
        task = waiting(stage)
        assert (task.reference, task.question.kind) == ("8", ReviewKind.DUPLICATE)
        assert book.made == 0
        with stage.database.reading() as tx:
            assert [record.name for record in steps.latest(tx, task.item_id)] == ["read"]

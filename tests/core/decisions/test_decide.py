"""What a person may decide, each once, by name, on the version they saw; what is refused changes nothing."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from audit.tables import trail_event
from core.checks import Finding, RulePack, failed, passed
from core.decisions import DecisionRefused, Decisions, People
from core.errors import BusinessException, PortalUnavailable
from core.model.items import WorkItem
from core.model.outcomes import NOBODY, ONE_PERSON, TWO_PEOPLE, Waivable
from core.model.reviews import ALLOWED, Action, ReviewKind, ReviewState, ReviewTask
from core.runtime import Context
from core.store import tables as t
from core.testing import Stage
from tests.core.cast import SETTLE, Book, Entry, Receipt, entering, numbered, read_entry, staged

CLAIM = timedelta(minutes=15)


def task_of(stage: Stage) -> ReviewTask:
    """Return the one task that waits."""
    (task,) = stage.waiting()
    return task


def everything(stage: Stage) -> dict[str, list[Any]]:
    """Return every row of the store."""
    with stage.database.reading() as tx:
        return {name: list(tx.connection.execute(sa.select(table))) for name, table in t.metadata.tables.items()}


@contextmanager
def refused(stage: Stage, code: str) -> Iterator[None]:
    """Expect a refusal that leaves the store exactly as it was."""
    before = everything(stage)
    with pytest.raises(DecisionRefused) as told:
        yield
    assert told.value.code == code
    assert everything(stage) == before


def asking(item: WorkItem, ctx: Context[Any]) -> None:
    """A bot that always asks."""
    ctx.step("read", read_entry, dict(item.payload))
    raise BusinessException("ODD", "This is odd.")


@pytest.fixture
def stage() -> Iterator[Stage]:
    """A stage on which a person is asked about item 7."""
    with staged(asking, items=numbered("7")) as stage:
        stage.run()
        yield stage


DECISIONS: dict[Action, Callable[[Stage, ReviewTask], Any]] = {
    Action.CORRECT: lambda s, task: s.decisions.correct(
        task.id, version=task.version, who="anna", step="read", changes={"net": "7.00"}
    ),
    Action.WAIVE: lambda s, task: s.decisions.waive(task.id, version=task.version, who="anna", codes=["A"], note="ok"),
    Action.APPROVE: lambda s, task: s.decisions.approve(task.id, version=task.version, who="anna"),
    Action.RETRY: lambda s, task: s.decisions.retry(task.id, version=task.version, who="anna"),
    Action.PARK: lambda s, task: s.decisions.park(
        task.id, version=task.version, who="anna", until=s.database.now() + timedelta(days=1)
    ),
    Action.DONE_BY_HAND: lambda s, task: s.decisions.done_by_hand(
        task.id, version=task.version, who="anna", receipt="V-9"
    ),
    Action.CANCEL: lambda s, task: s.decisions.cancel(task.id, version=task.version, who="anna", note="not ours"),
    Action.CONFIRM: lambda s, task: s.decisions.confirm(task.id, version=task.version, who="anna", receipt="V-9"),
    Action.REFUTE: lambda s, task: s.decisions.refute(task.id, version=task.version, who="anna"),
}


@pytest.mark.parametrize("action", sorted(set(Action) - ALLOWED[ReviewKind.BUSINESS]))
def test_what_a_kind_of_question_does_not_allow_is_refused(stage: Stage, action: Action) -> None:
    """The person hears what is possible."""
    with refused(stage, "NOT_ALLOWED_HERE"):
        DECISIONS[action](stage, task_of(stage))


@pytest.mark.parametrize("action", sorted(ALLOWED[ReviewKind.BUSINESS]))
def test_a_decision_names_the_version_it_saw(stage: Stage, action: Action) -> None:
    """A task that has changed since is looked at again."""
    seen = task_of(stage)
    stage.decisions.let_go(stage.decisions.claim(seen.id, who="anna").id, who="anna")
    with refused(stage, "CHANGED_SINCE"):
        DECISIONS[action](stage, seen)


@pytest.mark.parametrize("action", sorted(ALLOWED[ReviewKind.BUSINESS] - {Action.PARK}))
def test_a_task_is_answered_once(stage: Stage, action: Action) -> None:
    """The second answer is refused, whoever gives it."""
    task = task_of(stage)
    DECISIONS[action](stage, task)
    with refused(stage, "ANSWERED_ALREADY"):
        DECISIONS[action](stage, task)


@pytest.mark.parametrize("action", sorted(ALLOWED[ReviewKind.BUSINESS]))
def test_a_task_that_somebody_has_is_theirs(stage: Stage, action: Action) -> None:
    """Until their claim runs out."""
    claimed = stage.decisions.claim(task_of(stage).id, who="bob")
    with refused(stage, "WITH_SOMEONE"):
        DECISIONS[action](stage, claimed)
    stage.clock.tick(CLAIM)
    DECISIONS[action](stage, claimed)


@pytest.mark.parametrize("action", sorted(ALLOWED[ReviewKind.BUSINESS]))
def test_every_decision_is_in_the_trail(stage: Stage, action: Action) -> None:
    """Under the name of the person who took it."""
    DECISIONS[action](stage, task_of(stage))
    with stage.database.reading() as tx:
        actors = set(tx.connection.execute(sa.select(trail_event.c.action, trail_event.c.actor)).all())
    expected = "review.parked" if action is Action.PARK else "review.decided"
    assert (expected, "person:anna") in actors


def test_a_task_that_is_not_there_is_refused(stage: Stage) -> None:
    """With a sentence, not a stack trace."""
    with refused(stage, "NO_SUCH_TASK"):
        stage.decisions.retry(99, version=1, who="anna")


@pytest.mark.parametrize("who", ["", "  "])
def test_a_decision_has_a_name(stage: Stage, who: str) -> None:
    """Nobody decides nameless."""
    task = task_of(stage)
    with refused(stage, "NO_NAME"):
        stage.decisions.retry(task.id, version=task.version, who=who)


def test_only_the_people_of_the_installation_decide() -> None:
    """A name that is not in [people] is refused for every action."""
    with staged(asking, items=numbered("7"), people={"anna": ()}) as stage:
        stage.run()
        task = task_of(stage)
        for act in (
            lambda: stage.decisions.retry(task.id, version=task.version, who="eve"),
            lambda: stage.decisions.claim(task.id, who="eve"),
            lambda: stage.decisions.let_go(task.id, who="eve"),
        ):
            with refused(stage, "UNKNOWN_PERSON"):
                act()
        stage.decisions.claim(task.id, who="anna")


def test_a_claim_can_be_renewed_given_back_and_taken_by_another(stage: Stage) -> None:
    """One person has a task at a time."""
    task = task_of(stage)
    first = stage.decisions.claim(task.id, who="anna")
    assert (first.state, first.claimed_by) == (ReviewState.CLAIMED, "anna")
    with refused(stage, "WITH_SOMEONE"):
        stage.decisions.claim(task.id, who="bob")
    stage.clock.tick(CLAIM / 2)
    renewed = stage.decisions.claim(task.id, who="anna")
    assert renewed.claimed_until == stage.database.now() + CLAIM
    with refused(stage, "WITH_SOMEONE"):
        stage.decisions.let_go(task.id, who="bob")
    stage.decisions.let_go(task.id, who="anna")
    assert stage.decisions.claim(task.id, who="bob").claimed_by == "bob"


def test_a_parked_task_stays_and_shows_its_date(stage: Stage) -> None:
    """Parking begins nothing; a date that has passed is refused."""
    task = task_of(stage)
    with refused(stage, "DATE_PASSED"):
        stage.decisions.park(task.id, version=task.version, who="anna", until=stage.database.now())
    until = stage.database.now() + timedelta(days=3)
    stage.decisions.park(task.id, version=task.version, who="anna", until=until, note="asked the supplier")
    parked = task_of(stage)
    assert (parked.state, parked.parked_until, parked.note) == (ReviewState.OPEN, until, "asked the supplier")
    assert stage.run().outcomes == {}
    stage.decisions.retry(parked.id, version=parked.version, who="bob")
    assert stage.run().outcomes == {"review": 1}


def test_done_by_hand_ends_the_item_with_the_receipt(stage: Stage) -> None:
    """A receipt is needed, and kept."""
    task = task_of(stage)
    with refused(stage, "NO_RECEIPT"):
        stage.decisions.done_by_hand(task.id, version=task.version, who="anna", receipt=" ")
    DECISIONS[Action.DONE_BY_HAND](stage, task)
    assert (stage.item("7").state, stage.item("7").result) == ("done", {"by_hand": "V-9"})
    assert stage.run().outcomes == {}


def test_cancelling_needs_a_reason_and_ends_the_item(stage: Stage) -> None:
    """Nothing is done for it any more."""
    task = task_of(stage)
    with refused(stage, "NO_REASON"):
        stage.decisions.cancel(task.id, version=task.version, who="anna", note="")
    DECISIONS[Action.CANCEL](stage, task)
    assert stage.item("7").state == "cancelled"
    assert stage.run().outcomes == {}


@pytest.fixture
def begun() -> Iterator[tuple[Stage, Book]]:
    """A stage on which an effect was begun, and a person is asked about something else."""
    book = Book(after=[PortalUnavailable("no answer")])

    def process(item: WorkItem, ctx: Context[Any]) -> Receipt:
        if item.reference in doubted:
            raise BusinessException("ODD", "This is odd.")
        doubted.append(item.reference)
        receipt: Receipt = entering(book)(item, ctx)
        return receipt

    doubted: list[str] = []
    with staged(process, items=numbered("7"), linger=SETTLE * 2) as stage:
        stage.run()
        yield stage, book


def test_what_was_begun_cannot_be_cancelled_away(begun: tuple[Stage, Book]) -> None:
    """Somebody says whether it happened."""
    stage, _ = begun
    with refused(stage, "NOT_ALLOWED_HERE"):
        DECISIONS[Action.CANCEL](stage, task_of(stage))
    DECISIONS[Action.CONFIRM](stage, task_of(stage))
    assert [str(effect.state) for effect in stage.effects("7")] == ["confirmed"]


def test_done_by_hand_settles_what_was_begun(begun: tuple[Stage, Book]) -> None:
    """The effect is proven by the person's receipt, and its key stays taken."""
    stage, book = begun
    DECISIONS[Action.DONE_BY_HAND](stage, task_of(stage))
    (effect,) = stage.effects("7")
    assert (effect.state, effect.receipt, effect.by) == ("confirmed", {"by_hand": "V-9"}, "person:anna")
    assert stage.run().outcomes == {}
    assert book.numbers() == ["7"]


def test_refuting_what_was_begun_frees_the_key(begun: tuple[Stage, Book]) -> None:
    """The effect is no longer live."""
    stage, _ = begun
    DECISIONS[Action.REFUTE](stage, task_of(stage))
    assert [str(effect.state) for effect in stage.effects("7")] == ["refuted"]


def checking(waive: Waivable, *, found: list[str], more: bool = False) -> Callable[[WorkItem, Context[Any]], None]:
    """Return a bot whose check never passes; `found` is what it finds at each attempt."""
    pack = RulePack("tests", version="1")

    @pack.rule("A", source="policy", action="Look.", waive=waive)
    def first(what: str) -> Finding:
        """What is found is right."""
        return failed(f"{what} is wrong.", found=what)

    if more:

        @pack.rule("B", source="policy", action="Look.", waive=ONE_PERSON)
        def second(what: str) -> Finding:
            """What is found is right too."""
            return passed() if what == "right" else failed("B is wrong.")

    def process(item: WorkItem, ctx: Context[Any]) -> None:
        ctx.check(pack, what=found.pop(0) if len(found) > 1 else found[0])

    return process


def waive(stage: Stage, who: str, *codes: str) -> bool:
    """Waive the checks of the one task that waits."""
    task = task_of(stage)
    return stage.decisions.waive(task.id, version=task.version, who=who, codes=codes or ["A"], note="ok")


def test_one_person_waives_and_the_item_goes_on() -> None:
    """The check still does not pass; it no longer stands in the way."""
    with staged(checking(ONE_PERSON, found=["x"]), items=numbered("7")) as stage:
        stage.run()
        assert waive(stage, "anna")
        assert stage.run().outcomes == {"done": 1}


def test_what_changed_since_is_asked_again() -> None:
    """A waiver is bound to the check's inputs and outcome; back at the waived one it counts again."""
    with staged(checking(ONE_PERSON, found=["x", "y", "x"]), items=numbered("7")) as stage:
        stage.run()
        waive(stage, "anna")
        assert stage.run().outcomes == {"review": 1}
        assert task_of(stage).question.reason == "y is wrong."
        task = task_of(stage)
        stage.decisions.retry(task.id, version=task.version, who="anna")
        assert stage.run().outcomes == {"done": 1}


def test_a_waiver_is_for_one_item() -> None:
    """The same outcome of another item is asked about."""
    with staged(checking(ONE_PERSON, found=["x"]), items=numbered("7", "8")) as stage:
        stage.run()
        task = stage.waiting()[0]
        stage.decisions.waive(task.id, version=task.version, who="anna", codes=["A"], note="ok")
        stage.run()
        assert (stage.item("7").state, stage.item("8").state) == ("done", "in_review")


def test_some_checks_nobody_may_waive() -> None:
    """Not even two people."""
    with staged(checking(NOBODY, found=["x"]), items=numbered("7")) as stage:
        stage.run()
        with refused(stage, "NOT_WAIVABLE"):
            waive(stage, "anna")


def test_two_people_are_two_different_people() -> None:
    """The first leave waits, the same person is refused, the second lets the item go on."""
    with staged(checking(TWO_PEOPLE, found=["x"]), items=numbered("7")) as stage:
        stage.run()
        assert not waive(stage, "anna")
        assert task_of(stage).votes == (("anna", "A", task_of(stage).question.details["outcomes"][0]["digest"]),)
        with refused(stage, "SECOND_PERSON"):
            waive(stage, "anna")
        assert stage.run().outcomes == {}
        assert waive(stage, "bob")
        assert stage.run().outcomes == {"done": 1}


def test_one_persons_two_leaves_for_two_outcomes_are_not_two_peoples() -> None:
    """The first person's leave for what it was before does not count for what it is now."""
    with staged(checking(TWO_PEOPLE, found=["x", "y"]), items=numbered("7")) as stage:
        stage.run()
        waive(stage, "anna")
        task = task_of(stage)
        stage.decisions.retry(task.id, version=task.version, who="anna")
        stage.run()
        assert not waive(stage, "bob")


def test_every_check_that_stands_in_the_way_is_waived_for_itself() -> None:
    """Waiving one of two leaves the other; naming none, or one that is not open, is refused."""
    with staged(checking(ONE_PERSON, found=["x"], more=True), items=numbered("7")) as stage:
        stage.run()
        assert not waive(stage, "anna", "A")
        task = task_of(stage)
        with refused(stage, "NO_SUCH_CHECK"):
            waive(stage, "anna", "C")
        with refused(stage, "NOTHING_WAIVED"):
            stage.decisions.waive(task.id, version=task.version, who="anna", codes=[], note="")
        assert waive(stage, "bob", "B", "B")
        assert stage.run().outcomes == {"done": 1}


def test_a_role_that_a_check_asks_for() -> None:
    """Only a person who has it in [people] may waive; a refusal of one code gives none of the others."""
    people = {"anna": ("treasurer",), "bob": ("clerk",)}
    wanted = Waivable(people=1, role="treasurer")
    with staged(checking(wanted, found=["x"], more=True), items=numbered("7"), people=people) as stage:
        stage.run()
        with refused(stage, "ROLE_LACKING"):
            waive(stage, "bob", "B", "A")
        assert waive(stage, "anna", "A", "B")


def test_a_correction_makes_the_checks_run_again() -> None:
    """On the corrected value."""
    pack = RulePack("tests", version="1")

    @pack.rule("SMALL", source="policy", action="Look.", waive=NOBODY)
    def small(entry: Entry) -> Finding:
        """The net is small."""
        return passed() if entry.net < 6 else failed(f"{entry.net} is much.")

    def process(item: WorkItem, ctx: Context[Any]) -> None:
        ctx.check(pack, entry=ctx.step("read", read_entry, {"number": "7", "net": "6.00"}))

    with staged(process, items=numbered("7")) as stage:
        stage.run()
        task = task_of(stage)
        stage.decisions.correct(
            task.id, version=task.version, who="anna", step="read", changes={"net": Decimal("8.00")}
        )
        stage.run()
        task = task_of(stage)
        assert task.question.reason == "8.00 is much."
        stage.decisions.correct(task.id, version=task.version, who="anna", step="read", changes={"net": "5.00"})
        assert stage.run().outcomes == {"done": 1}


def test_a_correction_names_a_field(stage: Stage) -> None:
    """An empty one is refused."""
    task = task_of(stage)
    with refused(stage, "NOTHING_CHANGED"):
        stage.decisions.correct(task.id, version=task.version, who="anna", step="read", changes={})


def test_a_crash_before_the_commit_leaves_the_question_open(stage: Stage) -> None:
    """A decision reaches three boundaries; dying at the second, nothing of it is stored, and it can be taken again."""
    reached: list[str] = []

    def reach(boundary: str) -> None:
        reached.append(boundary)
        if boundary.endswith("commit"):
            raise KeyboardInterrupt

    task, before = task_of(stage), everything(stage)
    dying = Decisions(stage.database, people=People(), reach=reach)
    with pytest.raises(KeyboardInterrupt):
        dying.cancel(task.id, version=task.version, who="anna", note="not ours")
    assert everything(stage) == before
    Decisions(stage.database, people=People(), reach=reached.append).cancel(
        task.id, version=task.version, who="anna", note="not ours"
    )
    begun = ["decision cancel before", "decision cancel before commit"]
    assert reached == [*begun, *begun, "decision cancel after"]
    assert stage.item("7").state == "cancelled"

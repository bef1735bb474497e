"""What may have happened is looked for when the target has settled, however the attempt came to its end.

The first two doubled in the simulation, with late commits and a lagging search, before they were mended.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa

from core.errors import ApplicationException, BusinessException, PortalUnavailable, SessionLost
from core.model.effects import EffectState
from core.model.items import WorkItem
from core.runtime import Context
from core.runtime.endings import InDoubt
from core.runtime.reaper import MOST_CRASHES
from core.store import tables as t
from core.testing import Stage
from tests.core.cast import SETTLE, Book, Entry, Receipt, entering, numbered, staged


def losing_the_store(stage: Stage, *, at: str, after: bool) -> None:
    """Lose the connection at the next commit that follows a statement with this text: before it took, or after."""
    seen: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
        if seen != ["over"] and at in statement and "confirmed" in str(parameters):
            seen.append(statement)

    def commit(connection: sa.Connection) -> None:
        if seen and seen != ["over"]:
            seen[:] = ["over"]
            if after:
                connection.connection.cursor().execute("COMMIT")
            raise sa.exc.OperationalError("COMMIT", {}, ConnectionError("the connection is lost"))

    sa.event.listen(stage.database.engine, "before_cursor_execute", note)
    sa.event.listen(stage.database.engine, "commit", commit)


@pytest.mark.parametrize("after", [True, False])
def test_a_store_lost_while_the_receipt_is_stored_is_a_doubt(*, after: bool) -> None:
    """It was clicked, so it is looked for when the target has settled, unless the receipt is in the store after all."""
    book = Book()
    with staged(entering(book), items=numbered("7")) as stage:
        losing_the_store(stage, at="UPDATE effect", after=after)
        began = stage.clock.clock().now()
        report = stage.run()
        assert report.outcomes == {"abandoned": 1, "done": 1}
        assert after or stage.item("7").changed_at - began >= SETTLE
        assert book.numbers() == ["7"]
        assert book.searches == (1 if after else 2)


def failing_at_the_end(book: Book, error: ApplicationException) -> Any:
    """Return a process function whose clean-up fails once, in place of what ended the attempt."""
    errors = [error]

    @contextmanager
    def cleaning_up() -> Iterator[None]:
        try:
            yield
        finally:
            if errors:
                raise errors.pop()

    def process(item: WorkItem, ctx: Context[Any]) -> Receipt:
        with cleaning_up():
            return entering(book)(item, ctx)  # type: ignore[no-any-return]

    return process


@pytest.mark.parametrize("error", [PortalUnavailable("the browser has died"), SessionLost("the login is gone")])
def test_an_error_while_cleaning_up_does_not_hide_a_doubt(error: ApplicationException) -> None:
    """The target is let go of with an error after an unclear click: the wait is still the target's settle."""
    book = Book(after=[PortalUnavailable("no answer")])
    with staged(failing_at_the_end(book, error), items=numbered("7")) as stage:
        began = stage.clock.clock().now()
        stage.run()
        assert stage.item("7").state == "done"
        assert stage.item("7").changed_at - began >= SETTLE
        assert (book.numbers(), book.searches) == (["7"], 2)


def test_what_was_clicked_is_not_looked_for_again_in_the_same_attempt() -> None:
    """A bot that swallows the ending and asks once more is told to wait."""
    book = Book(after=[PortalUnavailable("no answer")])

    def process(item: WorkItem, ctx: Context[Any]) -> Receipt:
        try:
            return entering(book)(item, ctx)  # type: ignore[no-any-return]
        except InDoubt:
            return entering(book)(item, ctx)  # type: ignore[no-any-return]

    with staged(process, items=numbered("7")) as stage:
        began = stage.clock.clock().now()
        stage.run()
        assert stage.item("7").state == "done"
        assert stage.item("7").changed_at - began >= SETTLE
        assert (book.numbers(), book.searches) == (["7"], 2)


def test_a_bot_cannot_end_an_item_whose_effect_is_in_doubt() -> None:
    """It swallowed the ending and returned: a person is asked whether it happened."""
    book = Book(after=[PortalUnavailable("no answer")])

    def process(item: WorkItem, ctx: Context[Any]) -> str:
        try:
            entering(book)(item, ctx)
        finally:
            return "fine"  # noqa: B012

    with staged(process, items=numbered("7")) as stage:
        stage.run()
        (task,) = stage.waiting()
        assert (stage.item("7").state, task.question.code) == ("in_review", "EFFECT_IN_DOUBT")


def test_an_effect_begun_before_and_left_out_now_is_a_persons() -> None:
    """The bot was changed and goes another way: nobody would ever look."""
    book = Book(after=[PortalUnavailable("no answer")])
    first = [True]

    def process(item: WorkItem, ctx: Context[Any]) -> Any:
        return entering(book)(item, ctx) if first and first.pop() else "fine"

    with staged(process, items=numbered("7")) as stage:
        stage.run()
        (task,) = stage.waiting()
        assert task.question.details["effect"] == "post"
        stage.decisions.confirm(task.id, version=task.version, who="anna", receipt="V-1")
        stage.run()
        assert (stage.item("7").state, book.numbers()) == ("done", ["7"])


def test_who_was_taken_over_in_the_click_leaves_the_ledger_alone() -> None:
    """It wakes to an error when another has the item in hand: that one's intent stays as it is, and ends as it does."""
    book = Book()

    def do(plan: Entry) -> Receipt:
        with stage.database.transaction(actor="system:thief") as tx:
            tx.connection.execute(t.item.update().values(token=t.item.c.token + 1))
        raise PortalUnavailable("no answer")

    def process(item: WorkItem, ctx: Context[Any]) -> Receipt:
        return ctx.effect("post", key="7", plan=Entry(number="7"), find=book.find, do=do, target="book")

    with staged(process, items=numbered("7")) as stage:
        assert stage.run().outcomes == {"abandoned": 1}
        (effect,) = stage.effects("7")
        assert effect.state is EffectState.INTENDED


def refuting_at_once(stage: Stage) -> datetime:
    """Say that nothing happened, before it could be seen; return when."""
    (task,) = stage.waiting()
    stage.decisions.refute(task.id, version=task.version, who="anna")
    return stage.clock.clock().now()


@pytest.mark.parametrize("error", [PortalUnavailable("no answer"), BusinessException("REFUSED", "no")])
def test_a_person_who_looks_too_soon_makes_nothing_happen_twice(error: Exception) -> None:
    """Asked right after the click, they refute at once: the bot looks again when the target has settled."""
    book = Book(before=[error])
    with staged(entering(book), items=numbered("7"), attempts=1) as stage:
        stage.run()
        refuted = refuting_at_once(stage)
        stage.run()
        assert stage.item("7").changed_at - refuted >= SETTLE
        assert (book.numbers(), book.searches) == (["7"], 2)


def test_so_does_one_who_is_asked_about_a_worker_that_died_each_time() -> None:
    """The last death is as long ago as the target takes to settle."""
    book = Book()

    def do(plan: Entry) -> Receipt:
        raise KeyboardInterrupt

    def process(item: WorkItem, ctx: Context[Any]) -> Receipt:
        return ctx.effect("post", key="7", plan=Entry(number="7"), find=book.find, do=do, target="book")

    with staged(process, items=lambda: numbered("7")) as stage:
        for _ in range(MOST_CRASHES):
            with pytest.raises(KeyboardInterrupt):
                stage.run()
        stage.run()
        refuted = refuting_at_once(stage)
        assert stage.item("7").not_before - refuted > SETTLE / 2

"""The three balances, each able to fail, and what an unbalanced run tells whoever started it."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from core.errors import PortalUnavailable
from core.model.items import NewItem, WorkItem
from core.model.runs import Balance, ExitCode, Mode
from core.runtime import Context, Listed, Run, RunReport, balances
from core.runtime.host import StopRequest
from core.store import effects, holds, items, runs
from core.store import tables as t
from core.testing import Stage
from core.testing.stage import NOON
from tests.core.cast import SETTLE, Book, Entry, entering, numbered, staged


def of(report: RunReport, name: str) -> Balance:
    """Return one balance of a run."""
    (found,) = [balance for balance in report.balances if balance.name == name]
    return found


def listing(book: Book) -> Any:
    """Return a `listed` function that lists what stands in the book."""

    def listed(ctx: Context[Any], since: datetime) -> Iterator[Listed]:
        for number, receipt in book.entries:
            yield Listed(receipt=receipt, key=number)

    return listed


def test_a_healthy_run_balances_and_is_green() -> None:
    """Intake, work and target hold, by counts made in different places; a second run balances too."""
    book = Book()
    with staged(entering(book), items=numbered(*"abc"), listed=listing(book)) as stage:
        for _ in range(2):
            report = stage.run()
            assert {balance.name: balance.differences for balance in report.balances} == {
                "intake": (),
                "work": (),
                "target": (),
            }
            assert report.exit_code is ExitCode.GREEN


def test_cases_for_people_leave_a_run_green() -> None:
    """A question is no failure."""
    book = Book(blind=["cannot tell"])
    with staged(entering(book), items=numbered("7")) as stage:
        assert stage.run().exit_code is ExitCode.GREEN


def test_a_document_that_the_bot_drops_is_seen_at_the_intake(tmp_path: Any) -> None:
    """Counted at the source before anything is stored, one more than was accounted for."""
    for name in ("a.txt", "b.txt", "c.txt"):
        (tmp_path / name).write_text(name)

    def collect(ctx: Context[Any]) -> Iterator[NewItem]:
        for document in ctx.inbox(tmp_path, "*.txt"):
            if document.name != "b.txt":
                yield NewItem(reference=document.sha256, files=(document,))

    with staged(lambda item, ctx: None) as stage:
        stage.change(collect=collect)
        stage.clock.tick(3600 * 24 * 3650)
        report = stage.run()
        assert report.exit_code is ExitCode.FAILED
        assert "the source held 3, but 2 were accounted for" in of(report, "intake").differences[0]


def test_an_item_that_disappears_is_seen_in_the_work() -> None:
    """Somebody deletes a row behind the engine's back."""

    def process(item: WorkItem, ctx: Context[Any]) -> None:
        if item.reference == "c":
            with stage.database.transaction(actor="system:vandal") as tx:
                gone = sa.select(t.item.c.id).where(t.item.c.reference == "a").scalar_subquery()
                for table in (t.attempt, t.item_content):
                    tx.connection.execute(table.delete().where(table.c.item_id == gone))
                tx.connection.execute(t.item.delete().where(t.item.c.reference == "a"))

    with staged(process, items=numbered(*"abc")) as stage:
        report = stage.run()
        assert of(report, "work").differences == ("3 items were taken in, 2 are in the store",)
        assert report.exit_code is ExitCode.FAILED


def test_work_balances_in_money_with_unknown_amounts_apart() -> None:
    """Sums by state and currency; an item without an amount is counted, not guessed."""

    def process(item: WorkItem, ctx: Context[Any]) -> None:
        if item.reference != "c":
            ctx.amount(Decimal("10.10"), "GBP" if item.reference == "a" else "EUR")

    with staged(process, items=numbered(*"abc")) as stage:
        assert of(stage.run(), "work").counted == {"done": "3 (EUR 10.10, GBP 10.10, 1 without an amount)"}


@pytest.mark.parametrize(
    ("harm", "sentence"),
    [
        (lambda book: book.entries.append(("z", "V-stray")), "the target lists V-stray (z), which no item accounts"),
        (lambda book: book.entries.append(("a", "V-twice")), "the target lists V-twice (a), which no item accounts"),
        (lambda book: book.entries.pop(0), "receipt V-1, today for a is not in the target's list"),
    ],
)
def test_a_record_too_many_or_too_few_is_seen_in_the_target(harm: Any, sentence: str) -> None:
    """A stray record, a double and a loss each unbalance the run."""
    book = Book()
    done = []

    def listed(ctx: Context[Any], since: datetime) -> Iterator[Listed]:
        if not done:
            done.append(harm(book))
        yield from listing(book)(ctx, since)

    with staged(entering(book), items=numbered(*"ab"), listed=listed) as stage:
        report = stage.run()
        (difference,) = of(report, "target").differences
        assert sentence in difference
        assert report.exit_code is ExitCode.FAILED


def test_what_a_killed_run_entered_is_balanced_by_the_next() -> None:
    """The target balance goes back to the last run that drew it."""
    book = Book()
    trouble: list[BaseException] = [KeyboardInterrupt()]

    def process(item: WorkItem, ctx: Context[Any]) -> Any:
        if item.reference == "b" and trouble:
            raise trouble.pop()
        return entering(book)(item, ctx)

    with staged(process, items=lambda: numbered(*"ab"), listed=listing(book)) as stage:
        with pytest.raises(KeyboardInterrupt):
            stage.run()
        book.entries.clear()
        report = stage.run()
        assert "for a is not in the target's list" in of(report, "target").differences[0]


def test_a_list_that_cannot_be_read_is_no_balance() -> None:
    """The run says so and is not green; the next one compares."""
    book = Book()
    trouble = [PortalUnavailable("down")]

    def listed(ctx: Context[Any], since: datetime) -> Iterator[Listed]:
        if trouble:
            raise trouble.pop()
        yield from listing(book)(ctx, since)

    with staged(entering(book), items=lambda: numbered("a"), listed=listed) as stage:
        assert stage.run().exit_code is ExitCode.FAILED
        assert stage.run().exit_code is ExitCode.GREEN


def test_what_is_in_doubt_may_or_may_not_be_listed() -> None:
    """An effect nobody knows about yet unbalances nothing, listed or not."""
    for trouble in (Book(after=[PortalUnavailable("?")]), Book(before=[PortalUnavailable("?")])):
        with staged(entering(trouble), items=numbered("a"), listed=listing(trouble)) as stage:
            stage.change(linger=stage.bot.backoff * 0)
            report = stage.run()
            assert of(report, "target").holds


def test_the_target_is_listed_by_a_context_that_cannot_act() -> None:
    """An effect in `listed` is not carried out."""
    book = Book()

    def listed(ctx: Context[Any], since: datetime) -> list[Listed]:
        ctx.effect("post", key="x", plan=Entry(number="x"), find=book.find, do=book.do, target="book")
        return []

    with staged(lambda item, ctx: None, items=numbered("a"), listed=listed) as stage:
        stage.run()
        assert book.entries == []


def test_the_numbers_of_a_balance_are_told() -> None:
    """Pure: counts in, sentences out."""
    balance = balances.intake(listed=5, new=2, duplicate=1, quarantined=1)
    assert balance.differences == (
        "the source held 5, but 4 were accounted for (2 new, 1 known already, 1 quarantined)",
    )
    assert balances.intake(listed=4, new=2, duplicate=1, quarantined=1).holds


def test_a_collect_that_fails_closes_its_run() -> None:
    """The run is not left open for ever, and its error reaches whoever started it."""

    def collect(ctx: Context[Any]) -> Iterator[NewItem]:
        yield from numbered("a")
        raise PortalUnavailable("the source is down")

    with staged(lambda item, ctx: None) as stage:
        stage.change(collect=collect)
        with pytest.raises(PortalUnavailable):
            stage.run()
        with stage.database.reading() as tx:
            run = runs.latest(tx, "clerk")
        assert run is not None
        assert (run.exit_code, run.ended_at is None) == (int(ExitCode.FAILED), False)


@pytest.mark.parametrize(
    ("scope", "name", "code", "by", "expected"),
    [
        ("bot", "clerk", "HELD", "person:anna", ExitCode.STOPPED),
        ("target", "book", "HELD", "person:anna", ExitCode.STOPPED),
        ("target", "book", "ACCOUNT_LOCKED", "system:w1", ExitCode.CREDENTIALS),
        ("bot", "clerk", "LOGIN_FAILED", "system:attempt", ExitCode.CREDENTIALS),
        ("bot", "clerk", "PORTAL_CHANGED", "system:breaker", ExitCode.TARGET),
        ("bot", "clerk", "UNEXPECTED", "system:breaker", ExitCode.STOPPED),
    ],
)
def test_a_hold_stops_the_run_with_its_exit_code(scope: Any, name: str, code: str, by: str, expected: ExitCode) -> None:
    """Nothing is worked while bot or target is held; the code says why."""
    with staged(lambda item, ctx: None, items=numbered("a")) as stage:
        with stage.database.transaction(actor=by) as tx:
            holds.place(tx, scope, name, code=code, reason="so", by=by)
        report = stage.run()
        assert (report.outcomes, report.exit_code) == ({}, expected)
        assert report.stopped


def test_a_failure_outweighs_a_stop_that_was_asked_for() -> None:
    """A failed item is never told as a mere stop."""

    def process(item: WorkItem, ctx: Context[Any]) -> None:
        with stage.database.transaction(actor="person:anna") as tx:
            holds.place(tx, "bot", "clerk", code="HELD", reason="so", by="person:anna")
        raise PortalUnavailable("down")

    with staged(process, items=numbered(*"ab"), attempts=1) as stage:
        assert stage.run().exit_code is ExitCode.FAILED


def test_a_request_to_stop_lets_the_item_finish() -> None:
    """The worker takes no other item and says that it was asked."""
    stop = StopRequest()

    def process(item: WorkItem, ctx: Context[Any]) -> str:
        stop.asked = True
        return "finished"

    with staged(process, items=numbered(*"ab")) as stage:
        report = _run_with(stage, stop)
        assert (report.outcomes, report.exit_code) == ({"done": 1}, ExitCode.STOPPED)
        assert stage.item("b").state == "pending"


def _run_with(stage: Stage, stop: StopRequest) -> RunReport:
    with stage._workshop(True) as shop:
        run = Run(bot=stage.bot, workshop=shop, mode=Mode.AUTO, trigger="test", stop=stop, locks=stage.folder / "locks")
        return run.start()


def test_receipts_of_several_fields_balance_by_any_of_them() -> None:
    """The store sorts a receipt's fields by name, so that the first is not always the number."""
    book = Book()
    with staged(entering(book), items=numbered("a"), listed=listing(book)) as stage:
        assert of(stage.run(), "target").holds
        with stage.database.reading() as tx:
            (effect,) = effects.for_balance(tx, "clerk")
        assert list(effect.receipt) == ["at", "number"]


def test_a_receipt_that_the_target_lists_late_is_waited_for() -> None:
    """Younger than the target's settle time, it is looked for again; older, it is missing."""
    for lag, exit_code in ((SETTLE / 2, ExitCode.GREEN), (SETTLE * 2, ExitCode.FAILED)):
        book = Book()

        def listed(ctx: Context[Any], since: datetime, book: Book = book, lag: timedelta = lag) -> Iterator[Listed]:
            if ctx.now - since >= lag:
                yield from listing(book)(ctx, since)

        with staged(entering(book), items=numbered("a"), listed=listed) as stage:
            assert stage.run().exit_code is exit_code
            assert stage.database.now() - NOON <= SETTLE


def test_what_another_worker_enters_meanwhile_is_no_stray_record() -> None:
    """Entered after the effects were counted and before the list was read."""
    book = Book()

    def listed(ctx: Context[Any], since: datetime) -> Iterator[Listed]:
        if ctx.now == NOON:  # the first worker's list
            stage.clock.tick(1)
            with stage.database.transaction(actor="system:test") as tx:
                items.add(tx, "clerk", run_id=1, new=numbered("b")[0])
            stage.change(listed=None)
            stage.run()
        yield from listing(book)(ctx, since)

    with staged(entering(book), items=numbered("a"), listed=listed) as stage:
        assert of(stage.run(), "target").holds
        assert book.numbers() == ["a", "b"]

"""Stored items through today's code: what was looked up then is given again, and what would change is told."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict

from core.checks import Finding, RulePack, failed, passed
from core.errors import BusinessException, ConfigError, FileUnreadable, PortalUnavailable, SessionLost
from core.model.answers import Absent, Answer
from core.model.documents import Document
from core.model.items import NewItem, WorkItem
from core.model.outcomes import ONE_PERSON
from core.model.replays import Replayed, Verdict
from core.model.runs import Mode
from core.model.steps import Dated, Missing
from core.runtime import Context
from core.store import items
from core.store import tables as t
from core.target import Target
from core.testing import Stage
from tests.core.cast import SETTLE, Book, Entry, Process, Receipt, numbered, simulated, staged

DAY = timedelta(days=1)


class Price(BaseModel):
    """What the tests look up."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    net: Decimal
    day: date


@dataclass
class Prices:
    """A price list that counts who looks into it."""

    net: str = "5.00"
    asked: list[str] = field(default_factory=list)

    def of(self, number: str) -> Price | Missing:
        """Return the price of an article."""
        self.asked.append(number)
        return Price(net=Decimal(self.net), day=date(2026, 3, 1))


def at_most(limit: int) -> RulePack:
    """A pack whose one rule holds an entry against a limit."""
    pack = RulePack("limits", version="1")

    @pack.rule("LIMIT", source="policy 1", action="Ask.", waive=ONE_PERSON)
    def within(entry: Entry) -> Finding:
        """The entry is within the limit."""
        if entry.net <= limit:
            return passed()
        return failed(f"{entry.net} is more than {limit}.", fields=("net",))

    return pack


def clerk(book: Book, prices: Prices, *, limit: int = 100, add: str = "0") -> Process:
    """A bot that looks a price up, adds something to it, holds it against a limit, and enters it."""
    pack = at_most(limit)

    def process(item: WorkItem, ctx: Context[Any]) -> Receipt:
        price = ctx.look("price", prices.of, item.reference)
        entry = ctx.step("entry", entered, item.reference, price, Decimal(add))
        ctx.amount(entry.net, "EUR")
        ctx.check(pack, entry=entry)
        return ctx.effect("post", key=entry.number, plan=entry, find=book.find, do=book.do, target="book")

    return process


def entered(number: str, price: Price, add: Decimal) -> Entry:
    """The step between a price and an entry."""
    return Entry(number=number, net=price.net + add)


def everything(stage: Stage) -> list[Any]:
    """Return every row of every table, the trail's too."""
    with stage.database.reading() as tx:
        return [tuple(row) for table in t.metadata.sorted_tables for row in tx.connection.execute(table.select())]


def replayed(stage: Stage, process: Process | None = None) -> Replayed:
    """Replay the one item with another process function; the store is the same afterwards."""
    before = everything(stage), dict(stage.kept)
    if process is not None:
        stage.change(process=process, code_digest="another", version="2")
    (one,) = stage.replay()
    assert (everything(stage), dict(stage.kept)) == before
    return one


def told(one: Replayed) -> list[str]:
    """Return the differences as lines, the newest word last."""
    return [f"{d.where}: {d.was} -> {d.now}" for d in one.differences]


def refusing(book: Book, prices: Prices) -> Process:
    """The form refuses the entry before anything is sent."""
    book.before.append(BusinessException("READ_BACK_DIFFERS", "The form shows something else."))
    return clerk(book, prices)


def searching(book: Book, prices: Prices) -> Process:
    """The search before the entry finds too much."""
    return clerk(Book(blind=[BusinessException("TOO_MANY_HITS", "A hundred fit.")]), prices)


def unclear(item: WorkItem, ctx: Context[Any]) -> None:
    """A person must say what is meant."""
    raise BusinessException("NOT_CLEAR", "The note is not clear.")


def unreadable(item: WorkItem, ctx: Context[Any]) -> None:
    """The document cannot be read."""
    raise FileUnreadable("FILE_DAMAGED", "It cannot be opened.", permanent=True)


def tomorrow(item: WorkItem, ctx: Context[Any]) -> None:
    """Wait for goods."""
    ctx.later(ctx.now + DAY, "The goods are not received.", code="NOT_RECEIVED", most=2)


def by_letter(item: WorkItem, ctx: Context[Any]) -> str:
    """A bot that works something out and changes nothing."""
    return item.reference.upper()


ENDINGS: dict[str, tuple[Callable[[Book, Prices], Process], Mode, str]] = {
    "done": (clerk, Mode.AUTO, "done"),
    "worked out": (lambda book, prices: by_letter, Mode.AUTO, "done"),
    "planned": (clerk, Mode.SHADOW, "planned"),
    "plan to approve": (clerk, Mode.RECOMMEND, "review"),
    "checks": (lambda book, prices: clerk(book, prices, limit=1), Mode.AUTO, "review"),
    "cannot tell": (lambda book, prices: clerk(Book(blind=["two look like it"]), prices), Mode.AUTO, "review"),
    "refused": (refusing, Mode.AUTO, "review"),
    "search refused": (searching, Mode.AUTO, "review"),
    "not clear": (lambda book, prices: unclear, Mode.AUTO, "review"),
    "unreadable": (lambda book, prices: unreadable, Mode.AUTO, "review"),
    "later": (lambda book, prices: tomorrow, Mode.AUTO, "later"),
}


@pytest.mark.parametrize("name", ENDINGS)
def test_unchanged_code_decides_as_it_did(name: str) -> None:
    """Whatever way the attempt ended, nothing differs; nothing is looked up, found, entered or stored again."""
    make, mode, outcome = ENDINGS[name]
    book, prices = Book(), Prices()
    with staged(make(book, prices), items=numbered("7")) as stage:
        assert stage.run(mode=mode).outcomes == {outcome: 1}
        before = list(prices.asked), list(book.entries), book.searches
        stage.clock.tick(400 * DAY)
        one = replayed(stage)
        assert (one.verdict, one.differences) == (Verdict.SAME, ())
        assert (one.attempt, one.reference, one.version) == (1, "7", "1")
        assert (prices.asked, book.entries, book.searches) == before


@pytest.mark.parametrize("mode", [Mode.AUTO, Mode.SHADOW, Mode.RECOMMEND])
def test_another_plan_is_told_field_by_field(mode: Mode) -> None:
    """The values of the plan that was carried out, kept or shown are held against those of today."""
    book, prices = Book(), Prices()
    with staged(clerk(book, prices), items=numbered("7")) as stage:
        stage.run(mode=mode)
        one = replayed(stage, clerk(book, prices, add="0.50"))
        assert one.verdict is Verdict.CHANGED
        assert told(one)[0] == "plan.net: 5.00 -> 5.50"
        assert "amount.value: 5.00 -> 5.50" in told(one)
        assert (len(prices.asked), len(book.entries)) == (1, 1 if mode is Mode.AUTO else 0)


def test_a_price_that_moved_since_is_not_looked_up() -> None:
    """Only the code is another: the world is as it was."""
    prices = Prices()
    with staged(clerk(Book(), prices), items=numbered("7")) as stage:
        stage.run()
        prices.net = "99.00"
        assert replayed(stage).verdict is Verdict.SAME


def test_another_decision_is_told_with_its_check() -> None:
    """An entry that went through and would now be asked about says by which check."""
    book, prices = Book(), Prices()
    with staged(clerk(book, prices), items=numbered("7")) as stage:
        stage.run()
        assert told(replayed(stage, clerk(book, prices, limit=4))) == [
            "ending: done -> asked LIMIT",
            "checks.LIMIT.outcome: passed -> failed",
            "checks.LIMIT.message: None -> 5.00 is more than 4.",
        ]


@pytest.mark.parametrize(
    ("mode", "ending"),
    [(Mode.AUTO, "carries out post"), (Mode.SHADOW, "planned"), (Mode.RECOMMEND, "asked PLAN_TO_APPROVE")],
)
def test_a_case_that_would_no_longer_be_asked_about_shows_what_would_be_done(mode: Mode, ending: str) -> None:
    """The plan that was not reached then is told whole; it is not carried out."""
    book, prices = Book(), Prices()
    with staged(clerk(book, prices, limit=4), items=numbered("7")) as stage:
        stage.run(mode=mode)
        lines = told(replayed(stage, clerk(book, prices, limit=5)))
        assert lines[0] == f"ending: asked LIMIT -> {ending}"
        assert "plan.net: None -> 5.00" in lines
        assert "effect.key: None -> 7" in lines
        assert (book.entries, book.searches) == ([], 0)


def test_a_key_that_another_item_holds_is_told() -> None:
    """An effect reached for the first time meets the keys as they are held now."""
    book = Book()

    def keyed(limit: int) -> Process:
        pack = at_most(limit)

        def process(item: WorkItem, ctx: Context[Any]) -> Receipt:
            entry = Entry(number=item.reference, net=Decimal(item.payload["net"]))
            ctx.check(pack, entry=entry)
            return ctx.effect("post", key="one key", plan=entry, find=book.find, do=book.do, target="book")

        return process

    offered = [NewItem(reference="7", payload={"net": "1"}), NewItem(reference="8", payload={"net": "9"})]
    with staged(keyed(5), items=offered) as stage:
        stage.run()
        stage.change(process=keyed(10))
        first, second = stage.replay()
        assert first.verdict is Verdict.SAME
        assert told(second)[0] == "ending: asked LIMIT -> asked POSSIBLE_DUPLICATE"


def test_another_message_is_a_difference_only_where_a_check_does_not_pass() -> None:
    """What a person reads has changed; a check that passes, is new or is gone without standing in the way has not."""

    def process(code: str, sentence: str, *, holds: bool) -> Process:
        pack = RulePack("notes", version="1")

        @pack.rule(code, source="policy 2", action="Ask.", waive=ONE_PERSON)
        def rule(number: str) -> Finding:
            """The rule holds."""
            return passed(found=sentence) if holds else failed(sentence)

        return lambda item, ctx: ctx.check(pack, number=item.reference)

    with staged(process("A", "one", holds=True), items=numbered("7")) as stage:
        stage.run()
        assert replayed(stage, process("B", "two", holds=True)).verdict is Verdict.SAME
    with staged(process("A", "one", holds=False), items=numbered("7")) as stage:
        stage.run()
        assert told(replayed(stage, process("A", "two", holds=False))) == ["checks.A.message: one -> two"]


def test_what_a_person_is_told_is_compared() -> None:
    """Another reason for the same question is a difference."""

    def otherwise(item: WorkItem, ctx: Context[Any]) -> None:
        raise BusinessException("NOT_CLEAR", "The note says nothing.")

    with staged(unclear, items=numbered("7")) as stage:
        stage.run()
        assert told(replayed(stage, otherwise)) == ["reason: The note is not clear. -> The note says nothing."]


def test_what_a_bot_works_out_is_compared() -> None:
    """A bot without effects decides by what it returns."""
    with staged(by_letter, items=numbered("a")) as stage:
        stage.run()
        assert told(replayed(stage, lambda item, ctx: item.reference * 2)) == ["result: A -> aa"]


def test_steps_are_worked_out_again() -> None:
    """No stored result is reused, even where the code's digest is the same."""
    book, prices = Book(), Prices()
    with staged(clerk(book, prices), items=numbered("7")) as stage:
        stage.run()
        stage.change(process=clerk(book, prices, add="1"))
        (one,) = stage.replay()
        assert "plan.net: 5.00 -> 6.00" in told(one)


def test_time_is_that_of_the_attempt() -> None:
    """What is too old today was not too old then."""

    def process(item: WorkItem, ctx: Context[Any]) -> str:
        ctx.look("list", listed)
        return str(ctx.now)

    def listed() -> Dated[str]:
        return Dated(value="all", as_of=date(2026, 3, 1), source="The list", limit=DAY)

    with staged(process, items=numbered("7")) as stage:
        stage.run()
        stage.clock.tick(30 * DAY)
        assert replayed(stage).verdict is Verdict.SAME


def test_a_dated_answer_is_given_again_with_its_day() -> None:
    """A stale source is missing in the replay as it was then, and the pack says so."""
    pack = RulePack("lists", version="1")

    @pack.rule("LISTED", source="policy 3", action="Ask for a list.", waive=ONE_PERSON)
    def listed(found: tuple[Price, ...]) -> Finding:
        """There is a price."""
        return passed() if found else failed("None is listed.")

    def prices() -> Dated[tuple[Price, ...]] | Missing:
        price = Price(net=Decimal(1), day=date(2026, 2, 1))
        return Dated(value=(price,), as_of=date(2026, 2, 1), source="The list", limit=10 * DAY)

    def process(item: WorkItem, ctx: Context[Any]) -> None:
        ctx.check(pack, found=ctx.look("list", prices))

    with staged(process, items=numbered("7")) as stage:
        stage.run()
        assert "29 days old" in stage.waiting()[0].question.reason
        assert replayed(stage).verdict is Verdict.SAME


def test_looks_are_given_again_in_their_order() -> None:
    """The same question asked twice has two answers, each in its place; a third needs a look that was not made."""
    answers = iter([1, 2])

    def price() -> int:
        return next(answers)

    def twice(item: WorkItem, ctx: Context[Any]) -> list[int]:
        return [ctx.look("price", price), ctx.look("price", price)]

    with staged(twice, items=numbered("7")) as stage:
        stage.run()
        assert replayed(stage).verdict is Verdict.SAME
        one = replayed(stage, lambda item, ctx: [*twice(item, ctx), ctx.look("price", price)])
        assert one.verdict is Verdict.NEEDS_LOOK


@pytest.mark.parametrize("name", ["price", "another"])
def test_a_look_that_was_not_made_then_is_named(name: str) -> None:
    """Other inputs, or another look: what would be decided is not known, and is not guessed."""
    prices = Prices()

    def process(item: WorkItem, ctx: Context[Any]) -> Any:
        return ctx.look(name, prices.of, item.reference if name == "another" else "8")

    with staged(clerk(Book(), prices), items=numbered("7")) as stage:
        stage.run()
        one = replayed(stage, process)
        assert (one.verdict, one.why) == (Verdict.NEEDS_LOOK, f"needs a look that was not made then: {name}")
        assert prices.asked == ["7"]


def test_a_look_that_was_refused_is_refused_again() -> None:
    """What a look raised is recorded, so that the code after it decides as it did."""
    asked: list[str] = []

    def search(number: str) -> int:
        asked.append(number)
        raise BusinessException("TOO_MANY_HITS", "A hundred fit.", fields=("number",))

    def patient(item: WorkItem, ctx: Context[Any]) -> int:
        try:
            return ctx.look("search", search, item.reference)
        except BusinessException:
            return 0

    with staged(lambda item, ctx: ctx.look("search", search, item.reference), items=numbered("7")) as stage:
        stage.run()
        assert replayed(stage).verdict is Verdict.SAME
        assert told(replayed(stage, patient))[0] == "ending: asked TOO_MANY_HITS -> done"
        assert asked == ["7"]


def test_a_look_of_another_shape_cannot_be_replayed() -> None:
    """What was recorded has not the field that today's type has; its default is not put in its place."""

    class Wider(Price):
        currency: str = "EUR"

    def wider(number: str) -> Wider:
        return Wider(net=Decimal(1), day=date(2026, 3, 1))

    with staged(clerk(Book(), Prices()), items=numbered("7")) as stage:
        stage.run()
        one = replayed(stage, lambda item, ctx: ctx.look("price", wider, item.reference))
        assert one.verdict is Verdict.NOT_REPLAYABLE
        assert "look 'price'" in one.why


def test_a_look_that_does_not_say_what_it_returns_cannot_be_replayed() -> None:
    """A number written down as text would come back as text, and other code would follow."""
    with staged(lambda item, ctx: str(ctx.look("price", lambda: Decimal(1))), items=numbered("7")) as stage:
        stage.run()
        one = replayed(stage)
        assert (one.verdict, "return annotation" in one.why) == (Verdict.NOT_REPLAYABLE, True)


class Register(Target):
    """A target that tells of everything done with it."""

    name = "book"
    limit = 3
    told: list[str] = []  # noqa: RUF012 - shared on purpose: a replay must not make an object that could be asked

    @contextmanager
    def session(self) -> Iterator[None]:
        """Log in."""
        self.told.append("session")
        yield

    def price(self, number: str) -> Price:
        """Look a price up."""
        self.told.append("price")
        return Price(net=Decimal(number), day=date(2026, 3, 1))

    def find(self, plan: Entry) -> Answer[Receipt]:
        """Look for an entry."""
        self.told.append("find")
        return Absent()

    def do(self, plan: Entry) -> Receipt:
        """Enter it."""
        self.told.append("do")
        return Receipt(number="V-1")

    @property
    def page(self) -> str:
        """What stands on the screen."""
        self.told.append("page")
        return "home"


def in_register(add: str = "0") -> Process:
    """A bot on a target of its own, which it hands around."""

    def priced(register: Register, number: str) -> Price:
        return register.price(number)

    def process(item: WorkItem, ctx: Context[Any]) -> Receipt:
        with ctx.target(Register) as register:
            price = ctx.look("price", register.price, item.reference)
            again = ctx.look("again", priced, register, item.reference)
            assert register.settings.simulator
            plan = Entry(number=item.reference, net=price.net + again.net + Decimal(add) + register.limit)
            return ctx.effect("post", key="7", plan=plan, find=register.find, do=register.do)

    return process


def test_a_target_is_not_opened() -> None:
    """Its methods are named as looks and in the effect; no session is begun and none of them is called."""
    Register.told.clear()
    with staged(in_register(), items=numbered("7")) as stage:
        stage.run()
        assert Register.told == ["session", "price", "price", "find", "do"]
        assert replayed(stage).verdict is Verdict.SAME
        assert told(replayed(stage, in_register("1"))) == ["plan.net: 17 -> 18"]
        assert len(Register.told) == 5


@pytest.mark.parametrize(
    ("use", "name"),
    [
        (lambda register: register.price("7"), "price"),
        (lambda register: register.page, "page"),
        (lambda register: register.access, "access"),
    ],
)
def test_a_target_used_outside_a_look_is_told(use: Callable[[Register], Any], name: str) -> None:
    """What it gave was not recorded; a bot that catches everything does not hide it."""

    def process(item: WorkItem, ctx: Context[Any]) -> None:
        with ctx.target(Register) as register:
            try:
                use(register)
            except Exception:  # noqa: BLE001 - as a careless bot does
                return

    Register.told.clear()
    with staged(process, items=numbered("7")) as stage:
        stage.run()
        Register.told.clear()
        one = replayed(stage)
        assert (one.verdict, f"Register.{name} outside a look" in one.why) == (Verdict.NOT_REPLAYABLE, True)
        assert Register.told == []


def test_a_target_the_bot_does_not_name_is_a_mistake_in_bots_toml() -> None:
    """As in a run: the replay ends and says so."""
    with staged(by_letter, items=numbered("7"), targets=[simulated("other")]) as stage:
        stage.run()
        stage.change(process=in_register())
        with pytest.raises(ConfigError, match="do not name"):
            stage.replay()


def test_a_correction_holds_and_one_made_since_does_not() -> None:
    """What people decided before the attempt is heeded as in the attempt; what they decided after it was not known."""
    book, prices = Book(), Prices()
    with staged(clerk(book, prices, limit=4), items=numbered("7")) as stage:
        stage.run()
        (task,) = stage.waiting()
        stage.decisions.correct(task.id, version=task.version, who="anna", step="entry", changes={"net": "3.00"})
        assert replayed(stage).verdict is Verdict.SAME, "the attempt that asked knew of no correction"
        stage.run()
        assert book.numbers() == ["7"]
        one = replayed(stage)
        assert (one.verdict, one.attempt) == (Verdict.SAME, 2)
        assert told(replayed(stage, clerk(book, prices, limit=2)))[0] == "ending: done -> asked LIMIT"


def test_a_waiver_holds_while_the_outcome_is_the_same() -> None:
    """Another outcome of the waived check would be asked again."""
    book, prices = Book(), Prices()
    with staged(clerk(book, prices, limit=4), items=numbered("7")) as stage:
        stage.run()
        (task,) = stage.waiting()
        stage.decisions.waive(task.id, version=task.version, who="anna", codes=["LIMIT"], note="agreed")
        assert replayed(stage).verdict is Verdict.SAME
        stage.run()
        assert book.numbers() == ["7"]
        assert replayed(stage).verdict is Verdict.SAME
        assert told(replayed(stage, clerk(book, prices, limit=3))) == [
            "ending: done -> asked LIMIT",
            "checks.LIMIT.message: 5.00 is more than 4. -> 5.00 is more than 3.",
            "checks.LIMIT.waived: True -> None",
        ]


def test_an_approved_plan_stays_approved_and_another_does_not() -> None:
    """In recommend, what a person let happen is compared with what would be shown now."""
    book, prices = Book(), Prices()
    with staged(clerk(book, prices), items=numbered("7")) as stage:
        stage.run(mode=Mode.RECOMMEND)
        (task,) = stage.waiting()
        stage.decisions.approve(task.id, version=task.version, who="anna")
        stage.run(mode=Mode.RECOMMEND)
        assert replayed(stage).verdict is Verdict.SAME
        assert told(replayed(stage, clerk(book, prices, add="1")))[0] == "plan.net: 5.00 -> 6.00"


def test_the_last_wait_is_counted_as_it_was() -> None:
    """Neither the wait that was made then nor those before it turn into a question, and its instant is compared."""

    def sooner(item: WorkItem, ctx: Context[Any]) -> None:
        ctx.later(ctx.now + DAY / 2, "The goods are not received.", code="NOT_RECEIVED", most=2)

    with staged(tomorrow, items=numbered("7")) as stage:
        for wait in range(3):
            stage.change(process=tomorrow)
            assert stage.run().outcomes == {"later" if wait < 2 else "review": 1}
            assert replayed(stage).verdict is Verdict.SAME
            if wait < 2:
                assert [line.partition(":")[0] for line in told(replayed(stage, sooner))] == ["until"]
            stage.clock.tick(DAY)


def test_several_effects_go_on_with_their_receipts() -> None:
    """Each plan is compared under the name of its effect; one that is no longer reached is told."""
    book, other = Book(), Book()

    def process(*names: str, net: str = "5.00") -> Process:
        def both(item: WorkItem, ctx: Context[Any]) -> list[str]:
            got = []
            for name in names:
                plan = Entry(number=item.reference, net=Decimal(net) if name == "send" else Decimal(1))
                used = {"post": book, "send": other}[name]
                got.append(ctx.effect(name, key="7", plan=plan, find=used.find, do=used.do, target="book").number)
            return got

        return both

    with staged(process("post", "send"), items=numbered("7")) as stage:
        stage.run()
        assert replayed(stage).verdict is Verdict.SAME
        assert told(replayed(stage, process("post", "send", net="6.00"))) == ["send.plan.net: 5.00 -> 6.00"]
        assert "send.plan.net: 5.00 -> None" in told(replayed(stage, process("post")))
        assert (len(book.entries), len(other.entries)) == (1, 1)


def test_an_effect_found_after_a_doubt_goes_on_with_its_receipt() -> None:
    """The attempt that looked for it and found it is the one that is compared."""
    book, prices = Book(after=[PortalUnavailable("no answer")]), Prices()
    with staged(clerk(book, prices), items=numbered("7"), linger=SETTLE * 2) as stage:
        assert stage.run().outcomes == {"doubt": 1, "done": 1}
        one = replayed(stage)
        assert (one.verdict, one.attempt) == (Verdict.SAME, 2)
        assert told(replayed(stage, clerk(book, prices, add="1")))[0] == "plan.net: 5.00 -> 6.00"


def test_a_question_after_an_effect_is_not_one_at_it() -> None:
    """The effect went through, so the replay goes on to what was asked afterwards."""
    book, prices = Book(), Prices()
    enter = clerk(book, prices)

    def process(item: WorkItem, ctx: Context[Any]) -> None:
        enter(item, ctx)
        unclear(item, ctx)

    with staged(process, items=numbered("7")) as stage:
        stage.run()
        assert replayed(stage).verdict is Verdict.SAME
        assert told(replayed(stage, enter))[0] == "ending: asked NOT_CLEAR -> done"


def test_a_login_lost_at_an_effect_does_not_count_as_reaching_it() -> None:
    """The attempt began anew and was asked about before it came there."""
    book = Book(blind=[SessionLost("Log in.")])

    def enter(item: WorkItem, ctx: Context[Any]) -> Receipt:
        return ctx.effect("post", key="7", plan=Entry(number="7"), find=book.find, do=book.do, target="book")

    def process(item: WorkItem, ctx: Context[Any]) -> None:
        if book.searches:
            unclear(item, ctx)
        enter(item, ctx)

    with staged(process, items=numbered("7")) as stage:
        stage.run()
        assert replayed(stage).verdict is Verdict.SAME
        assert told(replayed(stage, enter))[0] == "ending: asked NOT_CLEAR -> carries out post"


def test_a_receipt_of_another_shape_cannot_be_replayed() -> None:
    """The code after the effect would get what today's effect does not give."""

    class Numbered(BaseModel):
        entry: int

    def do(plan: Entry) -> Numbered:
        return Numbered(entry=1)

    def process(item: WorkItem, ctx: Context[Any]) -> Numbered:
        plan = Entry(number="7")
        return ctx.effect("post", key="7", plan=plan, find=lambda plan: Absent(), do=do, target="book")

    with staged(clerk(Book(), Prices()), items=numbered("7")) as stage:
        stage.run()
        one = replayed(stage, process)
        assert (one.verdict, "receipt of 'post'" in one.why) == (Verdict.NOT_REPLAYABLE, True)


def test_code_that_fails_is_told_as_the_ending() -> None:
    """A mistake in today's code changes the ending of its item, and the next is gone through."""
    with staged(by_letter, items=numbered("a", "b")) as stage:
        stage.run()
        stage.change(process=lambda item, ctx: {"b": "B"}[item.reference])
        first, second = stage.replay()
        assert told(first)[0] == "ending: done -> fails UNEXPECTED"
        assert second.verdict is Verdict.SAME


def test_evidence_is_not_kept() -> None:
    """What the bot hands over as evidence goes nowhere."""

    def process(item: WorkItem, ctx: Context[Any]) -> None:
        ctx.evidence("screen", b"today" if stage.kept else b"then", media_type="text/plain")

    with staged(process, items=numbered("7")) as stage:
        stage.run()
        assert replayed(stage).verdict is Verdict.SAME
        assert list(stage.kept.values()) == [b"then"]


def test_documents_are_read_where_they_are_kept() -> None:
    """A document is the one that was taken in; one that is gone cannot be replayed."""

    def process(item: WorkItem, ctx: Context[Any]) -> str:
        return item.file().path.read_text()

    made: list[Path] = []

    def offered() -> Iterator[NewItem]:
        path = stage.folder / "documents" / "ab" / "abc"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("tea")
        made.append(path)
        yield NewItem(reference="7", files=(Document(sha256="abc", name="order.txt", size=3, path=path),))

    with staged(process, items=offered) as stage:
        stage.run()
        one = replayed(stage)
        assert (one.verdict, one.document) == (Verdict.SAME, "order.txt")
        made[0].unlink()
        one = replayed(stage)
        assert (one.verdict, "order.txt" in one.why) == (Verdict.NOT_REPLAYABLE, True)


def test_an_item_that_a_system_ended_has_nothing_to_compare() -> None:
    """Failed attempts are passed over; one before them that ended by itself is still there."""
    down: list[bool] = []
    book, prices = Book(), Prices()
    sound = clerk(book, prices, limit=4)

    def process(item: WorkItem, ctx: Context[Any]) -> Any:
        if down:
            raise RuntimeError("down")
        return sound(item, ctx)

    with staged(process, items=numbered("7"), attempts=1) as stage:
        stage.run()
        (task,) = stage.waiting()
        stage.decisions.retry(task.id, version=task.version, who="anna")
        down.append(True)
        stage.run()
        assert stage.item("7").state == "failed"
        down.clear()
        one = replayed(stage)
        assert (one.verdict, one.attempt) == (Verdict.SAME, 1)
    down.append(True)
    with staged(process, items=numbered("7"), attempts=1) as stage:
        stage.run()
        assert replayed(stage).verdict is Verdict.NO_ENDING


def test_items_are_taken_by_when_they_changed() -> None:
    """Those changed before the instant are left out; all come in pages, each once."""
    with staged(by_letter, items=numbered("a", "b")) as stage:
        stage.run()
        stage.clock.tick(DAY)
        since: datetime = stage.clock.clock().now()
        stage.change(collect=lambda ctx: iter(numbered("c")))
        stage.run()
        assert [one.reference for one in stage.replay(since=since)] == ["c"]
        assert [one.reference for one in stage.replay()] == ["a", "b", "c"]


def test_many_items_come_in_pages() -> None:
    """More items than are read together are each gone through once."""
    new = numbered(*map(str, range(501)))
    with staged(by_letter) as stage:
        stage.run()
        with stage.database.transaction(actor="system:test") as tx:
            for one in new:
                items.add(tx, stage.bot.name, run_id=1, new=one)
        assert [one.reference for one in stage.replay()] == [one.reference for one in new]

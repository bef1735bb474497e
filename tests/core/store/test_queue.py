"""The queue: one code path on every database."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError, StatementError

from audit.tables import trail_event
from core.clock import FakeClock
from core.errors import ConfigError, Fenced
from core.model.effects import EffectState, Planned
from core.model.items import Amount, Claim, ItemState, NewItem
from core.model.reviews import Question, ReviewKind
from core.model.runs import ExitCode, Mode
from core.store import Database, effects, holds, items, reviews, runs
from core.store import tables as t

LEASE = timedelta(seconds=60)
PLAN = Planned(target="book", name="post", key="7", plan={"number": "7"}, plan_digest="d")


@pytest.fixture
def run_id(database: Database) -> int:
    """A run to which items belong."""
    with database.transaction(actor="system:test") as tx:
        return runs.start(tx, "clerk", version="1", mode=Mode.AUTO, trigger="test", worker="w")


def add(database: Database, run_id: int, *new: NewItem) -> list[int | None]:
    """Put items in the queue."""
    with database.transaction(actor="system:test") as tx:
        return [items.add(tx, "clerk", run_id=run_id, new=one) for one in new]


def claim(database: Database, worker: str = "w") -> Claim | None:
    """Take the next item."""
    with database.transaction(actor="system:test") as tx:
        return items.claim(tx, "clerk", worker=worker, lease=LEASE)


def taken(database: Database) -> Claim:
    """Take the next item, which must be there."""
    found = claim(database)
    assert found is not None
    return found


def test_a_reference_is_known_for_ever(database: Database, run_id: int) -> None:
    """The second is no new item, also in the same transaction, and other bots are not concerned."""
    first, again = add(database, run_id, NewItem(reference="7"), NewItem(reference="7"))
    assert (first is None, again) == (False, None)
    with database.transaction(actor="system:test") as tx:
        assert items.add(tx, "other", run_id=run_id, new=NewItem(reference="7")) is not None


def test_many_go_in_together(database: Database, run_id: int) -> None:
    """Of a batch what is new gets its id in the order offered; of two with one reference the first is stored."""
    add(database, run_id, NewItem(reference="7"))
    numbers = ["9", "7", "8", "9", "10"]
    offered = [NewItem(reference=name, payload={"place": place}) for place, name in enumerate(numbers)]
    with database.transaction(actor="system:test") as tx:
        added = items.add_all(tx, "clerk", run_id=run_id, offered=offered)
        stored = {name: items.get(tx, item_id).payload["place"] for name, item_id in added.items()}
    assert list(added) == sorted(added, key=lambda name: added[name]) == ["9", "8", "10"]
    assert stored == {"9": 0, "8": 2, "10": 4}
    with database.reading() as tx:
        told = tx.connection.execute(select(trail_event.c.item_id).where(trail_event.c.action == "item.added")).all()
    assert [item_id for (item_id,) in told][1:] == list(added.values())


def test_a_claim_without_a_look_at_holds_gives_nothing_while_one_is_in_force(database: Database, run_id: int) -> None:
    """A hold on anything stops the short way; once it is released the item is there."""
    add(database, run_id, NewItem(reference="7"))
    with database.transaction(actor="system:test") as tx:
        holds.place(tx, "target", "book", code="X", reason="stocktaking", by="person:anna")
        assert items.claim(tx, "clerk", worker="w", lease=LEASE, unheld=True) is None
        holds.release(tx, "target", "book", by="person:anna")
        assert items.claim(tx, "clerk", worker="w", lease=LEASE, unheld=True) is not None


def test_items_are_claimed_by_priority_then_due_then_age(database: Database, run_id: int, clock: FakeClock) -> None:
    """What is not ready yet is passed over."""
    now = database.now()
    add(
        database,
        run_id,
        NewItem(reference="old"),
        NewItem(reference="due", due=now + timedelta(days=1)),
        NewItem(reference="urgent", priority=5),
        NewItem(reference="sleeping", priority=9, not_before=now + timedelta(hours=1)),
        NewItem(reference="sooner", due=now + timedelta(hours=2)),
    )
    order = []
    while (found := claim(database)) is not None:
        order.append(found.reference)
    assert order == ["urgent", "sooner", "due", "old"]
    clock.tick(3600)
    assert taken(database).reference == "sleeping"


def test_an_item_is_claimed_by_one_worker(database: Database, run_id: int) -> None:
    """Many workers at once share the queue without taking anything twice."""
    add(database, run_id, *[NewItem(reference=str(number)) for number in range(40)])

    def work(worker: int) -> list[str]:
        mine = []
        while (found := claim(database, f"w{worker}")) is not None:
            mine.append(found.reference)
        return mine

    with ThreadPoolExecutor(4) as pool:
        shares = list(pool.map(work, range(4)))
    assert sorted(one for share in shares for one in share) == sorted(str(number) for number in range(40))


def test_a_claim_carries_what_was_stored(database: Database, run_id: int) -> None:
    """Payload and instants come back as they were."""
    add(database, run_id, NewItem(reference="7", payload={"net": "5.00", "lines": [1, None, True]}))
    found = taken(database)
    assert (found.payload, found.attempt, found.token) == ({"net": "5.00", "lines": [1, None, True]}, 1, 1)
    assert found.lease_until == database.now() + LEASE


def test_only_the_holder_ends_an_item(database: Database, run_id: int, clock: FakeClock) -> None:
    """A released item's old token is refused, now and after the next claim."""
    add(database, run_id, NewItem(reference="7"))
    late = taken(database)
    with database.transaction(actor="system:test") as tx:
        (row,) = items.held(tx)
        assert items.release(tx, row, not_before=tx.now)
    fresh = taken(database)
    with database.transaction(actor="system:test") as tx, pytest.raises(Fenced):
        items.finish(tx, late, to=ItemState.DONE, outcome="done", code=None, system_errors=0)
    with database.transaction(actor="system:test") as tx:
        amount = Amount(value=Decimal("1.10"), currency="GBP")
        items.finish(tx, fresh, to=ItemState.DONE, outcome="done", code=None, system_errors=0, amount=amount)
        assert runs.count_items(tx, run_id) == {"done": (1, 0, {"GBP": Decimal("1.10")})}


def test_a_key_is_held_by_one_live_effect(database: Database, run_id: int) -> None:
    """Freed by refuting or withdrawing, kept by confirming; the transaction goes on after a refusal."""
    first, second = add(database, run_id, NewItem(reference="7"), NewItem(reference="8"))
    assert first is not None
    assert second is not None
    with database.transaction(actor="system:test") as tx:
        held = effects.intend(tx, bot="clerk", item_id=first, token=1, plan=PLAN)
        with pytest.raises(effects.KeyTaken):
            effects.intend(tx, bot="clerk", item_id=second, token=1, plan=PLAN)
        effects.settle(tx, held, to=EffectState.REFUTED, by="person:anna")
        taken_over = effects.intend(tx, bot="clerk", item_id=second, token=1, plan=PLAN)
        effects.settle(tx, taken_over, to=EffectState.CONFIRMED, receipt={"number": "V-1"})
        with pytest.raises(effects.KeyTaken):
            effects.intend(tx, bot="clerk", item_id=first, token=1, plan=PLAN)
        assert [str(effect.state) for effect in effects.of_item(tx, first)] == ["refuted"]
        assert effects.of_item(tx, second)[0].receipt == {"number": "V-1"}


def test_a_transaction_that_fails_leaves_nothing(database: Database, run_id: int) -> None:
    """Neither its changes nor its events."""

    def events() -> Any:
        with database.reading() as tx:
            return tx.connection.execute(select(func.count()).select_from(trail_event)).scalar_one()

    before = events()
    with pytest.raises(RuntimeError), _adding(database, run_id):
        raise RuntimeError("the worker dies")
    assert events() == before
    assert claim(database) is None


@contextmanager
def _adding(database: Database, run_id: int) -> Iterator[None]:
    with database.transaction(actor="system:test") as tx:
        items.add(tx, "clerk", run_id=run_id, new=NewItem(reference="7"))
        yield


def test_an_item_has_one_open_question(database: Database, run_id: int) -> None:
    """A second one is refused by the database itself."""
    (item_id,) = add(database, run_id, NewItem(reference="7"))
    assert item_id is not None
    question = Question(kind=ReviewKind.BUSINESS, code="ODD", reason="half \udcff")
    with database.transaction(actor="system:test") as tx:
        reviews.open_task(tx, bot="clerk", item_id=item_id, question=question)
        with pytest.raises(IntegrityError), tx.connection.begin_nested():
            reviews.open_task(tx, bot="clerk", item_id=item_id, question=question)
        (task,) = reviews.waiting(tx)
        assert task.question.code == "ODD"


def test_a_hold_is_placed_once_and_lifted_once(database: Database) -> None:
    """The second is told so."""
    with database.transaction(actor="person:anna") as tx:
        assert holds.place(tx, "bot", "clerk", code="HELD", reason="so", by="person:anna")
        assert not holds.place(tx, "bot", "clerk", code="HELD", reason="so", by="person:bob")
        assert holds.active(tx, "target", "clerk") is None
        assert holds.release(tx, "bot", "clerk", by="person:anna")
        assert not holds.release(tx, "bot", "clerk", by="person:anna")
        assert holds.place(tx, "bot", "clerk", code="HELD", reason="so", by="person:anna")


def test_a_turn_is_taken_by_one_and_falls_free(database: Database, clock: FakeClock) -> None:
    """Given back, or when its holder's lease is over."""

    def take(holder: str) -> bool:
        with database.transaction(actor="system:test") as tx:
            return holds.take_turn(tx, "login:book", holder=holder, lease=LEASE)

    assert take("a")
    assert not take("b")
    with database.transaction(actor="system:test") as tx:
        holds.give_turn_back(tx, "login:book", holder="b")
    assert not take("b"), "only its holder gives a turn back"
    with database.transaction(actor="system:test") as tx:
        holds.give_turn_back(tx, "login:book", holder="a")
    assert take("b")
    clock.tick(LEASE)
    assert take("a")


def test_the_breaker_counts_and_begins_again(database: Database) -> None:
    """By bot."""
    with database.transaction(actor="system:test") as tx:
        assert [holds.count_failure(tx, "clerk") for _ in range(3)] == [1, 2, 3]
        assert holds.count_failure(tx, "other") == 1
        holds.reset_breaker(tx, "clerk")
        assert holds.count_failure(tx, "clerk") == 1


def test_the_newest_grant_counts(database: Database) -> None:
    """And none before the first."""
    with database.transaction(actor="person:anna") as tx:
        assert holds.granted(tx, "clerk") is None
        for mode in (Mode.AUTO, Mode.SHADOW):
            holds.grant(tx, "clerk", mode=mode, by="person:anna", reason="so")
        assert holds.granted(tx, "clerk") is Mode.SHADOW


def test_a_run_is_frozen_once(database: Database, run_id: int) -> None:
    """Nothing is added to its intake afterwards."""
    with database.transaction(actor="system:test") as tx:
        runs.freeze_intake(tx, run_id, offered=3, new=2, duplicate=1, quarantined=0)
        runs.freeze_intake(tx, run_id, offered=9, new=9, duplicate=0, quarantined=0)
        runs.end(tx, run_id, bot="clerk", exit_code=ExitCode.GREEN, balances=())
        row = runs.get(tx, run_id)
        assert (row.offered, row.new, row.exit_code) == (3, 2, 0)


def test_a_store_of_a_newer_program_is_refused(url: str, clock: FakeClock) -> None:
    """It is not opened, and the message says what to do."""
    if url == "sqlite://":
        pytest.skip("a store in memory is never an older one")
    first = Database.open(url, clock=clock.clock())
    with first.transaction(actor="system:test") as tx:
        tx.connection.execute(t.about.update().where(t.about.c.name == "schema").values(value="99"))
    first.close()
    with pytest.raises(ConfigError, match="newer Understudy"):
        Database.open(url, clock=clock.clock())


def test_time_never_runs_backwards(clock: FakeClock, url: str) -> None:
    """Set back by an hour, it goes on from where it was."""
    database = Database.open(url, clock=clock.clock())
    before = database.now()
    clock._start -= timedelta(hours=1)
    assert database.now() == before
    clock.tick(5)
    assert database.now() == before + timedelta(seconds=5)
    clock._start += timedelta(hours=2)
    assert database.now() == before + timedelta(hours=1, seconds=5)
    database.close()


def test_a_naive_instant_is_refused(database: Database, run_id: int) -> None:
    """It would be read in another zone."""
    with pytest.raises(StatementError, match="needs a time zone"):
        add(database, run_id, NewItem(reference="7", not_before=datetime(2026, 3, 2)))  # noqa: DTZ001

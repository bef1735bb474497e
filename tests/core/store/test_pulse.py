"""When each item at hand last got on."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event

from core.clock import FakeClock
from core.model.effects import EffectRecord, EffectState, Planned
from core.model.evidence import Evidence
from core.model.items import Claim
from core.model.steps import RecordKind, StepRecord
from core.store import Database, Transaction, effects, pulse, steps
from core.testing.stage import NOON
from tests.core.store.filled import MINUTE, fill, take

STEP = StepRecord(
    kind=RecordKind.STEP, name="read", input_digest="i", code_digest="c", result=1, result_type="", seconds=0.1
)
Move = Callable[[Transaction, Claim], object]

MOVES: dict[str, Move] = {
    "a step": lambda tx, claim: steps.save(tx, claim.item_id, attempt=1, records=[STEP]),
    "evidence": lambda tx, claim: steps.save_evidence(tx, claim.item_id, attempt=1, evidence=[picture(tx)]),
    "an intent": lambda tx, claim: intended(tx, claim),
    "a receipt": lambda tx, claim: effects.settle(tx, intended(tx, claim), to=EffectState.CONFIRMED, receipt=1),
}


def picture(tx: Transaction) -> Evidence:
    """Return a picture that was taken now."""
    return Evidence(sha256="0" * 64, name="before", media_type="image/jpeg", size=1, at=tx.now)


def intended(tx: Transaction, claim: Claim) -> EffectRecord:
    """Write an intent down."""
    plan = Planned(target="book", name="post", key="fresh", plan={}, plan_digest="d")
    return effects.intend(tx, bot="clerk", item_id=claim.item_id, token=claim.token, plan=plan)


@pytest.mark.parametrize("what", MOVES)
def test_whatever_is_stored_of_an_item_moves_it(database: Database, clock: FakeClock, what: str) -> None:
    """A step, evidence, an intent and a receipt each count from when they were stored."""
    fill(database, clock)
    claim = take(database, worker="here:1:a")
    clock.tick(10 * MINUTE)
    with database.transaction(actor="system:test") as tx:
        MOVES[what](tx, claim)
    clock.tick(10 * MINUTE)
    with database.reading() as tx:
        (one,) = pulse.at_hand(tx, host="here")
    assert (one.item_id, one.bot, one.worker) == (claim.item_id, "clerk", "here:1:a")
    assert one.moved_at == NOON + 11 * MINUTE


def test_an_item_of_which_nothing_is_stored_moved_when_it_was_taken(database: Database, clock: FakeClock) -> None:
    """What an earlier attempt left does not count as a move of this one, and its lease is told."""
    fill(database, clock)
    clock.tick(10 * MINUTE)
    claim = take(database, worker="here:1:a")
    with database.reading() as tx:
        (one,) = pulse.at_hand(tx, host="here")
    assert one.moved_at == NOON + 11 * MINUTE
    assert one.lease_until == claim.lease_until == NOON + timedelta(minutes=12)


def test_only_items_of_the_host_are_told(database: Database, clock: FakeClock) -> None:
    """A host whose name begins alike, or holds the database's wild cards, is another."""
    fill(database, clock)
    take(database, worker="here2:1:a")
    take(database, worker="her_:1:a")
    with database.reading() as tx:
        assert pulse.at_hand(tx, host="here") == []
        assert pulse.at_hand(tx, host="_____") == []
        assert len(pulse.at_hand(tx, host="her_")) == 1


def test_a_look_goes_through_an_index_however_many_items_there_are(database: Database, clock: FakeClock) -> None:
    """It is made every few seconds for years: SQLite may read the items at hand only, never all of them."""
    if database.engine.dialect.name != "sqlite":
        pytest.skip("SQLite tells how it goes about it without any rows")
    fill(database, clock)
    asked: list[tuple[str, tuple[object, ...]]] = []
    take(database, worker="here:1:a")
    with database.reading() as tx:
        event.listen(tx.connection, "before_cursor_execute", lambda *given: asked.append((given[2], given[3])))
        pulse.at_hand(tx, host="here")
        plans = [row[3] for sql, values in list(asked) for row in explained(tx, sql, values)]
    assert len(plans) >= 5
    assert [plan for plan in plans if plan.startswith("SCAN") and "USING INDEX item_held" not in plan] == []


def explained(tx: Transaction, sql: str, values: tuple[object, ...]) -> list[Sequence[Any]]:
    """Return SQLite's plan for a statement."""
    return list(tx.connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values))

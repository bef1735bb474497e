"""Schedules, occurrences and signs in the store: each row moves once, and only as it was seen."""

from dataclasses import replace
from datetime import timedelta

import pytest

from core.clock import FakeClock
from core.model.occurrences import BY_HAND, Occurrence, OccurrenceState
from core.model.runs import ExitCode
from core.store import Database, Transaction, occurrences, runs, schedules, signs
from core.testing.stage import NOON
from core.timing.schedule import Slot

FIRST = Slot(key="2026-03-02T12:00", due=NOON)
SECOND = Slot(key="2026-03-03T12:00", due=NOON + timedelta(days=1))
BOT, NAME = "clerk", "noon"


def order(tx: Transaction, slot: Slot = FIRST) -> int | None:
    """Order a run for a slot."""
    return occurrences.order(tx, BOT, NAME, slot, not_before=slot.due, report_by=None, trigger="test")


@pytest.fixture
def ordered(database: Database) -> Occurrence:
    """An occurrence that is due."""
    with database.transaction(actor="system:test") as tx:
        made = order(tx)
        assert made is not None
        return occurrences.get(tx, made)


def test_of_two_that_saw_the_same_row_one_moves_it(database: Database) -> None:
    """The second finds it moved, and gets nothing."""
    with database.transaction(actor="system:test") as tx:
        schedules.write_down(tx, BOT, NAME, rule="1", next=FIRST)
        schedules.write_down(tx, BOT, NAME, rule="2", next=SECOND)
        seen = schedules.find(tx, BOT, NAME)
    assert seen is not None
    assert (seen.rule, seen.next_slot) == ("1", FIRST.key)
    with database.transaction(actor="system:test") as tx:
        assert schedules.move(tx, seen, rule="1", next=SECOND)
    with database.transaction(actor="system:test") as tx:
        assert not schedules.move(tx, seen, rule="1", next=SECOND)
        (row,) = schedules.all_of(tx)
    assert (row.next_slot, row.next_at) == (SECOND.key, SECOND.due)


def test_a_schedule_without_a_next_slot_moves_as_well(database: Database) -> None:
    """Nothing is compared with nothing."""
    with database.transaction(actor="system:test") as tx:
        schedules.write_down(tx, BOT, NAME, rule="1", next=None)
        seen = schedules.find(tx, BOT, NAME)
        assert seen is not None
        assert schedules.move(tx, seen, rule="1", next=FIRST)
        assert not schedules.move(tx, seen, rule="1", next=FIRST)


def test_an_order_that_is_dropped_leaves_no_run(database: Database, ordered: Occurrence) -> None:
    """It has the reason; nobody can take it any more."""
    with database.transaction(actor="system:test") as tx:
        assert occurrences.skip(tx, ordered, why="made up for")
        assert not occurrences.skip(tx, ordered, why="again")
        one = occurrences.get(tx, ordered.id)
        assert (one.state, one.reason, one.run_id) == (OccurrenceState.SKIPPED, "made up for", None)
        assert runs.unclosed(tx, BOT, before=None) == []
        assert order(tx) is None
        with pytest.raises(ValueError, match="does not become"):
            occurrences.take(tx, one, holder="w", run_id=1)


def test_of_two_starts_one_is_counted(database: Database, ordered: Occurrence) -> None:
    """The second saw it as it was before the first."""
    with database.transaction(actor="system:test") as tx:
        assert occurrences.start(tx, ordered, again_at=NOON + timedelta(minutes=2))
        assert not occurrences.start(tx, ordered, again_at=NOON + timedelta(minutes=2))
        assert occurrences.get(tx, ordered.id).starts == 1


def test_of_two_takers_one_has_it(database: Database, ordered: Occurrence) -> None:
    """And only its holder renews, gives back or ends it."""
    assert ordered.run_id is not None
    with database.transaction(actor="system:test") as tx:
        assert occurrences.take(tx, ordered, holder="a", run_id=ordered.run_id)
        assert not occurrences.take(tx, ordered, holder="b", run_id=ordered.run_id)
        assert occurrences.holders(tx) == {"a"}
        assert not occurrences.renew(tx, ordered.id, holder="b")
        assert not occurrences.end(tx, ordered.id, holder="b", exit_code=ExitCode.GREEN)
        assert not occurrences.give_back(tx, ordered.id, holder="b", not_before=NOON, why="gone", in_good_order=False)
        assert occurrences.renew(tx, ordered.id, holder="a")
        assert occurrences.end(tx, ordered.id, holder="a", exit_code=ExitCode.GREEN)
        assert not occurrences.renew(tx, ordered.id, holder="a")
        assert occurrences.holders(tx) == frozenset()
        assert occurrences.unfinished(tx) == []


def test_of_two_that_take_over_from_a_dead_holder_one_has_it(database: Database, ordered: Occurrence) -> None:
    """The second had seen the dead one too, and finds the first."""
    assert ordered.run_id is not None
    with database.transaction(actor="system:test") as tx:
        assert occurrences.take(tx, ordered, holder="dead", run_id=ordered.run_id)
        seen = occurrences.get(tx, ordered.id)
        assert occurrences.take(tx, seen, holder="b", run_id=ordered.run_id)
        assert not occurrences.take(tx, seen, holder="c", run_id=ordered.run_id)


@pytest.mark.parametrize(("in_good_order", "starts"), [(True, 0), (False, 1)])
def test_a_stop_in_good_order_is_no_death(
    database: Database, ordered: Occurrence, in_good_order: bool, starts: int
) -> None:
    """The count of starts begins anew, so that closing times never use it up."""
    with database.transaction(actor="system:test") as tx:
        assert occurrences.start(tx, ordered, again_at=NOON)
        one = occurrences.get(tx, ordered.id)
        assert occurrences.take(tx, one, holder="a", run_id=one.run_id or 0)
        later = NOON + timedelta(hours=1)
        assert occurrences.give_back(
            tx, one.id, holder="a", not_before=later, why="closed", in_good_order=in_good_order
        )
        back = occurrences.get(tx, one.id)
    assert back == replace(one, starts=starts, not_before=later, reason="closed", began_at=NOON)


def test_orders_by_hand_are_occurrences_of_their_own(database: Database, clock: FakeClock) -> None:
    """Their slot is the instant; they are no run of a schedule."""
    for _ in range(2):
        with database.transaction(actor="person:anna") as tx:
            occurrences.order_by_hand(tx, BOT, by="anna")
        clock.tick(0.001)
    with database.reading() as tx:
        found = occurrences.history(tx, bot=BOT, schedule=BY_HAND, most=10)
    assert [one.due for one in found] == [NOON + timedelta(milliseconds=1), NOON]


def test_the_history_is_chosen_by_bot_schedule_and_time(database: Database) -> None:
    """The latest due first, no more than asked for."""
    with database.transaction(actor="system:test") as tx:
        order(tx)
        order(tx, SECOND)
        occurrences.pass_over(tx, "other", NAME, [(FIRST, "paused")])
        all_of = [(one.bot, one.slot) for one in occurrences.history(tx, most=10)]
        assert sorted(all_of) == [(BOT, FIRST.key), (BOT, SECOND.key), ("other", FIRST.key)]
        assert [one.slot for one in occurrences.history(tx, bot=BOT, most=10)] == [SECOND.key, FIRST.key]
        assert [one.slot for one in occurrences.history(tx, bot=BOT, since=SECOND.due, most=10)] == [SECOND.key]
        assert len(occurrences.history(tx, most=1)) == 1


def test_an_unknown_number_is_told(database: Database) -> None:
    """LookupError, with the number."""
    with database.reading() as tx, pytest.raises(LookupError, match="no occurrence 7"):
        occurrences.get(tx, 7)


def test_a_sign_is_given_again_and_read_by_kind(database: Database, clock: FakeClock) -> None:
    """The newest of each host; a kind is no prefix of another."""
    for name in ("scheduler:a", "scheduler:b", "schedulers:c", "watch:a"):
        with database.transaction(actor="system:test") as tx:
            signs.give(tx, name)
    clock.tick(60)
    with database.transaction(actor="system:test") as tx:
        signs.give(tx, "scheduler:a")
        assert signs.all_of(tx, "scheduler") == {"a": NOON + timedelta(minutes=1), "b": NOON}
        assert signs.all_of(tx, "sched") == {}

"""Starting what is due: one run of a bot at a time, again after a death, never without end."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from audit.tables import trail_event
from core.clock import FakeClock
from core.locks import FileLock
from core.model.items import NewItem
from core.model.occurrences import Occurrence, OccurrenceState
from core.model.protocol import Fate
from core.model.runs import ExitCode, Mode
from core.runtime import host
from core.runtime.ordered import Order
from core.store import Database, holds, items, occurrences, runs, signs, slots
from core.store import tables as t
from core.timing import timetable as forms
from core.timing.schedule import CatchUp, Schedule
from schedules.processes import Ended
from schedules.starter import MOST_STARTS, TO_TAKE, Conditions
from tests.schedules.cast import BOT, DAY, LONDON, MINUTE, Desk, all_of, hours, schedule, scheduler, slot, utc

SECOND = timedelta(seconds=1)


class Nobody:
    """Stands for processes that never take their run; says of them what a test tells it."""

    def __init__(self) -> None:
        self.started: list[Occurrence] = []
        self.over: list[Ended] = []

    def start(self, occurrence: Occurrence) -> None:
        """Note it."""
        self.started.append(occurrence)

    def ended(self) -> list[Ended]:
        """Return what the test has told."""
        over, self.over = self.over, []
        return over


class Office:
    """One scheduler, the clock and the store."""

    def __init__(self, database: Database, clock: FakeClock, folder: Path, *schedules: Schedule, **more: Any) -> None:
        self.database, self.clock, self.locks = database, clock, folder / "locks"
        self.starting = more.pop("starting", None) or Desk(database, locks=self.locks)
        self.scheduler = scheduler(database, schedules, starting=self.starting, locks=self.locks, **more)
        self.scheduler.turn()

    def at(self, text: str) -> list[Occurrence]:
        """Let it become an hour, take a turn, and return every occurrence."""
        self.clock.tick(utc(text) - self.clock.clock().now())
        self.scheduler.turn()
        return all_of(self.database)

    def after(self, time: timedelta) -> list[Occurrence]:
        """Let time pass, take a turn, and return every occurrence."""
        self.clock.tick(time)
        self.scheduler.turn()
        return all_of(self.database)


class Worker:
    """A process that has taken a run and works at it."""

    def __init__(self, database: Database, occurrence: Occurrence, locks: Path) -> None:
        self.name = host.new_worker_name()
        locks.mkdir(parents=True, exist_ok=True)
        self._lock = FileLock(locks / f"{self.name.replace(':', '_')}.lock")
        assert self._lock.take()
        self.order = Order(occurrence.id, locks=locks)
        with database.transaction(actor="system:test") as tx:
            self.order.begin(tx, version="1", mode=Mode.AUTO, worker=self.name)

    def die(self) -> None:
        """Let go of the lock, as the system does for a process that died."""
        self._lock.close()


def states(found: list[Occurrence]) -> list[str]:
    """Return the states."""
    return [str(one.state) for one in found]


def test_what_is_due_is_begun_and_ended(database: Database, clock: FakeClock, tmp_path: Path) -> None:
    """Begun by one process at its due time; what it ends with is stored; its run is the one that was ordered."""
    office = Office(database, clock, tmp_path, schedule())
    (one,) = office.at("2026-03-02 07:30")
    assert (one.state, one.starts, one.began_at) == (OccurrenceState.BEGUN, 1, utc("2026-03-02 07:30"))
    (one,) = office.at("2026-03-02 07:41")
    assert (one.state, one.exit_code, one.ended_at) == (OccurrenceState.ENDED, 0, utc("2026-03-02 07:41"))
    with database.reading() as tx:
        run = runs.latest(tx, BOT)
    assert run is not None
    assert (run.id, run.trigger, run.exit_code) == (one.run_id, "schedule:morning 2026-03-02T07:30", 0)
    assert run.started_at == utc("2026-03-02 07:30")


def test_the_jitter_is_waited_for(database: Database, clock: FakeClock, tmp_path: Path) -> None:
    """Not before its part of the jitter is over."""
    office = Office(database, clock, tmp_path, schedule(jitter=5 * MINUTE))
    (one,) = office.at("2026-03-02 07:30")
    assert utc("2026-03-02 07:30") < one.not_before < utc("2026-03-02 07:35")
    assert one.state is OccurrenceState.DUE
    assert states(office.at("2026-03-02 07:35")) == ["begun"]


def test_one_run_of_a_bot_at_a_time(database: Database, clock: FakeClock, tmp_path: Path) -> None:
    """Three due at once of one bot are begun one after the other, the oldest first; another bot's runs beside them."""
    due = schedule(catch_up=CatchUp.EACH)
    other = schedule(bot="orders")
    office = Office(database, clock, tmp_path, due, other)
    found = office.at("2026-03-04 10:00")
    assert [(one.bot, one.slot) for one in found if one.state is OccurrenceState.BEGUN] == [
        (BOT, "2026-03-02T07:30"),
        ("orders", "2026-03-04T07:30"),
    ]
    begun = [[one.slot for one in office.after(SECOND) if one.state is OccurrenceState.BEGUN] for _ in range(3)]
    assert begun == [["2026-03-03T07:30"], ["2026-03-04T07:30"], []]


def test_two_schedulers_at_once_start_one_run_of_a_bot(database: Database, clock: FakeClock, tmp_path: Path) -> None:
    """While one is about to start a run, the other starts another of the same bot: the first sees it and waits."""
    locks = tmp_path / "locks"
    desk = Desk(database, locks=locks)
    second = scheduler(database, [schedule("evening")], starting=desk, locks=locks, name="office-2")

    def meanwhile(boundary: str) -> None:
        if boundary == "start chosen" and not desk.started:
            second.turn()

    office = Office(database, clock, tmp_path, schedule(), starting=desk, reach=meanwhile)
    second.turn()
    office.at("2026-03-02 07:30")
    assert [one.schedule for one in desk.started] == ["evening"]
    assert len(all_of(database)) == 2


@pytest.mark.parametrize(("policy", "first"), [(CatchUp.ONCE, "skipped"), (CatchUp.EACH, "ended")])
def test_what_waits_behind_a_long_run_is_merged_unless_each_counts(
    database: Database, clock: FakeClock, tmp_path: Path, policy: CatchUp, first: str
) -> None:
    """A run of 07:00 lasts until 07:40: of 07:15 and 07:30 only the later is run, or both."""
    often = forms.Every(zone=LONDON, length=15 * MINUTE)
    office = Office(database, clock, tmp_path, schedule(timetable=often, catch_up=policy), starting=Nobody())
    desk = Desk(database, locks=office.locks)
    desk.start(office.at("2026-03-02 06:15")[0])
    office.at("2026-03-02 06:30")
    found = office.at("2026-03-02 06:45")
    assert states(found) == ["begun", "skipped" if policy is CatchUp.ONCE else "due", "due"]
    if policy is CatchUp.ONCE:
        assert found[1].reason == "made up for by the run of 2026-03-02T06:45"
        assert found[1].run_id is None
        with database.reading() as tx:
            assert len(runs.unclosed(tx, BOT, before=None)) == 2  # the order that was dropped has left no run


def test_a_process_that_dies_is_replaced_with_growing_pauses(
    database: Database, clock: FakeClock, tmp_path: Path
) -> None:
    """Proven dead by its lock: due again after 30 s, a minute, two, four; then it is given up and says so."""
    office = Office(database, clock, tmp_path, schedule(), starting=Nobody())
    office.at("2026-03-02 07:30")
    pauses = []
    for _ in range(MOST_STARTS):
        began = office.starting.started[-1]
        worker = Worker(database, began, office.locks)
        assert not any(one.state is OccurrenceState.DUE for one in office.after(SECOND)), "it still lives"
        worker.die()
        (one,) = office.after(SECOND)
        if one.state is OccurrenceState.ENDED:
            break
        assert one.reason == f"its process {worker.name} is gone"
        pauses.append((one.not_before - clock.clock().now()).total_seconds())
        office.after(one.not_before - clock.clock().now())
    assert pauses == [30, 60, 120, 240]
    assert (one.state, one.exit_code, one.starts) == (OccurrenceState.ENDED, 1, MOST_STARTS)
    assert "died 5 times" in one.reason
    with database.reading() as tx:
        assert runs.unclosed(tx, BOT, before=None) == []
        assert tx.connection.execute(trail_event.select().where(trail_event.c.action == "worker.lost")).all()
    assert list(office.locks.iterdir()) == []


@pytest.mark.parametrize("what", ["item", "session"])
def test_the_lock_of_a_dead_process_stays_while_it_holds_more(
    database: Database, clock: FakeClock, tmp_path: Path, what: str
) -> None:
    """It proves the death to the next run, which takes the item back at once instead of waiting for its lease."""
    office = Office(database, clock, tmp_path, schedule(), starting=Nobody())
    (one,) = office.at("2026-03-02 07:30")
    worker = Worker(database, office.starting.started[-1], office.locks)
    with database.transaction(actor="system:test") as tx:
        if what == "session":
            slots.provide(tx, "ledger", allowed=1)
            assert slots.take(tx, "ledger", allowed=1, holder=worker.name, lease=MINUTE)
        else:
            items.add(tx, BOT, run_id=one.run_id or 0, new=NewItem(reference="7"))
            assert items.claim(tx, BOT, worker=worker.name, lease=MINUTE)
    worker.die()
    assert states(office.after(SECOND)) == ["due"]
    assert host.fate(worker.name, folder=office.locks) is Fate.DEAD


def test_a_process_on_another_host_is_gone_when_its_lease_is(
    database: Database, clock: FakeClock, tmp_path: Path
) -> None:
    """Nothing but its lease tells; while it renews it, it keeps the run."""
    office = Office(database, clock, tmp_path, schedule(), starting=Nobody())
    (one,) = office.at("2026-03-02 07:30")
    elsewhere = "elsewhere:12:abcd"
    with database.transaction(actor="system:test") as tx:
        assert one.run_id is not None
        assert occurrences.take(tx, occurrences.get(tx, one.id), holder=elsewhere, run_id=one.run_id)
    for _ in range(5):
        assert states(office.after(occurrences.LEASE - SECOND)) == ["begun"]
        with database.transaction(actor="system:test") as tx:
            assert occurrences.renew(tx, one.id, holder=elsewhere)
    assert states(office.after(occurrences.LEASE)) == ["due"]
    with database.transaction(actor="system:test") as tx:
        assert not occurrences.renew(tx, one.id, holder=elsewhere)


def test_a_process_that_stands_still_keeps_its_run(database: Database, clock: FakeClock, tmp_path: Path) -> None:
    """Its lease is over, its lock is held on this host: it may wake in the middle of a click."""
    office = Office(database, clock, tmp_path, schedule(), starting=Nobody())
    office.at("2026-03-02 07:30")
    worker = Worker(database, office.starting.started[-1], office.locks)
    assert states(office.after(60 * MINUTE)) == ["begun"]
    worker.die()


def test_a_process_that_ends_before_it_begins_is_told_and_tried_again(
    database: Database, clock: FakeClock, tmp_path: Path
) -> None:
    """A wrong file: the reason has what it said; after five starts the run is given up with its exit code."""
    office = Office(database, clock, tmp_path, schedule(), starting=Nobody())
    office.at("2026-03-02 07:30")
    for number in range(1, MOST_STARTS + 1):
        assert len(office.starting.started) == number
        office.starting.over = [Ended(occurrence=office.starting.started[-1], code=50, told="bots.toml is wrong")]
        (one,) = office.after(SECOND)
        assert one.reason == "its process ended with 50 before it had begun. bots.toml is wrong"
        office.after(max(timedelta(0), one.not_before - clock.clock().now()))
    assert (one.state, one.exit_code) == (OccurrenceState.ENDED, 50)
    assert len(office.starting.started) == MOST_STARTS
    with database.reading() as tx:
        assert tx.connection.execute(t.run.select()).one().exit_code == 50


def test_a_start_that_nobody_heard_of_again_is_made_again(database: Database, clock: FakeClock, tmp_path: Path) -> None:
    """The scheduler died right after it had counted the start: after two minutes another starts it."""
    office = Office(database, clock, tmp_path, schedule(), starting=Nobody())
    office.at("2026-03-02 07:30")
    other = scheduler(database, [schedule()], starting=Nobody(), locks=office.locks, name="office-2")
    other.turn()
    assert len(office.starting.started) == 1
    office.after(TO_TAKE - SECOND)
    assert len(office.starting.started) == 1
    office.after(SECOND)
    assert [one.starts for one in office.starting.started] == [1, 2]


def test_a_machine_that_gives_no_process_is_waited_for(database: Database, clock: FakeClock, tmp_path: Path) -> None:
    """The start is counted, the reason told, and it is tried again."""

    class Full(Nobody):
        def start(self, occurrence: Occurrence) -> None:
            raise OSError(11, "Resource temporarily unavailable")

    office = Office(database, clock, tmp_path, schedule(), starting=Full())
    (one,) = office.at("2026-03-02 07:30")
    assert "no process could be started" in one.reason
    assert one.not_before == utc("2026-03-02 07:30") + 30 * SECOND


def test_a_hold_is_waited_for(database: Database, clock: FakeClock, tmp_path: Path) -> None:
    """While a target of the bot is held nothing is started; it begins as soon as the hold is lifted."""
    held = {BOT: Conditions(targets=("ledger",))}
    office = Office(database, clock, tmp_path, schedule(), conditions=held)
    with database.transaction(actor="person:anna") as tx:
        holds.place(tx, "target", "ledger", code="HELD_BY_HAND", reason="stocktaking", by="person:anna")
    (one,) = office.at("2026-03-02 07:30")
    assert (one.state, one.reason) == (OccurrenceState.DUE, "target ledger is held: stocktaking")
    with database.transaction(actor="person:anna") as tx:
        holds.release(tx, "target", "ledger", by="person:anna")
    assert states(office.after(SECOND)) == ["begun"]


def test_what_waited_until_after_closing_begins_at_the_next_opening(
    database: Database, clock: FakeClock, tmp_path: Path
) -> None:
    """A hold that is lifted in the evening: the run waits for the morning, with the reason."""
    open_hours = (hours("mon-fri 07:00-19:00"),)
    office = Office(database, clock, tmp_path, schedule(hours=open_hours))
    with database.transaction(actor="person:anna") as tx:
        holds.place(tx, "bot", BOT, code="HELD_BY_HAND", reason="stocktaking", by="person:anna")
    office.at("2026-03-02 07:30")
    with database.transaction(actor="person:anna") as tx:
        holds.release(tx, "bot", BOT, by="person:anna")
    (one,) = office.at("2026-03-02 19:00")
    assert (one.state, one.not_before) == (OccurrenceState.DUE, utc("2026-03-03 07:00"))
    assert "ledger is closed" in one.reason
    assert states(office.at("2026-03-03 07:00")) == ["begun"]


def test_a_run_that_stopped_at_closing_time_goes_on_at_the_next_opening_however_often(
    database: Database, clock: FakeClock, tmp_path: Path
) -> None:
    """Each time with a run of its own, and never given up: a stop in good order is no death."""
    office = Office(database, clock, tmp_path, schedule(), starting=Nobody())
    office.at("2026-03-02 07:30")
    for number in range(1, 2 * MOST_STARTS):
        desk = Desk(database, locks=office.locks)
        desk.start(office.starting.started[-1])
        opens = clock.clock().now() + 12 * 60 * MINUTE
        desk.end(ExitCode.STOPPED, goes_on_at=opens, why="ledger is closed until the morning")
        (one,) = [one for one in office.after(SECOND) if one.slot == "2026-03-02T07:30"]
        assert (one.state, one.not_before, one.starts) == (OccurrenceState.DUE, opens, 0)
        assert one.reason == "ledger is closed until the morning"
        office.after(opens - clock.clock().now())
        with database.reading() as tx:
            ended = [run for run in tx.connection.execute(t.run.select()) if run.exit_code == ExitCode.STOPPED]
        assert len(ended) == number


def test_a_run_ordered_by_hand_is_begun_and_never_merged(database: Database, clock: FakeClock, tmp_path: Path) -> None:
    """Two orders of a person are two runs, beside what the schedule makes."""
    office = Office(database, clock, tmp_path, schedule())
    for _ in range(2):
        clock.tick(SECOND)
        with database.transaction(actor="person:anna") as tx:
            occurrences.order_by_hand(tx, BOT, by="anna")
    office.after(SECOND)
    office.after(SECOND)
    found = office.after(SECOND)
    assert [(one.schedule, str(one.state)) for one in found] == [("by hand", "ended")] * 2
    with database.reading() as tx:
        assert {run.trigger for run in tx.connection.execute(t.run.select())} == {"person:anna"}


def test_what_bots_toml_no_longer_has_is_not_started_and_dropped_after_a_day(
    database: Database, clock: FakeClock, tmp_path: Path
) -> None:
    """A scheduler that knows it may still come; then nobody waits for it any more."""
    with database.transaction(actor="system:test") as tx:
        due = utc("2026-03-02 05:00")
        order = {"not_before": due, "report_by": None, "trigger": "test"}
        occurrences.order(tx, "gone", "morning", slot("2026-03-02T05:00"), **order)  # type: ignore[arg-type]
    office = Office(database, clock, tmp_path, schedule(), starting=Nobody())
    assert states(all_of(database)) == ["due"]
    (gone, *_) = office.after(DAY)
    assert gone.state is OccurrenceState.SKIPPED
    assert "bots.toml has no such schedule any more" in gone.reason
    assert office.starting.started == []


def test_every_turn_is_a_sign_of_life(database: Database, clock: FakeClock, tmp_path: Path) -> None:
    """By host, so that the silence of one is seen."""
    office = Office(database, clock, tmp_path, schedule(), name="office-1")
    scheduler(database, [schedule()], starting=Nobody(), locks=office.locks, name="office-2").turn()
    office.after(MINUTE)
    with database.reading() as tx:
        given = signs.all_of(tx, "scheduler")
    assert given == {"office-1": utc("2026-03-02 06:01"), "office-2": utc("2026-03-02 06:00")}


def test_a_run_that_had_begun_is_dropped_too_when_bots_toml_no_longer_has_it(
    database: Database, clock: FakeClock, tmp_path: Path
) -> None:
    """It stopped at closing time, then its schedule was taken out: a day later it is over, and nobody waits for it."""
    office = Office(database, clock, tmp_path, schedule(hours=(hours("daily 07:00-18:00"),)))
    office.at("2026-03-02 07:30")
    office.starting.end(ExitCode.STOPPED, goes_on_at=utc("2026-03-03 07:00"), why="closed")
    later = scheduler(database, (), starting=office.starting, locks=office.locks, conditions={BOT: Conditions()})
    clock.tick(utc("2026-03-04 06:59") - clock.clock().now())
    later.turn()
    assert states(all_of(database)) == ["due"]
    clock.tick(2 * MINUTE)
    later.turn()
    (one,) = all_of(database)
    assert (one.state, one.exit_code) == (OccurrenceState.ENDED, ExitCode.STOPPED)
    assert one.reason.startswith("bots.toml has no such schedule")
    assert one.run_id is not None, "what it did is not forgotten"


def test_a_run_whose_process_died_is_closed_when_bots_toml_no_longer_has_it(
    database: Database, clock: FakeClock, tmp_path: Path
) -> None:
    """It was to be begun again, but its schedule was taken out: its run does not stay open."""
    nobody = Nobody()
    office = Office(database, clock, tmp_path, schedule(), starting=nobody)
    (one,) = office.at("2026-03-02 07:30")
    Worker(database, one, office.locks).die()
    later = scheduler(database, (), starting=nobody, locks=office.locks, conditions={BOT: Conditions()})
    later.turn()
    clock.tick(DAY + MINUTE)
    later.turn()
    (one,) = all_of(database)
    assert one.state is OccurrenceState.ENDED
    with database.reading() as tx:
        assert runs.get(tx, one.run_id or 0).ended_at is not None

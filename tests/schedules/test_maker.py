"""Making what is due: once, whatever happens to clocks, rules, calendars and the scheduler itself."""

from datetime import time, timedelta
from typing import Any

import pytest

from audit.tables import trail_event
from core.clock import FakeClock
from core.store import Database, occurrences, runs
from core.store import schedules as rows
from core.timing import timetable as forms
from core.timing.calendars import Calendar
from core.timing.schedule import CatchUp, Schedule
from schedules.maker import MOST, Maker
from tests.schedules.cast import BOT, DAY, LONDON, MINUTE, all_of, schedule, utc


def made(database: Database, *schedules: Schedule) -> None:
    """Let a maker that has just been started make what is due."""
    Maker(schedules, database=database, actor="system:test").make()


def found(database: Database) -> list[tuple[str, str]]:
    """Return the slots that have an occurrence, and its state."""
    return [(one.slot, str(one.state)) for one in all_of(database)]


def told(database: Database, action: str) -> list[Any]:
    """Return the events of an action."""
    with database.reading() as tx:
        return list(tx.connection.execute(trail_event.select().where(trail_event.c.action == action)))


def move_clock_back(database: Database, clock: FakeClock, url: str, by: timedelta) -> Database:
    """Return the store as a program sees it that was started after the clock was set back."""
    clock.tick(-by)
    return Database.open(url, clock=clock.clock())


def test_a_new_schedule_begins_with_what_is_due_next(database: Database, clock: FakeClock) -> None:
    """Nothing of before is made up for; at the due time there is one occurrence with a run nobody has begun."""
    made(database, schedule())
    assert all_of(database) == []
    clock.tick(90 * MINUTE)
    made(database, schedule())
    made(database, schedule())
    (one,) = all_of(database)
    assert (one.slot, one.due, one.not_before, one.starts) == ("2026-03-02T07:30", *2 * [utc("2026-03-02 07:30")], 0)
    with database.reading() as tx:
        assert one.run_id is not None
        run = runs.get(tx, one.run_id)
        assert (run.worker, run.trigger) == ("", "schedule:morning 2026-03-02T07:30")
        assert runs.latest(tx, BOT) is None
        row = rows.find(tx, BOT, "morning")
    assert row is not None
    assert (row.next_slot, row.next_at) == ("2026-03-03T07:30", utc("2026-03-03 07:30"))
    assert len(told(database, "schedule.fired")) == 1


def test_the_maker_says_when_something_is_due_next(database: Database, clock: FakeClock) -> None:
    """The earliest of all schedules."""
    night = schedule("night", forms.Days(zone=LONDON, at=time(23, 0)))
    maker = Maker([schedule(), night], database=database, actor="system:test")
    assert maker.make() == utc("2026-03-02 07:30")
    clock.tick(2 * 60 * MINUTE)
    assert maker.make() == utc("2026-03-02 23:00")


def test_the_deadline_is_written_down(database: Database, clock: FakeClock) -> None:
    """As the schedule has it, for the day of the slot."""
    made(database, schedule(report_by=time(11, 0)))
    clock.tick(90 * MINUTE)
    made(database, schedule(report_by=time(11, 0)))
    assert [one.report_by for one in all_of(database)] == [utc("2026-03-02 11:00")]


@pytest.mark.parametrize(
    ("policy", "states"),
    [
        (CatchUp.SKIP, ["skipped", "skipped", "skipped"]),
        (CatchUp.ONCE, ["skipped", "skipped", "due"]),
        (CatchUp.EACH, ["due", "due", "due"]),
    ],
)
def test_an_outage_is_made_up_for_as_the_policy_says(
    database: Database, clock: FakeClock, policy: CatchUp, states: list[str]
) -> None:
    """Three mornings without a scheduler: none is lost, and the trail tells of each that is not run."""
    made(database, schedule(catch_up=policy))
    clock.tick(2 * DAY + 4 * 60 * MINUTE)
    made(database, schedule(catch_up=policy))
    assert found(database) == list(zip([f"2026-03-0{day}T07:30" for day in (2, 3, 4)], states, strict=True))
    assert len(told(database, "schedule.missed")) == states.count("skipped")


def test_a_long_outage_is_summed_up(database: Database, clock: FakeClock) -> None:
    """A schedule of every minute that nobody looked after for days: the newest thousand singly, the rest in one."""
    minutely = schedule(timetable=forms.Every(zone=LONDON, length=MINUTE))
    made(database, minutely)
    clock.tick(2 * DAY)
    made(database, minutely)
    there = all_of(database)
    assert len(there) == MOST + 1
    assert [str(one.state) for one in there].count("due") == 1
    assert there[0].reason == f"nobody was there; it stands for the {2880 - MOST} due times before {there[1].slot}"


def test_a_pause_passes_over_what_comes_due_and_ends_without_making_up(database: Database, clock: FakeClock) -> None:
    """While paused each slot is stored with the reason; after resuming the next one is made."""
    made(database, schedule())
    with database.transaction(actor="person:anna") as tx:
        assert rows.pause(tx, BOT, "morning", by="person:anna", why="stocktaking")
        assert not rows.pause(tx, BOT, "morning", by="person:ben", why="again")
    clock.tick(90 * MINUTE)
    made(database, schedule())
    assert [(one.reason, one.run_id) for one in all_of(database)] == [("paused by person:anna: stocktaking", None)]
    with database.transaction(actor="person:anna") as tx:
        assert rows.resume(tx, BOT, "morning", by="person:anna")
        assert not rows.resume(tx, BOT, "morning", by="person:anna")
    made(database, schedule())
    clock.tick(DAY)
    made(database, schedule())
    assert found(database) == [("2026-03-02T07:30", "skipped"), ("2026-03-03T07:30", "due")]
    assert [event.actor for event in told(database, "schedule.paused")] == ["person:anna"]
    assert [event.actor for event in told(database, "schedule.resumed")] == ["person:anna"]


def test_what_came_due_in_a_pause_is_not_made_up_for_though_no_scheduler_was_there(
    database: Database, clock: FakeClock
) -> None:
    """Paused, every scheduler stopped for an upgrade, resumed before they are back: the pause has had its effect."""
    each = schedule(catch_up=CatchUp.EACH)
    made(database, each)
    with database.transaction(actor="person:anna") as tx:
        assert rows.pause(tx, BOT, "morning", by="person:anna", why="upgrade")
    clock.tick(DAY + 4 * 60 * MINUTE)
    with database.transaction(actor="person:anna") as tx:
        assert rows.resume(tx, BOT, "morning", by="person:anna")
    made(database, each)
    assert found(database) == [("2026-03-02T07:30", "skipped")]
    assert all_of(database)[0].reason.startswith("paused by person:anna: upgrade")
    clock.tick(DAY)
    made(database, each)
    assert found(database) == [("2026-03-02T07:30", "skipped"), ("2026-03-04T07:30", "due")]


def test_what_is_paused_before_any_scheduler_has_seen_it_stays_paused(database: Database, clock: FakeClock) -> None:
    """The scheduler works out when it is due, and leaves the pause as it is."""
    with database.transaction(actor="person:anna") as tx:
        rows.pause(tx, BOT, "morning", by="person:anna", why="not yet")
    made(database, schedule())
    clock.tick(90 * MINUTE)
    made(database, schedule())
    assert found(database) == [("2026-03-02T07:30", "skipped")]


def test_a_changed_rule_is_computed_from_now_and_doubles_nothing(database: Database, clock: FakeClock) -> None:
    """At eight 07:30 becomes 07:45: it is due tomorrow, not once more today."""
    made(database, schedule())
    clock.tick(2 * 60 * MINUTE)
    made(database, schedule())
    later = schedule(timetable=forms.Days(zone=LONDON, at=time(7, 45)), rule="2")
    made(database, later)
    clock.tick(DAY)
    made(database, later)
    assert [slot for slot, _ in found(database)] == ["2026-03-02T07:30", "2026-03-03T07:45"]


def test_a_rule_that_changes_during_an_outage_loses_nothing_unseen(database: Database, clock: FakeClock) -> None:
    """The old due time is noted as no longer due, and what the new rule had due since is made up for."""
    made(database, schedule())
    clock.tick(3 * 60 * MINUTE)
    made(database, schedule(timetable=forms.Days(zone=LONDON, at=time(8, 30)), rule="2"))
    assert found(database) == [("2026-03-02T07:30", "skipped"), ("2026-03-02T08:30", "due")]
    assert all_of(database)[0].reason == "it is no longer due: bots.toml or its calendar has changed"


def test_a_schedule_taken_out_and_put_back_makes_up_for_nothing(database: Database, clock: FakeClock) -> None:
    """It was meant to be away."""
    every = schedule(catch_up=CatchUp.EACH)
    made(database, every)
    made(database)
    clock.tick(30 * DAY)
    made(database)
    made(database, every)
    assert all_of(database) == []
    clock.tick(2 * 60 * MINUTE)
    made(database, every)
    assert found(database) == [("2026-04-01T07:30", "due")]


def test_hosts_with_an_older_bots_toml_lose_nothing(database: Database, clock: FakeClock) -> None:
    """One scheduler does not know the schedule yet and takes it back right before it is due; the other makes it."""
    made(database, schedule())
    clock.tick(90 * MINUTE - timedelta(seconds=2))
    made(database)
    clock.tick(timedelta(seconds=4))
    made(database, schedule())
    assert found(database) == [("2026-03-02T07:30", "due")]


def test_a_day_that_became_a_holiday_is_not_run(database: Database, clock: FakeClock) -> None:
    """The organisation closes tomorrow, and tomorrow's row was written before: the next scheduler puts it right."""
    workdays = forms.Workdays(zone=LONDON, at=time(7, 30))
    made(database, schedule(timetable=workdays))
    closed = Calendar(name="default", closed=((utc("2026-03-02 00:00").date(), utc("2026-03-02 00:00").date()),))
    made(database, schedule(timetable=workdays, calendar=closed))
    clock.tick(DAY + 2 * 60 * MINUTE)
    made(database, schedule(timetable=workdays, calendar=closed))
    assert found(database) == [("2026-03-03T07:30", "due")]


def test_a_clock_set_back_fires_nothing_twice(database: Database, clock: FakeClock, url: str) -> None:
    """The hour comes again, to a scheduler that was started in between: the slot has its occurrence."""
    made(database, schedule())
    clock.tick(2 * 60 * MINUTE)
    made(database, schedule())
    again = move_clock_back(database, clock, url, 60 * MINUTE)
    made(again, schedule())
    clock.tick(60 * MINUTE)
    made(again, schedule())
    assert [slot for slot, _ in found(again)] == ["2026-03-02T07:30"]
    clock.tick(DAY)
    made(again, schedule())
    assert [slot for slot, _ in found(again)] == ["2026-03-02T07:30", "2026-03-03T07:30"]
    again.close()


def test_a_clock_that_was_far_ahead_takes_no_day_away(database: Database, clock: FakeClock, url: str) -> None:
    """For a moment it was ten days later: what was passed over then is run when its day comes, what was run is not."""
    made(database, schedule())
    clock.tick(10 * DAY + 2 * 60 * MINUTE)
    made(database, schedule())
    assert [state for _, state in found(database)] == ["skipped"] * 10 + ["due"]
    again = move_clock_back(database, clock, url, 10 * DAY + 2 * 60 * MINUTE)
    made(again, schedule())
    clock.tick(2 * 60 * MINUTE)
    for _ in range(12):
        made(again, schedule())
        clock.tick(DAY)
    assert [state for _, state in found(again)] == ["due"] * 12
    again.close()


def test_a_machine_asleep_is_an_outage(database: Database, clock: FakeClock) -> None:
    """The same maker goes on after three days as after any outage."""
    maker = Maker([schedule()], database=database, actor="system:test")
    maker.make()
    clock.tick(3 * DAY)
    maker.make()
    assert [state for _, state in found(database)] == ["skipped", "skipped", "skipped"]


def test_both_hours_of_a_change_of_clocks_are_made_where_both_are_due(url: str) -> None:
    """Every hour in the night of 25 October 2026: 25 occurrences for 25 hours, two of them at one o'clock."""
    clock = FakeClock(utc("2026-10-24 22:59"))
    database = Database.open(url, clock=clock.clock())
    hourly = schedule(timetable=forms.Every(zone=LONDON, length=60 * MINUTE))
    maker = Maker([hourly], database=database, actor="system:test")
    maker.make()
    for _ in range(25):
        clock.tick(60 * MINUTE)
        maker.make()
    keys = [slot for slot, _ in found(database)]
    assert len(keys) == len(set(keys)) == 25
    assert [key for key in keys if key.startswith("2026-10-25T01:00")] == ["2026-10-25T01:00", "2026-10-25T01:00+0000"]
    database.close()


def test_a_schedule_that_fails_holds_up_no_other(database: Database, clock: FakeClock) -> None:
    """Its mistake is logged; the other's due time is made."""
    broken = schedule("broken", timetable=forms.Workdays(zone=LONDON, at=time(7, 30)), calendar=None)
    both = (broken, schedule())
    made(database, *both)
    clock.tick(90 * MINUTE)
    made(database, *both)
    assert [one.schedule for one in all_of(database)] == ["morning"]


def test_a_crash_between_the_move_and_the_order_leaves_both_undone(database: Database, clock: FakeClock) -> None:
    """The next due time moves with what is made, or not at all."""

    class Killed(BaseException):
        """A power cut."""

    def die(boundary: str) -> None:
        if boundary == "due moved":
            raise Killed

    made(database, schedule())
    clock.tick(90 * MINUTE)
    with pytest.raises(Killed):
        Maker([schedule()], database=database, actor="system:test", reach=die).make()
    assert all_of(database) == []
    made(database, schedule())
    assert found(database) == [("2026-03-02T07:30", "due")]


def test_a_slot_has_never_a_second_occurrence(database: Database) -> None:
    """Ordering the same slot again gives nothing, and leaves no run behind."""
    from tests.schedules.cast import slot

    with database.transaction(actor="system:test") as tx:
        at = utc("2026-03-02 07:30")
        order = {"not_before": at, "report_by": None, "trigger": "test"}
        first = occurrences.order(tx, BOT, "morning", slot("2026-03-02T07:30"), **order)  # type: ignore[arg-type]
        again = occurrences.order(tx, BOT, "morning", slot("2026-03-02T07:30"), **order)  # type: ignore[arg-type]
        number = len(runs.unclosed(tx, BOT, before=None))
    assert (first is not None, again, number) == (True, None, 1)

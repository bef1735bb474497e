"""Three schedulers at one store, killed and started again: every due time of a fortnight is run once, none is lost.

The control is in the same harness: schedulers of APScheduler that share its job store.
"""

import itertools
from collections import Counter
from datetime import datetime
from pathlib import Path

import pytest

from core.clock import FakeClock
from core.model.occurrences import Occurrence, OccurrenceState
from core.store import Database
from core.store import tables as t
from core.timing.schedule import Schedule
from schedules.clockwork import slots
from tests.schedules.cast import DAY, MINUTE, all_of, utc
from tests.schedules.fleet import Fleet, installation, instants

BEGIN, END = utc("2026-10-18 12:00"), utc("2026-11-01 12:00")  # clocks change on 25 October
BOUNDARIES = ("due moved", "due made", "all made", "start chosen", "start counted", "run begun", "run ended")


def expected(schedules: list[Schedule], begin: datetime, end: datetime) -> dict[tuple[str, str, str], datetime]:
    """Return every slot that is due in a time, by bot, schedule and key."""
    return {(s.bot, s.name, slot.key): slot.due for s in schedules for slot in slots(s, begin, end)}


def known(url: str) -> list[Occurrence]:
    """Return what the store has at the end."""
    database = Database.open(url, clock=FakeClock(END + DAY).clock())
    try:
        return all_of(database)
    finally:
        database.close()


def runs_of(url: str) -> list[int]:
    """Return the exit code of every run in the store."""
    database = Database.open(url, clock=FakeClock(END + DAY).clock())
    try:
        with database.reading() as tx:
            return list(tx.connection.execute(t.run.select()).mappings().all())
    finally:
        database.close()


def test_a_fortnight_with_kills_runs_everything_once(url: str, tmp_path: Path) -> None:
    """Each day one of three is killed, each boundary in its turn, and another takes its place a turn later."""
    folder = tmp_path / "office"
    plan = expected(installation(folder, policy="each"), BEGIN, END)
    with Fleet("member.py", url=url, folder=folder) as fleet:
        fleet.turn(BEGIN)
        for now in instants(plan.values(), kills=True):
            killed = fleet.killed.total()
            fleet.turn(now, deadly=BOUNDARIES[killed % len(BOUNDARIES)] if killed <= (now - BEGIN).days else "")
            fleet.up()
        fleet.turn(END + 10 * MINUTE)
        fleet.turn(END + 11 * MINUTE)
    assert fleet.killed.keys() == set(BOUNDARIES)
    assert fleet.killed.total() >= (END - BEGIN).days
    there = known(url)
    assert Counter((one.bot, one.schedule, one.slot) for one in there) == Counter(plan.keys())
    assert {(one.state, one.exit_code) for one in there} == {(OccurrenceState.ENDED, 0)}
    assert len(runs_of(url)) == len(plan)
    assert [pair for bot in {one.bot for one in there} for pair in _overlapping(there, bot)] == []


@pytest.mark.parametrize("policy", ["skip", "once", "each"])
def test_an_outage_of_all_is_made_up_for_as_the_policy_says(url: str, tmp_path: Path, policy: str) -> None:
    """All are away from Friday noon to Monday a quarter past ten: nothing is doubled, nothing is lost unseen."""
    begin, away, back = utc("2026-10-22 12:00"), utc("2026-10-23 12:00"), utc("2026-10-26 10:15")
    folder = tmp_path / "office"
    schedules = installation(folder, policy=policy)
    plan = expected(schedules, begin, back + DAY)
    with Fleet("member.py", url=url, folder=folder) as fleet:
        fleet.turn(begin)
        for now in instants(due for due in plan.values() if due < away):
            fleet.turn(now)
        fleet.down()
        fleet.up()
        for now in [back + number * MINUTE for number in range(30)]:  # of one bot's runs each waits for the other
            fleet.turn(now)
        for now in instants(due for due in plan.values() if due > back):
            fleet.turn(now)
        fleet.turn(back + DAY + 5 * MINUTE)
        fleet.turn(back + DAY + 6 * MINUTE)
    there = known(url)
    assert Counter((one.bot, one.schedule, one.slot) for one in there) == Counter(plan.keys())
    run = {(one.bot, one.schedule, one.slot) for one in there if one.state is OccurrenceState.ENDED}
    assert [one for one in there if one.exit_code != 0 and not _passed_over(one)] == []
    missed = {key for key, due in plan.items() if away < due <= back}
    made_up = {
        "skip": set(),
        # invoices' Monday morning is over: the ledger has closed at ten. Saturday's weekly run was another day's.
        "once": {("orders", "early", "2026-10-26T06:15"), ("orders", "often", "2026-10-26T08:00")},
        "each": missed,
    }[policy]
    assert run == (plan.keys() - missed) | made_up


def _overlapping(there: list[Occurrence], bot: str) -> list[tuple[Occurrence, Occurrence]]:
    """Return the runs of a bot that were at work at the same time."""
    began = sorted((one for one in there if one.bot == bot), key=lambda one: (one.began_at, one.ended_at))
    pairs = itertools.pairwise(began)
    return [(one, then) for one, then in pairs if one.ended_at > then.began_at]


def _passed_over(one: Occurrence) -> bool:
    return one.state is OccurrenceState.SKIPPED and bool(one.reason)


def test_the_control_does_double(url: str, tmp_path: Path) -> None:
    """Three that share APScheduler's job store start jobs two and three times; ours, told the same, never do."""
    folder = tmp_path / "office"
    plan = expected(installation(folder, policy="each"), BEGIN, BEGIN + 5 * DAY)
    control = url.replace("store.db", "control.db")
    with Fleet("naive.py", url=control, folder=folder, number=1) as first:
        first.turn(BEGIN)  # alone, so that making its tables is no race as well
    with Fleet("naive.py", url=control, folder=folder) as fleet:
        fleet.turn(BEGIN)
        for now in sorted(set(plan.values())):
            fleet.turn(now)
    lines = (folder / "shared").read_text(encoding="utf-8").splitlines()
    starts = Counter(lines)
    assert len(starts) == len(plan)
    assert sum(number > 1 for number in starts.values()) > len(plan) / 10

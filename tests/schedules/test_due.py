"""What becomes of due times: every policy, in time and late, with and without opening hours."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.timing.schedule import CatchUp
from schedules.due import IN_TIME, closing, decide, first_opening, jitter, made_up_until
from tests.schedules.cast import DAY, MINUTE, hours, schedule, slot, utc

MORNINGS = [slot("2026-03-02T07:30"), slot("2026-03-03T07:30"), slot("2026-03-04T07:30")]
OFFICE = hours("mon-fri 07:00-19:00")


@pytest.mark.parametrize("policy", list(CatchUp))
def test_what_is_found_in_time_is_made(policy: CatchUp) -> None:
    """One slot, found within minutes: a run at once, whatever the policy."""
    (made,) = decide(schedule(catch_up=policy), MORNINGS[:1], now=utc("2026-03-02 07:33"))
    assert (made.not_before, made.reason) == (utc("2026-03-02 07:33"), "")


@pytest.mark.parametrize(
    ("policy", "made"),
    [(CatchUp.SKIP, [False, False, False]), (CatchUp.ONCE, [False, False, True]), (CatchUp.EACH, [True, True, True])],
)
def test_after_an_outage_the_policy_decides(policy: CatchUp, made: list[bool]) -> None:
    """Three mornings, found at ten on the third: none, the last for all, or each."""
    decided = decide(schedule(catch_up=policy), MORNINGS, now=utc("2026-03-04 10:00"))
    assert [one.not_before is not None for one in decided] == made
    if policy is CatchUp.ONCE:
        assert decided[0].reason == "made up for by the run of 2026-03-04T07:30"
    if policy is CatchUp.SKIP:
        assert "found late, at 2026-03-04 10:00 UTC" in decided[0].reason


def test_only_the_newest_can_be_in_time() -> None:
    """An outage that ends right at a due time: with `skip` that one is run, the older ones are not."""
    decided = decide(schedule(catch_up=CatchUp.SKIP), MORNINGS, now=utc("2026-03-04 07:31"))
    assert [one.not_before is not None for one in decided] == [False, False, True]


@pytest.mark.parametrize(
    ("found", "made"),
    [("2026-03-02 18:59", True), ("2026-03-02 19:00", False), ("2026-03-03 07:10", False)],
)
def test_once_means_while_still_inside_the_opening_hours(found: str, made: bool) -> None:
    """A morning that nobody was there for is made up for until the target closes, and not the next day."""
    (decided,) = decide(schedule(hours=(OFFICE,)), MORNINGS[:1], now=utc(found))
    assert (decided.not_before is not None) is made
    assert made or "too late: it could be made up for until 2026-03-02 19:00 UTC" in decided.reason


@pytest.mark.parametrize(("found", "made"), [("2026-03-02 23:59", True), ("2026-03-03 00:00", False)])
def test_without_opening_hours_once_means_the_same_local_day(found: str, made: bool) -> None:
    """In March the London day ends at midnight UTC."""
    (decided,) = decide(schedule(), MORNINGS[:1], now=utc(found))
    assert (decided.not_before is not None) is made


def test_the_local_day_ends_an_hour_earlier_in_summer() -> None:
    """Midnight in London is 23:00 UTC then."""
    assert made_up_until(schedule(), slot("2026-07-01T06:30")) == utc("2026-07-01 23:00")
    assert made_up_until(schedule(), slot("2026-10-25T06:30")) == utc("2026-10-26 00:00")


def test_an_opening_longer_than_a_day_counts_as_none() -> None:
    """Where a target closes on Friday only, a Monday's run is not made up for on Wednesday."""
    always = schedule(hours=(hours("mon-fri 00:00-24:00"),))
    assert made_up_until(always, MORNINGS[0]) == utc("2026-03-03 00:00")


def test_a_night_belongs_to_the_opening_it_began_in() -> None:
    """A window over midnight: what is due at 23:00 is made up for until it closes."""
    night = schedule(hours=(hours("daily 22:00-04:00"),))
    assert made_up_until(night, slot("2026-03-02T23:00")) == utc("2026-03-03 04:00")


@pytest.mark.parametrize("policy", [CatchUp.ONCE, CatchUp.EACH])
def test_what_is_due_while_closed_waits_for_the_opening(policy: CatchUp) -> None:
    """Saturday's run begins on Monday at seven, with the reason."""
    (made,) = decide(
        schedule(hours=(OFFICE,), catch_up=policy), [slot("2026-03-07T07:30")], now=utc("2026-03-07 07:30")
    )
    assert made.not_before == utc("2026-03-09 07:00")
    assert "ledger is closed" in made.reason


def test_what_is_due_while_closed_is_not_run_where_nothing_is_made_up_for() -> None:
    """With `skip` Saturday's run is passed over, with the reason."""
    closed = schedule(hours=(OFFICE,), catch_up=CatchUp.SKIP)
    (passed,) = decide(closed, [slot("2026-03-07T07:30")], now=utc("2026-03-07 07:30"))
    assert passed.not_before is None
    assert "ledger is closed" in passed.reason


def test_a_target_that_never_opens_is_told() -> None:
    """Two targets that are never open together: not run, and the reason says so."""
    apart = schedule(hours=(hours("mon 07:00-09:00"), hours("tue 07:00-09:00", target="portal")))
    (passed,) = decide(apart, MORNINGS[:1], now=utc("2026-03-02 07:30"))
    assert passed.not_before is None
    assert passed.reason


@pytest.mark.parametrize("policy", list(CatchUp))
def test_what_is_due_while_paused_is_passed_over(policy: CatchUp) -> None:
    """Whatever the policy, with the words of whoever paused it."""
    decided = decide(schedule(catch_up=policy), MORNINGS, now=utc("2026-03-04 07:31"), paused="paused by anna: moving")
    assert {(one.not_before, one.reason) for one in decided} == {(None, "paused by anna: moving")}


def test_nothing_due_is_nothing_decided() -> None:
    """No slot, no decision."""
    assert decide(schedule(), [], now=utc("2026-03-02 07:30")) == []


def test_a_late_start_is_never_before_now() -> None:
    """With `each` the runs of three mornings are all due now."""
    now = utc("2026-03-04 10:00")
    decided = decide(schedule(catch_up=CatchUp.EACH, jitter=5 * MINUTE), MORNINGS, now=now)
    assert {one.not_before for one in decided} == {now}


@given(st.integers(0, 10_000))
def test_jitter_is_a_part_of_what_is_allowed_and_the_same_on_every_host(number: int) -> None:
    """It lies in [0, jitter), and asking again gives the same."""
    jumpy, at = schedule(jitter=5 * MINUTE), slot("2026-03-02T07:30")
    at = type(at)(key=f"{at.key}+{number}", due=at.due)
    assert timedelta(0) <= jitter(jumpy, at) < 5 * MINUTE
    assert jitter(jumpy, at) == jitter(schedule(jitter=5 * MINUTE), at)


def test_jitter_spreads_the_starts() -> None:
    """A hundred slots do not start at one moment."""
    jumpy = schedule(jitter=5 * MINUTE)
    parts = {jitter(jumpy, slot(f"2026-03-02T{hour:02d}:{minute:02d}")) for hour in range(24) for minute in range(5)}
    assert len(parts) > 100
    assert max(parts) - min(parts) > 4 * MINUTE


@given(
    policy=st.sampled_from(CatchUp),
    number=st.integers(1, 20),
    late=st.timedeltas(timedelta(0), 3 * DAY),
    opened=st.booleans(),
)
def test_every_slot_gets_one_decision_and_a_reason_when_it_is_not_run(
    policy: CatchUp, number: int, late: timedelta, opened: bool
) -> None:
    """Whatever is due and however late: as many decisions as slots, in order, and `skip` never makes a late one."""
    first = slot("2026-03-02T07:30")
    due = [type(first)(key=f"{first.key}+{n}", due=first.due + n * 15 * MINUTE) for n in range(number)]
    now = due[-1].due + late
    decided = decide(schedule(catch_up=policy, hours=(OFFICE,) if opened else ()), due, now=now)
    assert [one.slot for one in decided] == due
    assert all(one.reason for one in decided if one.not_before is None)
    assert all(one.not_before >= now for one in decided if one.not_before is not None)
    if policy is CatchUp.SKIP:
        assert all(now - one.slot.due <= IN_TIME for one in decided if one.not_before is not None)
    if policy is CatchUp.ONCE:
        assert sum(one.not_before is not None for one in decided) <= 1


def test_the_first_opening_is_that_of_all_targets_together() -> None:
    """One opens at seven, one at nine: work begins at nine, and ends when the first closes."""
    both = (hours("daily 07:00-17:00"), hours("daily 09:00-19:00", target="portal"))
    assert first_opening(both, utc("2026-03-02 06:00")) == utc("2026-03-02 09:00")
    assert first_opening(both, utc("2026-03-02 18:00")) == utc("2026-03-03 09:00")
    assert closing(both, utc("2026-03-02 10:00")) == utc("2026-03-02 17:00")
    assert closing((), utc("2026-03-02 10:00")) is None

"""Did each run start when it was due, report by its deadline, and end as it should?"""

from datetime import timedelta

import pytest

from core.model.notices import Alert
from core.model.occurrences import BY_HAND
from core.model.runs import ExitCode
from core.store import holds, occurrences, schedules, watching
from core.store import tables as t
from schedules.watching import runs
from tests.schedules.watching.conftest import TOML, Office

TUESDAY = "invoices/morning 2026-03-03T07:30"


def test_a_run_that_no_process_begins_is_found_after_the_grace(office: Office) -> None:
    """Ordered at 07:30, it is found ten minutes later; once it has begun it is found no more."""
    office.at("07:30", days=1)
    office.make()
    office.at("07:40")
    assert office.find(runs.not_started) == []
    office.at("07:41")
    (found,) = office.find(runs.not_started)
    assert (found.alert, found.subject) == (Alert.RUN_NOT_STARTED, TUESDAY)
    assert "Tue 03 Mar 2026 07:30" in found.says
    office.begin()
    assert office.find(runs.not_started) == []


def test_a_due_time_that_no_scheduler_makes_is_found_under_the_same_subject(office: Office) -> None:
    """The alert opens while the scheduler is away, and lasts until the run that it makes afterwards has begun."""
    office.at("07:41", days=1)
    (found,) = office.find(runs.not_started)
    assert found.subject == TUESDAY
    assert "no scheduler" in found.says
    office.at("10:00")
    office.make()
    assert office.find(runs.not_started) == [], "the run it ordered has its own grace"
    office.at("10:11")
    assert [one.subject for one in office.find(runs.not_started)] == [TUESDAY]
    office.begin()
    assert office.find(runs.not_started) == []


def test_who_slept_with_the_watch_has_time_to_wake_up(office: Office) -> None:
    """After a night in which the whole machine was off, a scheduler that starts beside the watch has its grace."""
    office.at("12:00", days=1)
    office.present = office.now
    assert office.find(runs.not_started) == []
    office.at("12:11")
    assert len(office.find(runs.not_started)) == 1


def test_a_run_that_was_ordered_before_the_machine_slept_has_time_to_begin(office: Office) -> None:
    """Ordered at 07:30, a minute before the machine went to sleep until ten."""
    office.at("07:30", days=1)
    office.make()
    office.at("10:00")
    office.present = office.now
    assert office.find(runs.not_started) == []
    office.at("10:11")
    assert len(office.find(runs.not_started)) == 1


def test_a_run_that_waits_for_an_opening_is_not_late(office: Office) -> None:
    """Due before its target opens, it is late ten minutes after the opening."""
    office.toml = TOML.replace("07:30", "05:30")
    office.make()
    office.at("05:30", days=1)
    office.make()
    office.at("07:10")
    assert office.find(runs.not_started) == []
    office.at("07:11")
    assert len(office.find(runs.not_started)) == 1


def test_a_run_that_goes_on_at_the_next_opening_is_not_late(office: Office) -> None:
    """Stopped at closing time, it is due again the next morning."""
    office.at("07:30", days=1)
    office.make()
    begun = office.begin()
    office.at("19:00")
    opens = office.now + timedelta(hours=12)
    office.do(occurrences.give_back, begun, holder="w:1", not_before=opens, why="closed", in_good_order=True)
    office.at("07:05", days=1)
    assert office.find(runs.not_started) == []
    office.at("07:11")
    assert len(office.find(runs.not_started)) == 1


def test_runs_of_a_bot_that_wait_for_each_other_are_not_late(office: Office) -> None:
    """Of two that are due only one can begin; the other waits its turn."""
    office.do(occurrences.order_by_hand, "invoices", by="anna")
    office.begin()
    office.at("12:01")
    office.do(occurrences.order_by_hand, "invoices", by="ben")
    office.at("13:00")
    assert office.find(runs.not_started) == []


def test_a_run_ordered_by_hand_is_looked_after_too(office: Office) -> None:
    """Who types run-now and sees nothing happen is told."""
    office.do(occurrences.order_by_hand, "letters", by="anna")
    office.at("12:11")
    (found,) = office.find(runs.not_started)
    assert found.subject.startswith(f"letters/{BY_HAND} ")
    assert found.about["BOT"] == "letters"


@pytest.mark.parametrize("held", [("bot", "invoices"), ("target", "ledger")])
def test_what_is_held_does_not_start_and_that_is_told_otherwise(office: Office, held: tuple[str, str]) -> None:
    """The hold has an alert of its own."""
    office.do(holds.place, *held, code="LOGIN_FAILED", reason="refused", by="system:attempt")
    office.at("07:30", days=1)
    office.make()
    office.at("09:00")
    assert office.find(runs.not_started) == []


def test_a_paused_schedule_is_not_missed(office: Office) -> None:
    """Somebody paused it: nothing is late and nothing is missed."""
    office.do(schedules.pause, "invoices", "morning", by="person:anna", why="stocktaking")
    office.at("09:00", days=1)
    assert office.find(runs.not_started) == []
    office.make()
    assert office.find(runs.missed) == []
    with office.database.reading() as tx:
        assert [one.reason for one in occurrences.history(tx, most=9)] == ["paused by person:anna: stocktaking"]


def test_a_schedule_that_bots_toml_no_longer_has_is_not_expected(office: Office) -> None:
    """Neither its due time nor a run that was ordered for it is missed."""
    office.at("07:30", days=1)
    office.make()
    office.toml = TOML.replace("[bots.invoices.schedules.morning]", "[bots.letters.schedules.morning]")
    office.at("08:00")
    assert [one.subject for one in office.find(runs.not_started)] == []


def test_a_run_that_has_not_reported_by_its_deadline_is_found(office: Office) -> None:
    """At work or not begun, it is found when 11:00 has passed; one that ended in time is not."""
    office.at("07:30", days=1)
    office.make()
    office.at("11:00")
    assert office.find(runs.overdue) == []
    office.at("11:01")
    (found,) = office.find(runs.overdue)
    assert (found.subject, found.over) == (TUESDAY, False)
    assert "it has not begun" in found.says
    begun = office.begin()
    assert "it began" in office.find(runs.overdue)[0].says
    office.end(begun)
    (late,) = office.find(runs.overdue)
    assert (late.subject, late.over) == (TUESDAY, True), "one that ended late while nobody watched is told too"


def test_a_run_in_time_is_not_overdue(office: Office) -> None:
    """It ended at 09:00; nothing is found at noon."""
    office.at("07:30", days=1)
    office.make()
    begun = office.begin()
    office.at("09:00")
    office.end(begun)
    office.at("12:00")
    assert office.find(runs.overdue) == []
    assert office.find(runs.not_started) == []
    assert office.find(runs.missed) == []


def test_a_run_without_a_deadline_that_is_at_work_for_half_a_day_is_found(office: Office) -> None:
    """The bot has no hours: thirteen hours after it began it may hang."""
    office.do(occurrences.order_by_hand, "letters", by="anna")
    office.begin()
    office.at("23:59")
    assert office.find(runs.overdue) == []
    office.clock.tick(timedelta(minutes=2))
    assert "may hang" in office.find(runs.overdue)[0].says


def test_the_hours_in_which_its_target_is_closed_do_not_count(office: Office) -> None:
    """A run that goes on for three days, each day from seven to seven, does not hang."""
    office.toml = TOML.replace('deadline = "11:00"', "")
    office.at("07:30", days=1)
    office.make()
    begun = office.begin()
    for _ in range(3):
        office.at("18:59")
        assert office.find(runs.overdue) == []
        office.at("19:00")
        opens = office.now + timedelta(hours=12)
        office.do(occurrences.give_back, begun, holder="w:1", not_before=opens, why="closed", in_good_order=True)
        office.at("07:00", days=1)
        assert office.begin() == begun


OUTAGES = {
    "skip": [("2026-03-03T07:30", True), ("2026-03-04T07:30", True)],
    "once": [("2026-03-03T07:30", False)],
    "each": [],
}


@pytest.mark.parametrize("rule", OUTAGES)
def test_after_an_outage_what_nothing_makes_up_for_is_missed(office: Office, rule: str) -> None:
    """Two mornings without a scheduler: what each catch-up rule passes over is told, unless a later run makes up."""
    office.toml = TOML.replace("[bots.letters]", f'catch_up = "{rule}"\n[bots.letters]')
    office.make()
    office.at("09:00", days=2)
    office.make()
    with office.database.reading() as tx:
        passed = [one for one in occurrences.history(tx, most=9) if one.state == "skipped"][::-1]
    assert [(one.slot, runs.is_missed(one)) for one in passed] == OUTAGES[rule]
    found = office.find(runs.missed)
    assert [one.subject for one in found] == [f"invoices/morning {slot}" for slot, told in OUTAGES[rule] if told]
    assert all(one.over for one in found)


def test_one_run_that_comes_too_late_to_make_up_is_missed(office: Office) -> None:
    """`once` makes up within the day's opening only: found at eight in the evening, the day is missed."""
    office.at("20:00", days=1)
    office.make()
    (found,) = office.find(runs.missed)
    assert found.subject == TUESDAY
    assert "too late" in found.says


def test_a_due_time_that_falls_on_a_closed_day_is_not_missed(office: Office) -> None:
    """With `skip`, a time at which the target is closed is left out on purpose."""
    office.toml = TOML.replace('workdays = "07:30"', 'days = "07:30"\ncatch_up = "skip"')
    office.make()
    office.at("07:30", days=5)  # a Saturday
    office.make()
    with office.database.reading() as tx:
        saturday = next(one for one in occurrences.history(tx, most=9) if one.slot == "2026-03-07T07:30")
    assert " is closed: " in saturday.reason
    assert not runs.is_missed(saturday)


def test_what_was_over_before_the_watch_began_is_told_to_nobody(office: Office) -> None:
    """A watch that is switched on for an old store does not begin with the misses of last year."""
    office.at("20:00", days=1)
    office.make()
    assert len(office.find(runs.missed)) == 1
    office.do(lambda tx: tx.connection.execute(t.about.delete().where(t.about.c.name == "watched since")))
    office.at("20:01")
    office.do(watching.begin)
    assert office.find(runs.missed) == []
    office.at("20:00", days=1)
    office.make()
    assert [one.subject for one in office.find(runs.missed)] == ["invoices/morning 2026-03-04T07:30"]


def test_a_watch_that_was_away_tells_what_it_missed(office: Office) -> None:
    """What was missed is found for a week after it was noted."""
    office.at("20:00", days=1)
    office.make()
    office.at("19:00", days=7)
    assert [one.subject for one in office.find(runs.missed)] == [TUESDAY]
    office.at("20:01")
    assert office.find(runs.missed) == []


@pytest.mark.parametrize(
    ("code", "alert"),
    [
        (ExitCode.FAILED, Alert.RUN_FAILED),
        (ExitCode.TARGET, Alert.TARGET_UNAVAILABLE),
        (ExitCode.CREDENTIALS, Alert.LOGIN_REFUSED),
        (ExitCode.CONFIGURATION, Alert.RUN_NOT_POSSIBLE),
        (ExitCode.TRAIL, Alert.TRAIL_BROKEN),
    ],
)
def test_a_bot_whose_last_run_went_wrong_is_found_until_one_goes_well(
    office: Office, code: ExitCode, alert: Alert
) -> None:
    """Scheduled or not; a run that a window stopped says nothing, and one that goes well ends it."""
    run_id = office.run("invoices", code=code)
    (found,) = office.find(runs.failed)
    assert (found.alert, found.subject, found.over) == (alert, "invoices", False)
    assert f"Run {run_id} " in found.says
    assert found.about == {"BOT": "invoices", "TARGET": "ledger"}
    office.run("invoices", code=ExitCode.STOPPED)
    office.run("invoices", code=None)
    assert len(office.find(runs.failed)) == 1
    office.run("invoices", code=ExitCode.CASES)
    assert office.find(runs.failed) == []


def test_a_run_that_does_not_balance_is_told_as_that(office: Office) -> None:
    """The balance that does not hold is named."""
    office.run("invoices", code=ExitCode.FAILED, unbalanced=True)
    (found,) = office.find(runs.failed)
    assert found.alert is Alert.RUN_UNBALANCED
    assert "what does not balance: target" in found.says


def test_a_run_that_was_given_up_before_it_began_is_found(office: Office) -> None:
    """Five processes ended with 50 before they began: the bot's configuration must be mended."""
    office.at("07:30", days=1)
    office.make()
    with office.database.transaction(actor="system:test") as tx:
        (due,) = occurrences.unfinished(tx)
        occurrences.give_up(tx, due, exit_code=ExitCode.CONFIGURATION, why="its process ended with 50")
    assert [one.alert for one in office.find(runs.failed)] == [Alert.RUN_NOT_POSSIBLE]


def test_a_bot_that_is_not_enabled_is_not_looked_after(office: Office) -> None:
    """Its last failure is nobody's concern any more."""
    office.run("letters", code=ExitCode.FAILED)
    office.toml = TOML + "enabled = false\n"
    assert office.find(runs.failed) == []


def test_a_run_that_waits_behind_another_until_its_target_has_closed_is_not_late(office: Office) -> None:
    """The first run stops at closing time; the second, due before, waits with it for the opening."""
    office.at("07:30", days=1)
    office.make()
    begun = office.begin()
    office.at("18:00")
    office.do(occurrences.order_by_hand, "invoices", by="anna")
    office.at("19:00")
    opens = office.now + timedelta(hours=12)
    office.do(occurrences.give_back, begun, holder="w:1", not_before=opens, why="closed", in_good_order=True)
    office.at("19:30")
    assert office.find(runs.not_started) == []
    office.at("07:05", days=1)
    assert office.find(runs.not_started) == []
    office.at("07:11")
    assert len(office.find(runs.not_started)) == 2, "ten minutes after the opening both are late"


def test_a_run_that_waited_for_another_has_its_grace_when_that_has_ended(office: Office) -> None:
    """A look that falls between the end of one run and the start of the next finds nothing."""
    office.at("07:30", days=1)
    office.make()
    begun = office.begin()
    office.at("08:00")
    office.do(occurrences.order_by_hand, "invoices", by="anna")
    office.at("09:00")
    office.end(begun)
    assert office.find(runs.not_started) == []
    office.at("09:10")
    assert office.find(runs.not_started) == []
    office.at("09:11")
    assert len(office.find(runs.not_started)) == 1


def test_a_run_that_waited_for_a_hold_has_its_grace_when_that_is_lifted(office: Office) -> None:
    """A look that falls between the release and the start finds nothing."""
    office.do(holds.place, "target", "ledger", code="LOGIN_FAILED", reason="refused", by="system:attempt")
    office.at("07:30", days=1)
    office.make()
    office.at("09:00")
    office.do(holds.release, "target", "ledger", by="person:anna")
    assert office.find(runs.not_started) == []
    office.at("09:11")
    assert len(office.find(runs.not_started)) == 1


def test_a_run_that_was_ordered_early_and_failed_late_is_found(office: Office) -> None:
    """Ordered before a run by hand, it failed after that had ended well: the last to end is what counts."""
    office.at("07:30", days=1)
    office.make()
    office.at("07:35")
    office.run("invoices")
    office.at("07:36")
    office.end(office.begin(), code=ExitCode.FAILED)
    (found,) = office.find(runs.failed)
    assert (found.alert, found.subject) == (Alert.RUN_FAILED, "invoices")
    office.at("07:40")
    office.run("invoices")
    assert office.find(runs.failed) == []


def test_what_was_switched_off_on_purpose_is_not_late(office: Office) -> None:
    """Its bot is not enabled any more: nothing is expected of it, before the scheduler drops what is due and after."""
    office.at("07:30", days=1)
    office.make()
    begun = office.begin()
    office.do(occurrences.give_back, begun, holder="w:1", not_before=office.now, why="stopped", in_good_order=True)
    office.do(occurrences.order_by_hand, "invoices", by="anna")
    office.toml = TOML.replace('mode = "auto"', 'mode = "auto"\nenabled = false')
    office.at("12:00")
    assert [*office.find(runs.not_started), *office.find(runs.overdue)] == []
    with office.database.reading() as tx:
        one = occurrences.get(tx, begun)
    office.do(occurrences.give_up, one, exit_code=ExitCode.STOPPED, why="bots.toml has no such schedule any more")
    assert office.find(runs.overdue) == []

"""What waits too long: cases for people, changes in doubt, items that nobody takes."""

from datetime import UTC, datetime, timedelta

import pytest

from core.model.effects import Planned
from core.model.items import ItemState
from core.model.notices import Alert
from core.model.reviews import Question, ReviewKind
from core.model.runs import AttemptOutcome, ExitCode, Mode
from core.store import effects, holds, items, reviews, runs, slots
from core.store import tables as t
from schedules.watching import waiting
from tests.schedules.watching.conftest import TOML, Office

QUESTION = Question(kind=ReviewKind.BUSINESS, code="NOT_CLEAR", reason="The note is not clear.")


def case(office: Office, reference: str = "1", *, parked_until: datetime | None = None) -> None:
    """Ask a person about an item."""
    office.item("invoices", reference)
    with office.database.transaction(actor="system:test") as tx:
        item_id = items.by_reference(tx, "invoices", reference) or 0
        tx.connection.execute(t.item.update().where(t.item.c.id == item_id).values(state=ItemState.IN_REVIEW))
        task = reviews.open_task(tx, bot="invoices", item_id=item_id, question=QUESTION)
        if parked_until is not None:
            reviews.change(tx, reviews.get(tx, task), values={"parked_until": parked_until})


def test_a_case_is_found_when_two_workdays_have_passed(office: Office) -> None:
    """Asked on Friday at noon, it may wait until Tuesday at noon: a weekend is nobody's time."""
    office.at("12:00", days=4)
    case(office)
    office.at("12:00", days=4)
    assert office.find(waiting.cases) == []
    office.at("12:01")
    case(office, "2")
    (found,) = office.find(waiting.cases)
    assert (found.alert, found.subject, found.over) == (Alert.CASES_WAIT, "invoices", False)
    assert found.says == "1 case for longer than 2 workdays, the oldest since Fri 06 Mar 2026 12:00."


@pytest.mark.parametrize(
    ("since", "until"),
    [
        (datetime(2026, 4, 2, 9, tzinfo=UTC), datetime(2026, 4, 8, 9, tzinfo=UTC)),  # over Easter
        (datetime(2026, 3, 27, 12, tzinfo=UTC), datetime(2026, 3, 31, 11, tzinfo=UTC)),  # clocks go forward
        (datetime(2026, 3, 7, 12, tzinfo=UTC), datetime(2026, 3, 10, 12, tzinfo=UTC)),  # asked on a Saturday
    ],
)
def test_workdays_are_those_of_the_calendar(office: Office, since: datetime, until: datetime) -> None:
    """Bank holidays and weekends are no workdays, and the hour is the clocks' on the wall."""
    from schedules.watching.expected import Expected

    expected = Expected.of(office.config)
    assert waiting.until(expected.alerts.case_waits, since, expected) == until


def test_a_wait_may_be_told_in_hours(office: Office) -> None:
    """By the clock, weekends included."""
    office.toml = TOML + '[alerts]\ncase_waits = "4h"\n'
    case(office)
    office.at("16:00")
    assert office.find(waiting.cases) == []
    office.at("16:01")
    assert len(office.find(waiting.cases)) == 1


def test_a_parked_case_waits_from_its_date_on(office: Office) -> None:
    """Somebody has looked at it and put it aside until the next Monday."""
    case(office, parked_until=office.now + timedelta(days=7))
    office.at("12:00", days=9)
    assert office.find(waiting.cases) == []
    office.at("12:01")
    assert len(office.find(waiting.cases)) == 1


def test_an_answered_case_waits_no_more(office: Office) -> None:
    """Nor does it count."""
    case(office)
    with office.database.transaction(actor="system:test") as tx:
        (task,) = reviews.waiting(tx)
        reviews.change(tx, task, values={"state": "resolved", "resolved_at": tx.now})
    office.at("12:00", days=20)
    assert office.find(waiting.cases) == []


def begun(office: Office, *, state: str) -> None:
    """Begin a change in the ledger and leave it in a state."""
    office.item("invoices", state)
    plan = Planned(target="ledger", name="post", key=state, plan={}, plan_digest="d")
    with office.database.transaction(actor="system:test") as tx:
        item_id = items.by_reference(tx, "invoices", state) or 0
        effect = effects.intend(tx, bot="invoices", item_id=item_id, token=1, plan=plan)
        tx.connection.execute(t.effect.update().where(t.effect.c.id == effect.id).values(state=state))


def test_a_change_in_doubt_is_found_after_an_hour(office: Office) -> None:
    """Intended or uncertain for an hour; what is settled, and what was just begun, is in order."""
    for state in ("intended", "uncertain", "confirmed", "refuted", "withdrawn"):
        begun(office, state=state)
    office.at("13:00")
    assert office.find_slow(waiting.doubts) == []
    office.at("13:01")
    (found,) = office.find_slow(waiting.doubts)
    assert (found.alert, found.subject) == (Alert.DOUBT_WAITS, "invoices in ledger")
    assert found.says.startswith("2 changes by invoices may or may not have happened")


def test_items_that_nobody_takes_are_found_after_half_an_hour(office: Office) -> None:
    """Collected at noon and left, they are found at half past twelve."""
    office.item("invoices")
    office.at("12:29")
    assert office.find_slow(waiting.items) == []
    office.at("12:30")
    (found,) = office.find_slow(waiting.items)
    assert (found.alert, found.subject) == (Alert.ITEMS_WAIT, "invoices")
    assert found.says == "1 item never tried, the first ready since Mon 02 Mar 2026 12:00."


def test_while_somebody_works_for_the_bot_nothing_is_found(office: Office) -> None:
    """A worker that is busy with one item, or was a moment ago, will come to the others."""
    for reference in ("1", "2"):
        office.item("invoices", reference)
    office.at("12:35")
    claim = office.do(items.claim, "invoices", worker="w", lease=timedelta(minutes=1))
    assert office.find_slow(waiting.items) == []
    office.do(items.finish, claim, to=ItemState.DONE, outcome=AttemptOutcome.DONE, code=None, system_errors=0)
    office.at("13:04")
    assert office.find_slow(waiting.items) == []
    office.at("13:05")
    assert len(office.find_slow(waiting.items)) == 1


def test_a_worker_that_stands_still_is_no_worker(office: Office) -> None:
    """It holds an item and its lease has lapsed for half an hour."""
    for reference in ("1", "2"):
        office.item("invoices", reference)
    office.do(items.claim, "invoices", worker="w", lease=timedelta(minutes=1))
    office.at("12:29")
    assert office.find_slow(waiting.items) == []
    office.at("12:30")
    assert len(office.find_slow(waiting.items)) == 1


def test_while_its_target_is_closed_nothing_is_found_nor_right_after(office: Office) -> None:
    """Collected before closing time, they have half an hour from the opening on."""
    office.at("18:50")
    office.item("invoices")
    for hour, days in (("19:30", 0), ("07:29", 1)):
        office.at(hour, days=days)
        assert office.find_slow(waiting.items) == []
    office.at("07:30")
    assert len(office.find_slow(waiting.items)) == 1


@pytest.mark.parametrize("held", [("bot", "invoices"), ("target", "ledger")])
def test_while_it_is_held_nothing_is_found_nor_right_after(office: Office, held: tuple[str, str]) -> None:
    """A hold has an alert of its own; after the release they have half an hour."""
    office.item("invoices")
    office.do(holds.place, *held, code="BREAKER", reason="errors", by="system:breaker")
    office.at("14:00")
    assert office.find_slow(waiting.items) == []
    office.do(holds.release, *held, by="person:anna")
    office.at("14:29")
    assert office.find_slow(waiting.items) == []
    office.at("14:30")
    assert len(office.find_slow(waiting.items)) == 1


def test_what_else_is_in_the_way_is_respected(office: Office) -> None:
    """A run that is still collecting, a target whose pace allows nothing yet, a run that failed and is told."""
    office.item("invoices")
    run_id = office.do(runs.start, "invoices", version="1", mode=Mode.AUTO, trigger="t", worker="w")
    office.at("12:30")
    assert office.find_slow(waiting.items) == []
    office.do(runs.freeze_intake, run_id, offered=0, new=0, duplicate=0, quarantined=0)
    assert len(office.find_slow(waiting.items)) == 1
    office.do(slots.begin, "ledger", every=timedelta(hours=1))
    assert office.find_slow(waiting.items) == []
    office.at("13:30")
    assert len(office.find_slow(waiting.items)) == 1
    office.run("invoices", code=ExitCode.TARGET)
    assert office.find_slow(waiting.items) == []


def test_an_item_that_was_put_back_waits_for_the_next_run(office: Office) -> None:
    """A bot that works only when it runs takes tomorrow what came due today: that is how it should be."""
    office.item("letters")
    claim = office.do(items.claim, "letters", worker="w", lease=timedelta(minutes=1))
    office.do(
        items.finish,
        claim,
        to=ItemState.PENDING,
        outcome=AttemptOutcome.LATER,
        code="GOODS",
        system_errors=0,
        until=office.now + timedelta(hours=1),
    )
    office.at("20:00")
    assert office.find_slow(waiting.items) == []


def test_a_run_that_never_ended_does_not_hide_items_for_ever(office: Office) -> None:
    """Its machine was lost while it collected, and nobody can prove its death: half a day later it collects no more."""
    office.item("letters")
    with office.database.transaction(actor="system:test") as tx:
        runs.start(tx, "letters", version="1", mode=Mode.AUTO, trigger="test", worker="gone:1:a")
    office.at("20:00")
    assert office.find_slow(waiting.items) == []
    office.at("00:01", days=1)
    (found,) = office.find_slow(waiting.items)
    assert (found.alert, found.subject) == (Alert.ITEMS_WAIT, "letters")

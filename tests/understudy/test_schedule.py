"""`understudy schedule` and `run --occurrence`: what is due, what came of it, and what a person may do."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import icalendar
import pytest

from core.installation import Installation
from core.store import holds, occurrences, signs
from core.timing.schedule import Slot
from schedules.scheduler import this_host
from tests.understudy.conftest import TOML, Desk

SCHEDULES = """
[bots.clerk.schedules.noon]
days = "12:00"
deadline = "15:00"

[bots.clerk.schedules.close]
month_end = "16:00"
enabled = false
"""


@pytest.fixture
def office(desk: Desk) -> Desk:
    """An installation whose bot has two schedules, one of them not enabled."""
    desk.toml(TOML + SCHEDULES)
    return desk


def order(office: Desk, *, bot: str = "clerk") -> int:
    """Order a run as a schedule does and return the occurrence's number."""
    with Installation.open(office.folder) as opened, opened.database.transaction(actor="system:test") as tx:
        slot = Slot(key="2026-03-02T12:00", due=tx.now)
        made = occurrences.order(tx, bot, "noon", slot, not_before=tx.now, report_by=None, trigger="schedule:noon")
    assert made is not None
    return made


def sign(office: Desk) -> None:
    """Give a scheduler's sign of life."""
    with Installation.open(office.folder) as opened, opened.database.transaction(actor="system:test") as tx:
        signs.give(tx, f"scheduler:{this_host()}")


def history(office: Desk) -> list[dict[str, Any]]:
    """Return what became of each due time."""
    found: list[dict[str, Any]] = office.type("schedule", "history", "--json").json
    return found


def test_without_schedules_the_list_says_how_to_write_one(desk: Desk) -> None:
    """No error, and no talk of a scheduler."""
    said = desk.type("schedule", "list")
    assert (said.code, said.out.strip().startswith("No schedule yet")) == (0, True)


def test_the_list_shows_every_schedule_and_whether_a_scheduler_is_there(office: Desk) -> None:
    """When each is due next in its zone; what is not enabled is told; the lack of a scheduler comes first."""
    said = office.type("schedule", "list")
    assert said.out.startswith("NO SCHEDULER IS THERE")
    assert "understudy scheduler" in said.out
    assert "clerk/noon" in said.out
    assert "clerk/close (not enabled)" in said.out
    assert "12:00 (Europe/London)" in said.out
    sign(office)
    assert f"Scheduler on {this_host()}" in office.type("schedule", "list").out
    noon, close = office.type("schedule", "list", "--json").json["schedules"]
    assert (noon["when"], noon["enabled"], noon["zone"]) == ("days 12:00", True, "Europe/London")
    assert (close["when"], close["enabled"], close["next_at"]) == ("month_end 16:00", False, None)


def test_what_is_due_next_is_shown_and_written_as_a_calendar_file(office: Desk, tmp_path: Path) -> None:
    """A slot a day, each with its deadline; another program reads the file."""
    file = tmp_path / "bots.ics"
    said = office.type("schedule", "next", "--days", "7", "--ics", str(file))
    assert said.code == 0, said.err
    assert said.out.count("clerk/noon") == 7
    assert f"Wrote 7 of them to {file}" in said.out
    events = list(icalendar.Calendar.from_ical(file.read_bytes()).walk("VEVENT"))
    assert len(events) == 7
    assert {one.end - one.start for one in events} == {timedelta(hours=3)}
    data = office.type("schedule", "next", "--days", "7", "--json").json
    assert [datetime.fromisoformat(one["due"]) for one in data["coming"]] == [one.start for one in events]


def test_what_stands_in_the_way_of_many_is_told_once(office: Desk) -> None:
    """Below the table, by number; so is the zone when all have the same."""
    assert office.type("schedule", "pause", "clerk/noon", "--reason", "stocktaking", "--as", "anna").code == 0
    said = office.type("schedule", "next", "--days", "7")
    assert said.out.count("(1)") == 8
    assert said.out.splitlines()[-2:] == [
        "(1) paused by person:anna: stocktaking",
        "Times are those of Europe/London.",
    ]


def test_a_calendar_file_that_cannot_be_written_is_told(office: Desk) -> None:
    """50, with the place."""
    said = office.type("schedule", "next", "--ics", "/nowhere/bots.ics")
    assert (said.code, "--ics /nowhere/bots.ics cannot be written" in said.err) == (50, True)


def test_nothing_due_is_said(desk: Desk) -> None:
    """A sentence, not an empty table."""
    assert desk.type("schedule", "next").out.strip() == "Nothing is due in the next 14 days."


def test_a_run_is_ordered_by_hand(office: Desk) -> None:
    """The occurrence is there, with who asked; what keeps it from starting is told."""
    with Installation.open(office.folder) as opened, opened.database.transaction(actor="system:test") as tx:
        holds.place(tx, "target", "outbox", code="HELD_BY_HAND", reason="stocktaking", by="person:ben")
    said = office.type("schedule", "run-now", "clerk", "--as", "anna")
    assert said.code == 0, said.err
    assert "Occurrence 1: a run of clerk is ordered." in said.out
    assert "It waits: target outbox is held: stocktaking" in said.out
    assert "It waits: no scheduler is there; start one: understudy scheduler" in said.out
    sign(office)
    assert office.type("schedule", "run-now", "clerk", "--json").json["in_the_way"] == [
        "target outbox is held: stocktaking"
    ]
    assert [one["schedule"] for one in history(office)] == ["by hand", "by hand"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("run-now", "clark"), "bots.toml has no bot 'clark'; bots here: clerk"),
        (("pause", "clerk/morning", "--reason", "x"), "no schedule 'clerk/morning'; schedules of clerk: clerk/noon"),
        (("pause", "clark", "--reason", "x"), "bots.toml has no bot 'clark'"),
        (("resume", "clark/noon"), "bots.toml has no bot 'clark'"),
        (("history", "clark"), "bots.toml has no bot 'clark'"),
    ],
)
def test_a_wrong_name_ends_with_50_and_says_what_there_is(office: Desk, words: tuple[str, ...], told: str) -> None:
    """Nothing is changed."""
    said = office.type("schedule", *words)
    assert (said.code, told in said.err) == (50, True), said.err


def test_a_bot_that_is_not_enabled_is_not_ordered(office: Desk) -> None:
    """No scheduler would start it; the message says what to change."""
    office.toml(TOML.replace('mode = "auto"', 'mode = "auto"\nenabled = false') + SCHEDULES)
    said = office.type("schedule", "run-now", "clerk")
    assert (said.code, "bots.clerk.enabled is false" in said.err) == (50, True)


def test_pausing_and_resuming(office: Desk) -> None:
    """One or all of a bot's; with who and why; again is told; what to type to undo it stands below."""
    said = office.type("schedule", "pause", "clerk", "--reason", "stocktaking", "--as", "anna")
    assert (said.code, said.out.count("is paused.")) == (0, 2)
    assert "understudy schedule resume clerk" in said.out
    assert "clerk/noon was paused already." in office.type("schedule", "pause", "clerk/noon", "--reason", "x").out
    assert "by person:anna" in office.type("schedule", "list").out
    coming = office.type("schedule", "next", "--days", "2", "--json").json["coming"]
    assert {(one["begins"], one["note"]) for one in coming} == {(None, "paused by person:anna: stocktaking")}
    said = office.type("schedule", "resume", "clerk/noon")
    assert (said.code, said.out.strip()) == (0, "clerk/noon goes on.")
    assert "clerk/noon was not paused." in office.type("schedule", "resume", "clerk/noon").out


def test_the_run_of_an_occurrence_is_made_once(office: Desk) -> None:
    """As a scheduler starts it: green, in the history; another process for it does nothing."""
    office.note("n1", "tea")
    number = order(office)
    said = office.type("run", "clerk", "--occurrence", str(number), "--grace", "10s")
    assert said.code == 0, said.err
    (one,) = history(office)
    assert (one["state"], one["exit_code"], one["run"], one["slot"]) == ("ended", 0, 1, "2026-03-02T12:00")
    assert "green" in office.type("schedule", "history", "clerk/noon").out
    assert list(office.outbox()) == ["n1 tea"]
    said = office.type("run", "clerk", "--occurrence", str(number))
    assert (said.code, "OCCURRENCE_TAKEN: occurrence 1 is ended" in said.err) == (1, True)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("clerk", "--occurrence", "7"), "there is no occurrence 7"),
        (("clerk", "--occurrence", "1", "--dry-run"), "leave out --dry-run"),
        (("clerk", "--occurrence", "1", "--inbox", "."), "leave out --inbox"),
        (("clerk", "--occurrence", "1", "--grace", "soon"), "--grace is 'soon'"),
        (("clerk", "--occurrence", "1"), "occurrence 1 is of bot 'other'"),
    ],
)
def test_an_occurrence_that_does_not_fit_is_refused(office: Desk, words: tuple[str, ...], told: str) -> None:
    """With what was found and what to type; the occurrence stays as it is."""
    order(office, bot="other")
    said = office.type("run", *words)
    assert (said.code, told in said.err) == (50, True), said.err
    assert [one["state"] for one in history(office)] == ["due"]


def test_the_history_is_empty_at_first(office: Desk) -> None:
    """A sentence."""
    assert office.type("schedule", "history").out.strip() == "Nothing came due in that time."

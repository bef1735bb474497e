"""`understudy review list|show|resolve`."""

from pathlib import Path

import pytest

from tests.understudy.conftest import Desk
from understudy.deciding import value_of

LONG = "a note that is much too long"


def _task(desk: Desk) -> dict[str, object]:
    """Run the bot and return the first task that waits."""
    desk.type("run", "clerk")
    first: dict[str, object] = desk.type("review", "list", "--json").json[0]
    return first


def test_an_empty_list_says_so(desk: Desk) -> None:
    """Nothing waits: a sentence, and an empty array for machines."""
    assert "No case waits for a person." in desk.type("review", "list").out
    assert desk.type("review", "list", "--json").json == []


def test_the_list_names_each_case_and_why(desk: Desk) -> None:
    """A waiting case is listed with number, item, code and reason; --bot leaves out the others."""
    desk.note("n1", "business")
    desk.type("run", "clerk")
    said = desk.type("review", "list")
    assert "NOT_CLEAR" in said.out
    assert "The note is not clear." in said.out
    assert desk.type("review", "list", "--bot", "other", "--json").json == []


def test_a_case_shows_checks_values_and_what_can_be_decided(desk: Desk) -> None:
    """The case shows every check, the values in doubt first, who may waive, and the commands to type."""
    desk.note("n1", LONG + "!")
    desk.type("run", "clerk")
    said = desk.type("review", "show", "1")
    assert said.code == 0
    assert "SHORT_ENOUGH" in said.out
    assert "house rule 7" in said.out
    assert "2 people" in said.out
    assert "nobody" in said.out
    assert f"--folder {desk.folder} review resolve 1 waive --code SHORT_ENOUGH --note 'WHY' --version 1" in said.out
    data = desk.type("review", "show", "1", "--json").json
    assert data["fields_in_doubt"] == ["text"]
    assert {one["path"]: one["in_doubt"] for one in data["values"]} == {
        "text": True,
        "number": False,
        "pages": False,
        "place": False,
    }
    assert "confirm" not in {one["action"] for one in data["decide"]}


def test_a_case_that_is_not_there_is_refused(desk: Desk) -> None:
    """A number that no case has ends with 1 and says so, for show and for resolve."""
    assert "NO_SUCH_TASK" in desk.type("review", "show", "77").err
    said = desk.type("review", "resolve", "77", "retry")
    assert (said.code, "NO_SUCH_TASK" in said.err) == (1, True)


def test_a_correction_resumes_and_sends(desk: Desk) -> None:
    """A corrected field is checked again, and the item is sent with it at the next run."""
    desk.note("n1", LONG)
    task = _task(desk)
    said = desk.type("review", "resolve", str(task["id"]), "correct", "--set", "text=a short note", "--as", "anna")
    assert said.code == 0
    assert "understudy --folder" in said.out
    desk.type("run", "clerk")
    assert desk.outbox() == ["n1 a short note"]
    assert desk.type("review", "list", "--json").json == []


def test_a_value_that_does_not_fit_is_refused(desk: Desk) -> None:
    """A new value of the wrong kind changes nothing and names the field."""
    desk.note("n1", LONG)
    _task(desk)
    said = desk.type("review", "resolve", "1", "correct", "--set", "pages=many")
    assert said.code == 1
    assert "DOES_NOT_FIT" in said.err
    assert "pages" in said.err
    assert desk.type("review", "list", "--json").json[0]["version"] == 1


def test_a_field_that_is_not_there_is_refused(desk: Desk) -> None:
    """A correction of an unknown field names the fields there are."""
    desk.note("n1", LONG)
    _task(desk)
    said = desk.type("review", "resolve", "1", "correct", "--set", "txt=x")
    assert "NO_SUCH_FIELD" in said.err
    assert "number" in said.err


def test_a_field_can_be_cleared(desk: Desk) -> None:
    """--clear takes a value away where the field may be empty."""
    desk.note("n1", LONG)
    _task(desk)
    changes = ("--set", "place=attic", "--set", "pages=12", "--set", "text=short")
    assert desk.type("review", "resolve", "1", "correct", *changes).code == 0
    desk.note("n2", LONG)
    desk.type("run", "clerk")
    assert desk.type("review", "resolve", "2", "correct", "--clear", "place", "--set", "text=short").code == 0


def test_a_waiver_that_takes_two_people(desk: Desk) -> None:
    """The first leave is noted and the task stays; the second, by another person, lets the item go on."""
    desk.note("n1", LONG)
    _task(desk)
    waive = ("review", "resolve", "1", "waive", "--code", "SHORT_ENOUGH", "--note", "agreed by telephone")
    first = desk.type(*waive, "--as", "anna")
    assert "another person must agree" in first.out
    assert "SECOND_PERSON" in desk.type(*waive, "--as", "anna").err
    assert "goes on at the bot's next run" in desk.type(*waive, "--as", "ben").out
    desk.type("run", "clerk")
    assert desk.outbox() == [f"n1 {LONG}"]


def test_what_nobody_may_waive_is_refused(desk: Desk) -> None:
    """A check that says so cannot be waived by anybody."""
    desk.note("n1", "shout!")
    _task(desk)
    said = desk.type("review", "resolve", "1", "waive", "--code", "POLITE", "--note", "x")
    assert "NOT_WAIVABLE" in said.err


def test_parking_keeps_the_task_and_shows_its_date(desk: Desk) -> None:
    """A parked task stays in the list with its date; a date in the past is refused."""
    desk.note("n1", "business")
    _task(desk)
    assert "DATE_PASSED" in desk.type("review", "resolve", "1", "park", "--until", "2001-01-01").err
    assert "NO_SUCH_DATE" in desk.type("review", "resolve", "1", "park", "--until", "soon").err
    assert desk.type("review", "resolve", "1", "park", "--until", "3d").code == 0
    assert "parked until" in desk.type("review", "list").out


def test_done_by_hand_ends_the_item_with_its_receipt(desk: Desk) -> None:
    """A person did it: the number is needed, the item is done and nothing is sent."""
    desk.note("n1", "business")
    _task(desk)
    assert "NO_RECEIPT" in desk.type("review", "resolve", "1", "done_by_hand").err
    assert desk.type("review", "resolve", "1", "done-by-hand", "--receipt", "V-17").code == 0
    desk.type("run", "clerk")
    assert desk.outbox() == []
    assert desk.type("status", "--json").json["bots"][0]["items"] == {"done": 1}


def test_cancelling_needs_a_reason(desk: Desk) -> None:
    """A case is cancelled with a note, and refused without."""
    desk.note("n1", "business")
    _task(desk)
    assert "NO_REASON" in desk.type("review", "resolve", "1", "cancel").err
    assert desk.type("review", "resolve", "1", "cancel", "--note", "a duplicate").code == 0
    assert desk.type("status", "--json").json["bots"][0]["items"] == {"cancelled": 1}


def test_trying_again_asks_again(desk: Desk) -> None:
    """Retry runs the item as it is; what still stands in the way is asked anew, and the history tells of both."""
    desk.note("n1", "business")
    _task(desk)
    assert desk.type("review", "resolve", "1", "retry", "--note", "the sender says it is clear").code == 0
    desk.type("run", "clerk")
    shown = desk.type("review", "show", "2")
    assert "the sender says it is clear" in shown.out
    assert "attempt 1: review" in shown.out


@pytest.mark.parametrize(("action", "sent"), [("refute", ["n1 unsure"]), ("confirm", [])])
def test_doubt_is_settled_by_a_person(desk: Desk, action: str, sent: list[str]) -> None:
    """Where the target cannot tell, a person confirms with its number or says that it did not happen."""
    desk.note("n1", "unsure")
    _task(desk)
    options = ("--receipt", "V-1") if action == "confirm" else ()
    assert desk.type("review", "resolve", "1", action, *options).code == 0
    desk.type("run", "clerk")
    assert desk.outbox() == sent
    assert desk.type("status", "--json").json["bots"][0]["items"] == {"done": 1}


def test_a_plan_is_approved_as_it_was_shown(desk: Desk) -> None:
    """In recommend every plan waits for a person; approved, it is carried out."""
    desk.type("mode", "clerk", "--grant", "recommend", "--as", "anna", "--reason", "first week")
    desk.note("n1", "tea")
    _task(desk)
    assert "Plan: send in outbox, n1" in desk.type("review", "show", "1").out
    assert desk.outbox() == []
    assert desk.type("review", "resolve", "1", "approve").code == 0
    desk.type("run", "clerk")
    assert desk.outbox() == ["n1 tea"]


def test_a_task_that_changed_since_is_refused(desk: Desk) -> None:
    """A decision on an older version than the task has now changes nothing."""
    desk.note("n1", "business")
    _task(desk)
    desk.type("review", "resolve", "1", "park", "--until", "2d")
    said = desk.type("review", "resolve", "1", "retry", "--version", "1")
    assert (said.code, "CHANGED_SINCE" in said.err) == (1, True)


def test_a_task_is_answered_once(desk: Desk) -> None:
    """The second answer is refused and names who gave the first."""
    desk.note("n1", "business")
    _task(desk)
    desk.type("review", "resolve", "1", "retry", "--as", "anna")
    assert "anna" in desk.type("review", "resolve", "1", "cancel", "--note", "x").err
    assert desk.type("review", "show", "1", "--json").json["decide"] == []


def test_an_option_that_does_nothing_is_refused(desk: Desk) -> None:
    """What does not belong to the action is not silently ignored, and what it needs is asked for."""
    desk.note("n1", "business")
    _task(desk)
    assert "OPTION_WITHOUT_USE" in desk.type("review", "resolve", "1", "retry", "--receipt", "V-1").err
    assert "OPTION_MISSING" in desk.type("review", "resolve", "1", "park").err
    assert "OPTION_MISSING" in desk.type("review", "resolve", "1", "correct", "--set", "text").err
    assert "NO_SUCH_ACTION" in desk.type("review", "resolve", "1", "forget").err


def test_evidence_is_saved_to_a_folder(desk: Desk, tmp_path: Path) -> None:
    """--save writes the kept bytes under a number and what they show."""
    bot = desk.folder / "bots" / "clerk" / "bot.py"
    keeping = 'ctx.evidence("../the <note>", item.payload["text"].encode(), media_type="text/plain")'
    bot.write_text(bot.read_text().replace("    note = ctx.step", f"    {keeping}\n    note = ctx.step"))
    desk.note("n1", "business")
    desk.type("run", "clerk")
    said = desk.type("review", "show", "1", "--save", str(tmp_path / "seen"), "--json")
    assert [Path(path).name for path in said.json["saved"]] == ["01-the-note.txt"]
    assert (tmp_path / "seen" / "01-the-note.txt").read_text() == "business"


@pytest.mark.parametrize(
    ("typed", "stored", "meant"),
    [
        ("0012", "0011", "0012"),
        ("12.50", "11.00", "12.50"),
        ("null", "x", "null"),
        ("12", 11, 12),
        ("true", False, True),
        ("4711", None, "4711"),
        ('"x"', None, '"x"'),
        ("true", None, True),
        ("[1]", None, [1]),
        ('{"a": 1}', {"a": 2}, {"a": 1}),
        ("PO-7", None, "PO-7"),
        ("many", 3, "many"),
    ],
)
def test_a_typed_value_takes_the_kind_of_the_stored_one(typed: str, stored: object, meant: object) -> None:
    """Text stays text, whatever it looks like; numbers, lists and objects are read as JSON where one is stored."""
    assert value_of(typed, stored=stored) == meant

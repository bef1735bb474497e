"""`understudy run`."""

from pathlib import Path

import pytest

from tests.understudy.conftest import Desk


def test_a_healthy_run_is_green(desk: Desk) -> None:
    """Balanced and nothing failed: exit code 0, the counts, and every note sent once."""
    desk.note("n1", "tea")
    said = desk.type("run", "clerk")
    assert said.code == 0
    assert "balanced, nothing failed" in said.out
    assert desk.outbox() == ["n1 tea"]


def test_a_second_run_sends_nothing_twice(desk: Desk) -> None:
    """What is known is counted as a duplicate and left alone."""
    desk.note("n1", "tea")
    desk.type("run", "clerk")
    said = desk.type("run", "clerk", "--json")
    assert said.json["intake"] == {"offered": 1, "new": 0, "duplicate": 1, "quarantined": 0}
    assert desk.outbox() == ["n1 tea"]


def test_cases_for_people_are_green_unless_strict(desk: Desk) -> None:
    """A case for a person is no failure: 0, and 10 with --strict."""
    desk.note("n1", "business")
    assert desk.type("run", "clerk").code == 0
    said = desk.type("run", "clerk", "--strict")
    assert said.code == 10
    assert "1 case waits for people" in said.out


def test_a_failure_is_never_green(desk: Desk) -> None:
    """An item given up makes the run end with 1, says so, and names the way back."""
    desk.note("n1", "broken")
    said = desk.type("run", "clerk")
    assert said.code == 1
    assert "NOT in order" in said.out
    assert "understudy retry clerk" in said.out


def test_a_held_bot_does_nothing(desk: Desk) -> None:
    """A hold stops the run before its first item: exit code 20 and the reason."""
    desk.note("n1", "tea")
    desk.type("hold", "bot", "clerk", "--reason", "month end")
    said = desk.type("run", "clerk")
    assert said.code == 20
    assert "month end" in said.out
    assert desk.outbox() == []


def test_a_dry_run_prints_its_plans_and_changes_nothing(desk: Desk) -> None:
    """Nothing is sent, nothing is queued, and each plan is printed with its values."""
    desk.note("n1", "tea")
    said = desk.type("run", "clerk", "--dry-run", "--json")
    assert said.code == 0
    assert said.json["plans"] == [
        {
            "reference": "n1",
            "effect": "send",
            "target": "outbox",
            "key": "n1",
            "plan": {"text": "tea", "number": "n1", "pages": None, "place": None},
        }
    ]
    assert desk.outbox() == []
    assert desk.type("status", "--json").json["bots"][0]["items"] == {}
    assert "What would be done: 1" in desk.type("run", "clerk", "--dry-run").out


def test_another_inbox_can_be_named(desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> None:
    """--inbox takes the place of the bot's setting for this run."""
    other = tmp_path_factory.mktemp("other")
    (other / "n9.note").write_text("coffee")
    assert desk.type("run", "clerk", "--inbox", str(other)).code == 0
    assert desk.outbox() == ["n9 coffee"]


def test_an_inbox_that_is_not_there_is_refused(desk: Desk) -> None:
    """--inbox with a folder that does not exist ends with 50 and does nothing."""
    said = desk.type("run", "clerk", "--inbox", str(desk.folder / "nowhere"))
    assert said.code == 50
    assert "is not a folder" in said.err


def test_a_bot_without_an_inbox_refuses_one(empty: Desk) -> None:
    """--inbox for a bot that has no such setting ends with 50 and names its settings."""
    empty.type("new", "hello")
    said = empty.type("run", "hello", "--inbox", str(empty.folder))
    assert said.code == 50
    assert "no setting 'inbox'" in said.err


def test_an_unknown_bot_is_named_with_those_there(desk: Desk) -> None:
    """A name that bots.toml does not have ends with 50 and lists the bots."""
    said = desk.type("run", "clark")
    assert said.code == 50
    assert "bots here: clerk" in said.err


def test_a_mistake_in_a_bot_is_told_with_its_line(desk: Desk) -> None:
    """A collect function that fails names file and line, ends with 1, and keeps the whole story in the log."""
    bot = desk.folder / "bots" / "clerk" / "bot.py"
    bot.write_text(bot.read_text().replace("def collect(ctx):", "def collect(ctx):\n    {}['gone']"))
    said = desk.type("run", "clerk")
    assert said.code == 1
    assert f"{bot}, line" in said.err
    assert "Traceback" not in said.err
    logs = [line for path in (desk.folder / "var" / "logs").iterdir() for line in path.read_text().splitlines()]
    assert any("KeyError" in line for line in logs)


def test_a_folder_without_an_installation_says_what_to_do(empty: Desk) -> None:
    """No bots.toml: exit code 50, and the way to make one."""
    said = empty.type("run", "clerk")
    assert said.code == 50
    assert "understudy new NAME" in said.err
    assert list(empty.folder.iterdir()) == []


def test_every_problem_of_a_file_is_told_at_once(desk: Desk) -> None:
    """Two wrong keys are two sentences, each with file, key and what is allowed."""
    desk.toml('[installation]\nnme = "x"\n[bots.clerk]\nmode = "fast"\n')
    said = desk.type("run", "clerk")
    assert said.code == 50
    assert "2 problems to mend" in said.err
    assert "installation.nme" in said.err
    assert "bots.clerk.mode" in said.err


def test_text_from_outside_is_shown_inert(desk: Desk) -> None:
    """A file name with control characters reaches the terminal without them."""
    desk.note("n1\x1b[31mred\u202e", "business")
    desk.type("run", "clerk")
    said = desk.type("review", "list")
    assert "\x1b" not in said.out
    assert "\u202e" not in said.out


def test_an_overlay_is_heeded(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """UNDERSTUDY_ENV names an overlay file that must be there."""
    monkeypatch.setenv("UNDERSTUDY_ENV", "uat")
    said = desk.type("run", "clerk")
    assert said.code == 50
    assert "bots.uat.toml" in said.err
    Path(desk.folder / "bots.uat.toml").write_text('[targets.outbox]\nprofile = "uat"\n')
    assert desk.type("run", "clerk").code == 0

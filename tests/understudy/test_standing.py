"""`understudy status`, `hold`, `release`, `retry` and `mode`."""

from tests.understudy.conftest import TOML, Desk


def test_a_new_installation_has_nothing_to_tell(desk: Desk) -> None:
    """Before the first run: the mode in force, and that it never ran."""
    said = desk.type("status")
    assert said.code == 0
    assert "Harbour Office (test)" in said.out
    assert "never" in said.out


def test_status_tells_what_waits_and_why_the_run_was_not_green(desk: Desk) -> None:
    """Cases, dates, failures and the last run stand in one picture."""
    for name, text in {"n1": "tea", "n2": "business", "n3": "wait", "n4": "broken"}.items():
        desk.note(name, text)
    desk.type("run", "clerk")
    bot = desk.type("status", "--json").json["bots"][0]
    assert bot["items"] == {"done": 1, "failed": 1, "in_review": 1, "pending": 1}
    assert bot["reviews"]["open"] == 1
    assert bot["reviews"]["oldest"] is not None
    assert bot["waiting"]["number"] == 1
    assert bot["waiting"]["first"][0]["reason"] == "Goods not there."
    assert [one["code"] for one in bot["failed"]] == ["SYSTEM_DOWN"]
    assert bot["last_run"]["green"] is False
    assert bot["last_run"]["why_not_green"]
    text = desk.type("status").out
    assert "1 items wait for a date" in text
    assert "NOT green (1)" in text


def test_status_works_with_a_broken_bot(desk: Desk) -> None:
    """A bot that does not load hides nothing."""
    (desk.folder / "bots" / "clerk" / "bot.py").write_text("this is not Python")
    assert desk.type("status").code == 0


def test_a_hold_is_shown_until_it_is_released(desk: Desk) -> None:
    """A held target is in the status with its reason; the second hold changes nothing; released, it is gone."""
    assert desk.type("hold", "target", "outbox", "--reason", "moving house", "--as", "anna").code == 0
    again = desk.type("hold", "target", "outbox", "--reason", "other")
    assert "was held already, by person:anna: moving house" in again.out
    assert "HELD: target outbox" in desk.type("status").out
    assert "moving house" in desk.type("release", "target", "outbox").out
    assert "HELD" not in desk.type("status").out
    assert "was not held" in desk.type("release", "target", "outbox").out


def test_only_what_is_in_the_file_can_be_held(desk: Desk) -> None:
    """A name that bots.toml does not have ends with 50 and lists those there."""
    said = desk.type("hold", "bot", "clark", "--reason", "x")
    assert (said.code, "clerk" in said.err) == (50, True)


def test_failed_items_are_sent_back_with_all_their_tries(desk: Desk) -> None:
    """Once the cause is mended, retry puts failed items back, the next run finishes them, and nothing else moves."""
    desk.note("n1", "broken")
    desk.note("n2", "tea")
    desk.type("run", "clerk")
    bot = desk.folder / "bots" / "clerk" / "bot.py"
    bot.write_text(bot.read_text().replace('note.text == "broken"', 'note.text == "gone"'))
    assert "1 failed item of clerk went back" in desk.type("retry", "clerk", "--as", "anna").out
    assert desk.type("run", "clerk").code == 0
    assert desk.outbox() == ["n2 tea", "n1 broken"]
    assert "0 failed items" in desk.type("retry", "clerk").out


def test_one_failed_item_can_be_named(desk: Desk) -> None:
    """--item sends back that one; a reference nobody knows is refused."""
    desk.note("n1", "broken")
    desk.note("n2", "broken")
    desk.type("run", "clerk")
    assert desk.type("retry", "clerk", "--item", "n9").code == 50
    assert "1 failed item" in desk.type("retry", "clerk", "--item", "n2").out
    assert desk.type("status", "--json").json["bots"][0]["items"] == {"failed": 1, "pending": 1}


def test_a_grant_lowers_the_mode_and_says_so(desk: Desk) -> None:
    """Granted shadow, a bot that asks for auto works in shadow: it acts nowhere, and the run says why."""
    said = desk.type("mode", "clerk", "--grant", "shadow", "--as", "anna", "--reason", "new supplier")
    assert "clerk works in shadow" in said.out
    desk.note("n1", "tea")
    assert "in force is shadow" in desk.type("run", "clerk").out
    assert desk.outbox() == []
    assert desk.type("mode", "clerk", "--json").json["in_force"] == "shadow"


def test_a_grant_names_who_and_why(desk: Desk) -> None:
    """A grant without a name or a reason is refused."""
    said = desk.type("mode", "clerk", "--grant", "auto")
    assert said.code == 50
    assert "--as and --reason" in said.err


def test_a_real_target_keeps_a_bot_in_shadow(desk: Desk) -> None:
    """On a target that is no simulator, auto in bots.toml is not enough: nothing is granted, nothing is sent."""
    desk.toml(TOML.replace("simulator = true", "simulator = false"))
    desk.note("n1", "tea")
    said = desk.type("run", "clerk")
    assert "outbox is not a simulator; nothing is granted yet" in said.out
    assert desk.outbox() == []

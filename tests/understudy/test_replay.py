"""`understudy replay`: before a deploy, which decisions and plans would be others."""

from typing import Any

import sqlalchemy as sa

from tests.understudy.conftest import Desk


def edit(desk: Desk, old: str, new: str) -> None:
    """Change the bot's code, as a deploy does."""
    bot = desk.folder / "bots" / "clerk" / "bot.py"
    text = bot.read_text()
    assert old in text
    bot.write_text(text.replace(old, new))


def stored(desk: Desk) -> list[Any]:
    """Return every row of every table of the store, the trail's too."""
    engine = sa.create_engine(f"sqlite:///{desk.folder / 'var' / 'understudy.db'}")
    tables = sa.MetaData()
    tables.reflect(engine)
    with engine.connect() as connection:
        rows = [tuple(row) for table in tables.sorted_tables for row in connection.execute(table.select())]
    engine.dispose()
    return rows


def kept(desk: Desk) -> set[str]:
    """Return what lies in the installation's `var`, but for the engineers' logs."""
    return {path.name for path in (desk.folder / "var").iterdir()} - {"logs"}


def worked(desk: Desk, **notes: str) -> None:
    """Run the bot on notes."""
    for name, text in notes.items():
        desk.note(name, text)
    desk.type("run", "clerk")


def test_unchanged_code_changes_nothing(desk: Desk) -> None:
    """Ends with 0, counts the items, and leaves store, trail, evidence and the outside as they are."""
    worked(desk, n1="tea", n2="SHOUTED!", n3="business", n4="wait", n5="broken", n6="unsure")
    before = stored(desk), desk.outbox(), kept(desk)
    said = desk.type("replay", "clerk")
    assert said.code == 0, said.out
    assert "nothing would change" in said.out
    assert desk.type("replay", "clerk", "--json").json["counts"] == {
        "same": 5,
        "changed": 0,
        "needs_look": 0,
        "not_replayable": 0,
        "no_ending": 1,
    }
    assert (stored(desk), desk.outbox(), kept(desk)) == before


def test_each_changed_item_is_told_with_every_difference(desk: Desk) -> None:
    """A stricter check ends with 1; the item that it would stop is named, the others are counted."""
    worked(desk, n1="tea", n2="a dozen cups")
    edit(desk, "len(note.text) <= 20", "len(note.text) <= 5")
    said = desk.type("replay", "clerk")
    assert said.code == 1
    assert "NOT every item would go as it went" in said.out
    assert "n2, attempt 1 by 1+" in said.out
    assert "ending: done -> asked SHORT_ENOUGH" in said.out
    assert "checks.SHORT_ENOUGH.outcome: passed -> failed" in said.out
    assert "n1, attempt" not in said.out
    (item,) = desk.type("replay", "clerk", "--json").json["items"]
    assert (item["reference"], item["verdict"]) == ("n2", "changed")
    assert item["differences"][0] == {"where": "ending", "was": "done", "now": "asked SHORT_ENOUGH"}
    assert desk.outbox() == ["n1 tea", "n2 a dozen cups"]


def test_another_plan_is_told_by_field(desk: Desk) -> None:
    """What would be sent is held against what was sent."""
    worked(desk, n1="tea")
    edit(desk, "return Note(text=text, number=reference)", "return Note(text=text.upper(), number=reference, pages=2)")
    said = desk.type("replay", "clerk")
    assert said.code == 1
    assert "plan.text: tea -> TEA" in said.out
    assert "plan.pages: - -> 2" in said.out


def test_an_item_that_cannot_be_replayed_is_no_success(desk: Desk) -> None:
    """Ends with 1, and says which look is missing."""
    worked(desk, n1="tea")
    edit(
        desk,
        "    ctx.check(pack, note=note)",
        '    ctx.look("weather", read, "x", "y")\n    ctx.check(pack, note=note)',
    )
    said = desk.type("replay", "clerk")
    assert said.code == 1
    assert "needs a look that was not made then: weather" in said.out
    assert desk.type("replay", "clerk", "--json").json["counts"]["needs_look"] == 1


def test_one_item_can_be_named(desk: Desk) -> None:
    """--item replays that one and no other; one that is not there ends with 50."""
    worked(desk, n1="tea", n2="a dozen cups")
    said = desk.type("replay", "clerk", "--item", "n2", "--json")
    assert (said.code, said.json["counts"]["same"]) == (0, 1)
    said = desk.type("replay", "clerk", "--item", "n9")
    assert said.code == 50
    assert "clerk has no item 'n9'" in said.err


def test_items_can_be_taken_since_a_date(desk: Desk) -> None:
    """--since leaves out what changed before it, and refuses what is no date."""
    worked(desk, n1="tea")
    assert desk.type("replay", "clerk", "--since", "2001-02-03", "--json").json["counts"]["same"] == 1
    said = desk.type("replay", "clerk", "--since", "2999-01-01T09:00", "--json")
    assert (said.code, said.json["counts"]["same"]) == (0, 0)
    said = desk.type("replay", "clerk", "--since", "yesterday")
    assert said.code == 50
    assert "write a date (2026-11-01)" in said.err


def test_code_that_does_not_load_ends_with_50(desk: Desk) -> None:
    """Nothing is compared with a bot that is none."""
    worked(desk, n1="tea")
    edit(desk, "from understudy import", "from nowhere import")
    said = desk.type("replay", "clerk")
    assert said.code == 50
    assert "does not load" in said.err


def test_what_documents_say_is_shown_inert(desk: Desk) -> None:
    """Control characters of a value do not reach the terminal."""
    worked(desk, n1="tea\x1b[31m\u202e")
    edit(desk, "return Note(text=text,", 'return Note(text="x" + text,')
    said = desk.type("replay", "clerk")
    assert said.code == 1
    assert "\x1b" not in said.out
    assert "\u202e" not in said.out

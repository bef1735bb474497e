"""`understudy worker` and `understudy queue`: items that a run has left, who works them, and what is in the way."""

import pytest

from core.installation import Installation
from core.store import slots
from tests.understudy.conftest import TOML, Desk


def left(desk: Desk, *names: str) -> None:
    """Let a run collect notes and leave them to workers that are not there."""
    for name in names:
        desk.note(name, "tea")
    said = desk.type("run", "clerk", "--leave-to-workers")
    assert (said.code, "start one: understudy worker" in said.out) == (20, True), said


def test_a_worker_does_what_a_run_has_left(desk: Desk) -> None:
    """The run ends with 20 and says what to type; the worker does the items once, and ends when nothing is left."""
    left(desk, "n1", "n2")
    assert desk.outbox() == []
    said = desk.type("worker", "--until-idle")
    assert (said.code, said.out.strip()) == (0, "Attempts: done 2.")
    assert sorted(desk.outbox()) == ["n1 tea", "n2 tea"]
    assert desk.type("worker", "--until-idle").out.strip() == "Attempts: none."


def test_several_processes_share_the_work(desk: Desk) -> None:
    """Each item is done by one of them; what they say is on their own output."""
    left(desk, "n1", "n2", "n3")
    assert desk.type("worker", "--processes", "2", "--until-idle").code == 0
    assert sorted(desk.outbox()) == ["n1 tea", "n2 tea", "n3 tea"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--bots", "clark"), "--bots: bots.toml has no enabled bot 'clark'; bots here: clerk"),
        (("--tags", "night"), "--tags: no enabled bot has the tag 'night'; tags here: day"),
        (("--grace", "soon"), "--grace is 'soon'"),
    ],
)
def test_a_wrong_choice_ends_with_50_and_says_what_there_is(desk: Desk, words: tuple[str, ...], told: str) -> None:
    """Nothing is worked."""
    desk.toml(TOML + 'tags = ["day"]\n')
    said = desk.type("worker", "--until-idle", *words)
    assert (said.code, told in said.err) == (50, True), said.err


def test_a_tag_chooses_its_bots(desk: Desk) -> None:
    """A worker for other tags leaves the items alone."""
    desk.toml(TOML + 'tags = ["day"]\n\n[bots.other]\nenabled = true\ntags = ["night"]\n')
    (desk.folder / "bots" / "other").mkdir()
    source = (desk.folder / "bots" / "clerk" / "bot.py").read_text()
    (desk.folder / "bots" / "other" / "bot.py").write_text(source.replace('Bot("clerk"', 'Bot("other"'))
    left(desk, "n1")
    desk.type("worker", "--until-idle", "--tags", "night")
    assert desk.outbox() == []
    desk.type("worker", "--until-idle", "--tags", "day")
    assert desk.outbox() == ["n1 tea"]


def test_the_queue_shows_what_waits_and_what_is_in_the_way(desk: Desk) -> None:
    """Ready items, items with a date, sessions taken, the pace, and holds with how to lift them."""
    desk.toml(TOML.replace('settle = "10ms"', 'settle = "10ms"\nslots = 2\nrate = "1/h"'))
    desk.note("n0", "tea")
    desk.type("run", "clerk")
    left(desk, "n1", "n2")
    with Installation.open(desk.folder) as office, office.database.transaction(actor="system:test") as tx:
        assert slots.take(tx, "outbox", allowed=2, holder="elsewhere:1:abc", lease=office.bots()["clerk"].lease)
    desk.type("hold", "bot", "clerk", "--reason", "stocktaking")
    said = desk.type("queue").out
    assert "2 ready, 0 wait for a date, 0 being worked" in said
    assert "1 of 2 sessions taken" in said
    assert "elsewhere:1:abc" in said
    assert "the next item may begin at" in said
    assert "HELD: bot clerk" in said
    assert "understudy release bot clerk" in said
    data = desk.type("queue", "clerk", "--json").json
    assert (data["bots"][0]["ready"], data["targets"][0]["slots"], data["holds"][0]["reason"]) == (2, 2, "stocktaking")
    assert desk.type("queue", "clark").code == 50

"""`understudy trail verify|export`."""

import sqlite3
import subprocess
import sys
from pathlib import Path

from tests.understudy.conftest import Desk


def test_an_untouched_trail_is_whole(desk: Desk) -> None:
    """After runs and decisions everything is sealed and signed, and verifying ends with 0."""
    desk.note("n1", "business")
    desk.type("run", "clerk")
    desk.type("review", "resolve", "1", "retry")
    said = desk.type("trail", "verify", "--json")
    assert said.code == 0
    assert said.json["whole"] is True
    assert said.json["unsealed"] == 0
    assert "The trail is whole." in desk.type("trail", "verify").out


def test_an_edited_event_is_found(desk: Desk) -> None:
    """Somebody changes a row in the database: verifying ends with 60 and says where."""
    desk.note("n1", "tea")
    desk.type("run", "clerk")
    with sqlite3.connect(desk.folder / "var" / "understudy.db") as database:
        database.execute("UPDATE trail_event SET body = replace(body, 'clerk', 'other') WHERE id = 2")
    database.close()
    said = desk.type("trail", "verify")
    assert said.code == 60
    assert "THE TRAIL IS NOT WHOLE" in said.out


def test_an_anchor_that_is_none_is_refused(desk: Desk, tmp_path: Path) -> None:
    """A file that holds no checkpoints ends with 60 and says so."""
    wrong = tmp_path / "anchor.txt"
    wrong.write_text("not a checkpoint\n")
    said = desk.type("trail", "verify", "--anchor", str(wrong))
    assert (said.code, "ANCHOR" in said.err) == (60, True)


def test_an_exported_trail_verifies_without_us(desk: Desk, tmp_path: Path) -> None:
    """The package holds a program that verifies it with nothing but Python; a folder that is there is refused."""
    desk.note("n1", "tea")
    desk.type("run", "clerk")
    out = tmp_path / "package"
    assert desk.type("trail", "export", "--out", str(out)).code == 0
    command = [sys.executable, "-I", str(out / "verify_trail.py"), str(out)]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0
    assert desk.type("trail", "export", "--out", str(out)).code == 50


def _unsigned(desk: Desk) -> tuple[int, int]:
    """Return how many events have no seal, and how many seals no checkpoint; looked up past the program."""
    with sqlite3.connect(desk.folder / "var" / "understudy.db") as database:
        (unsealed,) = database.execute("SELECT (SELECT count(*) FROM trail_event) - (SELECT count(*) FROM trail_seal)")
        (unsigned,) = database.execute(
            "SELECT (SELECT max(seq) FROM trail_seal) - (SELECT max(seq) FROM trail_checkpoint)"
        )
    database.close()
    return unsealed[0], unsigned[0]


def test_every_command_seals_and_signs_what_it_wrote(desk: Desk) -> None:
    """Whatever is typed, and however it ends: when the command is over nothing waits for its seal or its signature."""
    desk.note("n1", "business")
    desk.note("n2", "broken")
    typed = [
        (1, "run clerk"),
        (1, "review resolve 1 nonsense --as anna"),
        (0, "review resolve 1 retry --as anna"),
        (0, "retry clerk"),
        (0, "hold bot clerk --reason lunch"),
        (20, "run clerk"),
        (0, "release bot clerk"),
        (0, "mode clerk --grant shadow --as anna --reason rest"),
        (0, "check"),
        (1, "run clerk --dry-run"),
        (0, "status"),
        (0, "trail verify"),
    ]
    ended = []
    for code, words in typed:
        said = desk.type(*words.split())
        ended.append((words, said.code == code, *_unsigned(desk), said.out + said.err if said.code != code else ""))
    assert ended == [(words, True, 0, 0, "") for _, words in typed]


def test_a_command_that_breaks_off_seals_too(desk: Desk) -> None:
    """A bot that fails in the middle of collecting ends its command with an error, and leaves nothing unsealed."""
    bot = desk.folder / "bots" / "clerk" / "bot.py"
    bot.write_text(bot.read_text().replace("        yield NewItem(", "        1 / 0\n        yield NewItem(", 1))
    desk.note("n1", "tea")
    assert desk.type("run", "clerk").code == 1
    assert _unsigned(desk) == (0, 0)


def test_a_changed_trail_is_noticed_by_what_is_remembered_beside_the_keys(desk: Desk) -> None:
    """Cutting events together with their checkpoints leaves a trail that looks whole; the host remembers more."""
    desk.note("n1", "tea")
    desk.type("run", "clerk")
    desk.note("n2", "tea")
    desk.type("run", "clerk")
    with sqlite3.connect(desk.folder / "var" / "understudy.db") as database:
        (seq,) = database.execute("SELECT seq FROM trail_checkpoint WHERE number = 1").fetchone()
        database.execute("DELETE FROM trail_checkpoint WHERE number > 1")
        database.execute("DELETE FROM trail_event WHERE id IN (SELECT event_id FROM trail_seal WHERE seq > ?)", (seq,))
        database.execute("DELETE FROM trail_seal WHERE seq > ?", (seq,))
        database.execute("UPDATE sqlite_sequence SET seq = ? WHERE name = 'trail_event'", (seq,))
    database.close()
    said = desk.type("trail", "verify")
    assert said.code == 60
    assert "remembered beside the keys" in said.out
    said = desk.type("run", "clerk")
    assert said.code == 60
    assert "TRAIL_CHANGED" in said.err


def test_a_host_without_the_key_of_the_others_is_told(desk: Desk) -> None:
    """When the trail is signed with a key this host does not have, `check` says which folder to copy."""
    desk.note("n1", "tea")
    desk.type("run", "clerk")
    (desk.folder / "var" / "keys").rename(desk.folder / "keys of the other host")
    said = desk.type("check")
    assert said.code == 50
    assert "copy that" in said.out

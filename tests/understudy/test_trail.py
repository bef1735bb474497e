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

"""`understudy new NAME`."""

import subprocess
import sys

from tests.understudy.conftest import TOML, Desk


def test_the_written_bot_runs_at_once(empty: Desk) -> None:
    """In an empty folder: a bot and a bots.toml; it runs green, and a second run does nothing again."""
    assert empty.type("new", "hello").code == 0
    assert empty.type("check").code == 0
    assert empty.type("run", "hello", "--dry-run").code == 0
    assert empty.type("run", "hello").code == 0
    assert empty.type("run", "hello").code == 0
    sent = (empty.folder / "outbox" / "hello.txt").read_text().splitlines()
    assert sent == ["Order more tea", "Thank the night shift"]
    assert empty.type("trail", "verify").code == 0


def test_it_says_what_to_type_next(empty: Desk) -> None:
    """The files and the next commands are printed, ready to be typed from where the author is."""
    said = empty.type("new", "hello")
    assert "bot.py" in said.out
    assert f"understudy --folder {empty.folder} run hello --dry-run" in said.out


def test_the_written_tests_pass(empty: Desk) -> None:
    """The bot comes with tests of its own, and pytest runs them."""
    empty.type("new", "hello")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "bots/hello"]
    done = subprocess.run(command, cwd=empty.folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "2 passed" in done.stdout


def test_a_second_bot_joins_the_first(desk: Desk) -> None:
    """An installation keeps every line of its bots.toml; the new bot's table is added, its target shared."""
    desk.type("new", "hello")
    text = (desk.folder / "bots.toml").read_text()
    assert text.startswith(TOML.rstrip())
    assert text.count("[targets.outbox]") == 1
    assert desk.type("run", "hello").code == 0
    assert desk.type("run", "clerk").code == 0


def test_a_live_installation_gets_a_bot_in_shadow(empty: Desk) -> None:
    """Where real targets are acted on, a new bot starts in shadow and acts nowhere."""
    empty.toml('[installation]\nprofile = "live"\n')
    empty.type("new", "hello")
    assert empty.type("run", "hello").code == 0
    assert not (empty.folder / "outbox").exists()
    assert empty.type("mode", "hello", "--json").json["in_force"] == "shadow"


def test_a_name_must_fit(empty: Desk) -> None:
    """A name that is no module name is refused with what is allowed, and nothing is written."""
    for name in ("Hello", "9lives", "a-b", "class", "../up", ""):
        said = empty.type("new", "--", name)
        assert said.code == 50, name
        assert "small letters" in said.err
    assert list(empty.folder.iterdir()) == []


def test_nothing_is_overwritten(desk: Desk) -> None:
    """A bot or table of that name stays as it is."""
    before = (desk.folder / "bots.toml").read_text()
    assert desk.type("new", "clerk").code == 50
    (desk.folder / "bots" / "clerk").rename(desk.folder / "away")
    said = desk.type("new", "clerk")
    assert (said.code, "[bots.clerk]" in said.err) == (50, True)
    assert (desk.folder / "bots.toml").read_text() == before

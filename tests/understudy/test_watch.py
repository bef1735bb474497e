"""`understudy watch` and `notify`, as they are typed, with a real mail server and a real web server."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from core.installation import Installation
from core.store import holds
from tests.architecture.source import ROOT
from tests.receivers import PostOffice, Site, post_office, site
from tests.understudy.conftest import TOML, Desk

LIMIT = 60.0  # seconds until what should happen soon has failed


def alerts(office: PostOffice, chat: Site, *, more: str = "") -> str:
    """Return [alerts] with a mail server first and a web server second, and everything soon."""
    return f"""
[alerts]
to = ["operators@harbour.example"]
look = "100ms"
group = "0s"
store_silent = "1s"
dead_man = "{chat.url}/alive"
disk_free = "1MB"
{more}
[alerts.channels.mail]
kind = "smtp"
host = "127.0.0.1"
port = {office.port}
security = "none"
sender = "bots@harbour.example"
[alerts.channels.chat]
kind = "webhook"
url = "{chat.url}/chat"
"""


def subjects(office: PostOffice) -> list[str]:
    """Return the subjects of the mails that arrived."""
    return [str(mail["Subject"]).strip().removeprefix("Harbour Office (test): ") for mail in office.mails]


def ended(office: PostOffice) -> list[str]:
    """Return what the mails that arrived say has ended."""
    return [mail.get_content().partition("Ended:")[2] for mail in office.mails]


def chatted(chat: Site) -> list[str]:
    """Return the subjects of what was posted."""
    return [asked.json["subject"] for asked in chat.asked if asked.path.endswith("/chat")]


def test_a_test_message_goes_through_every_channel(desk: Desk) -> None:
    """Each is told as taken or not, with the reason; one that fails makes it end with 1; one alone may be tried."""
    with post_office() as office, site() as chat:
        desk.toml(TOML + alerts(office, chat))
        said = desk.type("notify", "test")
        assert (said.code, subjects(office)) == (0, ["Harbour Office: a test message"])
        assert "mail: taken" in said.out
        assert len(chatted(chat)) == 1
        chat.answer = 500
        said = desk.type("notify", "test", "--channel", "chat")
        assert (said.code, len(office.mails)) == (1, 1)
        assert "chat: NOT taken: the receiver answers 500" in said.out
    said = desk.type("notify", "test", "--channel", "pigeon")
    assert said.code == 50
    assert "channels here: mail, chat" in said.err


def test_an_office_in_order_is_told_so(desk: Desk) -> None:
    """Nothing is found, nothing is sent; the dead man's URL hears of it."""
    with post_office() as office, site() as chat:
        desk.toml(TOML + alerts(office, chat))
        said = desk.type("watch", "--once")
        assert (said.code, said.out) == (0, "Everything runs that should.\n")
        assert office.mails == []
        assert [asked.path for asked in chat.asked] == ["/hook/alive"]


@pytest.mark.parametrize("where", ["this machine", "another machine"])
def test_one_look_beside_another_watch_looks_too(desk: Desk, where: str) -> None:
    """It says what is so, and leaves it to the other watch to tell people."""
    with post_office() as office, site() as chat, ExitStack() as there:
        desk.toml(TOML + alerts(office, chat, more='again = "1h"'))
        if where == "this machine":
            there.enter_context(watching(desk.folder))
            until(lambda: bool(chat.asked), "the other one looks")
        else:
            with Installation.open(desk.folder) as other, other.database.transaction(actor="system:watch") as tx:
                assert holds.take_turn(tx, "watch", holder="watch@elsewhere", lease=timedelta(minutes=3))
        said = desk.type("watch", "--once")
        assert (said.code, said.out) == (0, "Everything runs that should.\n")
        desk.note("n1", "broken")
        desk.type("run", "clerk")
        said = desk.type("watch", "--once")
        assert said.code == 1
        assert "URGENT: the last run of a bot failed (clerk)" in said.out
        assert "Another watch is there; it tells people." in said.out
        assert office.mails == [] or where == "this machine"


def test_one_look_beside_another_watch_verifies_the_trail_too(desk: Desk) -> None:
    """Whoever looks whether it is mended is not told that all is well because the other watch has that thread."""
    with post_office() as office, site() as chat:
        desk.toml(TOML + alerts(office, chat))
        desk.note("n1", "tea")
        desk.type("run", "clerk")
        with closing(sqlite3.connect(desk.folder / "var" / "understudy.db")) as store, store:
            store.execute("UPDATE trail_event SET body = '{}' WHERE id = 1")
        with watching(desk.folder):
            until(lambda: bool(office.mails), "the other one tells")
            said = desk.type("watch", "--once")
        assert said.code == 1
        assert "TRAIL_BROKEN: " in said.out


def test_a_failed_run_is_told_listed_acknowledged_and_ended(desk: Desk) -> None:
    """From the first look until the run that goes well, as an operator sees it."""
    with post_office() as office, site() as chat:
        desk.toml(TOML + alerts(office, chat))
        desk.note("n1", "broken")
        assert desk.type("run", "clerk").code == 1
        said = desk.type("watch", "--once")
        assert said.code == 1
        assert "URGENT: the last run of a bot failed (clerk)" in said.out
        assert subjects(office) == ["URGENT: the last run of a bot failed (clerk)"]
        body = office.mails[0].get_content()
        assert "    understudy retry clerk" in body
        assert str(desk.folder) in body
        (listed,) = desk.type("notify", "list", "--json").json
        assert (listed["alert"], listed["subject"], listed["tries"][0]["channel"]) == ("RUN_FAILED", "clerk", "mail")
        said = desk.type("notify", "list")
        assert "1: URGENT: the last run of a bot failed (clerk)" in said.out
        assert " by mail" in said.out
        said = desk.type("notify", "acknowledge", "1", "--for", "8h", "--as", "anna")
        assert "Alert 1 is not repeated before" in said.out
        assert "person:anna knows" in desk.type("notify", "list").out
        assert desk.type("watch", "--once").code == 1
        assert len(office.mails) == 1
        (desk.folder / "inbox" / "n1.note").unlink()
        assert desk.type("run", "clerk").code == 0
        assert desk.type("watch", "--once").code == 0
        assert subjects(office)[1:] == ["ended: the last run of a bot failed (clerk)"]
        assert desk.type("notify", "list").out == "Nothing is wrong that the watch knows of.\n"
        assert "ended" in desk.type("notify", "list", "--all").out


def test_what_lasts_not_cannot_be_acknowledged(desk: Desk) -> None:
    """A number that no alert has is told, with how to see them."""
    said = desk.type("notify", "acknowledge", "7")
    assert said.code == 50
    assert "`understudy notify list`" in said.err
    assert "a duration is written as" in desk.type("notify", "acknowledge", "7", "--for", "soon").err


def test_without_channels_the_log_has_it(desk: Desk) -> None:
    """An installation without [alerts] is watched too, and nothing waits to be told for ever."""
    desk.note("n1", "broken")
    desk.type("run", "clerk")
    assert desk.type("watch", "--once").code == 1
    assert "by log" in desk.type("notify", "list").out


@contextmanager
def watching(folder: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a watch in a process of its own until the block ends."""
    process = _watch(folder)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _watch(folder: Path) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "understudy.main", "--folder", str(folder), "watch"]
    return subprocess.Popen(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)})


def until(so: Callable[[], bool], what: str) -> None:
    """Wait until something is so."""
    begun = time.monotonic()
    while not so():
        assert time.monotonic() - begun < LIMIT, what
        time.sleep(0.05)


def test_a_watch_works_through_a_mail_server_that_goes_down_and_comes_back(desk: Desk) -> None:
    """Told by mail; while mail is down by the web; mail again when it is back; killed and started anew it goes on."""
    office = PostOffice()
    with site() as chat:
        with post_office(office):
            desk.toml(TOML + alerts(office, chat))
            desk.note("n1", "broken")
            desk.type("run", "clerk")
            with watching(desk.folder) as first:
                until(lambda: subjects(office) == ["URGENT: the last run of a bot failed (clerk)"], "told by mail")
                second = _watch(desk.folder)
                assert second.wait(LIMIT) == 50, "one is enough for one machine"
                first.send_signal(signal.SIGTERM)
                assert first.wait(LIMIT) == 0
        with watching(desk.folder):
            desk.type("hold", "target", "outbox", "--reason", "mended")
            desk.toml(TOML + alerts(office, chat, more='hold_lasts = "0s"'))
        with watching(desk.folder):
            held = "URGENT: a bot or a target is held (target outbox)"
            until(lambda: any(held in one for one in chatted(chat)), "told by the web while mail is down")
        with post_office(office, port=office.port), watching(desk.folder):
            desk.type("release", "target", "outbox")
            until(lambda: any("- target outbox: " in one for one in ended(office)), "mail works again")
            until(lambda: any("- channel mail: " in one for one in ended(office)), "and that is told too")
        alive = [asked for asked in chat.asked if asked.path.endswith("/alive")]
        assert alive
    listed = json.loads(desk.type("notify", "list", "--all", "--json").out)
    held_tries = next(one for one in listed if one["alert"] == "ON_HOLD")["tries"]
    assert [(one["channel"], one["error"] is None) for one in held_tries][:2] == [("mail", False), ("chat", True)]


@pytest.mark.parametrize("when", ["before it was ever opened", "after"])
def test_a_watch_whose_database_is_locked_tells_that_it_stays_away(desk: Desk, tmp_path: Path, when: str) -> None:
    """Another program holds the file: after a second people are told; when it lets go, the watch begins its work."""
    file = tmp_path / "store.db"
    with site() as chat, post_office() as office:
        placed = TOML.replace("[targets.outbox]", f'database = "sqlite:///{file}?timeout=0.1"\n\n[targets.outbox]', 1)
        desk.toml(placed + alerts(office, chat))
        if when == "after":
            assert desk.type("status").code == 0
        other = sqlite3.connect(file, isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        with watching(desk.folder):
            told = "URGENT: the database does not answer (database)"
            until(lambda: subjects(office) == [told], "told without the database")
            assert chat.asked == [], "the dead man's URL is not called"
            other.rollback()
            other.close()
            until(lambda: bool(chat.asked), "it looks")


@pytest.mark.parametrize("what", ["kill", "term"])
def test_a_watch_that_ends_in_any_way_leaves_the_next_one_its_place(desk: Desk, what: str) -> None:
    """Killed or stopped, the next one on this machine begins at once."""
    with site() as chat, post_office() as office:
        desk.toml(TOML + alerts(office, chat))
        with watching(desk.folder) as first:
            until(lambda: bool(chat.asked), "the first one looks")
            first.send_signal(signal.SIGKILL if what == "kill" else signal.SIGTERM)
            first.wait(LIMIT)
        desk.note("n1", "broken")
        desk.type("run", "clerk")
        with watching(desk.folder):
            until(lambda: bool(office.mails), "the next one tells")

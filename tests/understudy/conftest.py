"""An installation in a temporary folder and the command line on it, in this process."""

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from understudy.main import run

BOT = '''
"""A clerk's morning: lines of a file, each a case of its own kind."""

from datetime import timedelta
from pathlib import Path

from pydantic import BaseModel

from understudy import NOBODY, TWO_PEOPLE, Absent, ApplicationException, Bot, BusinessException, CannotTell, Found
from understudy import NewItem, RulePack, failed, passed


class Note(BaseModel, frozen=True):
    text: str
    number: str
    pages: int | None = None
    place: str | None = None


class Settings(BaseModel):
    inbox: str = "inbox"


bot = Bot("clerk", settings=Settings)
pack = RulePack("notes", version="1")
OUTBOX = Path(__file__).parents[2] / "outbox.txt"


@pack.rule("SHORT_ENOUGH", source="house rule 7", action="Shorten it.", waive=TWO_PEOPLE)
def short_enough(note):
    """A note has at most 20 letters."""
    if len(note.text) <= 20:
        return passed(found=str(len(note.text)), expected="20")
    return failed(f"The note has {len(note.text)} letters.", found=str(len(note.text)), expected="20", fields=("text",))


@pack.rule("POLITE", source="house rule 8", action="Ask again.", waive=NOBODY)
def polite(note):
    """A note does not shout."""
    return failed("The note shouts.", fields=("text",)) if "!" in note.text else passed()


@bot.collect
def collect(ctx):
    for path in sorted((Path(__file__).parents[2] / ctx.settings.inbox).glob("*.note")):
        yield NewItem(reference=path.stem, payload={"text": path.read_text()})


@bot.process
def process(item, ctx):
    note = ctx.step("read", read, item.payload["text"], item.reference)
    if note.text == "business":
        raise BusinessException("NOT_CLEAR", "The note is not clear.", fields=("text",))
    if note.text == "broken":
        raise ApplicationException("SYSTEM_DOWN", "The system is down.")
    if note.text == "wait":
        ctx.later(ctx.now + timedelta(days=1), "Goods not there.", code="GOODS", most=5)
    ctx.check(pack, note=note)
    return ctx.effect("send", key=note.number, plan=note, find=find, do=send, target="outbox")


def read(text: str, reference: str) -> Note:
    return Note(text=text, number=reference)


def find(note):
    if note.text == "unsure":
        return CannotTell("two entries look like it")
    lines = OUTBOX.read_text().splitlines() if OUTBOX.exists() else []
    return Found(note.number) if any(line.startswith(note.number + " ") for line in lines) else Absent()


def send(note) -> str:
    with OUTBOX.open("a") as file:
        file.write(f"{note.number} {note.text}\\n")
    return note.number
'''
TOML = """
[installation]
name = "Harbour Office"
profile = "test"

[targets.outbox]
profile = "test"
simulator = true
settle = "10ms"

[bots.clerk]
mode = "auto"
targets = ["outbox"]
attempts = 1
linger = "10ms"
"""


@dataclass(frozen=True)
class Said:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it printed, read as JSON."""
        return json.loads(self.out)


class Desk:
    """An installation and the command line on it."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._capsys = capsys

    def type(self, *words: str) -> Said:
        """Type a command and return what it said; the bots are loaded afresh, as in a process of its own."""
        for name in [n for n in sys.modules if n.startswith(("bots.", "targets."))]:
            del sys.modules[name]
        self._capsys.readouterr()
        code = run(["--folder", str(self.folder), *words])
        heard = self._capsys.readouterr()
        return Said(code, heard.out, heard.err)

    def note(self, name: str, text: str) -> None:
        """Put a note into the inbox."""
        (self.folder / "inbox").mkdir(exist_ok=True)
        (self.folder / "inbox" / f"{name}.note").write_text(text)

    def outbox(self) -> Sequence[str]:
        """Return what was sent."""
        path = self.folder / "outbox.txt"
        return path.read_text().splitlines() if path.exists() else []

    def toml(self, text: str) -> None:
        """Replace bots.toml."""
        (self.folder / "bots.toml").write_text(text)


@pytest.fixture
def empty(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Desk]:
    """The command line on an empty folder; the mounted `bots` and `targets` are put back afterwards."""
    before = {n: m for n, m in sys.modules.items() if n.partition(".")[0] in ("bots", "targets")}
    yield Desk(tmp_path, capsys)
    for name in [n for n in sys.modules if n.partition(".")[0] in ("bots", "targets")]:
        del sys.modules[name]
    sys.modules.update(before)


@pytest.fixture
def desk(empty: Desk) -> Desk:
    """The command line on an installation with one bot whose notes end in every way."""
    home = empty.folder / "bots" / "clerk"
    home.mkdir(parents=True)
    (home / "bot.py").write_text(BOT)
    (empty.folder / "inbox").mkdir()
    empty.toml(TOML)
    return empty

"""`understudy rehearse`: bots killed at their boundaries in processes of their own, and what is said of it."""

import json
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from core.browser import find_browser
from core.testing import programs
from core.testing.programs import Ended
from simulators.logins import DEMO_PASSWORD

ROOT = Path(__file__).parents[2]
MOST = 600  # seconds that one command may take on a busy machine
WORDS = ("intent", "click", "receipt", "step read after", "decision")


@dataclass(frozen=True)
class Office:
    """An installation of its own, and the command line on it in a process of its own."""

    folder: Path

    def type(self, *words: str) -> Ended:
        """Type a command."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("UNDERSTUDY_")}
        environment |= {"UNDERSTUDY_SECRET_LEDGER_USER": "robot", "UNDERSTUDY_SECRET_LEDGER_PASSWORD": DEMO_PASSWORD}
        environment["PYTHONPATH"] = os.pathsep.join([str(ROOT), environment.get("PYTHONPATH", "")])
        return programs.run(
            [sys.executable, "-m", "understudy.main", *words],
            folder=self.folder,
            environment=environment,
            most=MOST,
        )

    def edit(self, file: str, before: str, after: str) -> None:
        """Change a file of the installation."""
        path = self.folder / file
        text = path.read_text(encoding="utf-8")
        assert before in text
        path.write_text(text.replace(before, after), encoding="utf-8")

    @property
    def samples(self) -> Path:
        """The careful bot's samples."""
        return self.folder / "bots" / "careful" / "samples"


def made(folder: Path) -> Office:
    """Copy the book's installation."""
    ignored = shutil.ignore_patterns("__pycache__", "var")
    return Office(Path(shutil.copytree(ROOT / "tests" / "scenarios" / "book", folder, ignore=ignored)))


@pytest.fixture
def office(tmp_path: Path) -> Office:
    """An installation with a careful bot, a naive one, and a book."""
    return made(tmp_path / "office")


@dataclass(frozen=True)
class Rehearsed:
    """The careful bot's rehearsal."""

    office: Office
    done: Ended
    report: dict[str, Any]


@pytest.fixture(scope="module")
def careful(tmp_path_factory: pytest.TempPathFactory) -> Rehearsed:
    """Rehearse the careful bot once, for all that is asked about it."""
    office = made(tmp_path_factory.mktemp("careful") / "office")
    only = [word for one in WORDS for word in ("--only", one)]
    done = office.type("rehearse", "careful", "--keep", "--as", "anna", "--json", *only)
    assert done.out, done.errors
    return Rehearsed(office, done, json.loads(done.out))


def test_a_careful_bot_ends_the_same_wherever_it_is_killed(careful: Rehearsed) -> None:
    """Around the intent, at the click, around the receipt, between steps and while a person decides: no harm."""
    assert careful.done.code == 0, careful.done.out + careful.done.errors
    assert [one["boundary"] for one in careful.report["judged"]] == [
        "step read after",
        "effect enter before intent",
        "effect enter after intent",
        "effect at the click",
        "effect enter before receipt",
        "effect enter after receipt",
        "decision cancel before",
        "decision cancel before commit",
        "decision cancel after",
    ]
    assert all(one["killed"] and one["good"] for one in careful.report["judged"])


def test_samples_come_into_an_inbox_and_fit_the_stand_in(careful: Rehearsed) -> None:
    """Documents are taken as they lie in samples/, beside them the stand-in's data and the settings of a rehearsal."""
    assert careful.report["documents"].keys() == {"first.txt", "second.txt", "stranger.txt"}
    assert careful.report["items"] == {"cancelled": 1, "done": 2}
    assert careful.report["effects"] == 2


def test_a_kept_report_is_evidence_and_in_the_trail(careful: Rehearsed, tmp_path: Path) -> None:
    """Its hash names the whole report; the event says who, which bot and version, how it ended, and the hash."""
    sha256 = careful.report["evidence"]
    (kept,) = (careful.office.folder / "var" / "evidence").rglob(sha256)
    assert json.loads(kept.read_bytes()) == {k: v for k, v in careful.report.items() if k != "evidence"}
    assert careful.office.type("trail", "verify").code == 0
    assert careful.office.type("trail", "export", "--out", str(tmp_path / "trail")).code == 0
    (exported,) = (tmp_path / "trail").glob("events*")
    (event,) = [one for line in exported.read_text(encoding="utf-8").splitlines() if "bot.rehearsed" in (one := line)]
    for told in ("person:anna", "careful", careful.report["version"], "as undisturbed", sha256):
        assert told in event


def test_the_real_installation_is_left_alone(careful: Rehearsed) -> None:
    """No item, no run, no stand-in's state: only the evidence and the event that were asked for."""
    var = careful.office.folder / "var"
    (bot, _) = json.loads(careful.office.type("status", "--json").out)["bots"]
    assert (bot["name"], bot["items"], bot["last_run"]) == ("careful", {}, None)
    assert not (var / "simulators").exists()
    assert not (var / "documents").exists()


def test_a_bot_that_acts_outside_an_effect_is_found_out(office: Office) -> None:
    """Killed after it has entered a voucher, the naive bot enters it again: ends with 1, and the entry is shown."""
    done = office.type("rehearse", "naive", "--only", "attempt ending", "--leave", "played")
    assert done.code == 1, done.errors
    assert "killed 1 times, 1 END OTHERWISE" in done.out
    assert 'book entries holds {"entry": "E-2", "net": "120.00", "number": "RD-1001"' in done.out
    assert (office.folder / "played" / "killed-01" / "var" / "understudy.db").is_file()


def test_a_bot_that_is_not_the_same_twice_is_refused(office: Office) -> None:
    """Where two undisturbed plays differ, a difference after a crash would prove nothing."""
    office.edit("bots/naive/bot.py", '"supplier": "Redwood Dale"', '"supplier": __import__("uuid").uuid4().hex')
    done = office.type("rehearse", "naive")
    assert done.code == 50
    assert "two undisturbed plays of naive do not end alike" in done.errors


def test_a_bot_without_cases_is_refused(office: Office) -> None:
    """No samples, and nothing that the bot finds by itself: it is said where samples go."""
    shutil.rmtree(office.samples)
    done = office.type("rehearse", "careful")
    assert done.code == 50
    assert "has no samples, and its collect offers nothing; put documents into bots/careful/samples/" in done.errors


def test_samples_of_which_none_goes_through_are_refused(office: Office) -> None:
    """Where nothing is changed outside, nothing is proven; it is said what to add."""
    (office.samples / "rehearsal" / "book.json").unlink()
    done = office.type("rehearse", "careful", "--sample", "first")
    assert done.code == 50
    assert "changes nothing in book" in done.errors
    assert "rehearsal/TARGET.json" in done.errors


def test_a_bot_that_fails_undisturbed_is_refused(office: Office) -> None:
    """What does not end balanced by itself is mended first; the reason is told."""
    (office.samples / "fourth.txt").write_text("no voucher at all\n", encoding="utf-8")
    office.edit("bots.toml", "[bots.careful]\n", "[bots.careful]\nattempts = 1\n")
    done = office.type("rehearse", "careful", "--sample", "first", "--sample", "fourth")
    assert done.code == 50
    assert "careful does not end balanced: run ended with 1: 1 items failed" in done.errors


def test_a_target_without_a_stand_in_is_refused(office: Office) -> None:
    """A rehearsal never touches a system at an address; it is said what the target needs."""
    office.edit("bots.toml", 'serve = "tests.scenarios.book_standin"', 'url = "http://127.0.0.1:1"')
    done = office.type("rehearse", "careful")
    assert done.code == 50
    assert "targets.book has no stand-in" in done.errors


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--sample", "nobody"], "no sample of careful is named like nobody; samples it takes: first.txt, second.txt"),
        (["--leave", "bots"], "--leave bots is there already"),
    ],
)
def test_words_that_choose_nothing_are_refused(office: Office, words: list[str], told: str) -> None:
    """A mistyped choice names what there is, and nothing is played."""
    done = office.type("rehearse", "careful", *words)
    assert done.code == 50
    assert told in done.errors


def test_the_invoices_bot_at_the_click(tmp_path: Path) -> None:
    """Through a real browser: killed right before the click, it enters the voucher once; the bad file is decided."""
    for name in ("bots.toml", "bots", "targets"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / "var").mkdir()
    find_browser(cache=tmp_path / "var" / "browser.json", install=False)
    few = ["--sample", "discount", "--sample", "truncated", "--only", "at the click"]
    done = Office(tmp_path).type("rehearse", "invoices", "--json", *few)
    assert done.code == 0, done.out + done.errors
    report = json.loads(done.out)
    assert report["items"] == {"cancelled": 1, "done": 1}
    assert [one["boundary"] for one in report["judged"]] == ["effect at the click"]

"""What a rehearsal takes from an installation."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from core.bot import Bot
from core.errors import ConfigError, SecretMissing
from core.installation import Installation
from core.testing import loaded
from core.testing.rehearsal.original import Original

TOML = """
[installation]
name = "Larkfield Buildings"
database = "postgresql://nowhere"
profile = "live"

[people]
anna = ["purchasing"]

[targets.book]
simulator = true
profile = "uat"
serve = "a.book"
settle = "20s"
timeout = "9s"
rate = "30/m"
slots = 2
open = ["mon-fri 07:00-19:00"]
closed_on_holidays = true
maintenance = ["sun 02:00-04:00"]
freeze = ["-2 workdays 12:00 / 1 workday 09:00"]
zone = "Europe/London"
calendar = "estate"
secrets = { password = "book_password" }

[calendars.estate]
nation = "scotland"

[targets.other]
url = "https://other.example"

[bots.clerk]
mode = "shadow"
targets = ["book"]
backoff = "5ms"

[bots.clerk.schedules.morning]
workdays = "07:30"
calendar = "estate"

[bots.clerk.settings]
inbox = "var/inbox"
limit = 7
"""


class Settings(BaseModel):
    """The bot's own keys."""

    inbox: str = "inbox"
    limit: int = 1
    rates: str = "rates/today.csv"
    far: str = "../elsewhere"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An installation's folder with files of every kind."""
    for name in (
        "bots/clerk/samples/one.pdf",
        "bots/clerk/samples/one.json",
        "bots/clerk/samples/two.pdf",
        "targets/book.py",
        "rates/today.csv",
        "rates/yesterday.csv",
        "var/inbox/real.pdf",
        "prices.csv",
        ".env",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    (tmp_path / "bots.toml").write_text(TOML)
    (tmp_path / "bots.uat.toml").write_text('[targets.book]\ntimeout = "8s"\n')
    return tmp_path


def original(folder: Path, *, targets: tuple[str, ...] = ("book",), **environment: str) -> Original:
    """Read the installation under an overlay."""
    secrets = environment or {"UNDERSTUDY_SECRET_BOOK_PASSWORD": "not-a-real-password"}
    with Installation.open(folder, environment={"UNDERSTUDY_ENV": "uat", **secrets}) as installation:
        bot: Bot[Any] = Bot("clerk", settings=Settings)
        bot.collect(lambda ctx: ())
        bot.process(lambda item, ctx: None)
        given = installation.config.file.bots["clerk"].settings
        known = {name: installation.config.target(name) for name in targets}
        return Original.of(installation, loaded(bot, settings=given, targets=known), chosen=())


def test_its_bots_toml_is_that_of_one_bot_that_acts(folder: Path) -> None:
    """Overlays are in it, the bot is in auto and impatient; store, people, hours and other targets are left out."""
    (folder / "bots" / "clerk" / "samples" / "rehearsal").mkdir()
    (folder / "bots" / "clerk" / "samples" / "rehearsal" / "settings.toml").write_text("limit = 8\n")
    assert original(folder).tables == {
        "installation": {"name": "Larkfield Buildings", "profile": "uat"},
        "targets": {
            "book": {
                "simulator": True,
                "profile": "uat",
                "settle": "300ms",
                "timeout": "8s",
                "slots": 2,
                "secrets": {"password": "book_password"},
            }
        },
        "bots": {
            "clerk": {
                "enabled": True,
                "mode": "auto",
                "targets": ["book"],
                "backoff": "5ms",
                "linger": "5s",
                "settings": {"inbox": "var/inbox", "limit": 8},
            }
        },
    }


def test_only_what_the_bot_may_read_is_copied(folder: Path) -> None:
    """Code, plain files beside bots.toml, what settings name; no hidden file, and no inbox that samples replace."""
    found = original(folder)
    assert [str(path) for path in found.copied] == ["bots", "targets", "prices.csv", "rates/today.csv"]
    assert [path.name for path in found.documents] == ["one.pdf", "two.pdf"]


def test_without_samples_the_inbox_is_copied(folder: Path) -> None:
    """A bot that has none works on the cases it finds, in a copy."""
    for path in (folder / "bots" / "clerk" / "samples").iterdir():
        path.unlink()
    found = original(folder)
    assert Path("var/inbox") in found.copied
    assert found.documents == ()


def test_a_target_at_an_address_is_refused(folder: Path) -> None:
    """Every target without a stand-in is named."""
    with pytest.raises(ConfigError) as told:
        original(folder, targets=("book", "other"))
    assert [problem.split(" has ")[0] for problem in told.value.problems] == ["targets.other"]


def test_a_bot_without_targets_is_refused(folder: Path) -> None:
    """There would be nothing to compare."""
    with pytest.raises(ConfigError, match="names no targets"):
        original(folder, targets=())


def test_a_missing_login_is_told_before_anything_starts(folder: Path) -> None:
    """The stand-in's secrets are looked for as for a run."""
    with pytest.raises(SecretMissing):
        original(folder, OTHER="x")


def test_a_broken_settings_file_is_named(folder: Path) -> None:
    """Its path is in the message."""
    (folder / "bots" / "clerk" / "samples" / "rehearsal").mkdir()
    (folder / "bots" / "clerk" / "samples" / "rehearsal" / "settings.toml").write_text("limit = \n")
    with pytest.raises(ConfigError, match=r"rehearsal/settings.toml is not valid TOML"):
        original(folder)

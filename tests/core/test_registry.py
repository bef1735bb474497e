"""Loading bots: every problem at once, each with its path; what an installation mounts shadows nothing else."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.config import read_config
from core.errors import ConfigError
from core.registry import code_digest, load_bots, read_process
from core.runtime import LoadedBot

BOT = """
from pydantic import BaseModel
from understudy import Bot

class Settings(BaseModel, extra="forbid"):
    limit: int

bot = Bot("{name}", settings=Settings)

@bot.collect
def collect(ctx):
    return []

@bot.process
def process(item, ctx):
    return None
"""
PROCESS = """
name = "Invoices"
version = "1"
owner = "Accounts payable lead"
purpose = "Pay what we owe."
[[steps]]
number = 1
who = "clerk"
does = "Opens the post."
"""


@pytest.fixture(autouse=True)
def _unmounted() -> Iterator[None]:
    before = {name: module for name, module in sys.modules.items() if name.split(".")[0] in ("bots", "targets")}
    yield
    for name in [name for name in sys.modules if name.split(".")[0] in ("bots", "targets")]:
        del sys.modules[name]
    sys.modules.update(before)


def installed(folder: Path, toml: str, **bots: str) -> Path:
    """Write an installation."""
    folder.mkdir(exist_ok=True)
    (folder / "bots.toml").write_text(toml, encoding="utf-8")
    for name, source in bots.items():
        (folder / "bots" / name).mkdir(parents=True, exist_ok=True)
        (folder / "bots" / name / "bot.py").write_text(source, encoding="utf-8")
    return folder


def loaded(folder: Path, *names: str) -> dict[str, LoadedBot]:
    """Load its bots."""
    return load_bots(read_config(folder, environment={}), names=names or None)


def problems(folder: Path) -> list[str]:
    """Return what is wrong with its bots."""
    with pytest.raises(ConfigError) as refused:
        loaded(folder)
    return list(refused.value.problems)


def test_a_bot_is_loaded_with_its_settings(tmp_path: Path) -> None:
    """And a version that tells the code."""
    folder = installed(tmp_path, "[bots.a.settings]\nlimit = 5\n", a=BOT.format(name="a"))
    bot = loaded(folder)["a"]
    assert (bot.settings.limit, bot.version) == (5, f"1+{bot.code_digest[:8]}")


def test_every_problem_is_told_at_once(tmp_path: Path) -> None:
    """Broken code, no bot, wrong name, wrong settings, a wrong process file, a table too many, a folder too many."""
    toml = """
[bots.broken]
[bots.empty]
[bots.misnamed.settings]
limit = 1
[bots.wrong.settings]
limit = "much"
colour = "blue"
[bots.bare]
[bots.gone]
"""
    folder = installed(
        tmp_path,
        toml,
        broken="import nothing_of_this_name",
        empty="bot = None",
        misnamed=BOT.format(name="other"),
        wrong=BOT.format(name="wrong"),
        bare="from understudy import Bot\nbot = Bot('bare')\n",
        orphan=BOT.format(name="orphan"),
    )
    (folder / "bots" / "wrong" / "process.toml").write_text("name = 1", encoding="utf-8")
    told = problems(folder)
    for words in (
        "broken/bot.py does not load: ModuleNotFoundError",
        "empty/bot.py has no `bot`",
        "calls itself 'other'",
        "bots.wrong.settings.limit is 'much'",
        "bots.wrong.settings.colour is not a setting of this bot; allowed: limit",
        "process.toml",
        "@bot.collect",
        "@bot.process",
        "[bots.gone] has no bot",
        "orphan is a bot without a table",
    ):
        assert any(words in problem for problem in told), (words, told)


def test_a_disabled_bot_is_not_loaded(tmp_path: Path) -> None:
    """Nor is its code run."""
    folder = installed(tmp_path, "[bots.a]\nenabled = false\n", a="raise SystemExit")
    assert loaded(folder) == {}


def test_a_bot_that_is_asked_for_by_name_must_be_there(tmp_path: Path) -> None:
    """The sentence names those that are."""
    folder = installed(tmp_path, "[bots.a.settings]\nlimit = 5\n", a=BOT.format(name="a"))
    with pytest.raises(ConfigError, match="bots here: a"):
        loaded(folder, "b")


def test_two_installations_do_not_mix(tmp_path: Path) -> None:
    """The second one's bots are the second one's."""
    for number in (1, 2):
        source = BOT.format(name="a").replace("limit: int", f"limit: int = {number}")
        folder = installed(tmp_path / str(number), "[bots.a]\n", a=source)
        assert loaded(folder)["a"].settings.limit == number


def test_the_code_digest_is_of_code_and_definitions(tmp_path: Path) -> None:
    """Another line, another file, another name: another digest; samples and notes do not count."""
    folder = tmp_path / "a"
    (folder / "samples").mkdir(parents=True)
    (folder / "bot.py").write_text("x = 1", encoding="utf-8")
    digests = [code_digest(folder)]
    (folder / "notes.txt").write_text("n", encoding="utf-8")
    (folder / "samples" / "make.py").write_text("n", encoding="utf-8")
    assert code_digest(folder) == digests[0]
    for name, text in (("bot.py", "x = 2"), ("more.py", ""), ("rules.toml", "a = 1")):
        (folder / name).write_text(text, encoding="utf-8")
        digests.append(code_digest(folder))
    (folder / "more.py").rename(folder / "other.py")
    digests.append(code_digest(folder))
    assert len(set(digests)) == len(digests)


def test_a_process_definition_is_read(tmp_path: Path) -> None:
    """None where there is none; a wrong one names file and key."""
    assert read_process(tmp_path) is None
    (tmp_path / "process.toml").write_text(PROCESS, encoding="utf-8")
    process = read_process(tmp_path)
    assert process is not None
    assert process.steps[0].does == "Opens the post."
    (tmp_path / "process.toml").write_text(PROCESS + "colour = 1\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"process\.toml: steps\.0\.colour"):
        read_process(tmp_path)

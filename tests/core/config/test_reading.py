"""bots.toml: every mistake at once, each with file, key, value and what is allowed."""

from pathlib import Path

import pytest

from core.config import read_config
from core.errors import ConfigError
from core.model.runs import Mode
from tests.core.config.reads import problems, read

GOOD = """
[installation]
profile = "test"
[targets.ledger]
url = "http://127.0.0.1:9"
simulator = true
profile = "test"
[bots.invoices]
targets = ["ledger"]
mode = "recommend"
backoff = "1.5s"
"""


def test_a_good_file_is_read(tmp_path: Path) -> None:
    """Values come typed, what is left out has its default, relative places start at the installation."""
    config = read(tmp_path, GOOD)
    bot = config.file.bots["invoices"]
    assert (bot.mode, bot.backoff.total_seconds(), bot.attempts) == (Mode.RECOMMEND, 1.5, 3)
    assert config.target("ledger").simulator
    assert config.database_url() == f"sqlite:///{tmp_path}/var/understudy.db"
    assert config.evidence_url() == str(tmp_path / "var" / "evidence")


def test_a_folder_without_a_file_says_what_to_do(tmp_path: Path) -> None:
    """The person is in the wrong folder, or has not begun."""
    with pytest.raises(ConfigError, match=r"no bots\.toml.*understudy new"):
        read_config(tmp_path, environment={})


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('mode = "automatic"', ["bots.invoices.mode", "'automatic'", "'shadow', 'recommend' or 'auto'"]),
        ('modes = "auto"', ["bots.invoices.modes", "allowed here", "mode", "attempts"]),
        ("attempts = 0", ["bots.invoices.attempts", "0", "greater than or equal to 1"]),
        ('backoff = "soon"', ["bots.invoices.backoff", "'soon'", '"30s"']),
        ("backoff = 30", ["bots.invoices.backoff", "30", '"30s"']),
        ('backoff = "-3s"', ["bots.invoices.backoff", "'-3s'"]),
        ('lease = "5s"', ["bots.invoices.lease", "'5s'", "at least 10s"]),
        ('targets = ["ledgr"]', ["bots.invoices.targets", "'ledgr'", "targets here: ledger"]),
        ("enabled = 3", ["bots.invoices.enabled", "3", "expected true or false"]),
        ('targets = "ledger"', ["bots.invoices.targets", "'ledger'", "expected a list"]),
        ('stop_after = "often"', ["bots.invoices.stop_after", "'often'", "expected a whole number"]),
        ("schedules.morning = 7", ["bots.invoices.schedules.morning", "7", "expected a table"]),
        ("schedules.morning.days = 07:30:00", ["schedules.morning.days", "07:30:00", "expected a text in quotes"]),
    ],
)
def test_a_wrong_line_is_named_with_what_is_allowed(tmp_path: Path, line: str, told: list[str]) -> None:
    """File, key, value, and what may stand there."""
    key = line.split(" ", 1)[0]
    lines = [one for one in GOOD.strip().splitlines() if not one.startswith(f"{key} =")]
    (problem,) = problems(tmp_path, "\n".join([*lines, line]))
    for words in ["bots.toml", *told]:
        assert words in problem


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    """Of spelling, of value and of what does not fit together; nothing that is right is complained of."""
    text = """
colour = "blue"
[installation]
profile = "production"
[targets.ledger]
simulator = "perhaps"
profile = "test"
[targets.bank]
timeout = "0s"
[bots.invoices]
mode = "fast"
targets = ["ledger", "bank", "archive"]
[bots.timesheets]
stop_after = -1
"""
    told = problems(tmp_path, text)
    expected = [
        "'colour'",
        "installation.profile",
        "targets.ledger.simulator",
        "targets.bank.timeout",
        "bots.invoices.mode",
        "bots.timesheets.stop_after",
        "'archive'",
    ]
    assert len(told) == len(expected), told
    for words in expected:
        assert any(words in problem for problem in told), words


@pytest.mark.parametrize(
    "text", ["[bots", "bots = 3", "[bots]\ninvoices = 3", "targets = []", '[people]\nanna = "boss"']
)
def test_what_is_no_table_is_told_too(tmp_path: Path, text: str) -> None:
    """Never a stack trace."""
    assert problems(tmp_path, text)


def test_the_environment_lays_a_file_over(tmp_path: Path) -> None:
    """Single keys are replaced, the rest stays; the profile is the environment's."""
    config = read(
        tmp_path,
        GOOD.replace('profile = "test"', 'profile = "live"', 1),
        chosen="test",
        test='[bots.invoices]\nmode = "auto"\n',
    )
    assert config.file.bots["invoices"].mode is Mode.AUTO
    assert config.file.bots["invoices"].backoff.total_seconds() == 1.5
    assert config.profile == "test"
    assert [path.name for path in config.sources] == ["bots.toml", "bots.test.toml"]


def test_a_mistake_names_the_file_it_is_in(tmp_path: Path) -> None:
    """The overlay has the last word, so it is the one to correct."""
    told = problems(tmp_path, GOOD + 'attempts = "x"\n', chosen="test", test='[bots.invoices]\nmode = "fast"\n')
    assert sorted(problem.split(":")[0] for problem in told) == ["bots.test.toml", "bots.toml"]


def test_an_overlay_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """Nobody acts on live because of a typing mistake."""
    (problem,) = problems(tmp_path, GOOD, chosen="tset")
    assert "tset" in problem


REAL = '[targets.ledger]\nprofile = "{target}"\n[bots.invoices]\ntargets = ["ledger"]\n'


@pytest.mark.parametrize(("here", "target"), [("test", "live"), ("live", "test"), ("uat", "live"), ("live", "uat")])
def test_a_live_target_refuses_a_test_profile_and_the_reverse(tmp_path: Path, here: str, target: str) -> None:
    """Whether the profile comes from the file or from the environment."""
    text = REAL.format(target=target)
    (problem,) = problems(tmp_path, f'[installation]\nprofile = "{here}"\n{text}')
    assert f"'{target}'" in problem
    assert f"'{here}'" in problem
    (problem,) = problems(tmp_path, text, chosen=here, **{here: ""})
    assert "targets.ledger.profile" in problem


def test_a_simulator_is_never_live(tmp_path: Path) -> None:
    """What is a stand-in cannot be taken for the real system."""
    (problem,) = problems(tmp_path, '[targets.ledger]\nsimulator = true\nprofile = "live"\n')
    assert "simulator" in problem


def test_only_a_simulator_is_served(tmp_path: Path) -> None:
    """A real system is not started by us."""
    (problem,) = problems(tmp_path, '[targets.ledger]\nserve = "simulators.ledger"\n')
    assert "serve" in problem

"""Killed anywhere and started again, a bot leaves the same book as one that was never disturbed."""

import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.scenarios import harness

TOGETHER = 2  # processes at a time
EXPECTED = [("RD-1001", "120.00"), ("RD-1002", "75.50")]


@dataclass(frozen=True, kw_only=True)
class Crash:
    """What a crash at one boundary and the runs after it left."""

    boundary: str
    killed: bool
    code: int
    entries: list[tuple[str, str]]
    unbalanced: list[str]
    problems: tuple[str, ...]  # of the trail


def crashed(folder: Path, bot: str, *, at: int, boundary: str) -> Crash:
    """Kill a bot at one boundary, start it again, and look at what is there."""
    harness.copied("vouchers", folder)
    first = harness.run(folder, bot, kill_at=at)
    last = harness.run(folder, bot)
    report = harness.trail(folder)
    return Crash(
        boundary=f"{at} {boundary}",
        killed=first.code == harness.KILLED,
        code=last.code,
        entries=harness.entries(folder),
        unbalanced=[difference for found in last.said.get("balances", {}).values() for difference in found],
        problems=report.problems if report.unsealed == 0 else (*report.problems, f"{report.unsealed} not sealed"),
    )


def everywhere(tmp_path: Path, bot: str, *, only: str = "") -> list[Crash]:
    """Crash a bot at each boundary that names `only`, each time in a fresh installation.

    A boundary that comes with every item is tried at the last, when another item is done already.
    """
    names = harness.boundaries(harness.copied("vouchers", tmp_path / "learned"), bot)
    with ThreadPoolExecutor(TOGETHER) as pool:
        jobs = [
            pool.submit(crashed, tmp_path / f"killed-{at}", bot, at=at, boundary=name)
            for name, at in {name: at for at, name in enumerate(names, start=1)}.items()
            if only in name
        ]
        return [job.result() for job in jobs]


def test_killed_at_every_boundary_the_book_is_the_same(tmp_path: Path) -> None:
    """Every step, look, search, intent, click and receipt: nothing twice, nothing lost, balanced, trail whole."""
    crashes = everywhere(tmp_path, "vouchers")
    assert len(crashes) > 15
    assert {
        name
        for crash in crashes
        for name in ["click", "receipt", "intent", "find", "step", "look"]
        if name in crash.boundary
    }
    wrong = [
        crash
        for crash in crashes
        if not crash.killed or crash.code or crash.entries != EXPECTED or crash.unbalanced or crash.problems
    ]
    assert wrong == []


def test_the_control_doubles(tmp_path: Path) -> None:
    """A bot that writes without an effect enters vouchers twice in the same harness, so the proof above proves much."""
    crashes = everywhere(tmp_path, "naive", only="attempt")
    assert [crash.boundary for crash in crashes if len(crash.entries) > len(EXPECTED)]


@pytest.mark.parametrize("seed", [1, 2])
def test_killed_again_and_again_the_book_is_the_same(tmp_path: Path, seed: int) -> None:
    """One installation, killed at a random boundary of every run until nothing is left to kill."""
    chance = random.Random(seed)
    folder = harness.copied("vouchers", tmp_path / "installation")
    kills = 0
    while harness.run(folder, "vouchers", kill_at=chance.randint(3, 20)).code == harness.KILLED:
        kills += 1
        assert kills < 20, "the bot does not get on"
    last = harness.run(folder, "vouchers")
    assert last.code == 0, last
    assert kills > 1
    assert harness.entries(folder) == EXPECTED
    assert last.said["states"] == {"done": 2}
    assert harness.trail(folder).whole

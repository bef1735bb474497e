"""Where a rehearsal kills, told by the environment."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import os
from core.runtime.boundaries import Boundaries
boundaries = Boundaries.from_environment(os.environ)
for name in ("step", "look", "step", "look", "step"):
    boundaries.reach(name)
"""


def ended(log: Path, **environment: str) -> tuple[int, list[str]]:
    """Reach five boundaries in a process of its own; return how it ended and what it noted."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("UNDERSTUDY_KILL")}
    done = subprocess.run([sys.executable, "-c", PROGRAM], env=kept | environment, check=False, timeout=120)
    return done.returncode, log.read_text().splitlines() if log.exists() else []


@pytest.mark.parametrize(
    ("named", "number", "last"),
    [(None, 2, "2 look"), ("step", 2, "3 step"), ("look", 2, "4 look")],
)
def test_it_dies_at_the_number_of_all_or_of_one_name(tmp_path: Path, named: str | None, number: int, last: str) -> None:
    """The number counts every boundary, or only those of the name given; the log ends with the one it died at."""
    log = tmp_path / "log"
    of_name = {} if named is None else {"UNDERSTUDY_KILL_NAMED": named}
    code, lines = ended(log, UNDERSTUDY_KILL_AT=f"{number}:{log}", **of_name)
    assert (code, lines[-1]) == (-signal.SIGKILL, last)


def test_without_a_number_nothing_happens(tmp_path: Path) -> None:
    """Unasked, nothing dies and nothing is written; a number never reached lists them all."""
    log = tmp_path / "log"
    assert ended(log) == (0, [])
    assert ended(log, UNDERSTUDY_KILL_AT=f"0:{log}") == (0, ["1 step", "2 look", "3 step", "4 look", "5 step"])

"""A crew of processes: started again when they fail, ended in good time."""

import sys
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from core.runtime.crew import Crew
from core.runtime.host import StopRequest

GRACE = timedelta(seconds=60)
FAILS_ONCE = """
import os, pathlib, signal, sys
mark = pathlib.Path(sys.argv[1]) / "failed"
if not mark.exists():
    mark.touch()
    {fails}
"""
STAYS = """
import pathlib, signal, sys, time
{first}
(pathlib.Path(sys.argv[1]) / "ready").touch()
time.sleep(600)
"""


def crew(program: str, folder: Path, *, number: int = 1, stop: StopRequest | None = None, grace: timedelta) -> Crew:
    """Return a crew of processes that run a program."""
    return Crew([sys.executable, "-c", program, str(folder)], number=number, stop=stop or StopRequest(), grace=grace)


@pytest.mark.parametrize(
    ("fails", "how"),
    [("os.kill(os.getpid(), signal.SIGKILL)", "was killed (SIGKILL)"), ("sys.exit(1)", "ended with 1")],
)
def test_a_process_that_fails_is_started_again(tmp_path: Path, fails: str, how: str) -> None:
    """It is told how it ended, another takes its place, and ends well."""
    told: list[str] = []
    assert crew(FAILS_ONCE.format(fails=fails), tmp_path, grace=GRACE).run(told=told.append) == 0
    assert [how in sentence and "another takes its place" in sentence for sentence in told] == [True]


@pytest.mark.parametrize("code", [0, 40, 50])
def test_what_would_end_the_same_again_is_not_started_again(tmp_path: Path, code: int) -> None:
    """A wrong file or secret is not mended by trying; its exit code is the crew's."""
    told: list[str] = []
    assert crew(f"import sys; sys.exit({code})", tmp_path, number=2, grace=GRACE).run(told=told.append) == code
    assert told == []


@pytest.mark.parametrize(
    ("first", "grace"),
    [("", GRACE), ("signal.signal(signal.SIGTERM, signal.SIG_IGN)", timedelta(milliseconds=300))],
)
def test_asked_to_stop_all_end(tmp_path: Path, first: str, grace: timedelta) -> None:
    """Each gets SIGTERM; one that does not end within the grace is killed."""
    stop = StopRequest()
    playing = threading.Thread(target=crew(STAYS.format(first=first), tmp_path, stop=stop, grace=grace).run)
    playing.start()
    eventually((tmp_path / "ready").exists)
    stop.asked = True
    playing.join(timeout=60)
    assert not playing.is_alive()


def eventually(condition: Callable[[], bool]) -> None:
    """Wait until something has come about."""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "did not come about in time"
        time.sleep(0.02)

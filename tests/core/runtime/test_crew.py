"""A crew of processes: started again when they fail, ended in good time, gone with whoever started them."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from core.runtime.crew import FINAL, Crew, Part
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
import os, pathlib, signal, sys, time
{first}
(pathlib.Path(sys.argv[1]) / "ready").write_text(str(os.getpid()))
time.sleep(600)
"""
KEEPS = """
import sys
from datetime import timedelta
from core.runtime.crew import Crew, Part
from core.runtime.host import StopRequest
part = Part(name="part", command=(sys.executable, "-c", {program!r}, sys.argv[1]))
Crew([part], stop=StopRequest(), grace=timedelta(seconds=60)).run()
"""


def part(program: str, folder: Path, *, name: str = "part", final: frozenset[int] = FINAL) -> Part:
    """Return a part that runs a program."""
    return Part(name=name, command=(sys.executable, "-c", program, str(folder)), final=final)


def crew(program: str, folder: Path, *, number: int = 1, stop: StopRequest | None = None, grace: timedelta) -> Crew:
    """Return a crew of processes that run one program."""
    parts = [part(program, folder, name=f"part {one}") for one in range(number)]
    return Crew(parts, stop=stop or StopRequest(), grace=grace)


@pytest.mark.parametrize(
    ("fails", "how"),
    [("os.kill(os.getpid(), signal.SIGKILL)", "was killed (SIGKILL)"), ("sys.exit(1)", "ended with 1")],
)
def test_a_process_that_fails_is_started_again(tmp_path: Path, fails: str, how: str) -> None:
    """It is told how it ended, another takes its place, and ends well."""
    told: list[str] = []
    kept = crew(FAILS_ONCE.format(fails=fails), tmp_path, grace=GRACE)
    assert kept.run(told=told.append) == 0
    assert [how in sentence and "another takes its place" in sentence for sentence in told] == [True]
    assert kept.restarts == 1


@pytest.mark.parametrize("code", [0, 40, 50])
def test_what_would_end_the_same_again_is_not_started_again(tmp_path: Path, code: int) -> None:
    """A wrong file or secret is not mended by trying; its exit code is the crew's."""
    told: list[str] = []
    assert crew(f"import sys; sys.exit({code})", tmp_path, number=2, grace=GRACE).run(told=told.append) == code
    assert told == []


@pytest.mark.parametrize(("code", "when"), [(1, "in 1 s"), (0, "in 1 s"), (50, "in 60 s"), (40, "in 60 s")])
def test_a_part_that_must_not_end_is_tried_again_later_when_a_hand_must_mend_it(
    tmp_path: Path, code: int, when: str
) -> None:
    """Where no code is final, a wrong file is tried again after a minute, anything else soon."""
    stop, told = StopRequest(), list[str]()
    ends = Crew([part(f"import sys; sys.exit({code})", tmp_path, final=frozenset())], stop=stop, grace=GRACE)
    ends.run(told=told.append, looked=lambda: setattr(stop, "asked", bool(told)))
    assert [when in sentence for sentence in told] == [True], told


def test_one_that_keeps_failing_takes_no_other_down(tmp_path: Path) -> None:
    """While one is started again and again, later each time, the other keeps its process."""
    stop, told, seen = StopRequest(), list[str](), set[int | None]()
    failing = part("import sys; sys.exit(1)", tmp_path, name="failing")
    two = Crew([failing, part(STAYS.format(first=""), tmp_path, name="staying")], stop=stop, grace=GRACE)

    def looked() -> None:
        seen.add(two.running()["staying"])
        stop.asked = len(told) >= 3

    assert two.run(told=told.append, looked=looked) == 0
    assert len(seen) == 1
    assert [sentence.rpartition(" in ")[2] for sentence in told] == ["1 s", "3 s", "7 s"]


def test_a_program_that_is_not_there_is_tried_again(tmp_path: Path) -> None:
    """A missing program fails like any other; the crew goes on."""
    stop, told = StopRequest(), list[str]()
    lost = Crew([Part(name="lost", command=(str(tmp_path / "nowhere"),))], stop=stop, grace=GRACE)
    lost.run(told=told.append, looked=lambda: setattr(stop, "asked", bool(told)))
    assert told == ["lost could not be started: No such file or directory; another takes its place in 1 s"]


def test_one_that_stands_still_is_killed_and_another_takes_its_place(tmp_path: Path) -> None:
    """A process that is stopped, and so deaf to SIGTERM, makes room; why is told."""
    stop, told, seen = StopRequest(), list[str](), list[int]()
    still = crew(STAYS.format(first=""), tmp_path, stop=stop, grace=GRACE)

    def stands_still(name: str, age: timedelta) -> str | None:
        ready = tmp_path / "ready"
        if told or not ready.exists() or not ready.read_text():
            return None
        seen.append(int(ready.read_text()))
        os.kill(seen[0], signal.SIGSTOP)
        return "no sign of life"

    def looked() -> None:
        stop.asked = bool(told) and still.running()["part 0"] not in (None, *seen)

    still.run(told=told.append, looked=looked, stands_still=stands_still)
    assert "part 0" in told[0]
    assert "stands still and was killed: no sign of life" in told[0]
    assert not alive(seen[0])


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


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process of its parent's death")
def test_none_outlives_a_crew_that_was_killed(tmp_path: Path) -> None:
    """After kill -9 of whoever keeps them, its processes are asked to end and do."""
    keeper = subprocess.Popen([sys.executable, "-c", KEEPS.format(program=STAYS.format(first="")), str(tmp_path)])
    ready = tmp_path / "ready"
    eventually(lambda: ready.exists() and bool(ready.read_text()))
    keeper.kill()
    keeper.wait()
    eventually(lambda: not alive(int(ready.read_text())))


def test_variables_of_the_crew_alone_are_not_handed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A part does not see what is meant for whoever keeps it; everything else it does."""
    monkeypatch.setenv("ONLY_MINE", "1")
    monkeypatch.setenv("FOR_ALL", "1")
    program = "import os, sys; sys.exit('ONLY_MINE' in os.environ or 'FOR_ALL' not in os.environ)"
    codes = frozenset({0, 1})
    told = Crew(
        [part(program, tmp_path, final=codes)], stop=StopRequest(), grace=GRACE, without=frozenset({"ONLY_MINE"})
    )
    assert told.run() == 0


def alive(pid: int) -> bool:
    """Tell whether a process is there and has not ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def eventually(condition: Callable[[], bool]) -> None:
    """Wait until something has come about."""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "did not come about in time"
        time.sleep(0.02)

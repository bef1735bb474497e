"""`understudy up` for real: the commands themselves, killed and stopped, in an installation with a schedule."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.understudy.conftest import TOML, Desk

UNATTENDED = """
[alerts]
look = "200ms"
[bots.clerk.schedules.yearly]
cron = "30 7 1 1 *"
[health]
listen = "127.0.0.1:0"
"""


class Up:
    """A running `understudy up`, in a process of its own."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        self._said = folder / "up.log"
        with self._said.open("w") as out:
            self.process = subprocess.Popen(command(folder, "up", *options), stdout=out, stderr=subprocess.STDOUT)

    def said(self) -> str:
        """Return what it has said so far."""
        return self._said.read_text()

    def page(self, path: str) -> tuple[int, Any]:
        """Ask it for a page; 0 while nobody answers."""
        address = re.search(r"http://(\S+)/readyz", self.said())
        if address is None:
            return 0, None
        try:
            with urllib.request.urlopen(f"http://{address[1]}{path}", timeout=60) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()

    def ready(self) -> bool:
        """Tell whether everything is in place."""
        return self.page("/readyz")[0] == 200


def command(folder: Path, *words: str) -> list[str]:
    """Return a command on the installation."""
    return [sys.executable, "-m", "understudy.main", "--folder", str(folder), *words]


@contextmanager
def up(folder: Path, *options: str) -> Iterator[Up]:
    """Run it until the block ends, and see that nothing outlives it."""
    running = Up(folder, *options)
    try:
        eventually(running.ready, running)
        yield running
    finally:
        running.process.kill()
        running.process.wait()
        eventually(lambda: processes(folder) == {}, running)


@pytest.fixture
def folder(desk: Desk) -> Path:
    """An installation with a bot and a schedule that is due once a year."""
    desk.toml(TOML + UNATTENDED)
    return desk.folder


def test_it_runs_what_is_ordered_and_ends_in_good_order(folder: Path, desk: Desk) -> None:
    """Scheduler and watch run; a run that is ordered is done; a second `up` is refused; SIGTERM ends all with 0."""
    desk.note("n1", "tea")
    with up(folder) as running:
        assert {*processes(folder).values()} == {"up", "scheduler", "watch"}
        second = subprocess.run(command(folder, "up"), capture_output=True, text=True, check=False)
        assert (second.returncode, f"as process {running.process.pid}" in second.stderr) == (50, True), second.stderr
        assert desk.type("schedule", "run-now", "clerk").code == 0
        eventually(lambda: desk.outbox() == ["n1 tea"], running)
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(timeout=120) == 0, running.said()
        assert processes(folder) == {}


def test_whatever_is_killed_comes_back(folder: Path, desk: Desk) -> None:
    """The scheduler, the watch and a worker are killed; others take their places, and work what is ordered."""
    with up(folder, "--workers", "1") as running:
        before = {name: pid for pid, name in processes(folder).items()}
        assert before.keys() == {"up", "scheduler", "watch", "worker"}
        for name in ("scheduler", "watch", "worker"):
            os.kill(before[name], signal.SIGKILL)
        eventually(lambda: len(set(processes(folder)) - set(before.values())) == 3, running)
        desk.note("n1", "tea")
        assert desk.type("schedule", "run-now", "clerk").code == 0
        eventually(lambda: desk.outbox() == ["n1 tea"], running)
        eventually(running.ready, running)
        assert running.said().count("was killed (SIGKILL); another takes its place") == 3
        assert b"understudy_up_restarts_total 3.0" in running.page("/metrics")[1]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process of its parent's death")
def test_nothing_outlives_it_and_the_next_may_start(folder: Path) -> None:
    """After kill -9 every process it started ends by itself, and another `up` is ready soon."""
    with up(folder, "--workers", "1") as running:
        os.kill(running.process.pid, signal.SIGKILL)
        eventually(lambda: processes(folder) == {}, running)
    with up(folder) as again:
        assert json.loads(again.page("/healthz")[1])["alive"] is True


def test_what_is_wrong_is_told_before_anything_starts(folder: Path, desk: Desk) -> None:
    """A mistake in bots.toml ends it with 50; so does an address that cannot be listened on."""
    desk.toml(TOML + UNATTENDED.replace("127.0.0.1:0", "nowhere"))
    wrong = subprocess.run(command(folder, "up"), capture_output=True, text=True, check=False)
    assert (wrong.returncode, "an address is written as host and port" in wrong.stderr) == (50, True), wrong.stderr
    desk.toml(TOML + UNATTENDED.replace("127.0.0.1:0", "192.0.2.1:9464"))
    foreign = subprocess.run(command(folder, "up"), capture_output=True, text=True, check=False)
    assert (foreign.returncode, "cannot be listened on" in foreign.stderr) == (50, True), foreign.stderr
    assert processes(folder) == {}


@pytest.mark.parametrize("words", [("scheduler",), ("watch",), ("worker",), ("worker", "--processes", "2")])
def test_each_part_alone_tells_systemd_that_it_gets_on(folder: Path, words: Sequence[str]) -> None:
    """Started as a service of its own it says that it is ready, and again and again that it has taken a turn."""
    path = f"@understudy-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind("\0" + path[1:])
        listening.settimeout(120)
        environment = {**os.environ, "NOTIFY_SOCKET": path, "WATCHDOG_USEC": "100000"}
        part = subprocess.Popen(command(folder, *words), env=environment, stdout=subprocess.DEVNULL)
        try:
            told = [listening.recv(4096) for _ in range(3)]
        finally:
            part.terminate()
            assert part.wait(timeout=120) == 0
    assert told == [b"READY=1", b"WATCHDOG=1", b"WATCHDOG=1"]


def processes(folder: Path) -> dict[int, str]:
    """Return the program's processes that work on the installation, by id: which command each runs."""
    found = {}
    for place in Path("/proc").glob("[0-9]*"):
        words = _words(place)
        if str(folder) in words and "understudy.main" in words:
            found[int(place.name)] = words[words.index(str(folder)) + 1]
    return found


def _words(place: Path) -> Sequence[str]:
    try:
        return (place / "cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:  # it has ended
        return ()


def eventually(condition: Callable[[], bool], running: Up) -> None:
    """Wait until something has come about."""
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline, running.said()
        time.sleep(0.05)

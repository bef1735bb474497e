"""The processes of one machine, kept running and looked after: real processes, with small programs in their places."""

import json
import os
import signal
import socket
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from core.errors import ConfigError
from core.health import beat
from core.installation import Installation
from core.model.items import NewItem
from core.model.runs import Mode
from core.runtime import host
from core.runtime.crew import Part
from core.runtime.host import StopRequest
from core.runtime.systemd import Notifier
from core.store import items, runs
from understudy import unattended
from understudy.unattended import Unattended, alone, parts_for

TOML = """
[targets.outbox]
[bots.clerk]
targets = ["outbox"]
lease = "10s"
[health]
listen = "127.0.0.1:0"
"""
SHORT = timedelta(seconds=4)  # of silence, in these tests
# Gives a sign of life until told to end, as the scheduler and the watch do; quick to start, as silences are short here.
SIGNS = """
import os, pathlib, signal, socket, sqlite3, sys, time
folder, name = pathlib.Path(sys.argv[1]), sys.argv[2]
ended = []
signal.signal(signal.SIGTERM, lambda number, frame: ended.append(number))
store = sqlite3.connect(folder / "var" / "understudy.db", timeout=60, isolation_level=None)
sign_given = False
while not ended:
    sign = f"{name}:{socket.gethostname()}", time.time_ns() // 1000
    store.execute("INSERT INTO sign (name, at) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET at = excluded.at", sign)
    if not sign_given:
        beside = folder / f"{name}.{os.getpid()}"
        beside.write_text(str(os.getpid()))
        beside.rename(folder / f"{name}.pid")
    sign_given = True
    time.sleep(0.1)
(folder / f"{name}.ended").touch()
"""
# Takes an item as a worker does, and hangs.
HANGS = """
import os, sys, time
from datetime import timedelta
from pathlib import Path
from core.installation import Installation
from core.runtime import host
from core.store import items
with Installation.open(Path(sys.argv[1])) as office:
    name = host.new_worker_name()
    with host.alive(name, folder=office.var / "locks"):
        with office.database.transaction(actor="system:test") as tx:
            items.claim(tx, "clerk", worker=name, lease=timedelta(seconds=1))
        Path(sys.argv[1], "hangs.pid").write_text(str(os.getpid()))
        time.sleep(600)
"""


# Starts such a process and waits for it, as the scheduler does.
STARTS = f"""
import subprocess, sys
sys.exit(subprocess.run([sys.executable, "-c", {HANGS!r}, sys.argv[1]]).returncode != 0)
"""


class Watched:
    """An installation whose processes are kept by a thread of the test, and what was told."""

    def __init__(self, folder: Path, *programs: tuple[str, str], notify: str | None = None) -> None:
        self.folder = folder
        self.stop = StopRequest()
        self.told: list[str] = []
        self.code: int | None = None
        self._notify = notify
        self._parts = [
            Part(name=name, command=(sys.executable, "-c", program, str(folder), name), final=frozenset())
            for name, program in programs
        ]
        self._thread = threading.Thread(target=self._run)

    @contextmanager
    def running(self) -> Iterator["Watched"]:
        """Run until the block ends."""
        self._thread.start()
        try:
            yield self
        finally:
            self.stop.asked = True
            self._thread.join(timeout=60)
        assert not self._thread.is_alive()

    def _run(self) -> None:
        notifier = Notifier(address=self._notify, watchdog=timedelta(seconds=1))
        with Installation.open(self.folder) as office:
            kept = Unattended(
                office,
                self._parts,
                grace=timedelta(seconds=30),
                notifier=notifier,
                stop=self.stop,
                told=self.told.append,
            )
            self.code = kept.run()

    def pid(self, name: str) -> int:
        """Return the process id a program has written down."""
        file = self.folder / f"{name}.pid"
        eventually(lambda: file.exists() and bool(file.read_text()))
        return int(file.read_text())

    def page(self, path: str) -> tuple[int, Any]:
        """Ask for a page of health."""
        eventually(lambda: any("http://" in sentence for sentence in self.told))
        (address,) = [
            sentence.partition("http://")[2].partition("/")[0] for sentence in self.told if "http" in sentence
        ]
        try:
            with urllib.request.urlopen(f"http://{address}{path}", timeout=60) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation whose looks are quick and whose silences are short."""
    (tmp_path / "bots.toml").write_text(TOML)
    monkeypatch.setattr(beat, "SILENT", SHORT)
    monkeypatch.setattr(unattended, "SILENT", SHORT)
    monkeypatch.setattr(unattended, "EVERY", timedelta(seconds=0.1))
    with Installation.open(tmp_path) as office:
        _ = office.database
    return tmp_path


@pytest.fixture
def heard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, socket.socket]]:
    """A socket as systemd listens on."""
    path = f"@understudy-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind("\0" + path[1:])
        listening.settimeout(60)
        yield path, listening


def until(listening: socket.socket, message: str) -> list[str]:
    """Return what is told up to a message."""
    told: list[str] = []
    while not told or not told[-1].startswith(message):
        told.append(listening.recv(4096).decode())
    return told


def test_systemd_is_told_from_the_first_sign_to_the_end(folder: Path, heard: tuple[str, socket.socket]) -> None:
    """Ready when the scheduler gives its first sign, fed while it does, and stopping when asked to stop."""
    address, listening = heard
    with Watched(folder, ("scheduler", SIGNS), ("watch", SIGNS), notify=address).running() as watched:
        told = until(listening, "READY=1")
        assert (folder / "scheduler.pid").exists(), told
        told += until(listening, "WATCHDOG=1") + until(listening, "WATCHDOG=1")
        assert "STATUS=scheduler, watch run" in told
    until(listening, "STOPPING=1")
    assert watched.code == 0
    assert (folder / "scheduler.ended").exists()
    assert (folder / "watch.ended").exists()


def test_systemd_hears_nothing_more_of_a_scheduler_that_never_gives_a_sign(
    folder: Path, heard: tuple[str, socket.socket]
) -> None:
    """It is not ready; after the time of silence the watchdog is fed no more, the status says why, it is replaced."""
    address, listening = heard
    with Watched(folder, ("scheduler", "import time; time.sleep(600)"), notify=address).running() as watched:
        early = until(listening, "STATUS=nothing runs; 1 started again so far; STANDS STILL: the scheduler has given")
        assert "WATCHDOG=1" in early  # at first everybody has time
        late = until(listening, "STATUS=scheduler runs; 1 started again so far; STANDS STILL")
        late += until(listening, "STATUS=nothing runs; 2 started again so far; STANDS STILL")
        assert not {"READY=1", "WATCHDOG=1"} & {*early[-1:], *late}
    assert "READY=1" not in early
    assert "stands still and was killed: it has given no sign of life for " in watched.told[1]


def test_a_scheduler_that_is_stopped_is_killed_and_another_goes_on(folder: Path) -> None:
    """Deaf to everything, it gives no sign; the next one does."""
    with Watched(folder, ("scheduler", SIGNS)).running() as watched:
        first = watched.pid("scheduler")
        os.kill(first, signal.SIGSTOP)
        eventually(lambda: watched.pid("scheduler") != first)
        assert not Path(f"/proc/{first}").exists()
        eventually(lambda: watched.page("/readyz")[0] == 200)
    told = [sentence for sentence in watched.told if "scheduler" in sentence]
    assert ["stands still and was killed: it has given no sign of life" in sentence for sentence in told] == [True]


@pytest.mark.parametrize("program", [HANGS, STARTS], ids=["a part itself", "started by a part"])
def test_a_process_whose_item_stands_still_is_killed(folder: Path, program: str) -> None:
    """Its item stays where it is, to be looked for by the next; who does not belong here is left alone."""
    with Installation.open(folder) as office, office.database.transaction(actor="system:test") as tx:
        run_id = runs.start(tx, "clerk", version="1", mode=Mode.AUTO, trigger="test", worker="w")
        for reference in ("7", "8"):
            items.add(tx, "clerk", run_id=run_id, new=NewItem(reference=reference))
        stranger = f"{socket.gethostname()}:{os.getpid()}:00000000"
        other = items.claim(tx, "clerk", worker=stranger, lease=timedelta(seconds=1))
    assert other is not None
    kept = Watched(folder, ("scheduler", SIGNS), ("worker 1", program))
    with host.alive(stranger, folder=folder / "var" / "locks"), kept.running() as watched:
        hanging = watched.pid("hangs")
        eventually(lambda: not Path(f"/proc/{hanging}").exists())
        eventually(lambda: any("another takes its place" in sentence for sentence in watched.told))
    told = f"Process {hanging} stands still at item {other.item_id + 1} of clerk and is killed"
    assert [sentence for sentence in watched.told if "stands still" in sentence] == [told]
    with Installation.open(folder) as office, office.database.reading() as tx:
        assert {row.id for row in items.held(tx)} == {other.item_id, other.item_id + 1}


def test_what_machines_ask_is_answered_meanwhile(folder: Path) -> None:
    """Alive, ready with every part, and the figures with those of the processes themselves."""
    with Watched(folder, ("scheduler", SIGNS)).running() as watched:
        watched.pid("scheduler")
        assert watched.page("/healthz")[0] == 200
        eventually(lambda: watched.page("/readyz")[0] == 200)
        parts = json.loads(watched.page("/readyz")[1])["parts"]
        assert [part["part"] for part in parts] == [
            "store", "scheduler", "items", "trail", "disk", "keys", "evidence", "browser",
        ]  # fmt: skip
        status, text = watched.page("/metrics")
        assert status == 200
        assert b"understudy_up_running 1.0" in text
        assert b'understudy_items{bot="clerk",state="pending"} 0.0' in text


def test_a_second_one_on_the_same_installation_is_refused(tmp_path: Path) -> None:
    """It says which process is there; when that one is gone the next may."""
    with (
        alone(tmp_path / "var"),
        pytest.raises(ConfigError, match=f"runs here already, as process {os.getpid()}; stop"),
    ):
        alone(tmp_path / "var").__enter__()
    with alone(tmp_path / "var"):
        pass


def test_the_parts_of_a_machine_are_commands_of_this_program(tmp_path: Path) -> None:
    """Scheduler and watch, and workers when asked for; none of them is meant to end."""
    parts = parts_for(tmp_path, workers=2, grace=timedelta(seconds=90))
    assert [part.name for part in parts] == ["scheduler", "watch", "worker 1", "worker 2"]
    assert parts[2].command[-5:] == ("--folder", str(tmp_path), "worker", "--grace", "90s")
    assert parts[0].command[-4:] == ("scheduler", "--grace", "90s", "--leave-to-workers")
    assert "--leave-to-workers" not in parts_for(tmp_path, workers=0, grace=timedelta(seconds=90))[0].command
    assert {part.final for part in parts} == {frozenset()}


def eventually(condition: Callable[[], bool]) -> None:
    """Wait until something has come about."""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "did not come about in time"
        time.sleep(0.02)

"""What systemd is told, on a real socket."""

import os
import socket
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from core.clock import FakeClock
from core.runtime.systemd import Notifier
from core.testing.stage import NOON


@pytest.fixture(params=["path", "abstract"])
def listener(request: pytest.FixtureRequest) -> Iterator[tuple[str, socket.socket]]:
    """A socket as systemd listens on, and the address it puts into the environment."""
    with TemporaryDirectory(prefix="notify-") as folder, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        path = f"{folder}/s" if request.param == "path" else f"@understudy-test-{os.getpid()}"
        heard.bind(path if request.param == "path" else "\0" + path[1:])
        heard.settimeout(5)
        yield path, heard


def said(heard: socket.socket) -> list[str]:
    """Return everything that was told so far."""
    heard.setblocking(False)
    told = []
    while True:
        try:
            told.append(heard.recv(4096).decode())
        except BlockingIOError:
            return told


def test_what_is_told(listener: tuple[str, socket.socket]) -> None:
    """Ready once, each state in words once, the end; a line break does not make a second message."""
    address, heard = listener
    notifier = Notifier(address=address)
    notifier.ready()
    notifier.ready()
    notifier.status("3 parts run\nREADY=0")
    notifier.status("3 parts run READY=0")
    notifier.status("2 parts run")
    notifier.stopping()
    assert said(heard) == ["READY=1", "STATUS=3 parts run READY=0", "STATUS=2 parts run", "STOPPING=1"]


def test_the_watchdog_is_fed_by_progress_and_not_flooded(listener: tuple[str, socket.socket]) -> None:
    """However often something gets on, it is told four times within the silence allowed; without progress never."""
    address, heard = listener
    clock = FakeClock(NOON)
    notifier = Notifier(address=address, watchdog=timedelta(seconds=100), monotonic=clock.clock().monotonic)
    for _ in range(100):
        notifier.gets_on()
        clock.tick(1)
    clock.tick(1000)
    assert said(heard) == ["WATCHDOG=1"] * 4


def test_what_the_environment_asks_for() -> None:
    """The socket, and the watchdog only where it is meant for this process."""
    asked = {"NOTIFY_SOCKET": "/run/x", "WATCHDOG_USEC": "300000000", "WATCHDOG_PID": str(os.getpid())}
    assert Notifier.from_environment(asked).watchdog == timedelta(seconds=300)
    assert Notifier.from_environment({**asked, "WATCHDOG_PID": "1"}).watchdog is None
    assert Notifier.from_environment({**asked, "WATCHDOG_USEC": "soon"}).watchdog is None
    assert Notifier.from_environment({"WATCHDOG_USEC": "1000000"}).watchdog == timedelta(seconds=1)


def test_where_nobody_listens_nothing_fails(tmp_path: Path) -> None:
    """Without systemd, or when its socket is gone, the service goes on."""
    for address in (None, str(tmp_path / "gone")):
        notifier = Notifier(address=address, watchdog=timedelta(seconds=1))
        notifier.ready()
        notifier.gets_on()
        notifier.status("works")
        notifier.stopping()

"""Stand-ins end with whoever started them."""

import os
import signal
from pathlib import Path

import psutil
import pytest

from core import standins
from core.standins import StandIns


def test_one_that_does_not_end_when_asked_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It stands still; nobody waits for it for ever."""
    monkeypatch.setattr(standins, "STOP_SECONDS", 1.0)
    started = StandIns(tmp_path)
    started.url("ledger", module="simulators.ledger")
    (process,) = [one for one in psutil.Process().children() if str(tmp_path) in " ".join(one.cmdline())]
    os.kill(process.pid, signal.SIGSTOP)
    started.close()
    assert not process.is_running()

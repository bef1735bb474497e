"""A simulator as the separate process it is."""

import os
import signal
from pathlib import Path

import psutil
import pytest

from simulators import process


def test_one_that_does_not_end_when_asked_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It stands still; nobody waits for it for ever."""
    monkeypatch.setattr(process, "STOP_SECONDS", 1.0)
    with process.running("ledger", tmp_path / "ledger.db") as ledger:
        os.kill(ledger.pid, signal.SIGSTOP)
    assert not psutil.pid_exists(ledger.pid)

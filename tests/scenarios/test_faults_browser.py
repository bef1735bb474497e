"""Killed in the middle of a click in a real browser: the ledger saves late what was sent, and holds it once."""

import sqlite3
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path

import psutil

from core.testing.programs import Program
from tests.scenarios import harness, ledgers

CLICK = "effect at the click"
ROWS = [f"100001,RD-{number},2026-02-03,100.00,20.00,120.00,Paper" for number in range(6)]
SETTINGS = {"settle": "6s", "linger": "15s"}  # what was sent is saved 2 s later


def test_chromium_alone_is_killed_at_the_click(tmp_path: Path) -> None:
    """The worker lives, looks again when the ledger has settled, and finds the voucher."""
    with ledgers.office(tmp_path / "office", rows=ROWS[:2], **SETTINGS) as office:
        office.ledger.faults("late-commit:1:timeout:2s")
        with harness.started(office.folder, "posting") as worker:
            _until(lambda: _strikes_left(office) == 0, worker)
            _chromium_of(worker.pid).kill()
            told = worker.ended(harness.MOST)
        assert told.code == 0, told
        story = office.story()
        assert story["items"] == {"RD-0": ("done", None), "RD-1": ("done", None)}
        assert sorted(map(len, story["attempts"].values())) == [1, 2]
        assert _numbers(office) == ["RD-0", "RD-1"]
        assert harness.trail(office.folder).whole


def test_two_of_four_workers_are_killed_at_the_click(tmp_path: Path) -> None:
    """The two that are left, and one more run, find what was saved late, and enter the rest."""
    with ledgers.office(tmp_path / "office", rows=ROWS, **SETTINGS) as office:
        office.ledger.faults("late-commit:2:timeout:2s")
        logs = [office.folder / f"boundaries-{number}" for number in range(4)]
        with ExitStack() as started:
            workers = [started.enter_context(harness.started(office.folder, "posting", log=log)) for log in logs]
            for left in (1, 0):
                _until(lambda left=left: _strikes_left(office) == left, *workers)
                at_the_click = [w for w, log in zip(workers, logs, strict=True) if w.runs and _last(log) == CLICK]
                at_the_click[0].kill()
            told = [worker.ended(harness.MOST) for worker in workers]
        assert sorted(one.code for one in told) == [harness.KILLED, harness.KILLED, 0, 0], told
        last = office.run()
        assert (last.code, last.said["states"]) == (0, {"done": len(ROWS)}), last
        assert _numbers(office) == [f"RD-{number}" for number in range(6)]
        assert harness.trail(office.folder).whole


def _strikes_left(office: ledgers.Office) -> int:
    """Return how many saves are still to come late: at none, all of them have reached the ledger."""
    with closing(sqlite3.connect(office.ledger.db, timeout=60)) as ledger:
        return int(ledger.execute("SELECT sum(remaining) FROM fault").fetchone()[0] or 0)


def _until(there: Callable[[], bool], *workers: Program) -> None:
    given_up = time.monotonic() + harness.MOST
    while not there():
        assert time.monotonic() < given_up
        assert any(worker.runs for worker in workers), [worker.ended(0) for worker in workers]
        time.sleep(0.02)


def _chromium_of(worker: int) -> psutil.Process:
    """Return the main process of the worker's browser."""
    below = psutil.Process(worker).children(recursive=True)
    lines = {process: process.cmdline() for process in below}
    (main,) = [
        process
        for process, line in lines.items()
        if "--remote-debugging-pipe" in line and not any(part.startswith("--type=") for part in line)
    ]
    return main


def _last(log: Path) -> str:
    lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
    return lines[-1].split(" ", 1)[1] if lines else ""


def _numbers(office: ledgers.Office) -> list[str]:
    return sorted(voucher["invoice_number"] for voucher in office.vouchers())

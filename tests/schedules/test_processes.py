"""The processes that runs are worked in, real ones."""

import signal
import sys
import time
from collections.abc import Sequence
from datetime import timedelta

import pytest

from core.model.occurrences import Occurrence, OccurrenceState
from schedules.processes import MOST_TOLD, Ended, Processes
from tests.schedules.cast import utc

AT = utc("2026-03-02 07:30")
ONE = Occurrence(
    id=1, bot="invoices", schedule="morning", slot="2026-03-02T07:30", due=AT, state=OccurrenceState.DUE, reason="",
    made_at=AT, not_before=AT, report_by=None, run_id=1, starts=1, holder=None, began_at=None, ended_at=None,
    exit_code=None,
)  # fmt: skip
STAYS = "import signal, sys, time; {first}; sys.stderr.write('ready'); sys.stderr.flush(); time.sleep(600)"


def processes(*programs: str) -> Processes:
    """Return processes that run these programs, one after the other."""
    waiting = list(programs)

    def command(occurrence: Occurrence) -> Sequence[str]:
        return [sys.executable, "-c", waiting.pop(0), str(occurrence.id)]

    made = Processes(command)
    for _ in programs:
        made.start(ONE)
    return made


def ended(made: Processes, number: int) -> list[Ended]:
    """Wait until so many have ended and return how."""
    found: list[Ended] = []
    deadline = time.monotonic() + 60
    while len(found) < number:
        assert time.monotonic() < deadline, "did not end in time"
        found += made.ended()
        time.sleep(0.02)
    return found


def test_each_end_is_told_once_with_what_was_said_last() -> None:
    """Its exit code, or the signal; the end of standard error in one line; its occurrence as it was started."""
    made = processes(
        "import sys; sys.stderr.write('x' * 5000 + '\\n1 problem:\\n  - bots.toml'); sys.exit(50)",
        "import os; os.kill(os.getpid(), 9)",
    )
    found = sorted(ended(made, 2), key=lambda one: one.code)
    assert [one.code for one in found] == [-signal.SIGKILL, 50]
    assert found[1].told.endswith("x 1 problem: - bots.toml")
    assert len(found[1].told) <= MOST_TOLD
    assert found[0].occurrence is ONE
    assert made.ended() == []


@pytest.mark.parametrize(
    ("first", "grace", "code"),
    [
        ("signal.signal(signal.SIGTERM, lambda *a: sys.exit(20))", timedelta(seconds=60), 20),
        ("signal.signal(signal.SIGTERM, signal.SIG_IGN)", timedelta(milliseconds=200), -signal.SIGKILL),
    ],
)
def test_all_are_told_to_stop_and_waited_for(first: str, grace: timedelta, code: int) -> None:
    """SIGTERM to each; one that does not end within the grace is killed."""
    made = processes(STAYS.format(first=first), STAYS.format(first=first))
    deadline = time.monotonic() + 60
    while not all(said.seek(0, 2) for _, _, said in made._running):
        assert time.monotonic() < deadline, "did not come up"
        time.sleep(0.02)
    assert [one.code for one in made.stop(grace=grace)] == [code, code]


def test_a_program_that_is_not_there_is_told() -> None:
    """OSError, and nothing is left running."""
    made = Processes(lambda occurrence: ["/nowhere/understudy"])
    with pytest.raises(OSError, match="nowhere"):
        made.start(ONE)
    assert made.ended() == []

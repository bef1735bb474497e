"""The thread that seals while a run goes on."""

import threading

import pytest
from loguru import logger
from sqlalchemy.exc import OperationalError

from audit.errors import TrailChanged
from core.errors import StoreUnavailable
from core.sealing import EVERY, Sealing

PATIENCE = 60  # seconds until a test gives up on a thread
FAILURES = [
    OperationalError("select", {}, Exception("locked")),
    StoreUnavailable("it is restarted"),
    TrailChanged(number=3, at="2026-03-02T09:00:00.000000Z", place="var/keys/x.signed"),
    PermissionError("var/keys"),
]


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: type(failure).__name__)
def test_a_failure_is_logged_once_and_sealing_goes_on(failure: Exception) -> None:
    """Whatever goes wrong, the next turn tries again, and the reason is told once and not every second."""
    told: list[str] = []
    handler = logger.add(lambda message: told.append(str(message)), level="ERROR")
    calls = 0
    worked = threading.Event()

    def seal() -> None:
        nonlocal calls
        calls += 1
        if calls <= 3:
            raise failure
        worked.set()

    try:
        with Sealing(seal, every=0.001):
            assert worked.wait(PATIENCE)
    finally:
        logger.remove(handler)
    assert sum("could not be sealed" in line for line in told) == 1


def test_the_turns_leave_room_within_the_promise() -> None:
    """Its own turn, that of another sealer, and a stopped one's two seconds come to less than five."""
    from audit.sealer import _STILL, TURN

    assert "'2s'" in _STILL
    assert EVERY + TURN.total_seconds() + 2 < 5

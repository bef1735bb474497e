"""Asking again and again in a thread of its own."""

import threading

from core.clock import FakeClock
from core.health.turning import Turning
from core.testing.stage import NOON


def test_the_latest_answer_is_there_at_once_and_tells_its_age() -> None:
    """Before the first answer there is none, of no age; afterwards it grows old by the clock."""
    clock, asked, go_on = FakeClock(NOON), threading.Event(), threading.Event()
    answers = iter("ab")

    def ask() -> str:
        asked.set()
        go_on.wait(60)
        go_on.clear()
        return next(answers)

    with Turning(ask, every=0.001, name="test", monotonic=clock.clock().monotonic) as turning:
        assert asked.wait(60)
        assert (turning.latest, turning.age) == (None, float("inf"))
        asked.clear()
        go_on.set()
        assert asked.wait(60)  # it asks again, so the first answer is in
        clock.tick(7)
        assert (turning.latest, turning.age) == ("a", 7)  # however long the second takes
        go_on.set()


def test_it_ends_with_the_block() -> None:
    """Afterwards nothing is asked any more."""
    asked: list[int] = []
    with Turning(lambda: asked.append(1), every=3600, name="test") as turning:
        while turning.age == float("inf"):
            threading.Event().wait(0.001)
    assert asked == [1]
    assert "test" not in [thread.name for thread in threading.enumerate()]

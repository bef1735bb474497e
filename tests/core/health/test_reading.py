"""Figures are read when asked for, and never for much of the time."""

from core.clock import FakeClock
from core.health.reading import Sparing
from core.testing.stage import NOON


def test_a_reading_stands_for_twenty_times_as_long_as_it_took() -> None:
    """Two seconds of reading are made good by forty without; then the next who asks has it read anew."""
    clock, read = FakeClock(NOON), list[int]()

    def reading() -> int:
        clock.tick(2)
        read.append(len(read))
        return read[-1]

    sparing = Sparing(reading, clock=clock.clock())
    assert [sparing.latest(), sparing.latest()] == [0, 0]
    clock.tick(39)
    assert sparing.latest() == 0
    clock.tick(1)
    assert sparing.latest() == 1


def test_a_quick_reading_stands_for_five_seconds() -> None:
    """However small the store, nobody makes it be read all the time."""
    clock, read = FakeClock(NOON), list[int]()
    sparing = Sparing(lambda: read.append(1), clock=clock.clock())
    for _ in range(100):
        sparing.latest()
        clock.tick(0.1)
    assert len(read) == 2

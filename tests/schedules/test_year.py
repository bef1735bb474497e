"""A small daily bot, unattended for months, with outages, closed days and slow targets; `make nightly` plays years."""

from pathlib import Path

from tests.schedules.year import World, closed_days, planned


def test_no_day_is_missed_unheard_and_nothing_is_doubled(tmp_path: Path) -> None:
    """No day is late without an alert, nothing is entered twice or never, and no month has two false alerts."""
    faults, closed = planned(2026, seed=1), closed_days(2026, seed=1)
    world = World(folder=tmp_path, year=2026, faults=faults, closed=closed, days=120)
    world.live()
    assert len(world.late_days()) > 2, "the faults were too mild to show anything"
    assert world.broken() == []

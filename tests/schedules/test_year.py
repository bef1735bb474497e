"""A small daily bot for a year, with outages, closed days and slow targets."""

from collections import Counter
from pathlib import Path

import pytest

from tests.schedules.year import World, closed_days, planned


@pytest.mark.parametrize(("year", "seed"), [(2026, 1)])
def test_a_year_misses_no_day_unheard_and_doubles_nothing(year: int, seed: int, tmp_path: Path) -> None:
    """No day is late without an alert, nothing is entered twice or never, and no month has two false alerts."""
    world = World(folder=tmp_path, year=year, faults=planned(year, seed=seed), closed=closed_days(year, seed=seed))
    world.live()
    assert len(world.late_days()) > 10, "the faults were too mild to show anything"
    assert world.silent_days() == []
    assert world.doubled() == []
    assert set(world.records) - set(world.book.numbers()) == set()
    months = Counter((told.at.year, told.at.month) for told in world.false_alerts())
    assert {month: number for month, number in months.items() if number > 1} == {}

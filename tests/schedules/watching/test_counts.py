"""Is a day's number of cases usual for its day of the week?"""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.model.notices import Alert
from core.store import occurrences, runs
from schedules.watching.counts import SENSES, judged, unusual
from tests.schedules.watching.conftest import TOML, Office

NORMAL = SENSES["normal"]
STEADY = [40, 42, 38, 41, 40, 39, 44, 37]


@pytest.mark.parametrize(
    ("count", "before", "word"),
    [
        (0, STEADY, "there always were some"),
        (2, [400, 410, 390, 405, 395, 400], "far fewer"),
        (400, STEADY, "many more"),
        (300, [40, 42, 38, 41, 40, 39], "usually 40, from 38 to 42 on 6 such days"),
    ],
)
def test_what_is_unusual_is_told_with_what_is_usual(count: int, before: Sequence[int], word: str) -> None:
    """None where there always were some, far fewer, and many more."""
    assert word in str(judged(count, before, sense=NORMAL, whole=True))


@pytest.mark.parametrize(
    ("count", "before"),
    [
        (0, STEADY[:5]),  # too few days to compare with
        (0, [*STEADY, 0]),  # it was so before
        (0, [1, 2, 3, 4, 2, 1]),  # always few: none is no wonder
        (80, STEADY),  # the day after a holiday, with two days' cases
        (15, STEADY),  # few, but some
        (60, [10, 60, 5, 45, 30, 20]),  # it changes a lot
        (12, [3, 2, 4, 3, 2, 3]),
    ],
)
def test_what_happens_is_not_called_unusual(count: int, before: Sequence[int]) -> None:
    """Weeks differ, and a day after a holiday brings two days' cases."""
    assert judged(count, before, sense=NORMAL, whole=True) is None


def test_while_the_day_is_not_over_only_too_many_can_be_told() -> None:
    """None yet is no news in the morning; ten times too many is."""
    assert judged(0, STEADY, sense=NORMAL, whole=False) is None
    assert judged(400, STEADY, sense=NORMAL, whole=False) is not None


@given(before=st.lists(st.integers(0, 1000), min_size=6, max_size=12), index=st.integers(0, 11))
def test_what_was_there_before_is_never_unusual(before: list[int], index: int) -> None:
    """A count that is among those of the weeks before is not told, whatever they are."""
    count = before[index % len(before)]
    assert judged(count, before, sense=SENSES["high"], whole=True) is None


@given(before=st.lists(st.integers(0, 1000), min_size=6, max_size=12), count=st.integers(0, 5000))
def test_a_higher_sensitivity_tells_no_less(before: list[int], count: int) -> None:
    """What is told at `low` is told at `normal`, and what is told there at `high`."""
    told = [judged(count, before, sense=SENSES[name], whole=True) is not None for name in ("low", "normal", "high")]
    assert told == sorted(told)


WEEKLY = TOML.replace('workdays = "07:30"', 'weekly = "tue 07:30"')


def tuesday(office: Office, *, new: int) -> None:
    """Let the next Tuesday's run take in so many; it is eight o'clock afterwards."""
    office.at("08:00", days=(1 - office.now.weekday()) % 7 or 7)
    office.make()
    begun = office.begin()
    with office.database.transaction(actor="system:test") as tx:
        run_id = occurrences.get(tx, begun).run_id or 0
        runs.freeze_intake(tx, run_id, offered=new, new=new, duplicate=0, quarantined=0)
    office.end(begun)


@pytest.fixture
def weekly(office: Office) -> Office:
    """Six Tuesdays on which the bot took in forty."""
    office.toml = WEEKLY
    office.make()
    for _ in range(6):
        tuesday(office, new=40)
    assert office.find_slow(unusual) == []
    return office


def test_a_day_without_cases_is_told_when_its_last_run_is_over(weekly: Office) -> None:
    """On the seventh Tuesday nothing came in: it is told at once, as something that is over."""
    tuesday(weekly, new=0)
    (found,) = weekly.find_slow(unusual)
    assert (found.alert, found.subject, found.over) == (Alert.COUNT_UNUSUAL, "invoices 2026-04-14", True)
    assert "0 new on Tuesday: there always were some" in found.says


def test_while_another_run_is_to_come_no_cases_is_no_news(weekly: Office) -> None:
    """A bot that runs at noon too is looked at when that run is over, at the latest on the next day."""
    weekly.toml = WEEKLY.replace("[bots.letters]", '[bots.invoices.schedules.noon]\ndays = "13:00"\n[bots.letters]')
    weekly.make()
    tuesday(weekly, new=0)
    assert weekly.find_slow(unusual) == []
    weekly.at("00:01", days=1)
    assert len(weekly.find_slow(unusual)) == 1


def test_while_a_run_is_at_work_no_cases_is_no_news(weekly: Office) -> None:
    """It may still collect some."""
    weekly.at("08:00", days=7)
    weekly.make()
    weekly.run("invoices", new=0)
    begun = weekly.begin()
    assert weekly.find_slow(unusual) == []
    weekly.end(begun)
    assert len(weekly.find_slow(unusual)) == 1


def test_all_runs_of_a_day_count_together(weekly: Office) -> None:
    """Forty in two runs are forty."""
    tuesday(weekly, new=0)
    weekly.run("invoices", new=40)
    assert weekly.find_slow(unusual) == []


def test_ten_times_as_many_are_told_at_once(weekly: Office) -> None:
    """Whether more runs are to come or not."""
    weekly.at("09:00", days=7)
    weekly.run("invoices", new=400)
    assert "many more than usual" in weekly.find_slow(unusual)[0].says


def test_it_can_be_switched_off(weekly: Office) -> None:
    """With `unusual = "off"` nothing is compared."""
    weekly.toml = WEEKLY + '[alerts]\nunusual = "off"\n'
    tuesday(weekly, new=0)
    assert weekly.find_slow(unusual) == []


def test_a_bot_that_nobody_scheduled_is_looked_at_when_the_day_is_over(office: Office) -> None:
    """Started by something else, it may come again until midnight."""
    for _ in range(6):
        office.at("08:00", days=7)
        office.run("letters", new=40)
    office.at("08:00", days=7)
    office.run("letters", new=0)
    assert office.find_slow(unusual) == []
    office.at("06:00", days=1)
    assert [one.subject for one in office.find_slow(unusual)] == ["letters 2026-04-20"]

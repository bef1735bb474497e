"""What is closed of several targets, and when they are open together."""

from datetime import UTC, datetime, timedelta

import pytest

from core.timing.closed import changes_at, closed_at
from core.timing.openings import HORIZON, first_opening
from tests.core.cast import hours

MONDAY = datetime(2026, 3, 2, 12, tzinfo=UTC)
OFFICE = "mon-fri 07:00-19:00"


def test_open_targets_are_in_nobody_s_way() -> None:
    """Nothing is closed, and they are open now."""
    both = hours(OFFICE, target="book") | hours("daily 11:00-13:00", target="post")
    assert closed_at(both, MONDAY) is None
    assert first_opening(both.values(), MONDAY) == MONDAY
    assert closed_at({}, MONDAY) is None


def test_what_is_waited_for_alone_is_told_once() -> None:
    """One target is closed, the other is open when it opens: its own sentence says it all."""
    both = hours("tue 09:00-10:00", target="book") | hours(OFFICE, target="post")
    closed = closed_at(both, MONDAY)
    assert closed is not None
    assert (closed.targets, closed.until) == (("book",), MONDAY + timedelta(hours=21))
    assert closed.why == both["book"].why_closed(MONDAY)


@pytest.mark.parametrize(
    ("book", "post", "until"),
    [
        ("tue 06:00-08:00", OFFICE, "2026-03-03 07:00"),
        ("tue 06:00-07:00", OFFICE, None),
        ("tue 06:00-07:00", "wed 05:00-06:00", None),
        ("tue,fri 18:00-20:00", "fri,sat 19:59-21:00", "2026-03-06 19:59"),
    ],
)
def test_it_goes_on_when_all_are_open(book: str, post: str, until: str | None) -> None:
    """The opening of one is of no use while the other is closed; hours that never meet have no such time."""
    both = hours(book, target="book") | hours(post, target="post")
    closed = closed_at(both, MONDAY)
    assert closed is not None
    assert closed.until == (datetime.fromisoformat(f"{until}+00:00") if until else None)
    assert ("never open together" in closed.why) == (until is None)
    assert ("book and post are open together" in closed.why) == (until is not None)


def test_each_closed_target_is_named() -> None:
    """Both have their sentence."""
    both = hours("tue 06:00-08:00", target="book") | hours("tue 06:30-08:00", target="post")
    closed = closed_at(both, MONDAY)
    assert closed is not None
    assert closed.targets == ("book", "post")
    assert closed.why.count("is closed: opening hours are") == 2


def test_the_first_to_close_ends_the_window() -> None:
    """With hours that never end the answer is good for as far as one looks."""
    both = hours(OFFICE, target="book") | hours("daily 11:00-13:00", target="post")
    assert changes_at(both, MONDAY) == MONDAY + timedelta(hours=1)
    assert changes_at(hours(maintenance=["2020-01-01/2020-01-02"]), MONDAY) == MONDAY + HORIZON

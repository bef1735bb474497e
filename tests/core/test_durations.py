"""Durations as people write them."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.durations import parse_duration, written


@given(st.integers(0, 10**9))
def test_what_is_written_is_read_again(milliseconds: int) -> None:
    """A duration comes back from its text."""
    length = timedelta(milliseconds=milliseconds)
    assert parse_duration(written(length)) == length


@pytest.mark.parametrize(
    ("length", "text"), [(timedelta(hours=36), "36h"), (timedelta(days=2), "2d"), (timedelta(minutes=90), "90m")]
)
def test_the_largest_whole_unit_is_taken(length: timedelta, text: str) -> None:
    """As a person would write it."""
    assert written(length) == text

"""The throw-away installation's bots.toml."""

import tomllib
from datetime import UTC, date, datetime, time
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from core.testing.rehearsal.place import toml

_TEXT = st.text(st.characters(codec="utf-8"))
_VALUES = st.recursive(
    st.one_of(_TEXT, st.integers(-(2**63), 2**63 - 1), st.booleans(), st.floats(allow_nan=False)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(_TEXT, inner, max_size=3)),
    max_leaves=8,
)


@given(st.dictionaries(_TEXT, _VALUES, max_size=4))
def test_what_is_written_is_read_back(data: dict[str, Any]) -> None:
    """Whatever a bots.toml may hold, Python's own reader finds the same in what was written."""
    assert tomllib.loads(toml(data)) == data


def test_dates_are_read_back() -> None:
    """A date, a time of day and an instant are written as TOML has them."""
    data = {"day": date(2026, 3, 2), "hour": time(8, 30), "at": datetime(2026, 3, 2, 8, tzinfo=UTC)}
    assert tomllib.loads(toml(data)) == data

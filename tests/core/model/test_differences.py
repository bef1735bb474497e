"""What differs between two values of JSON data, by path."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.model.differences import differing

JSON = st.recursive(
    st.none() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=4,
)


@pytest.mark.parametrize(
    ("was", "now", "told"),
    [
        ({"net": "1", "lines": [{"n": 1}]}, {"net": "1", "lines": [{"n": 2}]}, [("p.lines.0.n", 1, 2)]),
        ([1], [1, 2], [("p.1", None, 2)]),
        ({"a": 1}, None, [("p.a", 1, None)]),
        (None, {"a": {"b": 1}}, [("p.a.b", None, 1)]),
        ({"a": 1}, [1], [("p", {"a": 1}, [1])]),
        ("x", "y", [("p", "x", "y")]),
        ({}, None, [("p", {}, None)]),
    ],
)
def test_each_place_is_told_once(was: Any, now: Any, told: list[tuple[str, Any, Any]]) -> None:
    """Paths lead through records and lists; what only one side has differs from None."""
    assert [(d.where, d.was, d.now) for d in differing(was, now, "p")] == told


@given(JSON)
def test_a_value_does_not_differ_from_itself(value: Any) -> None:
    """Whatever it is."""
    assert list(differing(value, value, "p")) == []

"""Changing a value by its path."""

import pytest

from core.model.patches import PathError, corrected, patched
from core.model.steps import Correction

DATA = {"net": "1.00", "lines": [{"net": "1.00"}, {"net": "2.00"}], "supplier": None}


@pytest.mark.parametrize(
    ("path", "value", "found"),
    [
        ("net", "3.00", lambda data: data["net"]),
        ("lines.1.net", "3.00", lambda data: data["lines"][1]["net"]),
        ("supplier", {"name": "x"}, lambda data: data["supplier"]),
        ("lines", [], lambda data: data["lines"]),
    ],
)
def test_a_value_is_changed_in_a_copy(path: str, value: object, found: object) -> None:
    """The original stays."""
    before = repr(DATA)
    assert found(patched(DATA, {path: value})) == value  # type: ignore[operator]
    assert repr(DATA) == before


@pytest.mark.parametrize(
    "path",
    ["nett", "lines.2.net", "lines.-1.net", "lines.x", "lines.².net", "net.pence", "", "lines..net", "supplier.name"],
)
def test_a_path_that_leads_nowhere_is_refused(path: str) -> None:
    """With a sentence that says where it ends."""
    with pytest.raises(PathError):
        patched(DATA, {path: "x"})


def correction(path: str, value: str, *, step: str = "read", digest: str = "d") -> Correction:
    """Return a correction of one field."""
    return Correction(step=step, input_digest=digest, changes={path: value}, who="anna")


def test_a_later_correction_wins() -> None:
    """And those of other steps and inputs do not count."""
    given = [
        correction("net", "2"),
        correction("net", "3"),
        correction("net", "4", step="match"),
        correction("net", "5", digest="e"),
    ]
    assert corrected(DATA, given, step="read", input_digest="d")["net"] == "3"


def test_without_corrections_the_result_is_the_same_object() -> None:
    """Nothing is copied."""
    assert corrected(DATA, [], step="read", input_digest="d") is DATA


def test_an_outdated_correction_gives_way_to_a_newer_one() -> None:
    """The newest must apply; older ones may not."""
    assert (
        corrected(DATA, [correction("gone", "2"), correction("net", "3")], step="read", input_digest="d")["net"] == "3"
    )
    with pytest.raises(PathError):
        corrected(DATA, [correction("net", "3"), correction("gone", "2")], step="read", input_digest="d")

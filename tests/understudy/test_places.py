"""Where doubted values stand on a document."""

from understudy.shown.places import places

RESULT = {
    "number": "INV-7",
    "sources": {"number": {"page": 2, "box": [1, 2, 3, 4]}, "gross": {"page": None, "box": None}},
    "lines": [{"net": "1.00", "page": 1, "box": [5, 6, 7, 8]}],
}


def test_fields_and_entries_of_lists_tell_their_place() -> None:
    """A field by its source, a value in a list by its entry; each under its page."""
    assert places(RESULT, ["number", "lines.0.net"]) == {2: [(1, 2, 3, 4)], 1: [(5, 6, 7, 8)]}


def test_what_has_no_place_is_left_out() -> None:
    """A value from embedded data, an unknown field, an entry that is not there, a result that is no record."""
    assert places(RESULT, ["gross", "iban", "lines.4.net", "lines"]) == {}
    assert places("text", ["number"]) == {}

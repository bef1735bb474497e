"""Writing values down: one value, one digest, and back again as it was."""

import json
from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict

from core.model.digests import canonical, digest, dump, load, plain, restore, storable
from core.model.documents import Document


class Colour(StrEnum):
    """Some colours."""

    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True)
class Line:
    """One line."""

    text: str
    net: Decimal


class Invoice(BaseModel):
    """Some of everything."""

    model_config = ConfigDict(frozen=True)

    number: str
    net: Decimal
    on: date
    at: datetime
    waited: timedelta
    colour: Colour
    lines: tuple[Line, ...]
    notes: dict[str, str | None]


decimals = st.decimals(allow_nan=False, allow_infinity=False)
lines = st.builds(Line, text=st.text(), net=decimals)
invoices = st.builds(
    Invoice,
    number=st.text(),
    net=decimals,
    on=st.dates(),
    at=st.datetimes(timezones=st.just(UTC)),
    waited=st.timedeltas(timedelta(days=-999), timedelta(days=999)),
    colour=st.sampled_from(Colour),
    lines=st.lists(lines, max_size=3).map(tuple),
    notes=st.dictionaries(st.text(), st.none() | st.text(), max_size=3),
)
json_data = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(invoices)
def test_what_is_written_down_comes_back_as_it_was(invoice: Invoice) -> None:
    """Typed, equal, and with the same digest, also through the text of the store."""
    back = load(Invoice, json.loads(json.dumps(dump(Invoice, invoice))))
    assert back == invoice
    assert digest(back) == digest(invoice)


@given(invoices)
def test_the_plain_form_can_be_restored(invoice: Invoice) -> None:
    """What a look recorded is given again typed and equal; a day stays a day beside an instant."""
    assert restore(Invoice | None, json.loads(canonical(invoice))) == invoice
    assert restore(datetime | date, plain(invoice.on)) == invoice.on


@pytest.mark.parametrize(
    ("kind", "written"),
    [
        (bytes, plain(b"\xff\x00")),
        (Line, {"text": "tea"}),
        (Line, {"text": "tea", "net": "1", "vat": "2"}),
        (Decimal, "one"),
        (BytesIO, "open"),
    ],
)
def test_what_would_be_lost_or_made_up_is_not_restored(kind: Any, written: Any) -> None:
    """Bytes, a field that is not there, one too many, another shape, and what has no type at all are refused."""
    with pytest.raises(ValueError):  # noqa: PT011 - pydantic's is one too
        restore(kind, written)


@given(json_data)
def test_json_data_is_plain_already(data: Any) -> None:
    """Writing down twice changes nothing."""
    assert plain(plain(data)) == plain(data)
    assert digest(plain(data)) == digest(data)
    assert json.loads(canonical(data)) == plain(data)


@given(st.dictionaries(st.text(), st.integers(), max_size=6))
def test_the_order_of_a_mapping_does_not_matter(data: dict[str, int]) -> None:
    """It is the same value."""
    assert digest(OrderedDict(reversed(data.items()))) == digest(data)


@given(st.sets(st.text(), max_size=6))
def test_the_order_of_a_set_does_not_matter(data: set[str]) -> None:
    """Nor does whether it is frozen."""
    assert digest(frozenset(sorted(data, reverse=True))) == digest(data)


@given(json_data, json_data)
def test_different_data_has_different_digests(one: Any, other: Any) -> None:
    """Canonical text tells them apart."""
    assert (digest(one) == digest(other)) == (canonical(one) == canonical(other))


@given(invoices, invoices)
def test_different_records_have_different_digests(one: Invoice, other: Invoice) -> None:
    """Every field counts."""
    if one != other:
        assert digest(one) != digest(other)


def test_a_document_is_its_bytes() -> None:
    """Where it lies does not matter."""
    one, other = (
        Document(sha256="ab", name="x.pdf", size=3, path=Path(place), opener=None) for place in ("/tmp/a", "/tmp/b")
    )
    assert digest(one) == digest(other)


def test_bytes_have_a_plain_form() -> None:
    """Attachments are part of what a document says."""
    assert plain(b"\xff\x00") == "/wA="


def test_what_a_record_keeps_beyond_its_fields_counts() -> None:
    """A model that allows more is not equal to one with less."""

    class Open(BaseModel):
        model_config = ConfigDict(extra="allow")

        number: str

    assert digest(Open(number="1", more="x")) != digest(Open(number="1"))


@pytest.mark.parametrize("value", [(n for n in "ab"), BytesIO(b"x"), object(), lambda: 1, iter([1])])
def test_what_has_no_plain_form_is_refused_and_not_used_up(value: Any) -> None:
    """A generator would be empty when the step gets it."""
    with pytest.raises(TypeError):
        plain([value])


@given(st.text())
def test_stored_text_is_what_every_database_takes(text: str) -> None:
    """Half characters and NULs go, everything else stays."""
    kept = storable(text)
    kept.encode()
    assert "\0" not in kept
    if "\0" not in text:
        assert kept == text


def test_half_characters_are_replaced() -> None:
    """As they come from file names and broken fonts."""
    assert storable("a\udcffb\0c") == "a?b\ufffdc"

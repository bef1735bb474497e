"""Reading screens strictly, and typing as staff do."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import PortalChanged
from targets.ledger.screen import Shown, typed_day, typed_money, typed_number


def shown(value: str) -> Shown:
    """A screen with one value."""
    return Shown({"Field": value}, screen="Order PO-1")


@given(st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-(10**9), max_value=10**9))
def test_amounts_come_back(amount: Decimal) -> None:
    """An amount is read whether it is shown as typed or with thousands separated."""
    assert shown(typed_money(amount)).money("Field") == amount
    assert shown(f"{amount:,.2f}").money("Field") == amount


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**6), max_value=10**6))
def test_numbers_come_back(number: Decimal) -> None:
    """A quantity is read as it was typed."""
    assert shown(typed_number(number)).number("Field") == number


@given(st.dates(min_value=date(1990, 1, 1), max_value=date(2100, 1, 1)))
def test_days_come_back(day: date) -> None:
    """A date is typed and read with the day first."""
    assert shown(typed_day(day)).day("Field") == day


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("1.234,50", lambda s: s.money("Field")),
        ("1,23.50", lambda s: s.money("Field")),
        ("12", lambda s: s.money("Field")),
        ("£12.00", lambda s: s.money("Field")),
        ("", lambda s: s.money("Field")),
        ("ten", lambda s: s.number("Field")),
        ("20", lambda s: s.percent("Field")),
        ("1.5", lambda s: s.whole("Field")),
        ("2026-02-03", lambda s: s.day("Field")),
        ("31/02/2026", lambda s: s.day("Field")),
        ("", lambda s: s.day("Field")),
        ("", lambda s: s.text("Field")),
        ("pounds", lambda s: s.currency("Field")),
        ("Maybe", lambda s: s.one_of("Field", {"Yes": True, "No": False})),
    ],
)
def test_what_is_not_as_expected_is_a_changed_portal(value: str, read: Callable[[Shown], object]) -> None:
    """The error names screen, field and what was found."""
    with pytest.raises(PortalChanged, match=r"Order PO-1: 'Field' shows ") as caught:
        read(shown(value))
    assert (repr(value) if value else "nothing") in caught.value.message


def test_a_label_that_is_gone_is_a_changed_portal() -> None:
    """The error names what is shown instead; an empty value under a known label is none."""
    with pytest.raises(PortalChanged, match="'Net' is not shown any more; the screen shows: Field"):
        shown("1").maybe("Net")
    assert shown("").maybe("Field") is None
    assert shown("").maybe_day("Field") is None

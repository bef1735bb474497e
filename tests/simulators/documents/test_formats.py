"""Dates and amounts are written as each country writes them, and lose nothing."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.documents.formats import written_amount, written_date, written_number
from simulators.documents.layouts import LAYOUTS

AMOUNTS = st.decimals(min_value=-(10**7), max_value=10**7, places=2)


@pytest.mark.parametrize(
    ("pattern", "language", "expected"),
    [
        ("dd/mm/yyyy", "en", "03/11/2026"),
        ("dd/mm/yy", "en", "03/11/26"),
        ("dth month yyyy", "en", "3rd November 2026"),
        ("dd-MON-yyyy", "en", "03-NOV-2026"),
        ("yyyy-mm-dd", "en", "2026-11-03"),
        ("d. month yyyy", "de", "3. November 2026"),
        ("d month yyyy", "fr", "3 novembre 2026"),
        ("dd-mm-yyyy", "nl", "03-11-2026"),
    ],
)
def test_dates(pattern: str, language: str, expected: str) -> None:
    """A date is written in the layout's pattern and language."""
    assert written_date(date(2026, 11, 3), pattern, language=language) == expected


@pytest.mark.parametrize(
    ("language", "money", "negative", "plain", "marked"),
    [
        ("en", "£1", "-1", "-1,234.50", "-£1,234.50"),
        ("en", "plain", "1-", "1,234.50-", "1,234.50-"),
        ("en", "£1", "(1)", "(1,234.50)", "(£1,234.50)"),
        ("en", "GBP 1", "1 CR", "1,234.50 CR", "GBP 1,234.50 CR"),
        ("de", "1 €", "-1", "-1.234,50", "-1.234,50 £"),
    ],
)
def test_credits(language: str, money: str, negative: str, plain: str, marked: str) -> None:
    """A negative amount carries the layout's sign, with and without the currency mark."""
    amount = written_amount(Decimal("-1234.50"), language=language, money=money, negative=negative, currency="GBP")
    assert (str(amount), amount.marked) == (plain, marked)


@given(AMOUNTS, st.sampled_from(sorted(LAYOUTS)))
def test_amounts_lose_no_digit(amount: Decimal, name: str) -> None:
    """Whatever the layout, the digits of an amount are those of the number."""
    layout = LAYOUTS[name]
    written = written_amount(
        amount, language=layout.language, money=layout.money, negative=layout.negative, currency="EUR"
    )
    digits = "".join(char for char in written.marked if char.isdigit())
    assert digits == f"{abs(amount):.2f}".replace(".", "")


@given(st.decimals(min_value=0, max_value=10**6, places=2))
def test_quantities_carry_no_needless_places(number: Decimal) -> None:
    """A quantity is written without zeros behind the point."""
    written = written_number(number, language="en")
    assert Decimal(written.replace(",", "")) == number
    assert "." not in written or not written.endswith("0")

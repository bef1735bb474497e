"""Vouchers as plans: equal values are one plan, and what no form could hold is refused."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from core.model.digests import digest
from targets.ledger.model import Voucher, VoucherLine


def voucher(**changes: object) -> Voucher:
    """A small voucher."""
    values = {
        "supplier": "100001",
        "number": "INV-1",
        "invoice_date": date(2026, 2, 3),
        "currency": "GBP",
        "net": "10",
        "vat": "2",
        "gross": "12",
        "reference": "100001/INV-1",
    }
    return Voucher.model_validate({**values, **changes})


def test_equal_values_have_one_digest() -> None:
    """How an amount or quantity was written makes no other plan of it."""
    one = voucher(net=Decimal("10"), lines=[{"description": "A", "quantity": "100", "unit_price": "0.10",
                                             "vat_rate": "20.0", "net": "10"}])  # fmt: skip
    other = voucher(net="10.00", lines=[{"description": " A ", "quantity": "1E+2", "unit_price": "0.1",
                                         "vat_rate": "20", "net": "10.0"}])  # fmt: skip
    assert digest(one) == digest(other)


@pytest.mark.parametrize(
    "changes",
    [{"net": "10.005"}, {"gross": "NaN"}, {"number": "  "}, {"reference": ""}, {"quantity": 1}],
)
def test_what_no_form_can_hold_is_refused(changes: dict[str, object]) -> None:
    """Fractions of a penny, no number, no reference and unknown fields make no voucher."""
    with pytest.raises(ValidationError):
        voucher(**changes)


@given(st.text(min_size=1).filter(str.strip))
def test_texts_are_one_trimmed_line(text: str) -> None:
    """A text is held as the form's field would keep it."""
    kept = voucher(number=text).number
    assert kept == " ".join(text.split())


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**6), max_value=10**6))
def test_quantities_keep_their_value(number: Decimal) -> None:
    """Trailing noughts go, the value stays."""
    line = VoucherLine(description="A", quantity=number, unit_price=number, vat_rate=Decimal(0), net=Decimal(0))
    assert line.quantity == number

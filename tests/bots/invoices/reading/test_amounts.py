"""Amounts as they are printed."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.invoices.reading.amounts import currency_of, decimal_comma, parse_amount


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1,234.56", "1234.56"),
        ("£1,234.56", "1234.56"),
        ("1.234,56 €", "1234.56"),
        ("1 234,56", "1234.56"),
        ("1'234.50", "1234.50"),
        ("12,34,567.00", "1234567.00"),
        ("15.387,0800", "15387.08"),
        ("0.025", "0.025"),
        ("100.00-", "-100.00"),
        ("(35,13 €)", "-35.13"),
        ("−8,79", "-8.79"),
        ("-£5.00", "-5.00"),
        ("£-5.00", "-5.00"),
        ("5.00CR", "-5.00"),
        ("EUR 5,-", "5"),
        ("500EUR", "500"),
        (".50", "0.50"),
    ],
)
def test_it_reads_what_invoices_print(text: str, value: str) -> None:
    """Separators, signs and currencies of several countries give the amount that is meant."""
    money = parse_amount(text)
    assert money is not None
    assert money.value == Decimal(value)


@pytest.mark.parametrize(
    "text", ["", "CR", "01.05.14", "1.2.3", "8.00-20.00", "12,34,56", "abc", "GB123", "(5.00", "CHF0413241"]
)
def test_it_refuses_what_is_no_amount(text: str) -> None:
    """Dates, section numbers, identifiers and broken brackets are no amounts."""
    assert parse_amount(text) is None


@pytest.mark.parametrize(
    ("text", "comma", "value"),
    [("1.234", True, "1234"), ("1.234", False, "1.234"), ("1,234", False, "1234"), ("1,234", True, "1.234")],
)
def test_the_document_decides_a_print_with_two_readings(text: str, comma: bool, value: str) -> None:
    """Three digits behind a single separator are read by the document's own habit."""
    money = parse_amount(text, comma=comma)
    assert money is not None
    assert money.value == Decimal(value)


def test_the_decimal_sign_is_found_by_its_unambiguous_prints() -> None:
    """Dates and thousands do not vote; no evidence is no answer."""
    assert decimal_comma(["1.234,56", "12,00", "31.12.2024"]) is True
    assert decimal_comma(["1,234.56", "£99.10", "1,000"]) is False
    assert decimal_comma(["2024", "31.12.2024"]) is None


def test_currencies_have_symbols_codes_and_names() -> None:
    """A symbol, a code and a name lead to one ISO code."""
    assert [currency_of(text) for text in ("£", "(EUR)", "euro", "US$", "XYZ")] == ["GBP", "EUR", "EUR", "USD", None]


amounts = st.decimals(min_value=Decimal("-9999999.99"), max_value=Decimal("9999999.99"), places=2)


@given(amounts)
def test_every_amount_comes_back_in_uk_and_continental_print(value: Decimal) -> None:
    """Whatever is printed with two decimals and grouped thousands is read to the cent and the sign."""
    uk = f"{value:,.2f}"
    continental = uk.translate(str.maketrans(",.", ".,"))
    for text in (uk, f"£{uk}", f"{uk} GBP", continental, f"{continental} €", continental.replace(".", " ")):
        money = parse_amount(text)
        assert money is not None, text
        assert money.value == value, text


@given(st.text(max_size=20))
def test_any_text_is_read_or_refused_without_an_error(text: str) -> None:
    """No text makes the parser fail."""
    parse_amount(text)

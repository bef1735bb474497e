"""Dates as they are printed."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.invoices.reading.dates import find_dates, parse_date, writes_month_first


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("31/01/2026", "2026-01-31"),
        ("03/04/2024", "2024-04-03"),
        ("8-9-2022", "2022-09-08"),
        ("26.10.22", "2022-10-26"),
        ("2020-06-20", "2020-06-20"),
        ("7. Mai 2014", "2014-05-07"),
        ("24. Januar 2014", "2014-01-24"),
        ("19 april 2014", "2014-04-19"),
        ("02 Juillet 2015", "2015-07-02"),
        ("1er août 2020", "2020-08-01"),
        ("August 3 , 2014", "2014-08-03"),
        ("Dec 5, 2023", "2023-12-05"),
        ("2nd March 2024", "2024-03-02"),
        ("12-Oct-22", "2022-10-12"),
        ("31-OCT-2026", "2026-10-31"),
        ("20181230", "2018-12-30"),
    ],
)
def test_it_reads_what_invoices_print(text: str, value: str) -> None:
    """Numbers, month names of four languages and two-digit years give the day that is meant."""
    assert parse_date(text) == date.fromisoformat(value)


@pytest.mark.parametrize(
    "text", ["", "30.02.2024", "13/25/2024", "12.05.2020 bis 14.05.2020", "1.2.3", "RE-2024-01-01-7", "0123 456"]
)
def test_it_refuses_what_is_no_single_date(text: str) -> None:
    """Impossible days, periods and identifiers are no date."""
    assert parse_date(text) is None


def test_a_packed_date_is_one_only_where_a_date_is_expected() -> None:
    """20260213 may as well be a document's number."""
    assert parse_date("20260213") == date(2026, 2, 13)
    assert parse_date("20260213", packed=False) is None
    assert find_dates("No. 20260213") == []


def test_an_ambiguous_date_keeps_its_other_reading() -> None:
    """Day and month could be swapped: both readings are known, and American documents swap them."""
    [found] = find_dates("Date 03/04/2024")
    assert (found.value, found.other) == (date(2024, 4, 3), date(2024, 3, 4))
    [found] = find_dates("Date 03/04/2024", month_first=True)
    assert found.value == date(2024, 3, 4)


def test_the_document_proves_its_order_of_day_and_month() -> None:
    """Only a date that can be read one way is evidence."""
    assert writes_month_first(["due 12/25/2024", "03/04/2024"]) is True
    assert writes_month_first(["25/12/2024"]) is False
    assert writes_month_first(["03/04/2024", "25.12.2024"]) is None


@given(st.dates(min_value=date(1980, 1, 1), max_value=date(2079, 12, 31)))
def test_every_day_comes_back_in_every_print(day: date) -> None:
    """Numeric prints and English month names lead back to the day."""
    prints = (
        day.isoformat(),
        f"{day:%d/%m/%Y}",
        f"{day:%d.%m.%y}",
        f"{day.day} {day:%B %Y}",
        f"{day:%B} {day.day}, {day:%Y}",
    )
    assert [parse_date(text) for text in prints] == [day] * len(prints)


@given(st.text(max_size=40))
def test_any_text_is_searched_without_an_error(text: str) -> None:
    """No text makes the search fail."""
    find_dates(text)

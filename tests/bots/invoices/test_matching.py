"""Which supplier sent it, which order line a line belongs to, and when two numbers are one."""

import re
import string
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.invoices.matching import LineMatch, articles, match_lines, match_supplier, net_price, normalised
from core.model.steps import Missing
from tests.bots.invoices import cast

NOTHING: dict[str, Any] = {"vat_id": None, "sort_code": None, "account_number": None, "supplier": None}


def matched(*candidates: Any, **changes: Any) -> tuple[str | None, tuple[str, ...]]:
    """Return number and rivals for an invoice on which only `changes` are printed."""
    found = match_supplier(cast.invoice(**(NOTHING | changes)), candidates)
    return found.number, found.rivals


def test_a_vat_number_is_enough_however_it_is_spaced() -> None:
    """The VAT number decides, spaces or not, and the match says so."""
    found = match_supplier(cast.invoice(**(NOTHING | {"vat_id": "GB999123456"})), (cast.supplier(),))
    assert (found.number, found.support) == ("100001", ("the VAT number is the same",))


def test_bank_details_are_enough() -> None:
    """Sort code and account, or the IBAN, decide; the account's leading noughts do not."""
    assert matched(cast.supplier(), sort_code="112233", account_number="112233") == ("100001", ())
    papers = cast.supplier(iban="DE02 9999 9999 0000 0000 01")
    assert matched(papers, iban="DE02999999990000000001") == ("100001", ())


def test_an_account_without_its_sort_code_is_no_sign() -> None:
    """Half of the bank details identifies nobody."""
    assert matched(cast.supplier(), account_number="00112233") == (None, ())


@pytest.mark.parametrize("printed", ["Quill & Sons Ltd", "QUILL & SONS LIMITED", "Quill & Sons", "Sons & Quill Ltd."])
def test_a_name_is_enough_however_its_legal_form_is_written(printed: str) -> None:
    """Case, order of words and the legal form do not matter."""
    assert matched(cast.supplier(), supplier=printed) == ("100001", ())


def test_another_name_is_not_enough() -> None:
    """A name that shares a word fits nobody."""
    assert matched(cast.supplier(), supplier="Quillon Papier GmbH") == (None, ())


def test_a_domain_alone_is_not_enough() -> None:
    """An e-mail domain supports a match and makes none; who it points to is named for a person."""
    assert matched(cast.supplier(), emails=("quill.example",)) == (None, ("100001",))
    assert matched(cast.supplier(), emails=("post.quill.example",)) == (None, ("100001",))
    assert matched(cast.supplier(), emails=("notquill.example",)) == (None, ())


def test_a_domain_decides_between_two_of_one_name() -> None:
    """Of two suppliers with one name the one whose e-mail domain is printed is taken."""
    other = cast.supplier(number="100009", email_domain="quill-north.example")
    name = {"supplier": "Quill & Sons Ltd"}
    assert matched(cast.supplier(), other, **name) == (None, ("100001", "100009"))
    assert matched(cast.supplier(), other, emails=("quill-north.example",), **name) == ("100009", ())


def test_the_vat_number_outweighs_another_suppliers_name() -> None:
    """A branch that prints its mother's name is found by its own VAT number."""
    mother = cast.supplier(number="100009", vat_id="GB111 2222 33", sort_code=None, account_number=None)
    assert matched(mother, cast.supplier(name="QS North"), vat_id="GB999123456", supplier="Quill & Sons Ltd") == (
        "100001",
        (),
    )


def test_nobody_fits_without_candidates() -> None:
    """No candidates, or a source that is missing, give no supplier and no rivals."""
    assert matched() == (None, ())
    assert match_supplier(cast.invoice(), Missing(reason="no export")).number is None


# Lines


def test_lines_go_to_the_order_lines_they_describe() -> None:
    """Order does not matter; the words do."""
    turned = (cast.second_line(), cast.line())
    assert match_lines(turned, articles(cast.order())) == (
        LineMatch(line=0, order_line=2),
        LineMatch(line=1, order_line=1),
    )


def test_an_order_line_is_taken_once() -> None:
    """A second line for the same article finds nothing left."""
    twice = (cast.line(), cast.line(description="Nitrile gloves medium"))
    assert match_lines(twice, articles(cast.order(cast.order_line()))) == (
        LineMatch(line=0, order_line=1),
        LineMatch(line=1),
    )


def test_price_and_quantity_decide_between_like_articles() -> None:
    """Of two sizes with nearly one description the line goes to the one with its price and quantity."""
    small = cast.order_line(line=1, description="Nitrile gloves, box", unit_price="9.00", quantity=4)
    medium = cast.order_line(line=2, description="Nitrile gloves, box", unit_price="12.50", quantity=10)
    line = cast.line(description="Nitrile gloves, box")
    assert match_lines((line,), articles(cast.order(small, medium))) == (LineMatch(line=0, order_line=2),)


def test_what_was_not_ordered_matches_nothing() -> None:
    """An article of other words belongs to no line of the order; without an order none does."""
    fee = cast.line(description="Pallet surcharge", unit_price="4.00", quantity=1)
    assert match_lines((fee,), articles(cast.order())) == (LineMatch(line=0),)
    assert match_lines((fee,), articles(None)) == match_lines((fee,), articles(Missing(reason="x")))


def test_goods_coming_in_do_not_change_the_match() -> None:
    """What was received and invoiced is no part of what lines are matched by, so corrections outlive it."""
    later = cast.order(cast.order_line(received=3, invoiced=2), cast.order_line(line=2))
    assert articles(later) == articles(cast.order(cast.order_line(), cast.order_line(line=2)))


@given(st.lists(st.text(max_size=12), max_size=5), st.lists(st.text(max_size=12), max_size=5))
def test_every_line_is_answered_for_and_no_order_line_twice(printed: list[str], ordered: list[str]) -> None:
    """Whatever the texts: one answer a line, in order, and each order line at most once."""
    lines = tuple(cast.line(description=text) for text in printed)
    wanted = [cast.order_line(line=place, description=text) for place, text in enumerate(ordered, start=1)]
    found = match_lines(lines, articles(cast.order(*wanted)) if wanted else ())
    taken = [match.order_line for match in found if match.order_line is not None]
    assert [match.line for match in found] == list(range(len(lines)))
    assert len(taken) == len(set(taken))


@pytest.mark.parametrize(
    ("changes", "includes_tax", "rate", "price"),
    [
        ({}, False, None, "12.50"),
        ({"unit_price": "15.00"}, True, None, "12.50"),
        ({"unit_price": "15.00", "vat_rate": None}, True, Decimal(20), "12.50"),
        ({"unit_price": "15.00", "vat_rate": None}, True, None, None),
        ({"unit_price": None}, False, None, "12.50"),
        ({"unit_price": None, "quantity": 0}, False, None, None),
        ({"unit_price": None, "net": None}, False, None, None),
    ],
)
def test_a_price_before_tax(changes: dict[str, Any], includes_tax: bool, rate: Decimal | None, price: str) -> None:
    """The printed price, or amount by quantity, less the tax it includes; None when that cannot be told."""
    found = net_price(cast.line(**changes), includes_tax=includes_tax, rate=rate)
    assert found == (None if price is None else Decimal(price))


# Numbers


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("INV-00417", "inv 417"),
        ("INV-00417", "INV00417"),
        ("INV/2026/0031", "Inv 2026-31"),
        ("#0042", "42"),
        ("10O5", "1005"),
        ("RE 4711-l9", "RE 4711-19"),
        ("２０２６-7", "2026/07"),
        ("Ä-01", "ä1"),
    ],
)
def test_spellings_of_one_number(one: str, other: str) -> None:
    """Case, separators, leading noughts, width and letters misread between digits make no difference."""
    assert normalised(one) == normalised(other)


@pytest.mark.parametrize(
    ("one", "other"), [("INV-417", "INV-471"), ("A-12", "B-12"), ("S12", "512"), ("100", "10"), ("Ä-1", "Ö-1")]
)
def test_numbers_that_are_two(one: str, other: str) -> None:
    """Digits in another order, other prefixes and closing noughts make another number."""
    assert normalised(one) != normalised(other)


numbers = st.text(alphabet=string.ascii_letters + string.digits + "-/ .#_", max_size=20)


@given(st.one_of(numbers, st.text(max_size=20)))
def test_a_normalised_number_stays_as_it_is(number: str) -> None:
    """Normalising twice is normalising once, and leaves letters and digits only."""
    once = normalised(number)
    assert normalised(once) == once
    assert not re.search(r"[\W_]", once)


@given(numbers, st.sampled_from("-/ .#"))
def test_separators_and_case_never_matter(number: str, separator: str) -> None:
    """The same number with other separators and in other case is the same."""
    assert normalised(re.sub(r"[-/ .#_]", separator, number).swapcase()) == normalised(number)


@given(st.lists(st.tuples(st.sampled_from(["INV", "RE", "A"]), st.integers(0, 99999)), min_size=1, max_size=3))
def test_leading_noughts_never_matter(parts: list[tuple[str, int]]) -> None:
    """Each run of digits may be filled up with noughts."""
    plain = "-".join(f"{letters}{number}" for letters, number in parts)
    filled = "-".join(f"{letters}{number:08}" for letters, number in parts)
    assert normalised(plain) == normalised(filled)

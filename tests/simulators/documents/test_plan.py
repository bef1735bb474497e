"""The set as planned: everything in it, right sums, and a ledger that agrees."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.documents.desk import Desk
from simulators.documents.faults import rewritten
from simulators.documents.kinds import EXTRA_KINDS, KINDS
from simulators.documents.layouts import LAYOUTS
from simulators.documents.plan import SMALLEST, plan_clean, plan_kind, plan_set
from simulators.documents.records import Invoice, Order
from simulators.documents.truth import fields_of

AS_OF = date(2026, 11, 20)


def assert_agrees(invoice: Invoice, order: Order) -> None:
    """Every line is on the order at its price, with exactly its quantity received (more, for credits)."""
    lines = {line.description: line for line in order.lines}
    assert (order.supplier, order.currency) == (invoice.supplier.number, invoice.currency)
    for line in invoice.lines:
        ordered = lines[line.description]
        received = sum((one.quantity for one in ordered.received), Decimal(0))
        assert (line.unit_price, line.vat_rate) == (ordered.unit_price, ordered.vat_rate)
        assert received == ordered.quantity
        if invoice.credit:
            assert Decimal(0) < -line.quantity <= ordered.invoiced
        else:
            assert line.quantity == received


def assert_adds_up(invoice: Invoice) -> None:
    """Lines, discount, VAT and total agree to the penny."""
    sums = invoice.sums
    for line in invoice.lines:
        assert abs(line.quantity * line.unit_price - line.net) <= Decimal("0.005")
    assert sum(line.net for line in invoice.lines) - sums.discount == sums.net
    assert sums.net + sums.tax == sums.gross
    assert sum(row.tax for row in sums.vat) == sums.tax
    assert (sums.gross < 0) is invoice.credit


@settings(max_examples=25)
@given(st.integers(min_value=0, max_value=10**6))
def test_clean_documents_add_up_and_agree_with_the_ledger(seed: int) -> None:
    """For any seed, every clean document is right in itself and against its order and receipts."""
    for document in plan_clean(Desk(seed, AS_OF), 60, tuple(LAYOUTS)):
        (invoice,), (order,) = document.invoices, document.orders
        assert_adds_up(invoice)
        assert_agrees(invoice, order)
        assert order.number == invoice.order_number
        assert order.date <= invoice.delivery_date <= invoice.issue_date < AS_OF


def test_every_kind_once_and_every_layout() -> None:
    """The usual set holds every kind of fault once, and every layout clean."""
    documents = plan_set(Desk(1, AS_OF), 64)
    kinds = [document.kind for document in documents if document.kind != "clean"]
    layouts = {document.invoices[0].supplier.layout for document in documents if document.kind == "clean"}
    assert len(documents) == 64
    assert sorted(kinds) == sorted(KINDS)
    assert layouts == set(LAYOUTS)
    assert {feature for document in documents for feature in document.features} >= {
        "credit", "multi-page", "multi-rate", "discount", "prepaid", "foreign", "factur-x", "reverse-charge",
    }  # fmt: skip


def test_the_same_seed_gives_the_same_plan() -> None:
    """The same seed and day plan the same set, another seed plans another."""
    assert plan_set(Desk(7, AS_OF), 64) == plan_set(Desk(7, AS_OF), 64)
    assert plan_set(Desk(7, AS_OF), 64) != plan_set(Desk(8, AS_OF), 64)


def test_too_small_a_set_is_refused() -> None:
    """A set too small for every fault and layout says how many it takes."""
    with pytest.raises(ValueError, match=str(SMALLEST)):
        plan_set(Desk(1, AS_OF), SMALLEST - 1)


@pytest.mark.parametrize("kind", sorted({**KINDS, **EXTRA_KINDS}))
def test_many_of_one_kind(kind: str) -> None:
    """Any kind can be made in numbers; duplicates bring their originals."""
    documents = plan_kind(Desk(1, AS_OF), 5, kind)
    faulty = [document for document in documents if document.kind == kind]
    assert len(faulty) == 5
    assert all(document.outcome != "post" for document in faulty)
    assert len(documents) == (10 if kind.startswith("duplicate") else 5)


def test_keys_are_unique_save_for_duplicates() -> None:
    """Apart from duplicates made on purpose, no supplier uses an invoice number twice."""
    documents = [one for one in plan_set(Desk(5, AS_OF), 80) if one.original is None]
    keys = [(one.supplier.name, one.number) for document in documents for one in document.invoices]
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize("turn", range(3))
@pytest.mark.parametrize("kind", ["duplicate-number", "duplicate-near", "duplicate-content"])
def test_duplicates_share_all_but_what_they_should(kind: str, turn: int) -> None:
    """A duplicate has its original's supplier, total and order, and another number as printed."""
    desk = Desk(turn, AS_OF)
    first, second = (fields_of(one.invoices[0]) for one in plan_kind(desk, 1, kind))
    for same in ("supplier", "gross", "order_number", "account_number"):
        assert first[same] == second[same]
    assert first["number"] != second["number"]


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("INV-00123", "INV 123"),
        ("SI/004412", "SI 4412"),
        ("LH/02327/26", "LH 2327 26"),
        ("4441473", "4441 473"),
    ],
)
def test_rewritten_numbers(number: str, expected: str) -> None:
    """The same number is written the way somebody might key it."""
    assert rewritten(number) == expected


def test_bank_digit_changes_exactly_one() -> None:
    """The changed account differs from the ledger's in one digit and nothing else."""
    for document in plan_kind(Desk(3, AS_OF), 6, "bank-digit"):
        (invoice,) = document.invoices
        known = invoice.supplier.bank
        assert invoice.bank.sort_code == known.sort_code
        assert sum(a != b for a, b in zip(invoice.bank.iban, known.iban, strict=True)) == 1
        assert sum(a != b for a, b in zip(invoice.bank.account_number, known.account_number, strict=True)) <= 1


def test_dates_out_of_range() -> None:
    """A future date is after the set's day, an old one more than two years before it."""
    (future,), (old,) = (plan_kind(Desk(3, AS_OF), 1, kind) for kind in ("date-future", "date-old"))
    assert future.invoices[0].issue_date > AS_OF
    assert (AS_OF - old.invoices[0].issue_date).days > 730
    assert old.orders[0].date < old.invoices[0].issue_date

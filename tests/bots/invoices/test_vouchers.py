"""From a checked invoice to the plan, and what our own voucher must not stand in the way of."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from bots.invoices.checks import Similar
from bots.invoices.matching import LineMatch
from bots.invoices.ordered import awaited
from bots.invoices.vouchers import before_ours, business_key, find_similar, known, plan_voucher
from core.errors import BusinessException
from core.model.steps import Missing
from targets.ledger import Order, Voucher, VoucherEntry
from tests.bots.invoices import cast

MISSING = Missing(reason="The export is too old.")
OURS = cast.entry(number="INV-00417", gross="240.00", reference="100001/INV417", receipt="V-000008")


class Listing:
    """Stands for the ledger where only its list of vouchers matters."""

    def __init__(self, *entries: VoucherEntry) -> None:
        self.entries = entries
        self.asked: list[tuple[str, date | None]] = []

    def vouchers_since(self, supplier: str, since: date | None) -> tuple[VoucherEntry, ...]:
        """List them all."""
        self.asked.append((supplier, since))
        return self.entries


def similar(*entries: VoucherEntry, **changes: Any) -> Similar | Missing:
    """Look the vouchers up for the usual invoice."""
    return looked_up(Listing(*entries), cast.supplier(), cast.invoice(**changes))


def looked_up(listing: Any, supplier: Any, invoice: Any) -> Similar | Missing:
    """Look the vouchers up by what stands on an invoice."""
    return find_similar(listing, supplier, number=invoice.number, issued=invoice.issue_date, gross=invoice.gross)


def plan(invoice: Any = None, order: Any = None, *, matches: tuple[LineMatch, ...] = cast.MATCHES) -> Voucher:
    """Plan the usual invoice."""
    return plan_voucher(
        invoice or cast.invoice(), cast.supplier(), order or cast.order(), matches=matches, document=cast.document()
    )


def test_the_plan_is_what_stands_on_the_invoice() -> None:
    """Every value of the form comes from the document, but the supplier's number and our reference."""
    planned = plan()
    assert planned.supplier == "100001"
    assert planned.reference == "100001/INV417"
    assert (planned.number, planned.order, planned.currency) == ("INV-00417", "PO-1001", "GBP")
    assert (planned.invoice_date, planned.due_date) == (date(2026, 11, 12), date(2026, 12, 12))
    assert (planned.net, planned.vat, planned.gross) == (Decimal(200), Decimal(40), Decimal(240))
    assert [(line.order_line, line.quantity, line.unit_price, line.net) for line in planned.lines] == [
        (1, Decimal(10), Decimal("12.5"), Decimal(125)),
        (2, Decimal(3), Decimal(25), Decimal(75)),
    ]
    assert planned.attachment == cast.document()


def test_a_credit_note_is_entered_with_its_signs() -> None:
    """Amounts of a credit note stay negative, in the head and in the lines."""
    planned = plan(cast.credit(), matches=(LineMatch(line=0, order_line=1),))
    assert (planned.gross, planned.lines[0].net, planned.lines[0].quantity) == (Decimal(-30), Decimal(-25), -2)


def test_prices_including_tax_are_entered_before_tax() -> None:
    """The form wants prices and amounts before tax; the rate is the line's, else the order's."""
    lines = (cast.line(unit_price="15.00", net="150.00", vat_rate=None),)
    planned = plan(
        cast.invoice(lines=lines, prices_include_tax=True, net="125.00", tax="25.00", gross="150.00"),
        matches=(LineMatch(line=0, order_line=1),),
    )
    (line,) = planned.lines
    assert (line.unit_price, line.net, line.vat_rate) == (Decimal("12.5"), Decimal(125), Decimal(20))


def test_a_rate_comes_from_the_tax_table_when_it_has_but_one() -> None:
    """A line that neither prints a rate nor is on the order has the invoice's only one."""
    planned = plan(cast.invoice(lines=(cast.line(vat_rate=None),)), matches=(LineMatch(line=0),))
    assert planned.lines[0].vat_rate == 20
    free = plan(cast.invoice(lines=(cast.line(vat_rate=None),), tax="0", taxes=()), matches=(LineMatch(line=0),))
    assert free.lines[0].vat_rate == 0


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"net": None, "unit_price": None}, "lines.0.net"), ({"vat_rate": None}, "lines.0.vat_rate")],
)
def test_a_line_without_amount_or_rate_is_never_entered(changes: dict[str, Any], field: str) -> None:
    """What cannot be told is asked for, not entered as nought."""
    with pytest.raises(BusinessException) as caught:
        plan(cast.invoice(lines=(cast.line(**changes),), taxes=()), matches=(LineMatch(line=0),))
    assert (caught.value.code, caught.value.fields) == ("FIELDS_MISSING", (field,))


def test_amounts_of_lines_that_were_not_read_are_worked_out() -> None:
    """Amount from price and quantity, price from amount and quantity; one piece where no quantity is printed."""
    lines = (cast.line(net=None), cast.second_line(unit_price=None), cast.line(quantity=None, description=""))
    planned = plan(cast.invoice(lines=lines), matches=(*cast.MATCHES, LineMatch(line=2)))
    assert [line.net for line in planned.lines] == [Decimal(125), Decimal(75), Decimal(125)]
    assert [line.unit_price for line in planned.lines] == [Decimal("12.5"), Decimal(25), Decimal("12.5")]
    assert (planned.lines[2].quantity, planned.lines[2].description) == (1, "as invoiced")


@pytest.mark.parametrize("name", ["number", "issue_date", "currency", "net", "tax", "gross"])
def test_nothing_is_planned_without_what_the_form_needs(name: str) -> None:
    """A needed value that is missing is a person's, whatever became of the check."""
    with pytest.raises(BusinessException, match="Not found on the document"):
        plan(cast.invoice(**{name: None}))


def test_equal_plans_whatever_the_spelling_of_the_key() -> None:
    """Two documents with one number, however written, have one key."""
    keys = {business_key(cast.supplier(), n) for n in ("INV-00417", "inv 417", "INV00417")}
    assert keys == {"100001/INV417"}


def test_only_a_known_supplier_is_entered_for() -> None:
    """A supplier that is missing ends in a person's hands; a missing order is no order."""
    assert known(cast.supplier(), MISSING) == (cast.supplier(), None)
    for nobody in (None, MISSING):
        with pytest.raises(BusinessException, match="supplier is not known"):
            known(nobody, cast.order())


# Vouchers that are there


def test_only_what_could_be_this_invoice_is_kept() -> None:
    """Of the supplier's vouchers those with the amount or the number count; what else is entered changes nothing."""
    same_amount, same_number = cast.entry(gross="240.00"), cast.entry(number="INV 417", gross="1.00")
    found = similar(cast.entry(), same_amount, same_number)
    assert found == Similar(vouchers=(same_amount, same_number))


def test_our_own_voucher_is_set_apart() -> None:
    """The voucher with our reference is this very invoice, not one like it."""
    assert similar(OURS, cast.entry(gross="240.00")) == Similar(vouchers=(cast.entry(gross="240.00"),), entered=True)


def test_vouchers_are_listed_from_400_days_before_the_invoice() -> None:
    """A date that was not read lists them all."""
    listing = Listing()
    for issued in (date(2026, 11, 12), None):
        looked_up(listing, cast.supplier(), cast.invoice(issue_date=issued))
    assert listing.asked == [("100001", date(2026, 11, 12) - timedelta(days=400)), ("100001", None)]


def test_without_supplier_or_number_nothing_is_listed() -> None:
    """There is nothing to compare, and a missing source stays missing."""
    listing: Any = Listing(OURS)
    assert looked_up(listing, None, cast.invoice()) == Similar()
    assert looked_up(listing, cast.supplier(), cast.invoice(number=None)) == Similar()
    assert looked_up(listing, MISSING, cast.invoice()) == MISSING
    assert listing.asked == []


# A crash between the click and its receipt


def after_our_voucher(order: Order, quantities: dict[int, Decimal]) -> Order:
    """The order as the ledger shows it once our voucher is entered."""
    lines = (line.model_copy(update={"invoiced": line.invoiced + quantities[line.line]}) for line in order.lines)
    return order.model_copy(update={"lines": tuple(lines)})


def test_an_invoice_entered_before_a_crash_passes_as_it_did_before() -> None:
    """Our own voucher makes neither a duplicate nor a fault of quantity: every outcome is the very same as before."""
    before = cast.judged(similar=similar())
    entered = after_our_voucher(cast.order(), {1: Decimal(10), 2: Decimal(3)})
    order, vouchers = before_ours(entered, similar(OURS), invoice=cast.invoice(), matches=cast.MATCHES)
    assert cast.judged(similar=vouchers, order=order) == before


def test_what_was_waived_before_a_crash_stays_waived() -> None:
    """Outcomes that did not pass keep their digests, to which a person's leave is bound."""
    dear = cast.order(cast.order_line(unit_price="12.00", received=9), cast.order().lines[1])
    twin = cast.entry(gross="240.00")
    before = cast.judged(similar=similar(twin), order=dear)
    entered = after_our_voucher(dear, {1: Decimal(10), 2: Decimal(3)})
    order, vouchers = before_ours(entered, similar(OURS, twin), invoice=cast.invoice(), matches=cast.MATCHES)
    assert cast.judged(similar=vouchers, order=order) == before


def test_a_credit_note_entered_before_a_crash_passes_as_it_did_before() -> None:
    """The same holds for quantities that were taken back."""
    one, note = (LineMatch(line=0, order_line=1),), cast.credit()
    billed = cast.order(cast.order_line(invoiced=10), cast.order().lines[1])
    ours = cast.entry(number="CN-9", gross="-30.00", reference="100001/CN9")
    found = looked_up(Listing(ours), cast.supplier(), note)
    entered = after_our_voucher(billed, {1: Decimal(-2), 2: Decimal(0)})
    assert before_ours(entered, found, invoice=note, matches=one) == (billed, Similar())


def test_without_our_voucher_nothing_is_changed() -> None:
    """Order and vouchers stay as they were found, missing ones too."""
    found = Similar(vouchers=(cast.entry(),))
    asked: dict[str, Any] = {"invoice": cast.invoice(), "matches": cast.MATCHES}
    assert before_ours(cast.order(), found, **asked) == (cast.order(), found)
    assert before_ours(MISSING, MISSING, **asked) == (MISSING, MISSING)
    assert before_ours(MISSING, Similar(entered=True), **asked) == (MISSING, Similar())


# Goods that are waited for


def test_goods_of_which_nothing_came_in_are_awaited() -> None:
    """The lines without any receipt are named; a credit note and an invoice without an order wait for nothing."""
    order = cast.order(cast.order_line(received=0), cast.order().lines[1])
    assert awaited(cast.invoice(), order, cast.MATCHES) == ("Nitrile gloves, medium, box of 100",)
    assert awaited(cast.credit(), order, cast.MATCHES[:1]) == ()
    assert awaited(cast.invoice(), None, cast.MATCHES) == awaited(cast.invoice(), MISSING, cast.MATCHES) == ()

"""The checks of accounts payable, one by one."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from bots.invoices.checks import Similar, accounts_payable
from bots.invoices.matching import LineMatch, SupplierMatch
from bots.invoices.model import Rival, Source
from core.model.outcomes import Outcome
from core.model.steps import Missing
from tests.bots.invoices import cast

FAILED, NOT_EVALUATED = Outcome.FAILED, Outcome.NOT_EVALUATED


def similar(**changes: Any) -> Similar:
    """One voucher in the ledger, with changes."""
    return Similar(vouchers=(cast.entry(**changes),))


def told_otherwise(name: str) -> dict[str, Source]:
    """The embedded XML was taken, and the page says something else."""
    return {name: Source(source="xml", rivals=(Rival(value="241.00", page=1, source="page"),))}


def test_an_invoice_in_order_passes_every_check() -> None:
    """Nothing stands in the way of an invoice that agrees with everything around it."""
    assert cast.standing() == {}


def test_a_credit_note_in_order_passes_every_check() -> None:
    """A credit note for goods that were received, with negative amounts throughout, goes through."""
    assert cast.standing(invoice=cast.credit(), matches=(LineMatch(line=0, order_line=1),)) == {}


# What spoils exactly one check: code -> facts. Together they hold every code; see the test below.
SPOILT: dict[str, list[dict[str, Any]]] = {
    "NOT_AN_INVOICE": [{"invoice": cast.invoice(kind="statement")}],
    "SEVERAL_DOCUMENTS": [{"invoice": cast.invoice(documents=2, numbers_seen=("INV-00417", "INV-00418"))}],
    "FIELDS_MISSING": [{"invoice": cast.invoice(number=None)}],
    "ARITHMETIC": [
        {"invoice": cast.invoice(gross="240.01")},
        {"invoice": cast.invoice(net="300.00", tax="60.00", gross="360.00", taxes=())},
    ],
    "SIGNS": [
        {"invoice": cast.invoice(kind="credit note")},
        {"invoice": cast.credit(kind="invoice"), "matches": (LineMatch(line=0, order_line=1),)},
    ],
    "XML_DIFFERS": [
        {"invoice": cast.invoice(sources=told_otherwise("gross"))},
        {"invoice": cast.invoice(sources=told_otherwise("iban"))},
    ],
    "DATE": [
        {"invoice": cast.invoice(issue_date=cast.ARRIVED + timedelta(days=4))},
        {"invoice": cast.invoice(issue_date=cast.ARRIVED - timedelta(days=366))},
    ],
    "SUPPLIER_UNKNOWN": [],  # alone it cannot fail: without a supplier hold and bank details cannot be judged
    "SUPPLIER_ON_HOLD": [{"supplier": cast.supplier(on_hold=True)}],
    "BANK_DETAILS": [
        {"invoice": cast.invoice(account_number="00112234")},
        {"invoice": cast.invoice(sort_code="11-22-34")},
        {"invoice": cast.invoice(iban="GB33BUKB20201555555555")},
        {"supplier": cast.supplier(account_number=None, sort_code=None)},
    ],
    "ORDER_MISSING": [{"invoice": cast.invoice(order_number=None), "order": None}],
    "ORDER_NOT_FOUND": [
        {"order": None},
        {"order": cast.order(supplier="100002", supplier_name="Quillon Papier GmbH")},
    ],
    "CURRENCY": [{"order": cast.order(currency="EUR")}],
    "DUPLICATE_NUMBER": [{"similar": similar(number="inv 417")}],
    "DUPLICATE_NEAR": [
        {"similar": similar(number="INV-00418", gross="240.00", invoice_date=date(2026, 8, 1))},
        {"similar": similar(number="INV-00471", gross="240.00", invoice_date=date(2026, 8, 1))},
    ],
    "DUPLICATE_CONTENT": [{"similar": similar(number="RE-2", gross="240.00")}],
    "PRICE": [
        {"order": cast.order(cast.order_line(unit_price="12.25"), cast.order().lines[1])},
        {"matches": (LineMatch(line=0, order_line=1), LineMatch(line=1))},
    ],
    "QUANTITY": [
        {"order": cast.order(cast.order_line(received=9), cast.order().lines[1])},
        {"order": cast.order(cast.order_line(quantity=20, invoiced=1), cast.order().lines[1])},
    ],
}


@pytest.mark.parametrize(
    ("code", "changes"),
    [pytest.param(code, one, id=f"{code}-{i}") for code, many in SPOILT.items() for i, one in enumerate(many)],
)
def test_each_check_fails_alone(code: str, changes: dict[str, Any]) -> None:
    """What a check is about makes that check fail, with a sentence, and no other."""
    assert cast.standing(**changes) == {code: FAILED}
    assert cast.judged(**changes)[code].message.endswith(".")


def test_every_check_is_spoilt_somewhere() -> None:
    """The table above has an entry for each code of the pack."""
    assert SPOILT.keys() == {rule.code for rule in accounts_payable.rules}


def test_an_unknown_supplier_leaves_what_hangs_on_it_open() -> None:
    """Without a supplier the check fails, and hold and bank details are not evaluated."""
    assert cast.standing(match=SupplierMatch(), supplier=None) == {
        "SUPPLIER_UNKNOWN": FAILED,
        "SUPPLIER_ON_HOLD": NOT_EVALUATED,
        "BANK_DETAILS": NOT_EVALUATED,
    }


def test_rival_suppliers_are_named() -> None:
    """When several suppliers fit, the person is told which."""
    outcome = cast.judged(match=SupplierMatch(rivals=("100001", "100002")), supplier=None)["SUPPLIER_UNKNOWN"]
    assert "100001, 100002" in outcome.message


@pytest.mark.parametrize("fact", ["invoice", "match", "supplier", "order", "matches", "similar", "arrived"])
def test_a_missing_source_is_not_evaluated(fact: str) -> None:
    """Every check that needs a source which is missing or stale is not evaluated, for that reason, and no other."""
    missing = Missing(reason="The export of orders is 9 days old.")
    outcomes = cast.judged(**{fact: missing})
    needing = {rule.code for rule in accounts_payable.rules if fact in rule.facts}
    assert {code for code, one in outcomes.items() if one.outcome is NOT_EVALUATED} == needing
    assert {outcomes[code].message for code in needing} == {missing.reason}


@pytest.mark.parametrize("name", ["number", "issue_date", "net", "tax", "gross", "currency"])
def test_each_needed_field_is_asked_for(name: str) -> None:
    """A needed field that was not read is named, so that a person can type it in."""
    outcome = cast.judged(invoice=cast.invoice(**{name: None}))["FIELDS_MISSING"]
    assert (outcome.outcome, outcome.fields) == (FAILED, (name,))
    assert name.replace("_", " ") in outcome.message


@pytest.mark.parametrize("name", ["net", "tax", "gross"])
def test_sums_without_an_amount_are_not_evaluated(name: str) -> None:
    """Arithmetic is not judged when one of its amounts is missing."""
    assert cast.judged(invoice=cast.invoice(**{name: None}))["ARITHMETIC"].outcome is NOT_EVALUATED


def test_a_date_not_found_is_not_evaluated() -> None:
    """Without a date its plausibility is not judged."""
    assert cast.judged(invoice=cast.invoice(issue_date=None))["DATE"].outcome is NOT_EVALUATED


@pytest.mark.parametrize("days", [3, 0, -365])
def test_dates_at_the_limits_pass(days: int) -> None:
    """Three days ahead and a year ago are still allowed."""
    assert cast.standing(invoice=cast.invoice(issue_date=cast.ARRIVED + timedelta(days=days))) == {}


# Sums


def test_lines_may_differ_by_rounding() -> None:
    """Two pence a line are put down to rounding; a penny more is not."""
    near = (cast.line(net="125.02"), cast.second_line(net="75.02"))
    over = (cast.line(net="125.02"), cast.second_line(net="75.03"))
    assert cast.standing(invoice=cast.invoice(lines=near)) == {}
    assert cast.standing(invoice=cast.invoice(lines=over, taxes=())) == {"ARITHMETIC": FAILED}


def test_prices_including_tax_add_up_to_the_gross_amount() -> None:
    """Lines that hold tax are compared with the gross amount, and their prices with the order's before tax."""
    lines = (cast.line(unit_price="15.00", net="150.00"), cast.second_line(unit_price="30.00", net="90.00"))
    assert cast.standing(invoice=cast.invoice(lines=lines, prices_include_tax=True)) == {}


def test_a_price_including_tax_is_taken_at_the_orders_rate_when_the_line_has_none() -> None:
    """A line that prints no VAT rate is compared at the rate of the order's line."""
    lines = (
        cast.line(unit_price="15.00", net="150.00", vat_rate=None),
        cast.second_line(unit_price="30.00", net="90.00", vat_rate=None),
    )
    assert cast.standing(invoice=cast.invoice(lines=lines, prices_include_tax=True)) == {}


def test_a_discount_on_the_whole_invoice_is_no_mistake_in_its_lines() -> None:
    """Lines may add up to more than the net amount when a discount of the difference is printed."""
    reduced = {"net": "180.00", "tax": "36.00", "gross": "216.00"}
    assert cast.standing(invoice=cast.invoice(**reduced, adjustments=Decimal("-20.00"))) == {}
    assert "ARITHMETIC" in cast.standing(invoice=cast.invoice(**reduced))
    assert cast.standing(invoice=cast.invoice(**reduced, taxes=())) == {"ARITHMETIC": FAILED}


def test_lines_without_amounts_are_not_added_up() -> None:
    """When a line's amount was not read, only net plus tax is compared."""
    lines = (cast.line(net=None), cast.second_line())
    assert cast.judged(invoice=cast.invoice(lines=lines))["ARITHMETIC"].outcome is Outcome.PASSED


def test_a_nil_tax_has_no_sign() -> None:
    """A credit note without VAT is negative where it has amounts."""
    note = cast.credit(tax="0", gross="-25.00", taxes=())
    assert cast.standing(invoice=note, matches=(LineMatch(line=0, order_line=1),)) == {}


def test_mixed_signs_name_the_amounts_that_do_not_fit() -> None:
    """A credit note with a positive total says which amount is positive."""
    outcome = cast.judged(invoice=cast.credit(gross="30.00"))["SIGNS"]
    assert (outcome.outcome, outcome.fields) == (FAILED, ("gross",))


def test_xml_and_page_may_differ_in_what_is_not_paid_by() -> None:
    """A supplier's name written otherwise on the page is no difference that matters."""
    assert cast.standing(invoice=cast.invoice(sources=told_otherwise("supplier"))) == {}


# Bank details


def test_bank_details_are_compared_without_their_punctuation() -> None:
    """Spaces and dashes do not count, and details that the invoice does not print are not asked for."""
    printed = cast.invoice(sort_code="112233", account_number="0011 2233")
    assert cast.standing(invoice=printed) == {}
    assert cast.standing(invoice=cast.invoice(sort_code=None, account_number=None)) == {}


def test_bank_details_need_two_people_and_are_shown_in_full() -> None:
    """A difference of one digit names both numbers, and no one person may waive it."""
    outcome = cast.judged(invoice=cast.invoice(account_number="00112234"))["BANK_DETAILS"]
    assert (outcome.found, outcome.expected) == ("00112234", "00112233")
    assert outcome.waivable.people == 2


def test_bank_details_that_the_ledger_lacks_go_to_people() -> None:
    """An account on the invoice with none on record is a difference like any other."""
    outcome = cast.judged(supplier=cast.supplier(sort_code=None, account_number=None))["BANK_DETAILS"]
    assert (outcome.outcome, outcome.expected) == (FAILED, "none, none")


# Order


def test_without_an_order_there_is_nothing_to_compare() -> None:
    """When no order is named only that stands in the way, for two people to waive."""
    outcomes = cast.judged(invoice=cast.invoice(order_number=None), order=None)
    assert outcomes["ORDER_MISSING"].waivable.people == 2
    assert outcomes["PRICE"].outcome is outcomes["QUANTITY"].outcome is Outcome.PASSED


@pytest.mark.parametrize(
    ("price", "ordered", "quantity", "right"),
    [
        ("12.50", "12.50", 10, True),
        ("10.00", "12.50", 10, True),  # cheaper is welcome
        ("12.60", "12.50", 10, True),  # 0.8 %, 1.00 for the line
        ("12.61", "12.50", 10, False),  # 1.10 for the line
        ("0.51", "0.50", 1, True),  # 2 %
        ("0.52", "0.50", 1, False),  # 4 %, though two pence
        ("12.504", "12.50", 900, True),  # less than half a penny
    ],
)
def test_the_lesser_tolerance_of_a_price_counts(price: str, ordered: str, quantity: int, right: bool) -> None:
    """A price may be above the order's by 2 % and by 1.00 a line, whichever is less."""
    whole = cast.order(cast.order_line(unit_price=ordered, quantity=quantity, received=quantity))
    bill = cast.invoice(lines=(cast.line(unit_price=price, quantity=quantity, net=None),))
    found = cast.judged(invoice=bill, order=whole, matches=(LineMatch(line=0, order_line=1),))["PRICE"]
    assert found.outcome is (Outcome.PASSED if right else FAILED)


def test_a_line_without_a_price_is_judged_by_its_amount() -> None:
    """Amount divided by quantity stands in for a price that is not printed; without either it is not evaluated."""
    cheap = cast.invoice(lines=(cast.line(unit_price=None), cast.second_line()))
    open_ = cast.invoice(lines=(cast.line(unit_price=None, net=None), cast.second_line()))
    assert cast.standing(invoice=cheap) == {}
    assert cast.standing(invoice=open_) == {"PRICE": NOT_EVALUATED}


def test_an_invoice_without_lines_is_never_passed_on_price() -> None:
    """Without lines the total can only show that it is too much."""
    bare = {"lines": (), "taxes": ()}
    assert cast.standing(invoice=cast.invoice(**bare), matches=()) == {"PRICE": NOT_EVALUATED}
    dear = cast.invoice(net="200.03", gross="240.03", **bare)
    assert cast.standing(invoice=dear, matches=()) == {"PRICE": FAILED}


def test_a_line_without_a_quantity_is_not_evaluated() -> None:
    """What was received cannot be compared with a quantity that was not read."""
    lines = (cast.line(quantity=None), cast.second_line())
    assert cast.standing(invoice=cast.invoice(lines=lines)) == {"QUANTITY": NOT_EVALUATED}


def test_goods_not_received_at_all_are_no_fault_of_quantity() -> None:
    """A line of which nothing came in is waited for, not refused."""
    assert cast.standing(order=cast.order(cast.order_line(received=0), cast.order().lines[1])) == {}


def test_a_credit_note_may_take_back_what_was_invoiced() -> None:
    """Quantities of a credit note are held against what was received, invoiced or not; more is refused."""
    billed = cast.order(cast.order_line(invoiced=10), cast.order().lines[1])
    one = (LineMatch(line=0, order_line=1),)
    assert cast.standing(invoice=cast.credit(), order=billed, matches=one) == {}
    much = cast.credit(lines=(cast.line(quantity=-11, net="-25.00"),))
    assert cast.standing(invoice=much, order=billed, matches=one) == {"QUANTITY": FAILED}


# Duplicates


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({"number": "INV 417", "gross": "240.00"}, {"DUPLICATE_NUMBER", "DUPLICATE_CONTENT"}),
        ({"number": "INV-00418", "gross": "240.01"}, set()),
        ({"number": "RE-2", "gross": "240.00", "currency": "EUR"}, set()),
        ({"number": "RE-2", "gross": "-240.00"}, set()),
        ({"number": "RE-2", "gross": "240.00", "invoice_date": date(2026, 8, 14)}, {"DUPLICATE_CONTENT"}),
        ({"number": "RE-2", "gross": "240.00", "invoice_date": date(2026, 8, 13)}, set()),
    ],
)
def test_what_is_alike_decides_which_duplicate_it_is(changes: dict[str, Any], codes: set[str]) -> None:
    """The number however written, nearly the number with the amount, and the amount within 90 days."""
    assert set(cast.standing(similar=similar(**changes))) == codes


def test_a_duplicate_is_named_before_what_follows_from_it() -> None:
    """An invoice entered twice also charges more than is open; the person reads of the duplicate first."""
    full = cast.order(cast.order_line(invoiced=10), cast.order().lines[1])
    assert next(iter(cast.standing(similar=similar(number="INV-417"), order=full))) == "DUPLICATE_NUMBER"


def test_every_check_says_what_to_do() -> None:
    """Each check has a source and an action, each a whole sentence for the person who decides."""
    for rule in accounts_payable.rules:
        assert rule.source
        assert rule.action.endswith(".")
        assert rule.title.endswith(".")

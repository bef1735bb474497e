"""The ledger when all is well: what is read, what is found, what is posted."""

import hashlib
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from core.errors import BusinessException, OutsideEffect
from core.model.answers import Absent, CannotTell, Found
from simulators.process import Running
from targets.ledger import Voucher, VoucherReceipt
from tests.simulators.ledger.conftest import Clerk

from .conftest import Desk

Saved = Callable[[], list[dict[str, Any]]]


def test_supplier_is_read_with_bank_details(desk: Desk) -> None:
    """A supplier's page becomes a supplier; what the ledger does not hold is None; an unknown number is None."""
    with desk.target.session():
        british = desk.target.supplier("100001")
        german = desk.target.supplier("100002")
        assert desk.target.supplier("999") is None
    assert british is not None
    assert (british.name, british.sort_code, british.account_number) == ("Quill & Sons Ltd", "11-22-33", "00112233")
    assert (british.iban, british.on_hold, british.email_domain) == (None, False, "quill.example")
    assert german is not None
    assert (german.iban, german.sort_code, german.currency) == ("DE02999999990000000001", None, "EUR")
    assert (german.on_hold, german.email_domain) == (True, None)


def test_leaving_signs_out(desk: Desk, system: Running) -> None:
    """The ledger knows the session no more; the next item signs in again; leaving twice is harmless."""
    with desk.target.session():
        desk.target.supplier("100001")
    before = system.snapshot()["login_attempts"]["robot"]
    desk.target.leave()
    desk.target.leave()
    with desk.target.session():
        assert desk.target.supplier("100001") is not None
    assert system.snapshot()["login_attempts"]["robot"] == before + 1


def test_suppliers_are_searched(desk: Desk) -> None:
    """A search lists all that fit; the one supplier is only had where exactly one fits."""
    with desk.target.session():
        assert [entry.number for entry in desk.target.suppliers("quill")] == ["100001", "100002"]
        assert desk.target.suppliers("no such & firm") == ()
        assert desk.target.find_supplier("quill") is None
        found = desk.target.find_supplier("GB 999 123 456")
    assert found is not None
    assert found.number == "100001"


def test_order_is_read_with_lines_and_receipts(desk: Desk) -> None:
    """An order's page becomes an order, exactly; an unknown number is None."""
    with desk.target.session():
        order = desk.target.find_order("PO/77-1")
        assert desk.target.find_order("PO/77") is None
    assert order is not None
    assert (order.supplier, order.currency, order.date) == ("100001", "GBP", date(2026, 1, 5))
    ink, nibs = order.lines
    assert (ink.description, ink.quantity, ink.unit_price) == ("Ink, <black> & blue", Decimal(1250), Decimal("2.505"))
    assert (ink.received, nibs.received, nibs.vat_rate) == (Decimal("4.5"), Decimal(0), Decimal(0))
    (receipt,) = order.receipts
    assert (receipt.line, receipt.date, receipt.quantity) == (1, date(2026, 1, 12), Decimal("4.5"))


def test_posted_voucher_holds_every_value(desk: Desk, plan: Voucher, saved: Saved) -> None:
    """Judged from outside, the ledger holds exactly the plan, entered by the robot, with the document's bytes."""
    receipt = desk.post(plan)
    (voucher,) = saved()
    assert plan.attachment is not None
    content = plan.attachment.path.read_bytes()
    assert voucher == {
        "number": receipt.number, "supplier": "100001", "invoice_number": plan.number,
        "invoice_date": "2026-02-03", "due_date": "2026-03-05", "order_number": "PO/77-1", "currency": "GBP",
        "net": "3138.25", "vat": "626.25", "gross": "3764.50", "reference": plan.reference, "entered_by": "robot",
        "lines": [
            {"line": 1, "order_line": 1, "description": "Ink, <black> & blue", "quantity": "1250",
             "unit_price": "2.505", "vat_rate": "20", "net": "3131.25"},
            {"line": 2, "order_line": None, "description": "Nibs", "quantity": "3.5",
             "unit_price": "2", "vat_rate": "0", "net": "7.00"},
        ],
        "attachment": {
            "name": "Invoice 1.pdf", "size": len(content), "sha256": hashlib.sha256(content).hexdigest()
        },
    }  # fmt: skip
    assert [piece.name for piece in desk.evidence] == ["before", "after"]


def test_voucher_is_absent_then_found(desk: Desk, plan: Voucher) -> None:
    """Before posting the ledger certainly does not hold it; afterwards it is found with the same receipt."""
    assert desk.find(plan) == Absent()
    receipt = desk.post(plan)
    assert desk.find(plan) == Found(receipt)


def test_credit_note_without_extras(desk: Desk, plan: Voucher) -> None:
    """Negative amounts, no order, no due date, no lines and no document post and are found."""
    note = plan.model_copy(update={
        "net": Decimal("-10.00"), "vat": Decimal("-2.00"), "gross": Decimal("-12.00"), "order": None,
        "due_date": None, "lines": (), "attachment": None,
    })  # fmt: skip
    assert desk.find(note) == Absent()
    assert desk.find(note) == Absent()
    receipt = desk.post(note)
    assert desk.find(note) == Found(receipt)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"gross": Decimal("3764.51")}, "gross amount is '3764.50' there and '3764.51' here"),
        ({"currency": "EUR"}, "currency is 'GBP' there and 'EUR' here"),
        ({"reference": "another"}, "our reference is '100001/INV"),
        ({"supplier": "100002"}, "supplier is '100001' there and '100002' here"),
        ({"due_date": None}, "due date is '05/03/2026' there and '' here"),
        ({"vat": Decimal("626.24")}, "VAT amount is '626.25' there and '626.24' here"),
        ({"lines": ()}, "number of lines is '2' there and '0' here"),
        ({"attachment": None}, "attachment is 'Invoice 1.pdf' there and '' here"),
    ],
)
def test_a_hit_with_other_values_is_for_a_person(
    desk: Desk, plan: Voucher, changes: dict[str, object], named: str
) -> None:
    """A voucher that could be it and differs is neither found nor absent, and the difference is named."""
    desk.post(plan)
    answer = desk.find(plan.model_copy(update=changes))
    assert isinstance(answer, CannotTell)
    assert named in answer.reason


def test_what_staff_wrote_otherwise_is_noticed(desk: Desk, plan: Voucher) -> None:
    """The same invoice number in other letters, keyed without our reference, is a possible hit."""
    staff = plan.model_copy(update={"number": plan.number.lower(), "reference": "by hand"})
    desk.post(staff)
    answer = desk.find(plan)
    assert isinstance(answer, CannotTell)
    assert "invoice number is 'inv-2026" in answer.reason


def test_a_longer_number_is_another_invoice(desk: Desk, plan: Voucher) -> None:
    """The list also finds parts of numbers; those are other invoices."""
    longer = plan.model_copy(update={"number": f"{plan.number}7", "reference": f"{plan.number}7"})
    desk.post(longer)
    assert desk.find(plan.model_copy(update={"reference": "quite another"})) == Absent()


def test_two_hits_are_for_a_person(desk: Desk, plan: Voucher) -> None:
    """Two vouchers that fit answer nothing, however alike they are."""
    one, two = desk.post(plan), desk.post(plan)
    assert desk.find(plan) == CannotTell(f"2 vouchers could be it: {one.number}, {two.number}")


def test_posting_outside_an_effect_is_refused(desk: Desk, plan: Voucher, saved: Saved) -> None:
    """Without an effect nothing is typed."""
    with desk.target.session(), pytest.raises(OutsideEffect):
        desk.target.post(plan)
    assert saved() == []


def test_what_the_ledger_refuses_goes_to_a_person(desk: Desk, plan: Voucher, saved: Saved) -> None:
    """An order that the ledger does not know ends as a business exception with the ledger's words."""
    with pytest.raises(BusinessException, match=r"VOUCHER_REFUSED: the ledger says: .*Order number was not found"):
        desk.post(plan.model_copy(update={"order": "PO-none"}))
    assert saved() == []


def test_listed_are_our_users_vouchers_over_all_pages(desk: Desk, plan: Voucher, system: Running) -> None:
    """The list for the balance holds each of our vouchers once, with key and amount, and nobody else's."""
    robot = Clerk(system.url)
    robot.sign_in("robot")
    for number in range(27):
        robot.enter(our_reference=f"{plan.reference}/{number}", gross_amount="1,234.56")
    clerk = Clerk(system.url)
    clerk.sign_in("clerk")
    clerk.enter(our_reference="somebody else's")
    today = date.today()  # noqa: DTZ011 - the ledger's own day, on this machine
    with desk.target.session():
        listed = list(desk.target.listed(today))
        assert list(desk.target.listed(today + timedelta(days=1))) == []
    robots = [v for v in system.snapshot()["vouchers"] if v["entered_by"] == "robot"]
    assert [entry.receipt for entry in listed] == [v["number"] for v in reversed(robots)]
    assert (listed[0].key, listed[0].amount, listed[0].currency) == (f"{plan.reference}/26", Decimal("1234.56"), "GBP")


def test_receipt_is_a_record_with_its_number_first(desk: Desk, plan: Voucher) -> None:
    """The receipt holds the ledger's own number."""
    receipt = desk.post(plan)
    assert list(VoucherReceipt.model_fields) == ["number"]
    assert receipt.number.startswith("V-")

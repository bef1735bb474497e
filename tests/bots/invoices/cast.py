"""An invoice with everything around it in order; each test spoils what it is about."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from bots.invoices.checks import Similar, accounts_payable
from bots.invoices.matching import LineMatch, SupplierMatch
from bots.invoices.model import Invoice, Line, TaxLine
from bots.invoices.settings import Settings
from core.model.documents import Document
from core.model.outcomes import CheckOutcome, Outcome
from targets.ledger import Order, OrderLine, Supplier, VoucherEntry

ARRIVED = date(2026, 11, 20)
NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
SETTINGS = Settings(own_names=("Northmoor Health Board",), own_vat_ids=("GB654973243",))


def line(**changes: Any) -> Line:
    """Ten boxes of gloves at 12.50."""
    return Line.model_validate(
        {"description": "Nitrile gloves, medium, box of 100", "quantity": 10, "unit_price": "12.50", "vat_rate": 20}
        | {"net": "125.00"}
        | changes
    )


def second_line(**changes: Any) -> Line:
    """Three bins at 25.00."""
    return Line.model_validate(
        {"description": "Sharps bin 7 l", "quantity": 3, "unit_price": "25.00", "vat_rate": 20, "net": "75.00"}
        | changes
    )


def invoice(**changes: Any) -> Invoice:
    """An invoice of 240.00 for what was ordered and received."""
    return Invoice.model_validate(
        {
            "supplier": "Quill & Sons Ltd", "number": "INV-00417", "issue_date": date(2026, 11, 12),
            "due_date": date(2026, 12, 12), "order_number": "PO-1001", "net": "200.00", "tax": "40.00",
            "gross": "240.00", "currency": "GBP", "vat_id": "GB999123456", "sort_code": "11-22-33",
            "account_number": "00112233", "lines": (line(), second_line()), "pages": 1,
            "taxes": (TaxLine(rate=Decimal(20), base=Decimal(200), tax=Decimal(40)),),
        }
        | changes
    )  # fmt: skip


def credit(**changes: Any) -> Invoice:
    """A credit note for two boxes of gloves."""
    lines = (line(quantity=-2, net="-25.00"),)
    taxes = (TaxLine(rate=Decimal(20), base=Decimal(-25), tax=Decimal(-5)),)
    note = {"kind": "credit note", "number": "CN-9", "net": "-25.00", "tax": "-5.00", "gross": "-30.00"}
    return invoice(**(note | {"lines": lines, "taxes": taxes} | changes))


def supplier(**changes: Any) -> Supplier:
    """The supplier as the ledger has it."""
    return Supplier.model_validate(
        {
            "number": "100001", "name": "Quill & Sons Ltd", "vat_id": "GB999 1234 56", "sort_code": "11-22-33",
            "account_number": "00112233", "iban": None, "email_domain": "quill.example", "currency": "GBP",
            "on_hold": False,
        }
        | changes
    )  # fmt: skip


def order_line(**changes: Any) -> OrderLine:
    """The gloves, all received, none invoiced."""
    return OrderLine.model_validate(
        {
            "line": 1, "description": "Nitrile gloves, medium, box of 100", "quantity": 10, "unit_price": "12.50",
            "vat_rate": 20, "received": 10, "invoiced": 0,
        }
        | changes
    )  # fmt: skip


def order(*lines: OrderLine, **changes: Any) -> Order:
    """The order, with both lines received unless lines are given."""
    bins = order_line(line=2, description="Sharps bin 7 l", quantity=3, unit_price="25.00", received=3)
    return Order.model_validate(
        {
            "number": "PO-1001", "supplier": "100001", "supplier_name": "Quill & Sons Ltd", "date": date(2026, 10, 30),
            "currency": "GBP", "lines": lines or (order_line(), bins), "receipts": (),
        }
        | changes
    )  # fmt: skip


def entry(**changes: Any) -> VoucherEntry:
    """A voucher that the ledger lists: another number, another amount."""
    return VoucherEntry.model_validate(
        {
            "receipt": "V-000007", "supplier": "100001", "number": "INV-00316", "invoice_date": date(2026, 10, 12),
            "reference": "", "currency": "GBP", "gross": "99.00", "entered_by": "clerk",
        }
        | changes
    )  # fmt: skip


def document() -> Document:
    """A document that is not opened."""
    return Document(sha256="0" * 64, name="invoice.pdf", size=9, path=Path("nowhere"))


MATCHES = (LineMatch(line=0, order_line=1), LineMatch(line=1, order_line=2))


def facts(**changes: Any) -> dict[str, Any]:
    """The facts of the checks, all in order, with changes."""
    return {
        "invoice": invoice(),
        "match": SupplierMatch(number="100001", support=("the VAT number is the same",)),
        "supplier": supplier(),
        "order": order(),
        "matches": MATCHES,
        "similar": Similar(vouchers=(entry(),)),
        "arrived": ARRIVED,
        "settings": SETTINGS,
    } | changes


def judged(**changes: Any) -> dict[str, CheckOutcome]:
    """Run the pack on good facts with changes; outcomes by code."""
    return {outcome.code: outcome for outcome in accounts_payable.run(facts(**changes))}


def standing(**changes: Any) -> dict[str, Outcome]:
    """Only what did not pass."""
    outcomes = judged(**changes)
    return {code: one.outcome for code, one in outcomes.items() if one.outcome is not Outcome.PASSED}

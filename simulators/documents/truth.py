"""The right answer for each document, in the words and formats a reader of invoices is asked for.

Only what is printed counts: a field the layout leaves out is null. Amounts and quantities of credit notes are
negative however they are printed. Identifiers stand without spaces; sort codes as 12-34-56.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from simulators.documents.desk import layout_of
from simulators.documents.document import Document
from simulators.documents.layouts import LAYOUTS
from simulators.documents.records import Invoice, Line, Order, OrderLine, Supplier

FIELDS = (
    "supplier", "supplier_number", "number", "issue_date", "due_date", "order_number", "net", "tax", "gross",
    "currency", "vat_id", "iban", "sort_code", "account_number",
)  # fmt: skip


def fields_of(invoice: Invoice) -> dict[str, str | None]:
    """Return the fields as printed; `supplier_number` is the ledger's and never printed."""
    layout = layout_of(invoice)
    sums = invoice.sums
    sort = layout.bank in ("sort", "both")
    values = {
        "supplier": invoice.supplier.name,
        "supplier_number": invoice.supplier.number,
        "number": invoice.number,
        "issue_date": invoice.issue_date.isoformat(),
        "due_date": invoice.due_date.isoformat() if layout.due else "",
        "order_number": invoice.order_number,
        "net": str(sums.net),
        "tax": str(sums.tax),
        "gross": str(sums.gross),
        "currency": invoice.currency,
        "vat_id": invoice.supplier.vat_id,
        "iban": invoice.bank.iban if layout.bank in ("iban", "both") else "",
        "sort_code": invoice.bank.sort_code if sort else "",
        "account_number": invoice.bank.account_number if sort else "",
    }
    return {name: values[name] or None for name in FIELDS}


def lines_of(invoice: Invoice) -> list[dict[str, str | None]]:
    """Return the lines as printed; `vat_rate` is null where the layout has no such column."""
    column = layout_of(invoice).vat_column
    return [_line(line, column=column) for line in invoice.lines]


def _line(line: Line, *, column: bool) -> dict[str, str | None]:
    return {
        "description": line.description,
        "quantity": plain(line.quantity),
        "unit_price": str(line.unit_price),
        "vat_rate": plain(line.vat_rate) if column else None,
        "net": str(line.net),
    }


def plain(number: Decimal) -> str:
    """Write a number with no more places than it needs."""
    return f"{number.normalize():f}"


def truth_of(document: Document, file: str, *, original: str | None, pages: int | None) -> dict[str, Any]:
    """Return the truth of one document."""
    first = document.invoices[0] if document.invoices else None
    supplier = _supplier(document)
    layout = LAYOUTS[supplier.layout] if supplier else None
    truth: dict[str, Any] = {
        "file": file,
        "kind": document.kind,
        "outcome": document.outcome,
        "reason": document.reason or None,
        "also": list(document.also),
        "original": original,
        "layout": layout.name if layout else None,
        "language": layout.language if layout else None,
        "ruled": layout.ruled if layout else None,
        "features": list(document.features),
        "credit": first.credit if first else None,
        "pages": pages,
        "text_layer": _text_layer(document),
        "xml": document.xml is not None,
        "fields": fields_of(first) if first else _only_supplier(supplier),
        "payable": str(first.sums.gross - first.prepaid) if first else None,
        "lines": lines_of(first) if first else [],
    }
    if document.xml is not None:
        truth["xml_fields"] = fields_of(document.xml)
    if len(document.invoices) > 1:
        truth["second"] = {
            "fields": fields_of(document.invoices[1]),
            "lines": lines_of(document.invoices[1]),
        }
    return truth


def _supplier(document: Document) -> Supplier | None:
    if document.invoices:
        return document.invoices[0].supplier
    return document.statement.supplier if document.statement else None


def _only_supplier(supplier: Supplier | None) -> dict[str, str | None]:
    known = (
        {"supplier": supplier.name, "supplier_number": supplier.number, "vat_id": supplier.vat_id} if supplier else {}
    )
    return {name: known.get(name) for name in FIELDS}


def _text_layer(document: Document) -> str:
    """Say what a reader finds: text, none, garbage, or unreadable (the file does not open)."""
    unreadable = dict.fromkeys(("encrypted", "truncated", "empty", "not-pdf"), "unreadable")
    return {"scan": "none", "blank-pages": "none", "garbage": "garbage", **unreadable}.get(document.medium, "text")


def supplier_record(supplier: Supplier) -> dict[str, Any]:
    """Return a supplier as the ledger's data file has it."""
    return {
        "number": supplier.number,
        "name": supplier.name,
        "vat_id": supplier.vat_id,
        "sort_code": supplier.bank.sort_code or None,
        "account_number": supplier.bank.account_number or None,
        "iban": supplier.bank.iban,
        "email_domain": supplier.domain,
        "currency": supplier.currency,
        "on_hold": supplier.role == "held",
    }


def order_record(order: Order) -> dict[str, Any]:
    """Return an order as the ledger's data file has it."""
    return {
        "number": order.number,
        "supplier": order.supplier,
        "currency": order.currency,
        "date": order.date.isoformat(),
        "lines": [_order_line(line) for line in order.lines],
    }


def _order_line(line: OrderLine) -> dict[str, Any]:
    """Return a line; `invoiced` only where something was."""
    return {
        "line": line.line,
        "description": line.description,
        "quantity": plain(line.quantity),
        "unit_price": str(line.unit_price),
        "vat_rate": plain(line.vat_rate),
        "received": [{"date": one.date.isoformat(), "quantity": plain(one.quantity)} for one in line.received],
        **({"invoiced": plain(line.invoiced)} if line.invoiced else {}),
    }

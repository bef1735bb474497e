"""From a checked invoice to the voucher that is entered, and to the vouchers it could repeat."""

from datetime import timedelta
from decimal import Decimal

from targets.ledger import Ledger, Order, Supplier, Voucher, VoucherLine
from understudy import BusinessException, Document, Missing

from .checks import Similar
from .matching import LineMatch, net_price, normalised
from .model import Invoice

HISTORY = timedelta(days=400)  # how far back vouchers are compared


def business_key(supplier: Supplier, invoice: Invoice) -> str:
    """Return the key of the voucher: supplier and invoice number, however the number is written."""
    return f"{supplier.number}/{normalised(invoice.number or '')}"


def find_similar(ledger: Ledger, supplier: Supplier | Missing | None, invoice: Invoice) -> Similar | Missing:
    """Look up the supplier's vouchers; the one with our own reference is this very invoice."""
    if isinstance(supplier, Missing):
        return supplier
    if supplier is None or invoice.number is None:
        return Similar()
    ours = business_key(supplier, invoice)
    since = None if invoice.issue_date is None else invoice.issue_date - HISTORY
    listed = tuple(ledger.vouchers_since(supplier.number, since))
    return Similar(
        vouchers=tuple(entry for entry in listed if entry.reference != ours),
        entered=any(entry.reference == ours for entry in listed),
    )


def known(supplier: Supplier | Missing | None, order: Order | Missing | None) -> tuple[Supplier, Order | None]:
    """Return both as the checks have proven them; raise BusinessException when a proof is missing."""
    if supplier is None or isinstance(supplier, Missing):
        raise BusinessException("SUPPLIER_UNKNOWN", "The supplier is not known, so nothing can be entered for it.")
    return supplier, None if isinstance(order, Missing) else order


def plan_voucher(
    invoice: Invoice,
    supplier: Supplier,
    order: Order | None,
    *,
    matches: tuple[LineMatch, ...],
    document: Document,
) -> Voucher:
    """Return the plan: what will be typed into the ledger's voucher form."""
    needed = {
        "number": invoice.number,
        "invoice_date": invoice.issue_date,
        "currency": invoice.currency,
        "net": invoice.net,
        "vat": invoice.tax,
        "gross": invoice.gross,
    }
    if lacking := [name.replace("_", " ") for name, value in needed.items() if value is None]:
        raise BusinessException("FIELDS_MISSING", f"Not found on the document: {', '.join(lacking)}.")
    return Voucher.model_validate(
        {
            **needed,
            "supplier": supplier.number,
            "due_date": invoice.due_date,
            "order": None if order is None else order.number,
            "reference": business_key(supplier, invoice),
            "lines": _lines(invoice, order, matches),
            "attachment": document,
        }
    )


def _lines(invoice: Invoice, order: Order | None, matches: tuple[LineMatch, ...]) -> tuple[VoucherLine, ...]:
    rates = {} if order is None else {line.line: line.vat_rate for line in order.lines}
    entered = []
    for match in matches:
        line = invoice.lines[match.line]
        rate = line.vat_rate if line.vat_rate is not None else rates.get(match.order_line or 0, Decimal(0))
        quantity = line.quantity if line.quantity is not None else Decimal(1)
        net = line.net if line.net is not None and not invoice.prices_include_tax else None
        price = net_price(line, includes_tax=invoice.prices_include_tax)
        if net is None:
            net = round((price or Decimal(0)) * quantity, 2)
        if price is None:
            price = net / quantity if quantity else net
        entered.append(
            VoucherLine(
                description=line.description or "as invoiced",
                quantity=quantity,
                unit_price=round(price, 4),
                vat_rate=rate,
                net=net,
                order_line=match.order_line,
            )
        )
    return tuple(entered)

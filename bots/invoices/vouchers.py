"""From a checked invoice to the voucher that is entered, and to the vouchers it could repeat."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

from targets.ledger import Ledger, Order, Supplier, Voucher, VoucherLine
from understudy import BusinessException, Document, Missing

from .checks import Similar
from .matching import LineMatch, net_price, normalised
from .model import Invoice, Line

HISTORY = timedelta(days=400)  # how far back vouchers are compared


def business_key(supplier: Supplier, number: str | None) -> str:
    """Return the key of the voucher: supplier and invoice number, however the number is written."""
    return f"{supplier.number}/{normalised(number or '')}"


def find_similar(
    ledger: Ledger,
    supplier: Supplier | Missing | None,
    *,
    number: str | None,
    issued: date | None,
    gross: Decimal | None,
) -> Similar | Missing:
    """Look up the supplier's vouchers with this amount or number; the one with our reference is this very invoice.

    It is given of the invoice what it asks by, and no more: a look can be replayed while its inputs are the same.
    """
    if isinstance(supplier, Missing):
        return supplier
    if supplier is None or number is None:
        return Similar()
    ours = business_key(supplier, number)
    since = None if issued is None else issued - HISTORY
    listed = tuple(ledger.vouchers_since(supplier.number, since))
    return Similar(
        vouchers=tuple(
            entry
            for entry in listed
            if entry.reference != ours and (entry.gross == gross or normalised(entry.number) == normalised(number))
        ),
        entered=any(entry.reference == ours for entry in listed),
    )


def before_ours(
    order: Order | Missing | None, similar: Similar | Missing, *, invoice: Invoice, matches: tuple[LineMatch, ...]
) -> tuple[Order | Missing | None, Similar | Missing]:
    """Return both as they were before our own voucher, when that is entered: it must not stand in its own way.

    So an item that goes on after a crash between the click and its receipt is judged by the facts it was judged by
    before, and what people waived then stays waived.
    """
    if isinstance(similar, Missing) or not similar.entered:
        return order, similar
    similar = Similar(vouchers=similar.vouchers)
    if order is None or isinstance(order, Missing):
        return order, similar
    ours = {match.order_line: _quantity(invoice.lines[match.line]) for match in matches if match.order_line}
    lines = (
        line.model_copy(update={"invoiced": line.invoiced - ours.get(line.line, Decimal(0))}) for line in order.lines
    )
    return order.model_copy(update={"lines": tuple(lines)}), similar


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
            "reference": business_key(supplier, invoice.number),
            "lines": tuple(_lines(invoice, order, matches)),
            "attachment": document,
        }
    )


def _lines(invoice: Invoice, order: Order | None, matches: tuple[LineMatch, ...]) -> Iterator[VoucherLine]:
    rates = {} if order is None else {line.line: line.vat_rate for line in order.lines}
    for match in matches:
        line = invoice.lines[match.line]
        rate = line.vat_rate if line.vat_rate is not None else rates.get(match.order_line or 0, _only_rate(invoice))
        price = net_price(line, includes_tax=invoice.prices_include_tax, rate=rate)
        quantity = _quantity(line)
        net = line.net if line.net is not None and not invoice.prices_include_tax else None
        if net is None and price is not None:
            net = round(price * quantity, 2)
        if net is None or rate is None:
            raise _incomplete(match.line, line, lacking="net" if net is None else "vat_rate")
        yield VoucherLine(
            description=line.description or "as invoiced",
            quantity=quantity,
            unit_price=round(net / quantity if price is None and quantity else price or net, 4),
            vat_rate=rate,
            net=net,
            order_line=match.order_line,
        )


def _only_rate(invoice: Invoice) -> Decimal | None:
    """The rate of the whole invoice, where it has but one."""
    if invoice.tax == 0:
        return Decimal(0)
    rates = {row.rate for row in invoice.taxes if row.rate is not None}
    return rates.pop() if len(rates) == 1 else None


def _quantity(line: Line) -> Decimal:
    return Decimal(1) if line.quantity is None else line.quantity


def _incomplete(position: int, line: Line, *, lacking: str) -> BusinessException:
    what = {"net": "amount", "vat_rate": "VAT rate"}[lacking]
    return BusinessException(
        "FIELDS_MISSING",
        f"Line {position + 1} ({line.description[:40]}) has no {what} on the document; type it in.",
        fields=(f"lines.{position}.{lacking}",),
    )

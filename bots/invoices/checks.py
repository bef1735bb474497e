"""The checks of accounts payable: each a pure rule with its source and who may waive it.

Sources: `AP` is the accounts-payable procedure in process.toml; `EN 16931` the European e-invoice standard; `NHSCFA`
the NHS Counter Fraud Authority's guidance on mandate fraud (cfa.nhs.uk).
"""

from datetime import date, timedelta
from decimal import Decimal

from pydantic import BaseModel, ConfigDict

from targets.ledger import Order, Supplier, VoucherEntry
from understudy import (
    NOBODY,
    ONE_PERSON,
    TWO_PEOPLE,
    Finding,
    RulePack,
    failed,
    not_evaluated,
    passed,
)

from .matching import LineMatch, SupplierMatch, normalised
from .model import Invoice
from .ordered import compare_prices, compare_quantities, money
from .settings import Settings

accounts_payable = RulePack("accounts-payable", version="1")

_NEEDED = ("number", "issue_date", "net", "tax", "gross", "currency")


class Similar(BaseModel):
    """Vouchers of the supplier that have this invoice's amount or number; ours, by its reference, is left out."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    vouchers: tuple[VoucherEntry, ...] = ()
    entered: bool = False  # a voucher with our own reference is there already


@accounts_payable.rule(
    "NOT_AN_INVOICE",
    source="AP 1",
    action="File the document where it belongs and cancel the case.",
    waive=NOBODY,
)
def is_an_invoice(invoice: Invoice) -> Finding:
    """The document is an invoice or a credit note."""
    if invoice.kind == "statement":
        return failed("This looks like a statement of account, not an invoice.", found="statement", expected="invoice")
    return passed(found=invoice.kind)


@accounts_payable.rule(
    "SEVERAL_DOCUMENTS",
    source="AP 1",
    action="Split the file, put the parts into the inbox, and cancel the case.",
    waive=NOBODY,
)
def one_document(invoice: Invoice) -> Finding:
    """The file holds one invoice."""
    if invoice.documents > 1:
        return failed(
            f"The file seems to hold {invoice.documents} invoices: {', '.join(invoice.numbers_seen)}.",
            found=str(invoice.documents),
            expected="1",
            fields=("number",),
        )
    return passed(found="1")


@accounts_payable.rule(
    "FIELDS_MISSING", source="AP 2", action="Read them from the document and type them in.", waive=NOBODY
)
def fields_found(invoice: Invoice) -> Finding:
    """Number, date, net, tax, gross and currency were found."""
    lacking = tuple(name for name in _NEEDED if getattr(invoice, name) is None)
    if lacking:
        words = ", ".join(name.replace("_", " ") for name in lacking)
        return failed(f"Not found on the document: {words}.", found="", expected=words, fields=lacking)
    return passed()


@accounts_payable.rule(
    "ARITHMETIC",
    source="AP 2; EN 16931 BR-CO-10, BR-CO-15",
    action="Compare with the document: correct a misread value, or send the invoice back to the supplier.",
    waive=NOBODY,
)
def sums_agree(invoice: Invoice, settings: Settings) -> Finding:
    """Net plus tax is the gross amount, and the lines add up to the net amount."""
    if invoice.net is None or invoice.tax is None or invoice.gross is None:
        return not_evaluated("Net, tax or gross was not found, so the sums cannot be compared.")
    total = invoice.net + invoice.tax
    if total != invoice.gross:
        return failed(
            f"Net {money(invoice.net)} + tax {money(invoice.tax)} is {money(total)}, "
            f"the document says {money(invoice.gross)}.",
            found=money(invoice.gross),
            expected=money(total),
            fields=("net", "tax", "gross"),
        )
    return _lines_add_up(invoice, settings)


def _lines_add_up(invoice: Invoice, settings: Settings) -> Finding:
    nets = [line.net for line in invoice.lines if line.net is not None]
    if not nets or len(nets) < len(invoice.lines):
        return passed(found=money(invoice.gross), expected=money(invoice.gross))
    whole = invoice.gross if invoice.prices_include_tax else invoice.net
    found = sum(nets, invoice.adjustments or Decimal(0))
    allowed = settings.rounding * max(1, len(nets))
    if whole is not None and abs(found - whole) > allowed:
        return failed(
            f"The {len(nets)} lines{_with(invoice)} add up to {money(found)}, the document says {money(whole)}.",
            found=money(found),
            expected=money(whole),
            fields=("lines", "net"),
        )
    return passed(found=money(whole), expected=money(found))


def _with(invoice: Invoice) -> str:
    return "" if invoice.adjustments is None else f" and discounts or charges of {money(invoice.adjustments)}"


@accounts_payable.rule(
    "SIGNS",
    source="AP 2",
    action="Find out whether it is an invoice or a credit note and correct the amounts.",
    waive=NOBODY,
)
def signs_fit(invoice: Invoice) -> Finding:
    """An invoice's amounts are positive, a credit note's all negative."""
    amounts = {"net": invoice.net, "tax": invoice.tax, "gross": invoice.gross}
    known = {name: value for name, value in amounts.items() if value}
    wrong = tuple(name for name, value in known.items() if (value < 0) != (invoice.kind == "credit note"))
    if wrong:
        return failed(
            f"The document is headed as {_a(invoice.kind)}, but {', '.join(wrong)} "
            f"{'is' if len(wrong) == 1 else 'are'} {'positive' if invoice.kind == 'credit note' else 'negative'}.",
            found=", ".join(money(known[name]) for name in wrong),
            expected="negative" if invoice.kind == "credit note" else "positive",
            fields=wrong,
        )
    return passed(found=invoice.kind)


@accounts_payable.rule(
    "XML_DIFFERS",
    source="AP 2; EN 16931",
    action="Ask the supplier which of the two is right; the embedded data and the page must say the same.",
    waive=TWO_PEOPLE,
)
def xml_agrees(invoice: Invoice) -> Finding:
    """The embedded e-invoice says what the page says."""
    told = {
        name: rivals for name, rivals in invoice.disagreements.items() if name in (*_NEEDED, "iban", "account_number")
    }
    if told:
        parts = [f"{name.replace('_', ' ')}: page {rivals[0].value}" for name, rivals in told.items()]
        return failed(
            f"The embedded e-invoice and the page differ in {'; '.join(parts)}.",
            found="; ".join(parts),
            expected="the same in both",
            fields=tuple(told),
        )
    return passed(found=invoice.read_from)


@accounts_payable.rule("DATE", source="AP 2", action="Correct a misread date, or ask the supplier.", waive=ONE_PERSON)
def date_is_plausible(invoice: Invoice, arrived: date, settings: Settings) -> Finding:
    """The invoice is neither dated far ahead nor very old."""
    if invoice.issue_date is None:
        return not_evaluated("The invoice date was not found.")
    earliest = arrived - timedelta(days=settings.past_days)
    latest = arrived + timedelta(days=settings.future_days)
    found = f"{invoice.issue_date:%d %b %Y}"
    if invoice.issue_date > latest:
        return failed(f"The invoice is dated {found}, which is still to come.", found=found, fields=("issue_date",))
    if invoice.issue_date < earliest:
        return failed(
            f"The invoice is dated {found}, more than {settings.past_days} days ago.",
            found=found,
            fields=("issue_date",),
        )
    return passed(found=found)


@accounts_payable.rule(
    "SUPPLIER_UNKNOWN",
    source="AP 3",
    action="Find the supplier in the ledger and correct its number, or have it set up; then let the bot look again.",
    waive=NOBODY,
)
def supplier_is_known(invoice: Invoice, match: SupplierMatch, supplier: Supplier | None) -> Finding:
    """Exactly one supplier of the ledger sent it."""
    if supplier is not None:
        return passed(found=supplier.name, expected="; ".join(match.support))
    printed = invoice.supplier or "a supplier whose name was not found"
    if match.rivals:
        return failed(
            f"{printed} could be any of the suppliers {', '.join(match.rivals)}.",
            found=", ".join(match.rivals),
            expected="one supplier",
            fields=("supplier",),
        )
    return failed(f"{printed} is not among the ledger's suppliers.", found=printed, fields=("supplier", "vat_id"))


@accounts_payable.rule(
    "SUPPLIER_ON_HOLD", source="AP 3", action="Ask procurement why the supplier is on hold.", waive=TWO_PEOPLE
)
def supplier_not_held(supplier: Supplier | None) -> Finding:
    """The supplier is not on hold."""
    if supplier is None:
        return not_evaluated("The supplier is not known.")
    return failed(f"{supplier.name} is on hold in the ledger.", found="on hold") if supplier.on_hold else passed()


@accounts_payable.rule(
    "BANK_DETAILS",
    source="AP 4; NHSCFA mandate fraud",
    action="Call the supplier back on the number on record, never on one from the invoice. Change nothing before.",
    waive=TWO_PEOPLE,
)
def bank_details_agree(invoice: Invoice, supplier: Supplier | None) -> Finding:
    """Bank details on the invoice are the supplier's in the ledger, to the last digit."""
    if supplier is None:
        return not_evaluated("The supplier is not known, so the bank details have nothing to agree with.")
    names = ("sort_code", "account_number", "iban")
    differing = tuple(
        name
        for name in names
        if getattr(invoice, name) and _bare(getattr(invoice, name)) != _bare(getattr(supplier, name))
    )
    if differing:
        words = ", ".join(name.replace("_", " ") for name in differing)
        return failed(
            f"The {words} on the invoice {'is' if len(differing) == 1 else 'are'} not the one in the ledger.",
            found=", ".join(_whole(getattr(invoice, name)) for name in differing),
            expected=", ".join(_whole(getattr(supplier, name)) for name in differing),
            fields=differing,
        )
    return passed()


@accounts_payable.rule(
    "ORDER_MISSING", source="AP 5", action="Ask the buyer for the order number and type it in.", waive=TWO_PEOPLE
)
def order_is_named(invoice: Invoice) -> Finding:
    """The invoice names our order."""
    if not invoice.order_number:
        return failed("No order number was found on the document.", fields=("order_number",))
    return passed(found=invoice.order_number)


@accounts_payable.rule(
    "ORDER_NOT_FOUND", source="AP 5", action="Correct the order number, or ask the buyer.", waive=NOBODY
)
def order_is_known(invoice: Invoice, order: Order | None, supplier: Supplier | None) -> Finding:
    """The order is in the ledger and is with this supplier."""
    if not invoice.order_number:
        return passed(found="no order named")
    if order is None:
        return failed(
            f"Order {invoice.order_number} is not in the ledger.", found=invoice.order_number, fields=("order_number",)
        )
    if supplier is not None and order.supplier != supplier.number:
        return failed(
            f"Order {order.number} is with {order.supplier_name}, not with {supplier.name}.",
            found=order.supplier_name,
            expected=supplier.name,
            fields=("order_number", "supplier"),
        )
    return passed(found=order.number)


@accounts_payable.rule(
    "CURRENCY", source="AP 5", action="Ask the supplier for an invoice in the order's currency.", waive=NOBODY
)
def currency_agrees(invoice: Invoice, order: Order | None) -> Finding:
    """The invoice is in the order's currency."""
    if order is None:
        return passed(found=invoice.currency or "")
    if invoice.currency != order.currency:
        return failed(
            f"The invoice is in {invoice.currency}, the order in {order.currency}.",
            found=str(invoice.currency),
            expected=order.currency,
            fields=("currency",),
        )
    return passed(found=order.currency)


@accounts_payable.rule(
    "DUPLICATE_NUMBER",
    source="AP 7",
    action="Compare with the voucher named; cancel this one when it is the same.",
    waive=TWO_PEOPLE,
)
def number_is_new(invoice: Invoice, similar: Similar) -> Finding:
    """No voucher of the supplier has the same number, however it is written."""
    for voucher in similar.vouchers:
        if invoice.number and normalised(voucher.number) == normalised(invoice.number):
            return failed(
                f"{voucher.receipt} has the number {voucher.number}; this document says {invoice.number}.",
                found=voucher.receipt,
                fields=("number",),
            )
    return passed(found=f"{len(similar.vouchers)} vouchers compared")


@accounts_payable.rule(
    "DUPLICATE_NEAR",
    source="AP 7",
    action="Compare with the voucher named; correct the number when it was misread.",
    waive=ONE_PERSON,
)
def number_is_not_nearly_known(invoice: Invoice, similar: Similar) -> Finding:
    """No voucher with the same gross amount has a number that differs in one character only."""
    from rapidfuzz.distance import OSA

    number = normalised(invoice.number or "")
    for voucher in similar.vouchers:
        near = OSA.distance(normalised(voucher.number), number, score_cutoff=1)
        if voucher.gross == invoice.gross and near == 1:
            return failed(
                f"{voucher.receipt} has the same amount and the number {voucher.number}; this document says "
                f"{invoice.number}.",
                found=voucher.receipt,
                fields=("number",),
            )
    return passed(found=f"{len(similar.vouchers)} vouchers compared")


@accounts_payable.rule(
    "DUPLICATE_CONTENT",
    source="AP 7",
    action="Compare with the voucher named; cancel this one when it charges the same thing again.",
    waive=ONE_PERSON,
)
def charge_is_new(invoice: Invoice, similar: Similar) -> Finding:
    """No voucher of the last 90 days has the same amount and currency under another number."""
    for voucher in similar.vouchers:
        same = voucher.gross == invoice.gross and voucher.currency == invoice.currency
        apart = abs((voucher.invoice_date - invoice.issue_date).days) if invoice.issue_date else 0
        if same and apart <= 90:
            return failed(
                f"{voucher.receipt} of {voucher.invoice_date:%d %b %Y} has the same amount, {money(voucher.gross)}.",
                found=voucher.receipt,
                fields=("gross", "number"),
            )
    return passed(found=f"{len(similar.vouchers)} vouchers compared")


@accounts_payable.rule(
    "PRICE",
    source="AP 6",
    action="Ask the buyer whether the price was agreed; correct a misread value.",
    waive=ONE_PERSON,
)
def prices_agree(invoice: Invoice, order: Order | None, matches: tuple[LineMatch, ...], settings: Settings) -> Finding:
    """Every line is on the order, at a price within tolerance."""
    if order is None:
        return passed(found="no order to compare with")
    return compare_prices(invoice, order, matches, settings)


@accounts_payable.rule(
    "QUANTITY",
    source="AP 6",
    action="Ask the ward or store what came in; correct a misread quantity.",
    waive=ONE_PERSON,
)
def quantities_received(invoice: Invoice, order: Order | None, matches: tuple[LineMatch, ...]) -> Finding:
    """No more is charged than was received and not yet invoiced; goods not received at all are waited for."""
    if order is None:
        return passed(found="no order to compare with")
    return compare_quantities(invoice, order, matches)


def _a(kind: str) -> str:
    return f"an {kind}" if kind[0] in "aeiou" else f"a {kind}"


def _bare(text: str | None) -> str:
    return "".join(c for c in (text or "").upper() if c.isalnum())


def _whole(text: str | None) -> str:
    """A bank detail in full: the people who compare it must see every digit."""
    return text or "none"

"""Every kind of fault, each made from a clean case, with the outcome a careful clerk would expect."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from simulators.documents.cast import bank_account
from simulators.documents.desk import Case, Desk, changed_line
from simulators.documents.document import Document, Statement, StatementEntry
from simulators.documents.records import Invoice, Order, OrderLine, Sums, rounded

Maker = Callable[[Desk, str], list[Document]]  # (desk, layout) -> documents, an original before its duplicate


def clean(desk: Desk, layout: str, features: tuple[str, ...] = ()) -> Document:
    """Return a clean document that should be posted."""
    case = desk.case(desk.supplier(layout), features)
    invoice = case.invoice
    return Document(
        kind="clean",
        outcome="post",
        invoices=(invoice,),
        orders=_orders(case),
        features=features,
        xml=invoice if "factur-x" in features else None,
    )


def _orders(case: Case) -> tuple[Order, ...]:
    return (case.order,) if case.order else ()


def _review(kind: str, case: Case, *also: str, reason: str = "", medium: str = "text") -> list[Document]:
    return [
        Document(
            kind=kind,
            outcome="review",
            reason=reason or kind,
            also=also,
            invoices=(case.invoice,),
            orders=_orders(case),
            medium=medium,
        )
    ]


def _case(desk: Desk, layout: str) -> Case:
    return desk.case(desk.supplier(layout))


def _with(case: Case, **changes: object) -> Case:
    return replace(case, invoice=replace(case.invoice, **changes))  # type: ignore[arg-type]


def _biggest(invoice: Invoice) -> int:
    return max(range(len(invoice.lines)), key=lambda index: invoice.lines[index].net)


def arithmetic_total(desk: Desk, layout: str) -> list[Document]:
    """The total is not net plus VAT."""
    case = _case(desk, layout)
    wrong = replace(case.invoice.sums, gross=case.invoice.sums.gross + Decimal("90.00"))
    return _review("arithmetic-total", _with(case, printed=wrong), reason="arithmetic")


def arithmetic_lines(desk: Desk, layout: str) -> list[Document]:
    """Net, VAT and total agree with each other and not with the lines."""
    case = _case(desk, layout)
    sums = case.invoice.sums
    rate = sums.vat[0].rate
    net = sums.net + Decimal("100.00")
    tax = rounded(net * rate / 100)
    vat = (replace(sums.vat[0], net=net, tax=tax),)
    wrong = Sums(subtotal=net, discount=Decimal(0), net=net, tax=tax, gross=net + tax, vat=vat)
    return _review("arithmetic-lines", _with(case, printed=wrong), reason="arithmetic")


def arithmetic_line(desk: Desk, layout: str) -> list[Document]:
    """One line is not quantity times price, and the sums follow it."""
    case = _case(desk, layout)
    index = _biggest(case.invoice)
    line = case.invoice.lines[index]
    lines = list(case.invoice.lines)
    lines[index] = replace(line, net=line.net + Decimal("36.00"))
    return _review("arithmetic-line", _with(case, lines=tuple(lines)), "price", reason="arithmetic")


def supplier_unknown(desk: Desk, layout: str) -> list[Document]:
    """The ledger does not have the supplier, nor the order."""
    case = desk.case(desk.supplier(layout, role="unknown"))
    return _review("supplier-unknown", replace(case, order=None), "order-not-found", "order-missing")


def supplier_on_hold(desk: Desk, layout: str) -> list[Document]:
    """All is well with the invoice, but the supplier is on hold."""
    return _review("supplier-on-hold", desk.case(desk.supplier(layout, role="held")))


def order_missing(desk: Desk, layout: str) -> list[Document]:
    """No order number is printed, though there is an order."""
    return _review("order-missing", _with(_case(desk, layout), order_number=""))


def order_not_found(desk: Desk, layout: str) -> list[Document]:
    """The order number printed is not in the ledger."""
    return _review("order-not-found", replace(_case(desk, layout), order=None))


# Against the order and the receipts


def price_above(desk: Desk, layout: str) -> list[Document]:
    """One price is far above the order's."""
    case = _case(desk, layout)
    index = _biggest(case.invoice)
    price = case.invoice.lines[index].unit_price
    dearer = (price * Decimal("1.14")).quantize(price)
    raised = changed_line(case.invoice, index, unit_price=max(dearer, price + Decimal("0.05")))
    return _review("price-above", replace(case, invoice=raised), reason="price")


def quantity_above(desk: Desk, layout: str) -> list[Document]:
    """More is charged than was received."""
    case = _case(desk, layout)
    index = _biggest(case.invoice)
    line = case.invoice.lines[index]
    more = changed_line(case.invoice, index, quantity=line.quantity + max(2, round(line.quantity / 4)))
    case = replace(case, invoice=more)
    order = case.order
    assert order is not None
    short = replace(order.lines[index], quantity=more.lines[index].quantity)
    case = replace(case, order=_with_line(order, index, short))
    return _review("quantity-above-received", case, reason="quantity")


def _with_line(order: Order, index: int, line: OrderLine) -> Order:
    return replace(order, lines=(*order.lines[:index], line, *order.lines[index + 1 :]))


def not_received(desk: Desk, layout: str) -> list[Document]:
    """Nothing of the order has been received yet: look again later."""
    case = _case(desk, layout)
    assert case.order is not None
    bare = replace(case.order, lines=tuple(replace(line, received=()) for line in case.order.lines))
    return [
        Document(
            kind="not-received",
            outcome="wait",
            reason="not-received",
            invoices=(case.invoice,),
            orders=(bare,),
        )
    ]


# Duplicates


def _duplicate(kind: str, first: Document, again: Invoice, *also: str) -> list[Document]:
    second = Document(kind=kind, outcome="review", reason=kind, also=also, invoices=(again,), original=first)
    return [first, second]


def duplicate_bytes(desk: Desk, layout: str) -> list[Document]:
    """The same file under another name."""
    first = clean(desk, layout)
    again = Document(
        kind="duplicate-bytes",
        outcome="duplicate",
        reason="duplicate-bytes",
        invoices=first.invoices,
        medium="copy",
        original=first,
    )
    return [first, again]


def duplicate_number(desk: Desk, layout: str) -> list[Document]:
    """The same number written differently: INV-00123 and INV 123."""
    first = clean(desk, layout)
    invoice = first.invoices[0]
    again = replace(invoice, number=rewritten(invoice.number))
    return _duplicate("duplicate-number", first, again, "duplicate-content", "quantity")


def rewritten(number: str) -> str:
    """Write a number the other way: separators as spaces, zeros in front of a run of digits dropped."""
    loose = re.sub(r"(?<!\d)0+(?=\d)", "", re.sub(r"[-/]", " ", number))
    return loose if loose != number else f"{number[:-3]} {number[-3:]}"


def duplicate_near(desk: Desk, layout: str) -> list[Document]:
    """One digit of the number is another, the total is the same."""
    first = clean(desk, layout)
    invoice = first.invoices[0]
    place = max(index for index, char in enumerate(invoice.number) if char.isdigit()) - 1
    digit = str((int(invoice.number[place]) + 4) % 10)
    again = replace(invoice, number=invoice.number[:place] + digit + invoice.number[place + 1 :])
    return _duplicate("duplicate-near", first, again, "duplicate-content", "quantity")


def duplicate_content(desk: Desk, layout: str) -> list[Document]:
    """The same charge again under a new number and a later date."""
    first = clean(desk, layout)
    invoice = first.invoices[0]
    later = min(invoice.issue_date + timedelta(days=9), desk.as_of)
    again = replace(invoice, number=desk.next_like(invoice), issue_date=later, due_date=later + timedelta(days=30))
    return _duplicate("duplicate-content", first, again, "quantity")


# Bank, dates, currency, signs


def bank_details(desk: Desk, layout: str) -> list[Document]:
    """The invoice asks for payment to an account the ledger does not have."""
    case = _case(desk, layout)
    other = bank_account(case.invoice.supplier.country, desk.source())
    return _review("bank-details", _with(case, bank=other))


def bank_digit(desk: Desk, layout: str) -> list[Document]:
    """One digit of the account differs from the ledger's; in an IBAN the check digits then fail."""
    case = _case(desk, layout)
    bank = case.invoice.bank
    place = desk.source().randint(2, 6)
    other = replace(
        bank,
        account_number=_bumped(bank.account_number, place),
        iban=_bumped(bank.iban, len(bank.iban) - 8 + place),
    )
    return _review("bank-digit", _with(case, bank=other), reason="bank-details")


def _bumped(text: str, place: int) -> str:
    if not text:
        return text
    return text[:place] + str((int(text[place]) + 1) % 10) + text[place + 1 :]


def date_future(desk: Desk, layout: str) -> list[Document]:
    """The invoice is dated weeks ahead."""
    return _review("date-future", _moved(_case(desk, layout), desk.as_of + timedelta(days=24)))


def date_old(desk: Desk, layout: str) -> list[Document]:
    """The invoice is more than two years old."""
    return _review("date-old", _moved(_case(desk, layout), desk.as_of - timedelta(days=797)))


def _moved(case: Case, day: object) -> Case:
    """Move the invoice to a day; its order and receipts move along only into the past."""
    invoice = case.invoice
    shift = day - invoice.issue_date  # type: ignore[operator]
    back = min(shift, timedelta(0))
    moved = replace(
        invoice,
        issue_date=invoice.issue_date + shift,
        due_date=invoice.due_date + shift,
        delivery_date=invoice.delivery_date + back,
        order_date=invoice.order_date + back,
    )
    assert case.order is not None
    lines = tuple(
        replace(line, received=tuple(replace(one, date=one.date + back) for one in line.received))
        for line in case.order.lines
    )
    return Case(invoice=moved, order=replace(case.order, date=case.order.date + back, lines=lines))


def currency(desk: Desk, layout: str) -> list[Document]:
    """The invoice is in euros, the order in pounds (or the other way round)."""
    case = _case(desk, layout)
    other = "EUR" if case.invoice.currency == "GBP" else "GBP"
    return _review("currency", _with(case, currency=other))


def negative_invoice(desk: Desk, layout: str) -> list[Document]:
    """The heading says invoice, every amount is negative: a credit that does not call itself one?"""
    case = desk.case(desk.supplier(layout), ("credit",))
    return _review("negative-invoice", _with(case, titled_credit=False, credited_number=""), reason="signs")


def mixed_signs(desk: Desk, layout: str) -> list[Document]:
    """A credit note whose lines and VAT are negative and whose total is not."""
    case = desk.case(desk.supplier(layout), ("credit",))
    wrong = replace(case.invoice.sums, gross=-case.invoice.sums.gross)
    return _review("mixed-signs", _with(case, printed=wrong), "arithmetic", reason="signs")


def credit_without_order(desk: Desk, layout: str) -> list[Document]:
    """A credit note that names neither an order nor the invoice it corrects."""
    case = desk.case(desk.supplier(layout), ("credit",))
    return _review("credit-without-order", _with(case, order_number="", credited_number=""), reason="order-missing")


def two_invoices(desk: Desk, layout: str) -> list[Document]:
    """Two invoices of one supplier in one file."""
    supplier = desk.supplier(layout)
    cases = [desk.case(supplier), desk.case(supplier)]
    return [
        Document(
            kind="two-invoices",
            outcome="review",
            reason="several-documents",
            also=("arithmetic", "price", "quantity"),
            invoices=tuple(case.invoice for case in cases),
            orders=tuple(order for case in cases for order in _orders(case)),
        )
    ]


def statement(desk: Desk, layout: str) -> list[Document]:
    """A statement of account: numbers, dates and amounts of several invoices, and nothing to post."""
    supplier = desk.supplier(layout)
    source = desk.source()
    entries: list[StatementEntry] = []
    for days in sorted(source.sample(range(8, 90), 6), reverse=True):
        amount = Decimal(source.randint(4_000, 240_000)) / 100
        entries.append(
            StatementEntry(
                number=desk.invoice_number(supplier),
                date=desk.as_of - timedelta(days=days),
                order_number=desk.order_number(),
                amount=-amount / 4 if len(entries) == 3 else amount,
            )
        )
    listed = Statement(
        supplier=supplier,
        date=desk.as_of - timedelta(days=2),
        customer_number="NOR4471",
        entries=tuple(replace(entry, amount=rounded(entry.amount)) for entry in entries),
    )
    return [
        Document(
            kind="statement",
            outcome="review",
            reason="not-an-invoice",
            also=("order-missing", "order-not-found", "arithmetic"),
            statement=listed,
        )
    ]


def no_text(desk: Desk, layout: str) -> list[Document]:
    """A scan: a picture of the page, a little crooked, without a text layer."""
    found = _review("no-text", _case(desk, layout), medium="scan")
    return [replace(found[0], noise=desk.source().randint(1, 10**6))]


def garbage_text(desk: Desk, layout: str) -> list[Document]:
    """The page looks right; the text under it is unreadable, its font mapping having been lost."""
    return _review("garbage-text", _case(desk, layout), medium="garbage")


def xml_differs(desk: Desk, layout: str) -> list[Document]:
    """The embedded e-invoice charges more than the page shows."""
    case = desk.case(desk.supplier(layout))
    index = _biggest(case.invoice)
    more = changed_line(case.invoice, index, quantity=case.invoice.lines[index].quantity + 3)
    return [
        Document(
            kind="xml-differs",
            outcome="review",
            reason="xml-differs",
            also=("quantity", "arithmetic"),
            invoices=(case.invoice,),
            orders=_orders(case),
            xml=more,
        )
    ]


def hostile(kind: str, *, medium: str) -> Maker:
    """Return a maker of files that mean harm; the invoice on the page is a good one."""

    def make(desk: Desk, layout: str) -> list[Document]:
        return _review(kind, _case(desk, layout), medium=medium)

    return make


def bad_file(kind: str, *, medium: str) -> Maker:
    """Return the maker of a file that cannot be read."""

    def make(desk: Desk, layout: str) -> list[Document]:
        found = _review(kind, _case(desk, layout), medium=medium)
        return [replace(found[0], invoices=found[0].invoices if medium in ("encrypted", "truncated") else ())]

    make.__doc__ = f"A file that cannot be read: {kind}."
    return make

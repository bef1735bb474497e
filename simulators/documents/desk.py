"""Orders, receipts and the invoices that follow: the clean case, from which every fault is then made."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from simulators.documents import identifiers
from simulators.documents.cast import Article, articles, suppliers
from simulators.documents.layouts import LAYOUTS, Layout
from simulators.documents.records import Invoice, Line, Order, OrderLine, Receipt, Supplier, add_up, rounded


@dataclass(frozen=True, kw_only=True)
class Case:
    """An invoice and the order behind it; no order when the ledger has none."""

    invoice: Invoice
    order: Order | None


class Desk:
    """Deals out suppliers and numbers and builds clean cases; the same for the same seed."""

    def __init__(self, seed: int, as_of: date) -> None:
        """Start with nothing dealt out."""
        self.as_of = as_of
        self._seed = seed
        self._dealt = 0
        start = Random(f"{seed} starts")
        self._order = start.randint(200_000, 400_000)
        self._numbers = {one.name: start.randint(one.limit // 60, one.limit // 2) for one in suppliers()}
        self._turns: dict[tuple[str, str], int] = {}

    def source(self) -> Random:
        """Return a fresh source of chance, different at each call and the same for the same seed."""
        self._dealt += 1
        return Random(f"{self._seed} case {self._dealt}")

    def supplier(self, layout: str, *, role: str = "known") -> Supplier:
        """Return the suppliers that use `layout`, in turn."""
        those = [one for one in suppliers() if one.layout == layout and one.role == role]
        turn = self._turns.get((layout, role), 0)
        self._turns[layout, role] = turn + 1
        return those[turn % len(those)]

    def order_number(self) -> str:
        """Return the next number of our own purchase orders."""
        self._order += self.source().randint(3, 61)
        return f"NM{self._order}"

    def invoice_number(self, supplier: Supplier) -> str:
        """Return the supplier's next invoice number; other customers got those between."""
        self._numbers[supplier.name] += self.source().randint(3, 40)
        return supplier.numbers.format(n=self._numbers[supplier.name])

    def case(self, supplier: Supplier, features: Iterable[str] = (), *, lines: int | None = None) -> Case:
        """Build a clean invoice of `supplier` that agrees with its order and with what was received."""
        features = frozenset(features)
        source = self.source()
        chosen = _chosen(supplier, features, lines or _how_many(supplier, features, source), source)
        items = tuple(_line(article, supplier, features, source) for article in chosen)
        issued = self.as_of - timedelta(days=source.randint(4, 38))
        ordered = issued - timedelta(days=source.randint(12, 45))
        received = ordered + timedelta(days=source.randint(3, max(3, (issued - ordered).days - 2)))
        number = self.order_number()
        corrects = self.invoice_number(supplier) if "credit" in features else ""
        invoice = Invoice(
            supplier=supplier,
            credit="credit" in features,
            number=self.invoice_number(supplier),
            issue_date=issued,
            due_date=issued + timedelta(days=source.choice((14, 30, 30, 30))),
            delivery_date=received,
            order_number=number,
            order_date=ordered,
            delivery_note=f"{source.choice(('DN', 'D', 'LS'))}{identifiers.digits(source, 6)}",
            customer_number=f"{source.choice(('NOR', 'C', 'K'))}{identifiers.digits(source, 5)}",
            credited_number=corrects,
            currency=supplier.currency,
            bank=supplier.bank,
            lines=items,
            discount_rate=Decimal(source.choice((5, 10))) if "discount" in features else Decimal(0),
            prepaid=Decimal(0),
            foreign=_foreign(supplier, source) if "foreign" in features else None,
        )
        if "prepaid" in features:
            invoice = replace(invoice, prepaid=rounded(invoice.sums.gross * source.choice((25, 40, 50)) / 100))
        order = order_behind(invoice, number=number, received=received)
        return Case(invoice=credited(invoice, source) if invoice.credit else invoice, order=order)

    def next_like(self, invoice: Invoice) -> str:
        """Return a later number of the same supplier, never within one edit of the invoice's own."""
        while True:
            number = self.invoice_number(invoice.supplier)
            if sum(a != b for a, b in zip(number, invoice.number, strict=False)) > 1:
                return number


def _foreign(supplier: Supplier, source: Random) -> tuple[str, Decimal]:
    rate = Decimal(source.randint(11420, 11890)) / 10000
    return ("EUR", rate) if supplier.currency == "GBP" else ("GBP", 1 / rate)


def _how_many(supplier: Supplier, features: frozenset[str], source: Random) -> int:
    layout = LAYOUTS[supplier.layout]
    available = len(articles(supplier.trade))
    if "multi-page" in features:
        least = layout.first_rows + 2
        return min(available, source.randint(least, least + layout.next_rows))
    return source.randint(min(2, available), min(available, layout.first_rows - 2, 7))


def _chosen(supplier: Supplier, features: frozenset[str], count: int, source: Random) -> list[Article]:
    """Choose different articles; several VAT rates only where asked for, and then surely."""
    goods = articles(supplier.trade)
    usual = max((good.vat_rate for good in goods), default=Decimal(0))
    if "multi-rate" not in features:
        goods = tuple(good for good in goods if good.vat_rate == usual)
        return source.sample(goods, min(count, len(goods)))
    other = [good for good in goods if good.vat_rate != usual]
    few = source.sample(other, max(1, min(len(other), count // 2)))
    same = [good for good in goods if good.vat_rate == usual]
    rest = source.sample(same, min(len(same), max(1, count - len(few))))
    return few + rest


def _line(article: Article, supplier: Supplier, features: frozenset[str], source: Random) -> Line:
    if article.unit == "hour" and supplier.trade == "agency":
        quantity = Decimal(source.randint(30, article.most * 4)) / 4
    else:
        quantity = Decimal(source.randint(1, max(1, round(article.most * source.choice((0.2, 0.5, 1.0))))))
    return Line(
        code=article.code,
        description=article.description,
        unit=article.unit,
        quantity=quantity,
        unit_price=article.price,
        vat_rate=Decimal(0) if "reverse-charge" in features else article.vat_rate,
        net=rounded(quantity * article.price),
    )


def order_behind(invoice: Invoice, *, number: str, received: date) -> Order:
    """Return the order that `invoice` agrees with exactly, all received by the day given, some in two parts.

    Behind a credit note stands an order that has been invoiced already.
    """
    lines = tuple(
        OrderLine(
            line=index,
            description=line.description,
            quantity=line.quantity,
            unit_price=line.unit_price,
            vat_rate=line.vat_rate,
            received=_receipts(line.quantity, received),
            invoiced=line.quantity if invoice.credit else Decimal(0),
        )
        for index, line in enumerate(invoice.lines, start=1)
    )
    return Order(
        number=number,
        supplier=invoice.supplier.number,
        currency=invoice.supplier.currency,
        date=invoice.order_date,
        lines=lines,
    )


def _receipts(quantity: Decimal, received: date) -> tuple[Receipt, ...]:
    """Return one receipt, or two when the quantity is a multiple of four."""
    if quantity % 4:
        return (Receipt(date=received, quantity=quantity),)
    part = quantity / 4
    before = received - timedelta(days=2)
    return (Receipt(date=before, quantity=part), Receipt(date=received, quantity=quantity - part))


def credited(invoice: Invoice, source: Random) -> Invoice:
    """Turn an invoice into a credit note for part of it: fewer lines, returned quantities, negative sums."""
    kept = source.sample(invoice.lines, max(1, len(invoice.lines) // 2))
    return replace(invoice, lines=tuple(_returned(line, source) for line in kept))


def _returned(line: Line, source: Random) -> Line:
    whole = max(1, int(line.quantity))
    quantity = Decimal(-source.randint(1, max(1, whole // 2)))
    return replace(line, quantity=quantity, net=rounded(quantity * line.unit_price))


def changed_line(invoice: Invoice, index: int, **changes: Decimal) -> Invoice:
    """Return the invoice with one line's quantity or price changed, and its sums following."""
    line = replace(invoice.lines[index], **changes)  # type: ignore[arg-type]
    line = replace(line, net=rounded(line.quantity * line.unit_price))
    return replace(invoice, lines=(*invoice.lines[:index], line, *invoice.lines[index + 1 :]))


def layout_of(invoice: Invoice) -> Layout:
    """Return the layout the invoice is printed in."""
    return LAYOUTS[invoice.supplier.layout]


__all__ = ["Case", "Desk", "add_up", "changed_line", "credited", "layout_of", "order_behind"]

"""An invoice as a template sees it: every value written the way the layout writes it, cut into pages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from random import Random
from types import SimpleNamespace as View

from simulators.documents.desk import layout_of
from simulators.documents.document import Statement
from simulators.documents.formats import MARKS, Amount, spaced, written_amount, written_date, written_number
from simulators.documents.layouts import LAYOUTS, Layout
from simulators.documents.records import BUYER, Invoice, Line, Supplier, VatRow, rounded

_ACCENTS = ("#1f5f8b", "#0b6b57", "#8a2f4f", "#5b3f8c", "#a4551e", "#2f4858", "#3d6b1f", "#a3222b")


@dataclass(frozen=True)
class Writer:
    """Writes values in one layout's manner; `sign` is -1 where credits are printed without a sign."""

    layout: Layout
    currency: str
    sign: int

    def money(self, amount: Decimal) -> Amount:
        """Write an amount."""
        return self._written(amount * self.sign, self.layout.negative)

    def less(self, amount: Decimal) -> Amount:
        """Write something taken off, always with a minus in front."""
        return self._written(-abs(amount), "-1")

    def _written(self, amount: Decimal, negative: str) -> Amount:
        money = self.layout.money
        if self.currency == "EUR" and money == "plain":
            money = "€ 1"
        return written_amount(
            amount,
            language=self.layout.language,
            money=money,
            negative=negative,
            currency=self.currency,
        )

    def day(self, day: date) -> str:
        """Write a date."""
        return written_date(day, self.layout.dates, language=self.layout.language)

    def number(self, number: Decimal, places: int | None = None) -> str:
        """Write a quantity, rate or unit price."""
        return written_number(number, language=self.layout.language, places=places)


def invoice_view(invoice: Invoice) -> View:
    """Return what the layout's template needs to print `invoice`."""
    layout = layout_of(invoice)
    positive = invoice.credit and layout.negative == "positive"
    write = Writer(layout, invoice.currency, -1 if positive else 1)
    sums = invoice.sums
    titled_credit = invoice.credit if invoice.titled_credit is None else invoice.titled_credit
    return View(
        title=layout.titles[titled_credit],
        credit=titled_credit,
        number=invoice.number,
        issued=write.day(invoice.issue_date),
        due=write.day(invoice.due_date),
        days=(invoice.due_date - invoice.issue_date).days,
        delivered=write.day(invoice.delivery_date),
        ordered=write.day(invoice.order_date),
        order=invoice.order_number,
        delivery_note=invoice.delivery_note,
        customer=invoice.customer_number,
        credited=invoice.credited_number,
        currency=invoice.currency,
        mark=MARKS[invoice.currency],
        pages=_pages(invoice, layout, write),
        vat=[_vat(row, write) for row in sums.vat],
        subtotal=write.money(sums.subtotal),
        discount=write.less(sums.discount) if sums.discount else None,
        discount_rate=write.number(invoice.discount_rate),
        net=write.money(sums.net),
        tax=write.money(sums.tax),
        gross=write.money(sums.gross),
        prepaid=write.less(invoice.prepaid) if invoice.prepaid else None,
        payable=write.money(sums.gross - invoice.prepaid),
        foreign=_foreign(invoice, layout),
        reverse_charge=sums.tax == 0 and layout.language == "nl",
        s=_supplier(invoice.supplier, layout),
        bank=_bank(invoice, layout),
        buyer=_buyer(),
        reference=Random(invoice.number).randint(10**7, 10**8),
    )


def _pages(invoice: Invoice, layout: Layout, write: Writer) -> list[View]:
    """Cut the lines into pages, each with the sum brought from before and carried on."""
    lines = invoice.lines
    cuts = [0]
    while cuts[-1] < len(lines):
        cuts.append(cuts[-1] + (layout.next_rows if len(cuts) > 1 else layout.first_rows))
    count = len(cuts) - 1
    pages = []
    carried = Decimal(0)
    for index in range(count):
        part = lines[cuts[index] : cuts[index + 1]]
        brought, carried = carried, carried + sum((line.net for line in part), Decimal(0))
        pages.append(
            View(
                rows=[_row(line, cuts[index] + place, write) for place, line in enumerate(part, start=1)],
                number=index + 1,
                count=count,
                first=index == 0,
                last=index == count - 1,
                brought=write.money(brought),
                carried=write.money(carried),
                blanks=max(0, 6 - len(part)),
            )
        )
    return pages


def _row(line: Line, place: int, write: Writer) -> View:
    chance = Random(f"{line.description} {place}")
    places = max(2, -int(line.unit_price.as_tuple().exponent))
    return View(
        place=place,
        code=line.code,
        description=line.description,
        unit=line.unit,
        quantity=write.number(line.quantity * write.sign),
        price=write.number(line.unit_price, places),
        rate=write.number(line.vat_rate),
        rate_places=write.number(line.vat_rate, 2),
        net=write.money(line.net),
        lot=f"{chance.choice('ABKLRT')}{chance.randint(10_000, 99_999)}",
    )


def _vat(row: VatRow, write: Writer) -> View:
    code = "Z" if row.rate == 0 else "S" if row.rate >= 15 else "R"
    return View(
        code=code,
        rate=write.number(row.rate),
        rate_places=write.number(row.rate, 2),
        net=write.money(row.net),
        tax=write.money(row.tax),
        gross=write.money(row.net + row.tax),
    )


def _foreign(invoice: Invoice, layout: Layout) -> View | None:
    if invoice.foreign is None:
        return None
    currency, rate = invoice.foreign
    amount = written_amount(
        rounded(invoice.sums.gross * rate),
        language=layout.language,
        money="£1",
        negative="-1",
        currency=currency,
    )
    return View(currency=currency, rate=written_number(rate, language=layout.language, places=4), gross=amount)


def _supplier(supplier: Supplier, layout: Layout) -> View:
    vat = supplier.vat_id
    printed = {"GB": f"{vat[:2]} {vat[2:5]} {vat[5:9]} {vat[9:]}", "FR": f"{vat[:2]} {vat[2:4]} {vat[4:]}"}
    written = printed.get(supplier.country, vat)
    return View(
        name=supplier.name,
        short=supplier.short,
        tagline=supplier.tagline,
        address=supplier.address,
        phone=supplier.phone,
        domain=supplier.domain,
        email=f"accounts@{supplier.domain}",
        web=f"www.{supplier.domain}",
        vat=written if layout.vat_prefix else written.removeprefix("GB "),
        company=supplier.company_number,
        tax_number=f"{supplier.company_number[:2]}/{supplier.company_number[2:5]}/{supplier.company_number[3:]}",
        accent=Random(supplier.name).choice(_ACCENTS),
        initial=supplier.short[0].upper(),
        alternate=Random(f"words of {supplier.name}").random() < 0.5,
    )


def _bank(invoice: Invoice, layout: Layout) -> View:
    sort = layout.bank in ("sort", "both")
    iban = invoice.bank.iban if layout.bank in ("iban", "both") else ""
    return View(
        sort=invoice.bank.sort_code if sort else "",
        account=invoice.bank.account_number if sort else "",
        iban=spaced(iban),
        bic=f"{invoice.supplier.domain[:4].upper()}{invoice.supplier.country}2X" if iban else "",
    )


def _buyer() -> View:
    vat = BUYER.vat_id
    return View(
        name=BUYER.name,
        department=BUYER.department,
        address=BUYER.address,
        vat=f"{vat[:2]} {vat[2:5]} {vat[5:9]} {vat[9:]}",
    )


def statement_view(statement: Statement) -> View:
    """Return what the statement template needs."""
    layout = LAYOUTS[statement.supplier.layout]
    write = Writer(layout, statement.supplier.currency, 1)
    balance = Decimal(0)
    rows = []
    for entry in statement.entries:
        balance += entry.amount
        rows.append(
            View(
                date=write.day(entry.date),
                kind="Credit" if entry.amount < 0 else "Invoice",
                number=entry.number,
                order=entry.order_number,
                amount=write.money(entry.amount),
                balance=write.money(balance),
            )
        )
    return View(
        s=_supplier(statement.supplier, layout),
        buyer=_buyer(),
        date=write.day(statement.date),
        customer=statement.customer_number,
        rows=rows,
        balance=write.money(balance),
        ages=[(name, write.money(amount)) for name, amount in _ages(statement)],
        bank=View(sort=statement.supplier.bank.sort_code, account=statement.supplier.bank.account_number),
    )


def _ages(statement: Statement) -> list[tuple[str, Decimal]]:
    within: Callable[[int, int], Decimal] = lambda least, most: sum(  # noqa: E731
        (one.amount for one in statement.entries if least <= (statement.date - one.date).days < most),
        Decimal(0),
    )
    return [
        ("Current", within(0, 30)),
        ("30 days", within(30, 60)),
        ("60 days", within(60, 90)),
        ("90 days and over", within(90, 10**6)),
    ]

"""What an invoice, an order and a supplier are here: frozen records, and the arithmetic of an invoice.

Amounts are decimals with two places in the invoice's own currency; on credit notes they are negative,
whatever is printed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

PENNY = Decimal("0.01")


def rounded(amount: Decimal) -> Decimal:
    """Round to two places, half away from zero, as invoices do."""
    return amount.quantize(PENNY, rounding=ROUND_HALF_UP)


@dataclass(frozen=True, kw_only=True)
class Bank:
    """Where a supplier wants to be paid."""

    sort_code: str  # as 12-34-56; empty outside the United Kingdom
    account_number: str  # eight digits; empty outside the United Kingdom
    iban: str  # without spaces


@dataclass(frozen=True, kw_only=True)
class Supplier:
    """An invented supplier, with what the ledger knows and what its invoices look like."""

    number: str  # in our ledger, such as S1004; empty when the ledger does not have it
    name: str  # the legal name
    short: str  # the wordmark
    layout: str
    trade: str
    address: tuple[str, ...]
    phone: str
    domain: str
    tagline: str
    numbers: str  # the pattern of its invoice numbers, with {n}
    limit: int  # running numbers stay below this
    country: str
    currency: str
    vat_id: str
    company_number: str
    bank: Bank
    role: str  # known, held (on hold), unknown (not in the ledger), quiet (in the ledger, sends nothing)


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of an invoice."""

    code: str  # the supplier's article code; empty when it has none
    description: str
    unit: str
    quantity: Decimal  # negative on credit notes
    unit_price: Decimal
    vat_rate: Decimal  # in percent
    net: Decimal


@dataclass(frozen=True, kw_only=True)
class VatRow:
    """The sums at one VAT rate."""

    rate: Decimal
    net: Decimal
    tax: Decimal


@dataclass(frozen=True, kw_only=True)
class Sums:
    """The sums of an invoice."""

    subtotal: Decimal  # of the lines, before discount
    discount: Decimal  # never negative on an invoice; zero when none is given
    net: Decimal
    tax: Decimal
    gross: Decimal
    vat: tuple[VatRow, ...]


@dataclass(frozen=True, kw_only=True)
class Invoice:
    """All that an invoice or credit note says."""

    supplier: Supplier
    credit: bool
    number: str
    issue_date: date
    due_date: date
    delivery_date: date
    order_number: str  # empty when none is printed
    order_date: date
    delivery_note: str
    customer_number: str
    credited_number: str  # on a credit note, the invoice it corrects; else empty
    currency: str
    bank: Bank
    lines: tuple[Line, ...]
    discount_rate: Decimal  # percent off the sum of the lines
    prepaid: Decimal  # already paid as a deposit
    foreign: tuple[str, Decimal] | None  # another currency and its rate, shown beside the total
    printed: Sums | None = None  # sums printed instead of the right ones, for arithmetic faults
    titled_credit: bool | None = None  # what the heading says, when it differs from what the document is

    @property
    def sums(self) -> Sums:
        """The sums as printed."""
        return self.printed or add_up(self.lines, self.discount_rate)


def add_up(lines: Iterable[Line], discount_rate: Decimal) -> Sums:
    """Add lines up: discount off each rate's share, VAT per rate on the sum, both rounded to the penny."""
    lines = tuple(lines)
    rows = []
    for rate in sorted({line.vat_rate for line in lines}, reverse=True):
        share = sum((line.net for line in lines if line.vat_rate == rate), Decimal(0))
        net = share - rounded(share * discount_rate / 100)
        rows.append(VatRow(rate=rate, net=net, tax=rounded(net * rate / 100)))
    subtotal = sum((line.net for line in lines), Decimal(0))
    net = sum((row.net for row in rows), Decimal(0))
    tax = sum((row.tax for row in rows), Decimal(0))
    return Sums(subtotal=subtotal, discount=subtotal - net, net=net, tax=tax, gross=net + tax, vat=tuple(rows))


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """Goods or service received against an order line."""

    date: date
    quantity: Decimal


@dataclass(frozen=True, kw_only=True)
class OrderLine:
    """One line of a purchase order."""

    line: int
    description: str
    quantity: Decimal
    unit_price: Decimal
    vat_rate: Decimal
    received: tuple[Receipt, ...]
    invoiced: Decimal  # of it, by invoices entered before


@dataclass(frozen=True, kw_only=True)
class Order:
    """A purchase order in the ledger."""

    number: str
    supplier: str  # the supplier's number in the ledger
    currency: str
    date: date
    lines: tuple[OrderLine, ...]


@dataclass(frozen=True, kw_only=True)
class Buyer:
    """Our own organisation, the bill-to on every document."""

    name: str
    department: str
    address: tuple[str, ...]
    vat_id: str


BUYER = Buyer(
    name="Northmoor Health Board",
    department="Accounts Payable",
    address=("Fellgate House", "Moor Lane", "Northmoor", "NM4 2QT"),
    vat_id="GB654973243",
)

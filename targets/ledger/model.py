"""What the ledger holds, in our words: suppliers, orders with goods received, vouchers."""

from datetime import date
from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, InstanceOf

from understudy import Document


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SupplierEntry(_Record):
    """A supplier as the search lists it, without bank details."""

    number: str
    name: str
    vat_id: str | None
    currency: str  # ISO 4217
    on_hold: bool


class Supplier(_Record):
    """A supplier of the master file; text is None where the ledger holds nothing."""

    number: str
    name: str
    vat_id: str | None
    sort_code: str | None
    account_number: str | None
    iban: str | None
    email_domain: str | None
    currency: str  # ISO 4217
    on_hold: bool


class OrderLine(_Record):
    """One line of a purchase order."""

    line: int
    description: str
    quantity: Decimal  # ordered
    unit_price: Decimal  # net, in the order's currency
    vat_rate: Decimal  # percent
    received: Decimal  # of all receipts
    invoiced: Decimal  # by vouchers entered so far


class GoodsReceipt(_Record):
    """Goods that came in for one line of an order."""

    number: str
    line: int
    date: date
    quantity: Decimal


class Order(_Record):
    """A purchase order with its lines and what came in."""

    number: str
    supplier: str  # number
    supplier_name: str
    date: date
    currency: str  # ISO 4217
    lines: tuple[OrderLine, ...]
    receipts: tuple[GoodsReceipt, ...]  # in order of their dates


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _to_the_penny(amount: Decimal) -> Decimal:
    rounded = round(amount, 2)
    if rounded != amount:
        raise ValueError(f"{amount} has more than two decimals")
    return rounded


def _without_trailing_noughts(number: Decimal) -> Decimal:
    return Decimal(f"{number.normalize():f}")


# Equal values are written alike, so that equal plans have equal digests.
Money = Annotated[Decimal, Field(allow_inf_nan=False), AfterValidator(_to_the_penny)]
Number = Annotated[Decimal, Field(allow_inf_nan=False), AfterValidator(_without_trailing_noughts)]
Text = Annotated[str, BeforeValidator(_one_line), Field(min_length=1)]  # as a form's field keeps it


class VoucherLine(_Record):
    """One line of a voucher to enter."""

    description: Text
    quantity: Number
    unit_price: Number  # net
    vat_rate: Number  # percent
    net: Money
    order_line: int | None = None  # the order's line that it invoices


class Voucher(_Record):
    """A supplier's invoice as it is entered: the plan of `Ledger.post`; a credit note's amounts are negative."""

    supplier: Text  # number
    number: Text  # of the invoice, as the supplier wrote it
    invoice_date: date
    due_date: date | None = None
    order: Text | None = None  # number of the purchase order
    currency: Text  # ISO 4217
    net: Money
    vat: Money
    gross: Money
    reference: Text  # our business key, found again in the list
    lines: tuple[VoucherLine, ...] = ()
    attachment: InstanceOf[Document] | None = None


class VoucherReceipt(_Record):
    """The ledger's proof of a voucher."""

    number: str  # V-000123


class VoucherEntry(_Record):
    """A voucher as the search lists it."""

    receipt: str  # V-000123
    supplier: str  # number
    number: str  # of the invoice
    invoice_date: date
    reference: str  # empty where staff typed none
    currency: str
    gross: Decimal
    entered_by: str


class SavedVoucher(_Record):
    """A voucher as its own page shows it."""

    receipt: str  # V-000123
    supplier: str  # number
    number: str  # of the invoice
    invoice_date: date
    due_date: date | None
    order: str | None
    currency: str
    net: Decimal
    vat: Decimal
    gross: Decimal
    reference: str
    lines: tuple[VoucherLine, ...]
    attachment: str | None  # the file's name
    attachment_size: int | None  # bytes
    entered_by: str

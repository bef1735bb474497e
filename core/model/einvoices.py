"""What an e-invoice says, whichever of its languages (CII or UBL) it is written in."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

_CREDIT_NOTES = frozenset({"81", "83", "261", "262", "296", "308", "381", "396", "420", "458", "502", "503", "532"})


@dataclass(frozen=True, slots=True, kw_only=True)
class EInvoiceTax:
    """One row of the tax breakdown; absent parts are None."""

    category: str | None  # UNTDID 5305: S standard, Z zero, E exempt, AE reverse charge
    rate: Decimal | None  # per cent
    net: Decimal | None  # what the tax is computed on
    tax: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EInvoiceLine:
    """One line item as written; absent parts are None."""

    number: str | None
    description: str
    quantity: Decimal | None
    unit: str | None  # UN/ECE Recommendation 20: C62 piece, HUR hour
    unit_price: Decimal | None  # net, for one unit
    vat_rate: Decimal | None  # per cent
    net: Decimal | None  # the line's amount without tax


@dataclass(frozen=True, slots=True, kw_only=True)
class EInvoice:
    """An e-invoice's header, totals and lines as written, signs too; absent parts are None."""

    syntax: str  # CII or UBL
    profile: str | None  # the specification it claims to follow
    number: str | None
    type_code: str | None  # UNTDID 1001: 380 invoice, 381 credit note, 384 corrected
    issue_date: date | None
    due_date: date | None
    currency: str | None  # ISO 4217
    supplier: str | None
    vat_id: str | None  # the supplier's, without spaces
    iban: str | None  # without spaces
    account_number: str | None  # of an account without an IBAN
    sort_code: str | None  # UK, six digits
    buyer: str | None
    order_number: str | None  # the buyer's order
    line_total: Decimal | None  # sum of the lines before allowances and charges
    allowances: Decimal | None  # taken off the document as a whole
    charges: Decimal | None  # added to the document as a whole
    net: Decimal | None
    tax: Decimal | None
    gross: Decimal | None
    prepaid: Decimal | None
    rounding: Decimal | None
    payable: Decimal | None
    taxes: tuple[EInvoiceTax, ...] = ()
    lines: tuple[EInvoiceLine, ...] = ()

    @property
    def credit_note(self) -> bool:
        """Whether the type code names a credit note; its amounts then count against what we owe."""
        return self.type_code in _CREDIT_NOTES

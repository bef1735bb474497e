"""What was read from an invoice: plain typed values that a person can correct, and beside them where each came from."""

from datetime import date
from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Box = tuple[float, float, float, float]  # x0, top, x1, bottom in points from the page's top left corner
Kind = Literal["invoice", "credit note", "statement"]
Language = Literal["en", "de", "fr", "nl"]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Rival(_Record):
    """A value that was read for the same field and not chosen."""

    value: str  # as the field would hold it: a date in ISO form, an amount with a point
    page: int | None = None  # from 1; absent when it stands in the embedded XML only
    box: Box | None = None
    source: Literal["page", "xml"] = "page"
    support: tuple[str, ...] = ()


class Source(_Record):
    """Where a value came from, what supports it and what rivals it."""

    source: Literal["page", "xml"]
    page: int | None = None  # from 1; absent when the value stands in the embedded XML only
    box: Box | None = None
    text: str | None = None  # as printed, before it was made a value
    support: tuple[str, ...] = ()  # short sentences for a reviewer
    rivals: tuple[Rival, ...] = ()

    @property
    def differs(self) -> tuple[Rival, ...]:
        """The rivals from the other source: what the page says where the embedded XML was taken."""
        return tuple(rival for rival in self.rivals if rival.source != self.source)


class Line(_Record):
    """One line of goods or services; amounts are before tax unless `Invoice.prices_include_tax`."""

    description: str = ""
    quantity: Decimal | None = None
    unit: str | None = None
    unit_price: Decimal | None = None
    vat_rate: Decimal | None = None  # per cent
    net: Decimal | None = None  # the line's amount; negative on credit notes
    page: int | None = None
    box: Box | None = None


class TaxLine(_Record):
    """One row of the tax table."""

    rate: Decimal | None = None  # per cent
    base: Decimal | None = None
    tax: Decimal | None = None


class Invoice(_Record):
    """An invoice or credit note as read; a value that was not found is None.

    Fields are plain so that a correction is a dotted path and a value (`number`, `lines.0.quantity`); `sources` has an
    entry for each field that was found, by the field's name.
    """

    kind: Kind = "invoice"
    supplier: str | None = None  # as printed
    number: str | None = None
    issue_date: date | None = None
    due_date: date | None = None
    order_number: str | None = None
    net: Decimal | None = None  # amounts are negative on credit notes, however they are printed
    tax: Decimal | None = None
    gross: Decimal | None = None
    payable: Decimal | None = None  # what is left to pay; the gross amount when nothing was prepaid
    prepaid: Decimal | None = None  # absent when no prepayment is printed
    currency: str | None = None  # ISO 4217
    vat_id: str | None = None  # the supplier's, without spaces
    iban: str | None = None  # without spaces
    sort_code: str | None = None  # 00-00-00
    account_number: str | None = None
    buyer: str | None = None  # as printed
    lines: tuple[Line, ...] = ()
    taxes: tuple[TaxLine, ...] = ()
    adjustments: Decimal | None = None  # discounts (negative) and charges on the whole; absent without any
    prices_include_tax: bool = False  # the lines' amounts add up to the gross amount
    emails: tuple[str, ...] = ()  # domains of e-mail and web addresses that are printed, most frequent first
    vat_id_valid: bool | None = None  # by its check digits; a soft sign, absent without a VAT number
    iban_valid: bool | None = None
    numbers_seen: tuple[str, ...] = ()  # every number that a label calls this document's number
    documents: int = 1  # how many invoices the file seems to hold
    pages: int = 0
    language: Language = "en"
    read_from: Literal["page", "xml"] = "page"
    sources: dict[str, Source] = Field(default_factory=dict)

    @property
    def disagreements(self) -> dict[str, tuple[Rival, ...]]:
        """Fields whose embedded XML says something else than the page, with what the page says."""
        return {name: differs for name, source in self.sources.items() if (differs := source.differs)}

"""A document before it is printed: what is in it, what happens to the file, what should come of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from simulators.documents.records import Invoice, Order, Supplier

MEDIA = (
    "text",
    "scan",
    "garbage",
    "encrypted",
    "truncated",
    "empty",
    "not-pdf",
    "blank-pages",
    "copy",
    "bomb",
    "outside-entity",
    "climbing-name",
)


@dataclass(frozen=True, kw_only=True)
class StatementEntry:
    """One row of a statement of account."""

    number: str
    date: date
    order_number: str
    amount: Decimal


@dataclass(frozen=True, kw_only=True)
class Statement:
    """A list of what is owed: looks like an invoice, is none."""

    supplier: Supplier
    date: date
    customer_number: str
    entries: tuple[StatementEntry, ...]


@dataclass(frozen=True, kw_only=True)
class Document:
    """One file of the set."""

    kind: str  # `clean` or the name of the fault
    outcome: str  # post, review, wait, or duplicate (the same bytes again, counted at intake)
    reason: str = ""  # why a person must look, in neutral words; empty for post
    also: tuple[str, ...] = ()  # further reasons that may rightly be given with it
    invoices: tuple[Invoice, ...] = ()  # printed in this order; none for statements and bad files
    orders: tuple[Order, ...] = ()  # what the ledger must hold for it
    features: tuple[str, ...] = ()  # what is special about a clean one
    medium: str = "text"  # one of MEDIA
    xml: Invoice | None = None  # embedded as Factur-X; may disagree with the page
    statement: Statement | None = None
    original: Document | None = None  # for duplicates
    noise: int = 0  # seed of a scan's slant and specks

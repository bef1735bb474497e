"""Says in plain words where the ledger's voucher is not the planned one."""

import re

from understudy import Document

from .model import SavedVoucher, Voucher, VoucherEntry, VoucherLine
from .screen import typed_day, typed_money, typed_number

_LONGEST = 100  # letters of a file name


def differing_entry(plan: Voucher, entry: VoucherEntry) -> list[str]:
    """Name what a listed voucher has otherwise than the plan; empty when nothing."""
    return _differing([
        ("supplier", plan.supplier, entry.supplier),
        ("invoice number", plan.number, entry.number),
        ("invoice date", typed_day(plan.invoice_date), typed_day(entry.invoice_date)),
        ("currency", plan.currency, entry.currency),
        ("gross amount", typed_money(plan.gross), typed_money(entry.gross)),
        ("our reference", plan.reference, entry.reference),
    ])  # fmt: skip


def differing(plan: Voucher, saved: SavedVoucher) -> list[str]:
    """Name what a saved voucher has otherwise than the plan; empty when nothing."""
    attached = plan.attachment
    found = _differing([
        ("supplier", plan.supplier, saved.supplier),
        ("invoice number", plan.number, saved.number),
        ("invoice date", typed_day(plan.invoice_date), typed_day(saved.invoice_date)),
        ("due date", typed_day(plan.due_date), typed_day(saved.due_date)),
        ("order number", plan.order or "", saved.order or ""),
        ("currency", plan.currency, saved.currency),
        ("net amount", typed_money(plan.net), typed_money(saved.net)),
        ("VAT amount", typed_money(plan.vat), typed_money(saved.vat)),
        ("gross amount", typed_money(plan.gross), typed_money(saved.gross)),
        ("our reference", plan.reference, saved.reference),
        ("number of lines", str(len(plan.lines)), str(len(saved.lines))),
        ("attachment", attachment_name(attached) if attached else "", saved.attachment or ""),
        ("attachment size", str(attached.size) if attached else "", str(saved.attachment_size or "")),
    ])  # fmt: skip
    for number, (ours, theirs) in enumerate(zip(plan.lines, saved.lines, strict=False), start=1):
        found += _differing([(f"line {number} {what}", one, other) for what, one, other in _lines(ours, theirs)])
    return found


def attachment_name(document: Document) -> str:
    """Return the name a document is attached under: its own, without folders, controls and what browsers alter."""
    last = re.split(r"[/\\]", document.name)[-1]
    clean = " ".join(re.sub(r'[\x00-\x1f\x7f"<>|:*?]', " ", last).split())
    return clean[-_LONGEST:].lstrip() or "document"


def _lines(ours: VoucherLine, theirs: VoucherLine) -> list[tuple[str, str, str]]:
    return [
        ("order line", str(ours.order_line or ""), str(theirs.order_line or "")),
        ("description", ours.description, theirs.description),
        ("quantity", typed_number(ours.quantity), typed_number(theirs.quantity)),
        ("unit price", typed_number(ours.unit_price), typed_number(theirs.unit_price)),
        ("VAT rate", typed_number(ours.vat_rate), typed_number(theirs.vat_rate)),
        ("net", typed_money(ours.net), typed_money(theirs.net)),
    ]


def _differing(compared: list[tuple[str, str, str]]) -> list[str]:
    return [
        f"{what} is {shown!r} there and {planned!r} here" if shown else f"{what} is empty there and {planned!r} here"
        for what, planned, shown in compared
        if planned != shown
    ]

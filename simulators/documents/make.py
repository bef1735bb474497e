"""Writes a set: the inbox, the truth and the ledger's data."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random

from simulators.documents import files
from simulators.documents.cast import suppliers
from simulators.documents.desk import Desk, order_behind
from simulators.documents.document import Document
from simulators.documents.facturx import with_outside_entity, with_xml, xml_of
from simulators.documents.printer import Printer
from simulators.documents.records import BUYER, Order
from simulators.documents.truth import order_record, supplier_record, truth_of
from simulators.documents.view import invoice_view, statement_view

_PAGES = 2000  # of the file with too many


def make(documents: Sequence[Document], out: Path, *, desk: Desk, seed: int, printer: Printer) -> None:
    """Write inbox, truth.json and ledger.json into `out`; an inbox that is there already must be empty."""
    inbox = out / "inbox"
    inbox.mkdir(parents=True, exist_ok=True)
    if any(inbox.iterdir()):
        raise FileExistsError(f"{inbox} is not empty; name another folder or empty it")
    named = _named(documents, seed)
    written: dict[int, bytes] = {}
    truths: list[dict[str, object]] = []
    for name, document in named.items():
        content = _content(document, printer, written)
        written[id(document)] = content
        _write(inbox / name, content, desk.as_of, len(truths))
        truths.append(_truth(document, name, named, content))
    buyer = {"name": BUYER.name, "vat_id": BUYER.vat_id, "address": list(BUYER.address)}
    whole = {"seed": seed, "as_of": desk.as_of.isoformat(), "buyer": buyer, "documents": truths}
    _json(out / "truth.json", whole)
    _json(out / "ledger.json", _ledger(documents, desk))


def _named(documents: Sequence[Document], seed: int) -> dict[str, Document]:
    """Name and shuffle the documents: names tell nothing, and an original comes before its duplicate."""
    source = Random(f"{seed} names")
    order = list(documents)
    source.shuffle(order)
    for duplicate in [one for one in order if one.original]:
        first, second = sorted((_place(order, duplicate), _place(order, duplicate.original)))
        order[first], order[second] = duplicate.original, duplicate  # type: ignore[assignment]
    return {f"{number:03d}-{_slug(one, source)}.pdf": one for number, one in enumerate(order, start=1)}


def _place(order: Sequence[Document], document: Document | None) -> int:
    return next(place for place, one in enumerate(order) if one is document)


def _slug(document: Document, source: Random) -> str:
    if document.medium == "scan":
        return f"scan{source.randint(1000, 9999)}"
    if document.medium == "copy":
        return f"copy {source.randint(2, 9)} of attachment"
    if document.invoices and source.random() < 0.7:
        return re.sub(r"[^A-Za-z0-9]+", "-", document.invoices[0].number).strip("-")
    return source.choice(("invoice", "document", "attachment", "mail", "Northmoor", "accounts"))


def _content(document: Document, printer: Printer, written: dict[int, bytes]) -> bytes:
    """Return the bytes of one document."""
    if document.medium == "copy":
        return written[id(document.original)]
    unprinted = {"empty": bytes, "not-pdf": files.not_a_pdf, "blank-pages": lambda: files.blank_pages(_PAGES)}
    if document.medium in unprinted:
        return unprinted[document.medium]()
    content = _printed(document, printer)
    return _TREATMENTS[document.medium](content, document) if document.medium in _TREATMENTS else content


_TREATMENTS: dict[str, Callable[[bytes, Document], bytes]] = {
    "scan": lambda content, document: files.scanned(content, noise=document.noise),
    "garbage": lambda content, _: files.garbled(content),
    "encrypted": lambda content, _: files.locked(content),
    "truncated": lambda content, _: files.cut_short(content),
    "bomb": lambda content, _: files.bomb(content),
    "climbing-name": lambda content, document: files.attached(
        content, name="../../../../tmp/factur-x.xml", content=xml_of(document.invoices[0])
    ),
    "outside-entity": lambda content, document: files.attached(
        content, name="factur-x.xml", content=with_outside_entity(xml_of(document.invoices[0]))
    ),
}


def _printed(document: Document, printer: Printer) -> bytes:
    if document.statement:
        return printer.pdf("statement", statement_view(document.statement))
    parts = [printer.pdf(one.supplier.layout, invoice_view(one)) for one in document.invoices]
    content = parts[0] if len(parts) == 1 else files.joined(parts)
    return with_xml(content, document.xml) if document.xml else content


def _write(path: Path, content: bytes, day: date, place: int) -> None:
    """Write a file as if it had arrived that morning, one a minute."""
    path.write_bytes(content)
    arrived = datetime(day.year, day.month, day.day, 5, tzinfo=UTC).timestamp() + 60 * place
    os.utime(path, (arrived, arrived))


def _truth(document: Document, name: str, named: dict[str, Document], content: bytes) -> dict[str, object]:
    original = next((file for file, one in named.items() if one is document.original), None)
    readable = document.medium not in ("encrypted", "truncated", "empty", "not-pdf")
    return truth_of(document, name, original=original, pages=files.page_count(content) if readable else None)


def _ledger(documents: Sequence[Document], desk: Desk) -> dict[str, object]:
    """Return suppliers and orders; a few orders that nothing was invoiced for stand among them."""
    known = [one for one in suppliers() if one.number]
    orders = {order.number: order for document in documents for order in document.orders}
    for supplier in known[::4]:
        case = desk.case(supplier)
        spare: Order = order_behind(case.invoice, number=desk.order_number(), received=case.invoice.delivery_date)
        orders[spare.number] = spare
    return {
        "suppliers": [supplier_record(one) for one in known],
        "orders": [order_record(orders[number]) for number in sorted(orders)],
    }


def _json(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")

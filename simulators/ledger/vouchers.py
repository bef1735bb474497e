"""Entering a voucher: what the form says, what the ledger refuses, what it saves."""

import sqlite3
import time
from dataclasses import dataclass, field
from datetime import date

from starlette.datastructures import FormData, UploadFile

from simulators.faults import FaultBook
from simulators.ledger import formats

CURRENCIES = ("GBP", "EUR", "USD", "CHF")
LINE_FIELDS = ("order_line", "description", "quantity", "unit_price", "vat_rate", "net")
SHORT = 10  # letters left of what is truncated


@dataclass
class Entry:
    """A form as it was sent: texts as typed, and what is wrong with them."""

    token: str = ""
    fields: dict[str, str] = field(default_factory=dict)
    lines: list[dict[str, str]] = field(default_factory=list)
    attachment: UploadFile | None = None
    problems: list[str] = field(default_factory=list)


REQUIRED = {
    "supplier_number": "Supplier number",
    "invoice_number": "Invoice number",
    "invoice_date": "Invoice date",
    "currency": "Currency",
    "net_amount": "Net amount",
    "vat_amount": "VAT amount",
    "gross_amount": "Gross amount",
}
OPTIONAL = {"due_date": "Due date", "order_number": "Order number", "our_reference": "Our reference"}


def read(form: FormData) -> Entry:
    """Take the form apart; lines that are wholly empty do not count."""
    texts = {name: str(form.get(name, "")).strip() for name in (*REQUIRED, *OPTIONAL)}
    columns = [[str(value).strip() for value in form.getlist(f"line_{name}")] for name in LINE_FIELDS]
    lines = [dict(zip(LINE_FIELDS, values, strict=True)) for values in zip(*columns, strict=False)]
    upload = form.get("attachment")
    return Entry(
        token=str(form.get("form_token", "")),
        fields=texts,
        lines=[line for line in lines if any(line.values())],
        attachment=upload if isinstance(upload, UploadFile) and upload.filename else None,
    )


def check(connection: sqlite3.Connection, entry: Entry) -> None:
    """Note what the ledger refuses: what is missing, what it cannot read, what it does not know."""
    texts, problems = entry.fields, entry.problems
    problems.extend(f"{label} is required" for name, label in REQUIRED.items() if not texts[name])
    for name, label in {**REQUIRED, **OPTIONAL}.items():
        if name.endswith("_date") and texts[name] and formats.read_day(texts[name]) is None:
            problems.append(f"{label} must be a date, dd/mm/yyyy")
        if name.endswith("_amount") and texts[name] and formats.read_number(texts[name]) is None:
            problems.append(f"{label} must be a number")
    if texts["currency"] and texts["currency"] not in CURRENCIES:
        problems.append("Currency is not known")
    known = {
        "supplier_number": "select 1 from supplier where number = ?",
        "order_number": "select 1 from purchase_order where number = ?",
    }
    for name, query in known.items():
        if texts[name] and connection.execute(query, (texts[name],)).fetchone() is None:
            problems.append(f"{ {**REQUIRED, **OPTIONAL}[name] } was not found")
    for number, line in enumerate(entry.lines, start=1):
        numbers = ("quantity", "unit_price", "vat_rate", "net")
        if not line["description"] or any(formats.read_number(line[name]) is None for name in numbers):
            problems.append(f"Line {number} is not complete")


def save(
    connection: sqlite3.Connection,
    entry: Entry,
    *,
    user: str,
    faults: FaultBook,
    content: bytes,
    late: float,
) -> int:
    """Save a checked form; returns the voucher's key. `late` puts off its existence, in seconds."""
    now = time.time()
    texts = _altered(entry.fields, faults)
    lag = faults.take("search-lag")
    connection.execute("begin immediate")
    cursor = connection.execute(
        "insert into voucher (supplier, invoice_number, invoice_date, due_date, order_number, currency, net, "
        "vat, gross, reference, entered_by, entered, exists_from, listed_from) "
        "values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            texts["supplier_number"], texts["invoice_number"], formats.read_day(texts["invoice_date"]),
            formats.read_day(texts["due_date"]), texts["order_number"] or None, texts["currency"],
            *(f"{formats.read_number(texts[f'{name}_amount']):.2f}" for name in ("net", "vat", "gross")),
            texts["our_reference"], user, now, now + late, now + late + (lag.seconds if lag else 0),
        ),
    )  # fmt: skip
    key = cursor.lastrowid or 0
    for number, line in enumerate(entry.lines, start=1):
        connection.execute(
            "insert into voucher_line (voucher, line, order_line, description, quantity, unit_price, "
            "vat_rate, net) values (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                key, number, int(line["order_line"]) if line["order_line"].isdigit() else None,
                line["description"],
                *(f"{formats.read_number(line[name]):f}" for name in ("quantity", "unit_price", "vat_rate")),
                f"{formats.read_number(line['net']):.2f}",
            ),
        )  # fmt: skip
    if entry.attachment is not None:
        connection.execute(
            "insert into attachment (voucher, name, media_type, data) values (?, ?, ?, ?)",
            (key, entry.attachment.filename, entry.attachment.content_type or "", content),
        )
    connection.execute("update form set voucher = ? where token = ?", (key, entry.token))
    connection.execute("commit")
    return key


def _altered(texts: dict[str, str], faults: FaultBook) -> dict[str, str]:
    """Alter what is saved, where a fault says so."""
    texts = dict(texts)
    if faults.take("truncate", "number"):
        texts["invoice_number"] = texts["invoice_number"][:SHORT]
    if faults.take("truncate", "reference"):
        texts["our_reference"] = texts["our_reference"][:SHORT]
    if faults.take("reformat", "date"):
        texts["invoice_date"] = _swapped(texts["invoice_date"])
    if faults.take("reformat", "amount"):
        for name in ("net_amount", "vat_amount", "gross_amount"):
            number = formats.read_number(texts[name])
            texts[name] = str(int(number)) if number is not None else texts[name]
    return texts


def _swapped(text: str) -> str:
    """Take the day for the month, or, where that makes no date, move one day on."""
    day, month, year = text.split("/")
    swapped = f"{month}/{day}/{year}"
    if day != month and formats.read_day(swapped) is not None:
        return swapped
    right = date.fromisoformat(formats.read_day(text) or "")
    return date.fromordinal(right.toordinal() + 1).strftime("%d/%m/%Y")

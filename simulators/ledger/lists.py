"""What the ledger's searches find."""

import sqlite3
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from simulators.ledger import formats
from simulators.ledger.books import total, voucher_number

PAGE_SIZE = 25


def suppliers(connection: sqlite3.Connection, query: str) -> list[sqlite3.Row]:
    """Find suppliers by a part of the name, the number, or the VAT number however it is spaced."""
    text = query.strip()
    return connection.execute(
        "select * from supplier where instr(lower(name), lower(:text)) or number = :text "
        "or (:vat != '' and replace(upper(vat_id), ' ', '') = :vat) order by name, number limit 100",
        {"text": text, "vat": text.replace(" ", "").upper()},
    ).fetchall()


def orders(connection: sqlite3.Connection, query: str) -> list[sqlite3.Row]:
    """Find orders by a part of their number, or by supplier number or name."""
    return connection.execute(
        "select o.*, s.name from purchase_order o join supplier s on s.number = o.supplier "
        "where instr(lower(o.number), lower(:text)) or o.supplier = :text "
        "or instr(lower(s.name), lower(:text)) order by o.number limit 100",
        {"text": query.strip()},
    ).fetchall()


def order(connection: sqlite3.Connection, number: str) -> dict[str, Any] | None:
    """Return an order with lines and receipts."""
    row = connection.execute(
        "select o.*, s.name from purchase_order o join supplier s on s.number = o.supplier where o.number = ?",
        (number,),
    ).fetchone()
    if row is None:
        return None
    received = connection.execute(
        "select * from receipt where purchase_order = ? order by date, id", (number,)
    ).fetchall()
    lines = []
    for line in connection.execute(
        "select * from order_line where purchase_order = ? order by line", (number,)
    ).fetchall():
        invoiced = connection.execute(
            "select quantity from voucher_line l join voucher v on v.id = l.voucher "
            "where v.order_number = ? and l.order_line = ? and v.exists_from <= ?",
            (number, line["line"], time.time()),
        ).fetchall()
        lines.append({
            **dict(line),
            "received": total([r["quantity"] for r in received if r["line"] == line["line"]]),
            "invoiced": total([line["invoiced"], *(r["quantity"] for r in invoiced)]),
        })  # fmt: skip
    return {**dict(row), "lines": lines, "receipts": received}


def vouchers(connection: sqlite3.Connection, query: Mapping[str, str], *, page: int) -> tuple[list[Any], int]:
    """Return one page of the vouchers that are listed by now, newest first, and how many there are in all."""
    where, values = ["v.listed_from <= :now"], {"now": time.time()}
    for field, condition in _CONDITIONS.items():
        text = query.get(field, "").strip()
        value: Any = text
        if text and field in ("entered_from", "entered_to"):
            value = _instant(text, end=field == "entered_to")
        if text and value is not None:
            where.append(condition)
            values[field] = value
    source = f"from voucher v join supplier s on s.number = v.supplier where {' and '.join(where)}"
    count = connection.execute(f"select count(*) {source}", values).fetchone()[0]
    rows = connection.execute(
        f"select v.*, s.name {source} order by v.id desc limit :size offset :skip",
        {**values, "size": PAGE_SIZE, "skip": (page - 1) * PAGE_SIZE},
    ).fetchall()
    return [{**dict(row), "number": voucher_number(row["id"])} for row in rows], count


_CONDITIONS = {
    "supplier": "v.supplier = :supplier",
    "invoice_number": "instr(lower(v.invoice_number), lower(:invoice_number))",
    "reference": "instr(lower(v.reference), lower(:reference))",
    "entered_by": "lower(v.entered_by) = lower(:entered_by)",
    "entered_from": "v.entered >= :entered_from",
    "entered_to": "v.entered < :entered_to",
}


def _instant(text: str, *, end: bool) -> float | None:
    iso = formats.read_day(text)
    if iso is None:
        return None
    return datetime.fromisoformat(iso).timestamp() + (86400 if end else 0)

"""The ledger's own database file: what it holds, how it is filled, what it says when judged."""

import hashlib
import sqlite3
import time
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from simulators.faults import FaultBook
from simulators.ledger.faults import LEDGER_FAULTS
from simulators.ledger.sample import sample
from simulators.logins import TABLES as LOGIN_TABLES
from simulators.logins import attempts, pushed_out

TABLES = """
create table if not exists supplier (
    number text primary key, name text not null, vat_id text, sort_code text, account_number text, iban text,
    email_domain text, currency text not null, on_hold integer not null
);
create table if not exists purchase_order (
    number text primary key, supplier text not null references supplier, currency text not null,
    date text not null
);
create table if not exists order_line (
    purchase_order text not null references purchase_order, line integer not null, description text not null,
    quantity text not null, unit_price text not null, vat_rate text not null, invoiced text not null,
    primary key (purchase_order, line)
);
create table if not exists receipt (
    id integer primary key, purchase_order text not null, line integer not null, date text not null,
    quantity text not null
);
create table if not exists voucher (
    id integer primary key autoincrement, supplier text not null references supplier,
    invoice_number text not null, invoice_date text not null, due_date text, order_number text,
    currency text not null, net text not null, vat text not null, gross text not null,
    reference text not null, entered_by text not null,
    entered real not null,      -- seconds since 1970
    exists_from real not null,  -- later than `entered` where the save was late
    listed_from real not null   -- later still where the list lags
);
create table if not exists voucher_line (
    voucher integer not null references voucher, line integer not null, order_line integer,
    description text not null, quantity text not null, unit_price text not null, vat_rate text not null,
    net text not null, primary key (voucher, line)
);
create table if not exists attachment (
    voucher integer primary key references voucher, name text not null, media_type text not null,
    data blob not null
);
create table if not exists form (token text primary key, user text not null, voucher integer);
create index if not exists voucher_supplier on voucher (supplier);
"""
EMPTIED = (
    "attachment", "voucher_line", "voucher", "form", "receipt", "order_line", "purchase_order", "supplier",
    "session", "session_pushed_out", "login_attempt", "fault", "sqlite_sequence",
)  # fmt: skip


def connect(db: Path) -> sqlite3.Connection:
    """Open the file, making it when it is not there."""
    connection = sqlite3.connect(db, isolation_level=None, timeout=10)
    connection.row_factory = sqlite3.Row
    connection.execute("pragma journal_mode = wal")
    connection.execute("pragma synchronous = normal")
    connection.executescript(TABLES + LOGIN_TABLES)
    return connection


def fault_book(db: Path) -> FaultBook:
    """Open the faults kept in the file."""
    return FaultBook(connect(db), LEDGER_FAULTS)


def is_filled(db: Path) -> bool:
    """Say whether the file holds suppliers."""
    if not db.exists():
        return False
    with closing(connect(db)) as connection:
        return connection.execute("select 1 from supplier limit 1").fetchone() is not None


def reset(db: Path, *, seed: int, data: Mapping[str, Any] | None) -> None:
    """Empty the file (a server may go on using it) and fill it, from `data` or by the seed."""
    content = sample(seed) if data is None else data
    with closing(connect(db)) as connection:
        FaultBook(connection, LEDGER_FAULTS)
        connection.execute("begin immediate")
        for table in EMPTIED:
            connection.execute(f"delete from {table}")
        for supplier in content["suppliers"]:
            _add_supplier(connection, supplier)
        for order in content["orders"]:
            _add_order(connection, order)
        connection.execute("commit")


def _add_supplier(connection: sqlite3.Connection, supplier: Mapping[str, Any]) -> None:
    columns = ("number", "name", "vat_id", "sort_code", "account_number", "iban", "email_domain", "currency")
    values = [supplier.get(column) for column in columns]
    connection.execute(
        f"insert into supplier ({', '.join(columns)}, on_hold) values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (*values, bool(supplier.get("on_hold", False))),
    )


def _add_order(connection: sqlite3.Connection, order: Mapping[str, Any]) -> None:
    number = order["number"]
    connection.execute(
        "insert into purchase_order (number, supplier, currency, date) values (?, ?, ?, ?)",
        (number, order["supplier"], order["currency"], order["date"]),
    )
    for line in order["lines"]:
        connection.execute(
            "insert into order_line (purchase_order, line, description, quantity, unit_price, vat_rate, "
            "invoiced) values (?, ?, ?, ?, ?, ?, ?)",
            (
                number, line["line"], line["description"], str(line["quantity"]), str(line["unit_price"]),
                str(line["vat_rate"]), str(line.get("invoiced", 0)),
            ),
        )  # fmt: skip
        for receipt in line.get("received", ()):
            connection.execute(
                "insert into receipt (purchase_order, line, date, quantity) values (?, ?, ?, ?)",
                (number, line["line"], receipt["date"], str(receipt["quantity"])),
            )


def voucher_number(key: int) -> str:
    """Return the number people see: V-000123."""
    return f"V-{key:06d}"


def snapshot(db: Path, *, times: bool) -> dict[str, Any]:
    """Return the vouchers that exist by now, in the order they were entered, and the logins tried.

    With `times` also when each was entered, and how many sessions were ended because too many were open.
    """
    with closing(connect(db)) as connection:
        rows = connection.execute("select * from voucher where exists_from <= ? order by id", (time.time(),))
        vouchers = [_voucher(connection, row, times=times) for row in rows.fetchall()]
        found: dict[str, Any] = {"vouchers": vouchers, "login_attempts": attempts(connection)}
        return {**found, "sessions_pushed_out": pushed_out(connection)} if times else found


def _voucher(connection: sqlite3.Connection, row: sqlite3.Row, *, times: bool) -> dict[str, Any]:
    hidden = ("id", "entered", "exists_from", "listed_from")
    lines = connection.execute(
        "select line, order_line, description, quantity, unit_price, vat_rate, net from voucher_line "
        "where voucher = ? order by line",
        (row["id"],),
    )
    found = {
        "number": voucher_number(row["id"]),
        **{column: row[column] for column in row.keys() if column not in hidden},  # noqa: SIM118 - a Row is no dict
        "lines": [dict(line) for line in lines],
        "attachment": _attachment(connection, row["id"]),
    }
    if times:
        found["entered_at"] = datetime.fromtimestamp(row["entered"], UTC).isoformat()
    return found


def _attachment(connection: sqlite3.Connection, voucher: int) -> dict[str, Any] | None:
    row = connection.execute("select name, data from attachment where voucher = ?", (voucher,)).fetchone()
    if row is None:
        return None
    return {"name": row["name"], "size": len(row["data"]), "sha256": hashlib.sha256(row["data"]).hexdigest()}


def total(values: list[str]) -> str:
    """Add quantities kept as text."""
    return str(sum((Decimal(value) for value in values), Decimal()))

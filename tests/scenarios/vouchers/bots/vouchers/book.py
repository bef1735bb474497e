"""The book that vouchers are entered in: a file that anybody may look into, and that takes anything twice."""

import sqlite3
from contextlib import closing
from decimal import Decimal
from pathlib import Path

from pydantic import BaseModel

from understudy import Absent, Answer, Found

from .traps import come_to

PATH = Path(__file__).resolve().parents[2] / "book.db"


class Voucher(BaseModel, frozen=True):
    """What is entered."""

    number: str
    supplier: str
    net: Decimal


class Receipt(BaseModel, frozen=True):
    """The entry's number."""

    entry: int


def enter(voucher: Voucher) -> Receipt:
    """Enter a voucher, whether it is there or not."""
    come_to("enter")
    with closing(_opened()) as book, book:
        line = (voucher.number, voucher.supplier, str(voucher.net))
        made = book.execute("INSERT INTO entry (number, supplier, net) VALUES (?, ?, ?)", line)
    come_to("entered")
    return Receipt(entry=made.lastrowid or 0)


def find(voucher: Voucher) -> Answer[Receipt]:
    """Look a voucher up by its number."""
    come_to("find")
    hits = [entry for entry, number, _ in entered() if number == voucher.number]
    return Found(Receipt(entry=hits[0])) if hits else Absent()


def entered() -> list[tuple[int, str, str]]:
    """Return every entry: its own number, the voucher's, and the amount."""
    with closing(_opened()) as book:
        return book.execute("SELECT id, number, net FROM entry ORDER BY id").fetchall()


def _opened() -> sqlite3.Connection:
    book = sqlite3.connect(PATH, timeout=30)
    book.execute("CREATE TABLE IF NOT EXISTS entry (id INTEGER PRIMARY KEY, number TEXT, supplier TEXT, net TEXT)")
    return book

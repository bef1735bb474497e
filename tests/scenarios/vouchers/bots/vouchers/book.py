"""The book that vouchers are entered in: a file that anybody may look into, and that takes anything twice."""

import sqlite3
import time
from contextlib import closing
from decimal import Decimal
from pathlib import Path

from pydantic import BaseModel

from understudy import Absent, Answer, Found

from .traps import come_to

PATH = Path(__file__).resolve().parents[2] / "book.db"
LAG = PATH.with_name("lag")  # seconds until a new entry is found; no such file: none


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
        line = (voucher.number, voucher.supplier, str(voucher.net), time.time())
        made = book.execute("INSERT INTO entry (number, supplier, net, at) VALUES (?, ?, ?, ?)", line)
    come_to("entered")
    return Receipt(entry=made.lastrowid or 0)


def find(voucher: Voucher) -> Answer[Receipt]:
    """Look a voucher up by its number."""
    come_to("find")
    known_before = time.time() - (float(LAG.read_text(encoding="utf-8")) if LAG.exists() else 0)
    with closing(_opened()) as book:
        asked = (voucher.number, known_before)
        hit = book.execute("SELECT id FROM entry WHERE number = ? AND at <= ? ORDER BY id", asked).fetchone()
    return Found(Receipt(entry=hit[0])) if hit else Absent()


def entered() -> list[tuple[int, str, str]]:
    """Return every entry: its own number, the voucher's, and the amount."""
    with closing(_opened()) as book:
        return book.execute("SELECT id, number, net FROM entry ORDER BY id").fetchall()


def _opened() -> sqlite3.Connection:
    book = sqlite3.connect(PATH, timeout=30)
    columns = "id INTEGER PRIMARY KEY, number TEXT, supplier TEXT, net TEXT, at REAL"
    book.execute(f"CREATE TABLE IF NOT EXISTS entry ({columns})")
    return book

"""The book, over HTTP."""

import json
import urllib.request
from typing import Any

from pydantic import BaseModel

from understudy import Absent, Answer, Found, Target


class Voucher(BaseModel, frozen=True):
    """What is entered."""

    number: str
    supplier: str
    net: str


class Receipt(BaseModel, frozen=True):
    """The entry's number."""

    entry: str


class Book(Target):
    """Enters vouchers and finds them."""

    name = "book"

    def suppliers(self) -> list[str]:
        """Return the suppliers it knows."""
        return list(self._ask("/suppliers"))

    def enter(self, voucher: Voucher) -> Receipt:
        """Enter a voucher, whether it is there or not."""
        return Receipt(entry=self._ask("/entries", voucher.model_dump_json().encode()))

    def find(self, voucher: Voucher) -> Answer[Receipt]:
        """Look a voucher up by its number."""
        hits = [one["entry"] for one in self._ask("/entries") if one["number"] == voucher.number]
        return Found(Receipt(entry=hits[0])) if hits else Absent()

    def _ask(self, path: str, body: bytes | None = None) -> Any:
        with urllib.request.urlopen(f"{self.settings.url}{path}", data=body, timeout=60) as answer:
            return json.load(answer)

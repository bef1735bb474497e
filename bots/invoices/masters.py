"""Where suppliers and orders come from: the ledger's screens, or dated exports of them.

An export is a CSV file named with its day: `suppliers-2026-11-20.csv` with the columns number, name, vat_id,
sort_code, account_number, iban, email_domain, currency, on_hold; `orders-2026-11-20.csv` with one row per order line:
number, supplier, supplier_name, date, currency, line, description, quantity, unit_price, vat_rate, received, invoiced.
"""

import csv
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path
from typing import Protocol, TypeVar

from pydantic import BaseModel, ValidationError

from targets.ledger import Ledger, Order, OrderLine, Supplier
from understudy import Dated, FileUnreadable, Missing

from .model import Invoice
from .settings import Settings

R = TypeVar("R", bound=BaseModel)

_MOST = 6  # candidates looked at closely
_LEGAL = {"ltd", "limited", "plc", "llp", "gmbh", "ag", "kg", "sarl", "sas", "sa", "bv", "nv", "co", "the", "and"}


class Masters(Protocol):
    """Suppliers and orders, wherever they are kept."""

    def candidates(self, queries: tuple[str, ...]) -> tuple[Supplier, ...] | Missing | Dated[tuple[Supplier, ...]]:
        """Return the suppliers that could have sent the invoice; `queries` as the function of that name gives them."""

    def supplier(self, number: str | None) -> Supplier | Missing | Dated[Supplier | None] | None:
        """Return the supplier with this number, or None."""

    def order(self, number: str | None) -> Order | Missing | Dated[Order | None] | None:
        """Return the order with this number, or None."""


def masters_of(settings: Settings, ledger: Ledger) -> Masters:
    """Return the source that the settings name: the ledger's screens, or a folder of exports."""
    if settings.exports is None:
        return LedgerScreens(ledger)
    return Exports(settings.exports, limit=settings.export_limit)


class LedgerScreens:
    """Asks the ledger: by VAT number first, by words of the name when that finds nothing."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._opened: dict[str, Supplier | None] = {}  # pages seen in this attempt

    def candidates(self, queries: tuple[str, ...]) -> tuple[Supplier, ...]:
        """Return the suppliers found by the first query that finds any."""
        numbers: list[str] = []
        for query in queries:
            numbers += [entry.number for entry in self._ledger.suppliers(query) if entry.number not in numbers]
            if numbers:
                break
        found = (self.supplier(number) for number in numbers[:_MOST])
        return tuple(supplier for supplier in found if supplier is not None)

    def supplier(self, number: str | None) -> Supplier | None:
        """Return the supplier with this number, or None."""
        if number is None:
            return None
        if number not in self._opened:
            self._opened[number] = self._ledger.supplier(number)
        return self._opened[number]

    def order(self, number: str | None) -> Order | None:
        """Return the order with this number, or None."""
        return None if number is None else self._ledger.find_order(number)


class Exports:
    """Reads the newest export in a folder."""

    def __init__(self, folder: Path, *, limit: timedelta) -> None:
        self._folder = folder
        self._limit = limit

    def candidates(self, queries: tuple[str, ...]) -> Dated[tuple[Supplier, ...]] | Missing:
        """Return every supplier of the newest export; matching decides."""
        newest = self._newest("suppliers")
        if newest is None:
            return self._none("suppliers")
        day, path = newest
        found = tuple(_record(Supplier, row, path, number) for number, row in _rows(path))
        return Dated(value=found, as_of=day, source=path.name, limit=self._limit)

    def supplier(self, number: str | None) -> Dated[Supplier | None] | Missing:
        """Return the supplier with this number from the newest export, or None."""
        newest = self._newest("suppliers")
        if newest is None:
            return self._none("suppliers")
        day, path = newest
        rows = ((place, row) for place, row in _rows(path) if row.get("number") == number)
        found = next((_record(Supplier, row, path, place) for place, row in rows), None)
        return Dated(value=found, as_of=day, source=path.name, limit=self._limit)

    def order(self, number: str | None) -> Dated[Order | None] | Missing:
        """Return the order with this number from the newest export, or None."""
        newest = self._newest("orders")
        if newest is None:
            return self._none("orders")
        day, path = newest
        found = next((order for order in _orders(path) if order.number == number), None)
        return Dated(value=found, as_of=day, source=path.name, limit=self._limit)

    def _newest(self, kind: str) -> tuple[date, Path] | None:
        dated = []
        for path in self._folder.glob(f"{kind}-*.csv"):
            with suppress(ValueError):  # no day: some other file
                dated.append((date.fromisoformat(path.stem.removeprefix(f"{kind}-")), path))
        return max(dated, default=None)

    def _none(self, kind: str) -> Missing:
        return Missing(reason=f"There is no export {kind}-YYYY-MM-DD.csv in {self._folder}. Ask for one.")


def queries(invoice: Invoice) -> Iterator[str]:
    """Yield what to search a supplier by, surest first: VAT number, whole name, longest words of the name."""
    if invoice.vat_id:
        yield invoice.vat_id
    if invoice.supplier:
        yield invoice.supplier
        words = [word for word in re.findall(r"[^\W\d_]{3,}", invoice.supplier) if word.casefold() not in _LEGAL]
        yield from sorted(words, key=len, reverse=True)[:2]


def _rows(path: Path) -> Iterator[tuple[int, Mapping[str, str | None]]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            for number, row in enumerate(csv.DictReader(file), start=2):
                yield number, {key: value or None for key, value in row.items() if key is not None}
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise FileUnreadable(
            "EXPORT_UNREADABLE", f"The export {path.name} cannot be read: {error}. Ask for a new one.", permanent=False
        ) from error


def _orders(path: Path) -> Iterator[Order]:
    header = ("number", "supplier", "supplier_name", "date", "currency")
    orders: dict[str | None, list[tuple[int, Mapping[str, str | None]]]] = {}
    for place, row in _rows(path):
        orders.setdefault(row.get("number"), []).append((place, row))
    for of_one in orders.values():
        first_place, first = of_one[0]
        lines = tuple(
            _record(OrderLine, {k: v for k, v in row.items() if k not in header}, path, place) for place, row in of_one
        )
        head = {name: first.get(name) for name in header}
        yield _record(Order, {**head, "lines": lines, "receipts": ()}, path, first_place)


def _record(kind: type[R], row: Mapping[str, object], path: Path, number: int) -> R:
    try:
        return kind.model_validate(dict(row))
    except ValidationError as error:
        wrong = ", ".join(".".join(map(str, e["loc"])) for e in error.errors(include_input=False))
        raise FileUnreadable(
            "EXPORT_UNREADABLE",
            f"Row {number} of {path.name} has no usable {wrong}. Correct the export, or ask for a new one.",
            permanent=False,
        ) from error

"""Reads the ledger's screens strictly: what is not as expected is a changed portal, never a guess."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal

from understudy import PortalChanged

_MONEY = re.compile(r"-?(\d{1,3}(,\d{3})+|\d+)\.\d{2}")
_NUMBER = re.compile(r"-?(\d{1,3}(,\d{3})+|\d+)(\.\d+)?")


class Shown:
    """Values by their labels, as one screen shows them; each is taken out as what it must be."""

    def __init__(self, values: Mapping[str, str], *, screen: str) -> None:
        self._values = values
        self._screen = screen

    def text(self, label: str) -> str:
        """Return a text that must be there."""
        value = self.maybe(label)
        if value is None:
            raise self._unexpected(label, "", "a text")
        return value

    def maybe(self, label: str) -> str | None:
        """Return a text whose label must be there; None when it is empty."""
        if label not in self._values:
            shown = ", ".join(self._values) or "nothing"
            raise PortalChanged(f"{self._screen}: {label!r} is not shown any more; the screen shows: {shown}")
        return self._values[label] or None

    def money(self, label: str) -> Decimal:
        """Return an amount: 1,234.50."""
        return self._decimal(label, _MONEY, "an amount such as 1,234.50")

    def number(self, label: str) -> Decimal:
        """Return a quantity or price: 2.5."""
        return self._decimal(label, _NUMBER, "a number such as 1,250 or 2.5")

    def percent(self, label: str) -> Decimal:
        """Return a rate: 20%."""
        value = self.text(label)
        if not value.endswith("%") or not _NUMBER.fullmatch(value[:-1]):
            raise self._unexpected(label, value, "a rate such as 20%")
        return Decimal(value[:-1])

    def whole(self, label: str) -> int:
        """Return a count or a line number."""
        value = self.text(label)
        if not value.replace(",", "").isdecimal():
            raise self._unexpected(label, value, "a whole number")
        return int(value.replace(",", ""))

    def day(self, label: str) -> date:
        """Return a date: dd/mm/yyyy."""
        day = self.maybe_day(label)
        if day is None:
            raise self._unexpected(label, "", "a date, dd/mm/yyyy")
        return day

    def maybe_day(self, label: str) -> date | None:
        """Return a date whose label must be there; None when it is empty."""
        value = self.maybe(label)
        try:
            return None if value is None else read_day(value)
        except ValueError:
            raise self._unexpected(label, value or "", "a date, dd/mm/yyyy") from None

    def currency(self, label: str) -> str:
        """Return an ISO 4217 code."""
        value = self.text(label)
        if not re.fullmatch(r"[A-Z]{3}", value):
            raise self._unexpected(label, value, "a currency such as GBP")
        return value

    def one_of(self, label: str, meanings: Mapping[str, bool]) -> bool:
        """Return what one of a few fixed words means."""
        value = self.text(label)
        if value not in meanings:
            raise self._unexpected(label, value, " or ".join(meanings))
        return meanings[value]

    def _decimal(self, label: str, pattern: re.Pattern[str], expected: str) -> Decimal:
        value = self.text(label)
        if not pattern.fullmatch(value):
            raise self._unexpected(label, value, expected)
        return Decimal(value.replace(",", ""))

    def _unexpected(self, label: str, value: str, expected: str) -> PortalChanged:
        found = repr(value) if value else "nothing"
        return PortalChanged(f"{self._screen}: {label!r} shows {found}, where {expected} was expected")


def typed_money(amount: Decimal) -> str:
    """Return an amount as staff type it: 1234.50."""
    return f"{amount:.2f}"


def typed_number(number: Decimal) -> str:
    """Return a quantity, price or rate as staff type it, without trailing noughts."""
    return f"{number.normalize():f}"


def typed_day(day: date | None) -> str:
    """Return a date as staff type it: dd/mm/yyyy; empty when there is none."""
    return "" if day is None else day.strftime("%d/%m/%Y")


def read_day(text: str) -> date:
    """Read dd/mm/yyyy; raise ValueError for anything else."""
    if not re.fullmatch(r"\d{2}/\d{2}/\d{4}", text):
        raise ValueError(text)
    return datetime.strptime(text, "%d/%m/%Y").date()  # noqa: DTZ007 - a date without a time

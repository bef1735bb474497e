"""Dates, amounts and numbers as each country and each layout writes them."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

_MONTHS = {
    "en": "January February March April May June July August September October November December",
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "nl": "januari februari maart april mei juni juli augustus september oktober november december",
}
_SEPARATORS = {"en": (",", "."), "de": (".", ","), "fr": ("\u202f", ","), "nl": (".", ",")}
MARKS = {"GBP": "£", "EUR": "€", "USD": "$"}


def written_date(day: date, pattern: str, *, language: str) -> str:
    """Write a date: dd, d, dth, mm, month, mon, MON, yyyy and yy in `pattern` are replaced."""
    month = _MONTHS[language].split()[day.month - 1]
    words = {
        "yyyy": f"{day.year}",
        "yy": f"{day.year % 100:02d}",
        "month": month,
        "mon": month[:3],
        "MON": month[:3].upper(),
        "mm": f"{day.month:02d}",
        "dth": f"{day.day}{_ordinal(day.day)}",
        "dd": f"{day.day:02d}",
        "d": f"{day.day}",
    }
    return re.sub(r"yyyy|yy|month|mon|MON|mm|dth|dd|d", lambda found: words[found.group()], pattern)


def _ordinal(number: int) -> str:
    if 10 < number % 100 < 14:
        return "th"
    return {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")


def written_number(number: Decimal, *, language: str, places: int | None = None) -> str:
    """Write a number with the language's separators; without `places`, no more places than it needs."""
    thousands, point = _SEPARATORS[language]
    text = f"{number.normalize():,f}" if places is None else f"{number:,.{places}f}"
    return text.replace(",", "\0").replace(".", point).replace("\0", thousands)


class Amount(str):
    """An amount as text without its currency, and `marked` with it."""

    marked: str


def written_amount(amount: Decimal, *, language: str, money: str, negative: str, currency: str) -> Amount:
    """Write an amount in a layout's manner: currency mark, separators, and the sign of credits."""
    digits = written_number(abs(amount), language=language, places=2)
    mark = MARKS[currency]
    marked = {
        "£1": f"{mark}{digits}",
        "GBP 1": f"{currency} {digits}",
        "€ 1": f"{mark} {digits}",
        "1 €": f"{digits} {mark}",
        "plain": digits,
    }[money]
    signed = "-1" if negative == "positive" and amount < 0 else negative
    text = Amount(_signed(digits, signed) if amount < 0 else digits)
    text.marked = _signed(marked, signed) if amount < 0 else marked
    return text


def _signed(text: str, negative: str) -> str:
    return negative.replace("1", text)


def spaced(text: str, *, every: int = 4) -> str:
    """Write a long identifier in groups, as IBANs are printed."""
    return " ".join(text[start : start + every] for start in range(0, len(text), every))

"""Amounts as invoices print them: UK and continental separators, signs in front, behind or as brackets, currencies."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

SYMBOLS = {
    "£": "GBP", "€": "EUR", "$": "USD", "US$": "USD", "₹": "INR", "¥": "JPY", "RS": "INR", "RS.": "INR",
    "A$": "AUD", "C$": "CAD", "KČ": "CZK", "ZŁ": "PLN", "FT": "HUF", "EURO": "EUR", "EUROS": "EUR",
}  # fmt: skip
CODES = frozenset(
    [
        "AED",
        "AUD",
        "BGN",
        "BRL",
        "CAD",
        "CHF",
        "CNY",
        "CZK",
        "DKK",
        "EUR",
        "GBP",
        "HKD",
        "HUF",
        "IDR",
        "ILS",
        "INR",
        "ISK",
        "JPY",
        "KRW",
        "MXN",
        "MYR",
        "NOK",
        "NZD",
        "PHP",
        "PLN",
        "RON",
        "SAR",
        "SEK",
        "SGD",
        "THB",
        "TRY",
        "TWD",
        "UAH",
        "USD",
        "VND",
        "ZAR",
    ]
)
_CURRENCY = r"(?:US\$|A\$|C\$|[£€$₹¥]|(?:" + "|".join(sorted(CODES)) + r")(?![A-Z]))"
_NUMBER = r"\d{1,3}(?:[.,'’\u00a0\u202f]\d{2,3})+(?:[.,]\d{1,6})?|\d+(?:[.,]\d{1,6})?|[.,]\d{2}"
_AMOUNT = re.compile(
    rf"(?P<open>\()?(?P<lead>[-−–+]?)(?P<before>{_CURRENCY})?(?P<inner>[-−–]?)(?P<digits>{_NUMBER})"
    rf"(?:,?[-–]{{2}}|[.,][-–])?(?P<after>{_CURRENCY})?(?P<trail>[-−–]?)(?P<credit>CR|Cr|cr|DR|Dr)?(?P<close>\))?[*.,;:]?"
)
_GROUPED = re.compile(r"\d{1,3}(?:[.,'’\u00a0\u202f]\d{3})+|\d{1,2}(?:,\d{2})+,\d{3}")
_INDIAN = re.compile(r"\d{1,2}(?:,\d{2})+,\d{3}\.\d{1,4}")


@dataclass(frozen=True, slots=True)
class Money:
    """One printed amount."""

    value: Decimal  # signed as printed
    currency: str | None  # ISO code; None when no symbol stands beside it
    places: int  # digits printed after the decimal sign
    bracketed: bool = False  # the minus was written as brackets

    @property
    def explicit(self) -> bool:
        """Whether the print itself says this is money: a currency or exactly two decimals."""
        return self.currency is not None or self.places == 2


def currency_of(text: str) -> str | None:
    """The ISO code of a currency symbol, code or common name; None when the text is none."""
    stripped = text.strip("()[]:;,. ").upper()
    if stripped in CODES:
        return stripped
    return SYMBOLS.get(stripped) or SYMBOLS.get(text.strip().upper())


def parse_amount(text: str, *, comma: bool | None = None) -> Money | None:
    """Read one amount; None when the text is anything else.

    `comma` says which sign the document uses for decimals (True: comma, False: point, None: not known); it only
    decides prints such as `1.234` that can be read both ways.
    """
    compact = re.sub(r"\s+", "", text)
    if not any(c.isdigit() for c in compact):
        return None
    match = _AMOUNT.fullmatch(compact)
    if match is None or bool(match["open"]) != bool(match["close"]):
        return None
    parsed = _number(match["digits"], comma=comma)
    if parsed is None:
        return None
    value, places = parsed
    if match["before"] and match["before"].isalpha() and match["digits"].startswith("0") and places == 0:
        return None  # CHF0413: an identifier
    credit = (match["credit"] or "").upper() == "CR"
    negative = bool(match["open"]) or credit or any(match[g] in ("-", "−", "–") for g in ("lead", "inner", "trail"))
    symbol = match["before"] or match["after"]
    return Money(
        value=-value if negative else value,
        currency=currency_of(symbol) if symbol else None,
        places=places,
        bracketed=bool(match["open"]),
    )


def _number(digits: str, *, comma: bool | None) -> tuple[Decimal, int] | None:
    """The value and its decimals; separators are judged by what stands behind the last one."""
    last = max(digits.rfind("."), digits.rfind(","))
    if last < 0:
        return Decimal(re.sub(r"\D", "", digits)), 0
    head, sign, tail = digits[:last], digits[last], digits[last + 1 :]
    if _is_decimal(head, sign, tail, comma=comma):
        if (head and not (head.isdigit() or _GROUPED.fullmatch(head) or _INDIAN.fullmatch(digits))) or sign in head:
            return None
        return Decimal(f"{re.sub(r'[^0-9]', '', head) or '0'}.{tail}"), len(tail)
    if not _GROUPED.fullmatch(digits):
        return None
    return Decimal(re.sub(r"\D", "", digits)), 0


def _is_decimal(head: str, sign: str, tail: str, *, comma: bool | None) -> bool:
    other = "," if sign == "." else "."
    if len(tail) != 3:
        return sign not in head
    if other in head:  # 1.234,567: two different signs, the last is for decimals
        return True
    if sign in head:  # 1.234.567: groups
        return False
    if head.lstrip("0") == "" or not 1 <= len(head) <= 3:  # 0.125 or 1234.567
        return True
    return comma is not None and comma == (sign == ",")


_VOTE = re.compile(r"\d([.,])\d{2}(?!\d)(?![.,]\d)")


def decimal_comma(texts: Iterable[str]) -> bool | None:
    """Which decimal sign a document uses, by its unambiguous prints; None without evidence."""
    points = commas = 0
    for text in texts:
        compact = text.strip("€£$-()*%")
        if len(compact) < 4 or not compact[-1].isdigit() or (compact.count(".") > 1 and "," not in compact):
            continue  # dates and section numbers have several points
        match = _VOTE.search(compact, len(compact) - 4)
        if match and match.end() == len(compact):
            commas += match[1] == ","
            points += match[1] == "."
    return None if commas == points else commas > points

"""Dates as invoices print them, in four languages; day-first unless the document says otherwise."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

MONTHS: dict[str, int] = {}
for _number, _names in enumerate(
    (
        "january jan januar jänner janvier janv januari",
        "february feb februar febr février fevrier fév fev februari",
        "march mar märz maerz mär mrz mars maart mrt",
        "april apr avril avr",
        "may mai mei",
        "june jun juni juin",
        "july jul juli juillet juil",
        "august aug août aout augustus",
        "september sep sept septembre",
        "october oct oktober okt octobre",
        "november nov novembre",
        "december dec dezember dez décembre decembre déc",
    ),
    start=1,
):
    for _name in _names.split():
        MONTHS[_name] = _number
_MONTH = "(?P<{0}>" + "|".join(sorted(MONTHS, key=len, reverse=True)) + r")\b\.?"
_SPACE = r"[\s.,/-]{0,3}"
_DATE = re.compile(
    r"(?<![\d.,/-])(?:"
    r"(?P<y1>(?:19|20)\d\d)(?P<s1>[-./])(?P<m1>\d{1,2})(?P=s1)(?P<d1>\d{1,2})"
    r"|(?P<a>\d{1,2})\s?(?P<s2>[-./])\s?(?P<b>\d{1,2})\s?(?P=s2)\s?(?P<y2>(?:19|20)\d\d|\d\d)"
    r"|(?P<d3>\d{1,2})(?:st|nd|rd|th|er|e)?" + _SPACE + "(?:of |de )?" + _MONTH.format("m3") + _SPACE
    + r"(?P<y3>(?:19|20)\d\d|['’]?\d\d)"
    r"|" + _MONTH.format("m4") + r"\s{0,3}(?P<d4>\d{1,2})(?:st|nd|rd|th)?\s{0,3},?\s{0,3}(?P<y4>(?:19|20)\d\d)"
    r")(?!\d|/\d|[.,-]\d|-\w)",
    re.IGNORECASE,
)  # fmt: skip
_PACKED = re.compile(r"(?<!\d)((?:19|20)\d\d)(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?!\d)")
_QUICK = re.compile(
    r"(?:19|20)\d\d|\d\d?\s?[./-]\s?\d\d?\s?[./-]|\d[\s./-]{0,2}(?:jan|f[eé]b|f[eé]v|mar|mär|mrt|apr|avr|ma[iy]|mei|ju[inl]|aug|ao|sep|o[ck]t|nov|d[eé][cz]|mrz|jän)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class FoundDate:
    """One date in a text."""

    start: int  # character positions in the text
    end: int
    value: date
    other: date | None = None  # the other reading when day and month could be swapped


def find_dates(text: str, *, month_first: bool = False) -> list[FoundDate]:
    """Every date in the text; `month_first` reads 03/04/2024 the American way."""
    if not _QUICK.search(text):
        return []
    return [found for match in _DATE.finditer(text) if (found := _read(match, month_first=month_first))]


def parse_date(text: str, *, month_first: bool = False, packed: bool = True) -> date | None:
    """The one date a text consists of; None when it holds none, or more than a date.

    `packed` allows 20240131, which may as well be a document's number.
    """
    stripped = text.strip(" .,;:()")
    found = find_dates(stripped, month_first=month_first)
    if len(found) == 1 and found[0].start == 0 and found[0].end >= len(stripped):
        return found[0].value
    digits = _PACKED.fullmatch(stripped) if packed else None
    return _date(digits[1], int(digits[2]), int(digits[3])) if digits else None


def writes_month_first(texts: Iterable[str]) -> bool | None:
    """Whether the document writes months first, by dates that can be read one way only; None without evidence."""
    day, month = 0, 0
    for text in texts:
        for match in _DATE.finditer(text) if _QUICK.search(text) else ():
            if match["a"] and match["s2"] != ".":
                day += int(match["a"]) > 12 >= int(match["b"])
                month += int(match["b"]) > 12 >= int(match["a"])
    return None if day == month else month > day


def _read(match: re.Match[str], *, month_first: bool) -> FoundDate | None:
    value, other = None, None
    if match["y1"]:
        value = _date(match["y1"], int(match["m1"]), int(match["d1"]))
    elif match["y2"]:
        first, second = int(match["a"]), int(match["b"])
        by_day = _date(match["y2"], second, first)
        by_month = _date(match["y2"], first, second) if match["s2"] != "." else None
        value, other = (by_month, by_day) if month_first and by_month else (by_day, by_month)
        if value is None:
            value, other = other, None
    elif match["y3"]:
        value = _date(match["y3"], MONTHS[match["m3"].casefold()], int(match["d3"]))
    else:
        value = _date(match["y4"], MONTHS[match["m4"].casefold()], int(match["d4"]))
    if value is None:
        return None
    return FoundDate(match.start(), match.end(), value, other if other != value else None)


def _date(year: str, month: int, day: int) -> date | None:
    number = int(year.strip("'’"))
    if number < 100:
        number += 2000 if number < 80 else 1900
    try:
        return date(number, month, day)
    except ValueError:
        return None

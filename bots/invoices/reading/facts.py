"""The facts every field is read from: lines, labels, amounts, dates, and the document's own habits."""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Generic, TypeVar

from understudy import PageText

from ..model import Box, Language, Rival, Source
from .amounts import Money, currency_of, decimal_comma, parse_amount
from .dates import FoundDate, find_dates, writes_month_first
from .labels import Hit, find_labels
from .layout import Layout, Line, lay_out

T = TypeVar("T")
_DIGIT = re.compile(r"\d")
_MINUS = frozenset("-−–")
_SPACE_GROUP = 0.45  # of the line's height: digits of one amount stand no further apart


@dataclass(slots=True, eq=False)
class Printed:
    """An amount where it is printed: `line.tokens[first:last]`."""

    money: Money
    line: Line
    first: int
    last: int
    x0: float
    x1: float

    @property
    def text(self) -> str:
        """The amount as printed."""
        return self.line.words(self.first, self.last)

    @property
    def box(self) -> Box:
        """Where it is printed."""
        return self.line.box(self.first, self.last)


@dataclass(slots=True)
class Candidate(Generic[T]):
    """A value that might be the field's, with what speaks for it."""

    value: T
    score: float
    line: Line | None = None
    first: int = 0
    last: int = 0
    support: list[str] = field(default_factory=list)
    text: str | None = None

    def source(self, rivals: Sequence["Candidate[T]"] = ()) -> Source:
        """The record of where the value came from."""
        line = self.line
        return Source(
            source="page",
            page=line.page if line else None,
            box=line.box(self.first, self.last) if line else None,
            text=self.text if self.text is not None else line.words(self.first, self.last) if line else None,
            support=tuple(dict.fromkeys(self.support)),
            rivals=tuple(rival.rival() for rival in rivals),
        )

    def rival(self) -> Rival:
        """The record of a value that was not chosen."""
        line = self.line
        return Rival(
            value=str(self.value),
            page=line.page if line else None,
            box=line.box(self.first, self.last) if line else None,
            support=tuple(dict.fromkeys(self.support)),
        )


@dataclass(slots=True, eq=False)
class Facts:
    """What is known about the document before any field is chosen."""

    layout: Layout
    labels: list[Hit]
    by_line: dict[int, list[Hit]]
    amounts: list[Printed]  # in reading order
    amounts_on: dict[int, list[Printed]]
    dates_on: dict[int, list[FoundDate]]
    language: Language
    comma: bool | None
    rates: frozenset[Decimal]  # percentages printed anywhere

    def hits(self, *fields: str) -> list[Hit]:
        """The labels of some fields, in reading order."""
        return [hit for hit in self.labels if hit.field in fields]

    def next_label(self, line: Line, position: int, *, ignore: tuple[str, ...] = ()) -> int:
        """The token where the next label begins on the line, from a position on; the line's end without one."""
        return min(
            (
                hit.first
                for hit in self.by_line.get(line.index, ())
                if hit.first >= position and hit.field not in ignore
            ),
            default=len(line.tokens),
        )


def gather(pages: Sequence[PageText]) -> Facts:
    """Lay the pages out and find every label, date, percentage and amount."""
    layout = lay_out(pages)
    labels = find_labels(layout)
    by_line: dict[int, list[Hit]] = defaultdict(list)
    for hit in labels:
        by_line[hit.line.index].append(hit)
    digits = [line for line in layout.lines if line.digits]
    comma = decimal_comma(token.text for line in digits for token in line.tokens)
    language = _language(labels)
    if comma is None:
        comma = language != "en"
    month_first = _month_first(layout, digits, language)
    dates_on = {line.index: found for line in digits if (found := find_dates(line.text, month_first=month_first))}
    amounts_on: dict[int, list[Printed]] = {}
    rates: set[Decimal] = set()
    for line in digits:
        found_here = _amounts(line, dates_on.get(line.index, ()), comma, rates)
        if found_here:
            amounts_on[line.index] = found_here
    amounts = [amount for line in digits for amount in amounts_on.get(line.index, ())]
    return Facts(layout, labels, by_line, amounts, amounts_on, dates_on, language, comma, frozenset(rates))


def _language(labels: Sequence[Hit]) -> Language:
    """The language most labels are written in; English when nothing is decided."""
    seen: Counter[str] = Counter()
    phrases: dict[tuple[int, int], set[str]] = defaultdict(set)
    for hit in labels:
        phrases[hit.line.index, hit.first].add(hit.language)
    for languages in phrases.values():
        for language in languages:
            seen[language] += 1
    known: tuple[Language, ...] = ("en", "de", "fr", "nl")
    return max(known, key=lambda language: seen[language])


def _month_first(layout: Layout, digits: Sequence[Line], language: str) -> bool:
    """Months first only where the document proves it, or is plainly American."""
    texts = [line.text for line in digits if "/" in line.text or "-" in line.text]
    proven = writes_month_first(texts)
    if proven is not None:
        return proven
    if language != "en" or not texts:
        return False
    whole = " ".join(line.text for line in layout.lines)
    if any(sign in whole for sign in ("£", "€", "VAT", "GBP", "EUR", "United Kingdom", "GST")):
        return False
    return "MM/DD" in whole.upper() or any(sign in whole for sign in ("USA", "United States", "US Dollar", "Sales Tax"))


def _amounts(line: Line, dates: Sequence[FoundDate], comma: bool | None, rates: set[Decimal]) -> list[Printed]:
    found: list[Printed] = []
    tokens = line.tokens
    busy = {n for d in dates for n in range(line.at(d.start), line.at(d.end - 1) + 1)}
    position = 0
    while position < len(tokens):
        text = tokens[position].text
        if text.isalpha() or position in busy or not _DIGIT.search(text):
            position += 1
            continue
        if _percent(line, position, comma, rates):
            position += 1
            continue
        printed = _amount(line, position, comma, found[-1].last if found else 0)
        if printed is None:
            position += 1
            continue
        found.append(printed)
        position = printed.last
    return found


def _percent(line: Line, position: int, comma: bool | None, rates: set[Decimal]) -> bool:
    text = line.tokens[position].text
    following = line.tokens[position + 1].text if position + 1 < len(line.tokens) else ""
    if "%" not in text and not following.startswith("%"):
        return False
    money = parse_amount(text.strip("()@%:;,").split("%")[0], comma=comma)
    if money is not None and Decimal(0) <= money.value <= 100:
        rates.add(money.value.normalize())
    return True


def _amount(line: Line, position: int, comma: bool | None, free: int) -> Printed | None:
    """The amount that starts at or just before a token, with its currency, sign and space-separated groups."""
    tokens = line.tokens
    last = _grouped_until(line, position)
    text = "".join(token.text for token in tokens[position:last])
    if text.startswith("(") and not text.rstrip(".,;:*").endswith(")") and last < len(tokens):
        closing = tokens[last].text
        if closing.rstrip(".,;:*").endswith(")") and currency_of(closing):
            text, last = text + closing, last + 1
    money = parse_amount(text.rstrip(",;:"), comma=comma)
    if money is None:
        return None
    first, negative, currency = position, money.value < 0, money.currency
    while first > free and first > position - 3:
        previous = tokens[first - 1].text
        near = tokens[first].x0 - tokens[first - 1].x1 < 1.5 * line.height
        if near and currency is None and currency_of(previous):
            currency = currency_of(previous)
        elif near and previous in _MINUS and not negative and _signs(line, first - 1):
            negative = True
        else:
            break
        first -= 1
    while last < len(tokens) and last < position + 6:
        following = tokens[last].text
        near = tokens[last].x0 - tokens[last - 1].x1 < 1.5 * line.height
        if near and currency is None and currency_of(following):
            currency = currency_of(following)
        elif near and following in ("CR", "Cr", "-", "−") and not negative and _ends(line, last):
            negative = True
        else:
            break
        last += 1
    value = -abs(money.value) if negative else money.value
    merged = Money(value=value, currency=currency, places=money.places, bracketed=money.bracketed)
    return Printed(merged, line, first, last, tokens[position].x0, tokens[last - 1].x1)


def _signs(line: Line, position: int) -> bool:
    """Whether a lone dash is a sign: nothing stands close before it that it could join."""
    if position == 0:
        return True
    gap = line.tokens[position].x0 - line.tokens[position - 1].x1
    before = line.tokens[position - 1].text
    return gap > 1.0 * line.height or currency_of(before) is not None or before.endswith((":", "%"))


def _ends(line: Line, position: int) -> bool:
    """Whether a lone dash behind an amount is its sign: nothing follows close by."""
    if line.tokens[position].text not in _MINUS or position + 1 == len(line.tokens):
        return True
    return line.tokens[position + 1].x0 - line.tokens[position].x1 > 1.0 * line.height


def _grouped_until(line: Line, position: int) -> int:
    """Where an amount with spaces between its thousands ends: 1 234,56."""
    tokens, last = line.tokens, position + 1
    start = tokens[position].text.lstrip("(-−–£€$")
    if not (start.isdigit() and len(start) <= 3):
        return last
    while last < len(tokens):
        gap = tokens[last].x0 - tokens[last - 1].x1
        text = tokens[last].text.rstrip(")€£$-")
        if gap > _SPACE_GROUP * line.height or len(text) < 3 or not text[:3].isdigit():
            return position + 1
        last += 1
        if len(text) == 3:
            continue
        return last if text[3] in ".," and text[4:].isdigit() and len(text) <= 7 else position + 1
    return position + 1


def choose(candidates: Sequence[Candidate[T]], *, least: float = 0.0) -> tuple[T, Source] | None:
    """The best candidate and its source; other values that come near it are its rivals."""
    best_of: dict[T, Candidate[T]] = {}
    for candidate in candidates:
        known = best_of.get(candidate.value)
        if known is None:
            best_of[candidate.value] = candidate
            continue
        winner, other = (candidate, known) if candidate.score > known.score else (known, candidate)
        winner.score += min(0.3, 0.1 * max(other.score, 0))  # said again elsewhere
        winner.support += [s for s in other.support if s not in winner.support]
        best_of[candidate.value] = winner
    ranked = sorted(best_of.values(), key=lambda c: -c.score)
    if not ranked or ranked[0].score <= least:
        return None
    rivals = [c for c in ranked[1:] if c.score >= 0.5 * ranked[0].score]
    return ranked[0].value, ranked[0].source(rivals[:5])


def iso(value: date) -> str:
    """The date as a field holds it."""
    return value.isoformat()

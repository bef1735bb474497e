"""Document number, dates and the buyer's order number: values that stand beside or below a label."""

import re
from collections.abc import Iterator
from datetime import date

from ..model import Source
from .dates import parse_date
from .facts import Candidate, Facts, choose
from .labels import Hit
from .layout import Line, letters

_NUMBER = re.compile(r"[A-Z0-9ÄÖÜ][A-Z0-9ÄÖÜ._/\\\-–&+:]*", re.IGNORECASE)
_SKIP = frozenset(
    {":", "-", "–", "#", "no", "nr", "no.", "nr.", "n°", "nº", ".", "is", "=", "|", "number", "/", "from", "n"}
)
_VAT_LIKE = re.compile(r"(?:GB|DE|FR|NL|ATU|BE|IE|IT|ES)[0-9A-Z]{8,12}")
_PHONE = re.compile(r"(?:\+|0)[\d ()/-]{3,6} [\d /-]{5,}")
_POSTCODE = re.compile(r"[A-Z]{1,2}\d[A-Z\d]?|\d[A-Z]{2}")


def read_number(facts: Facts, *, credit: bool) -> tuple[tuple[str, Source] | None, dict[str, set[int]]]:
    """The document's number, and every number that a clear label calls so with the pages it does that on.

    On a credit note an invoice's number is another document's where a label speaks of the credit note itself.
    """
    hits = facts.hits("number")
    if credit and any(_of_credit(hit) and hit.strength == 3 for hit in hits):
        hits = [hit for hit in hits if not _of_invoice(hit)]
    candidates = [c for hit in hits for c in _beside_or_below(facts, hit)]
    candidates += _after_title(facts)
    for candidate in candidates:
        candidate.score += _number_shape(candidate.value)
        if candidate.line is not None:
            candidate.score -= 0.002 * candidate.line.index + (0.2 if candidate.line.page > 1 else 0.0)
    _drop_other_numbers(facts, candidates)
    clear: dict[str, tuple[str, set[int]]] = {}
    for candidate in candidates:
        if candidate.score >= 2.6 and candidate.line is not None:
            clear.setdefault(letters(candidate.value), (candidate.value, set()))[1].add(candidate.line.page)
    return choose(candidates, least=1.2), dict(clear.values())


def _of_credit(hit: Hit) -> bool:
    return any(
        word in letters(hit.words) for word in ("credit", "gutschrift", "avoir", "korrektur", "storno", "kredit")
    )


def _of_invoice(hit: Hit) -> bool:
    return not _of_credit(hit) and any(
        word in letters(hit.words) for word in ("invoice", "rechnung", "facture", "factuur", "inv")
    )


def read_order_number(facts: Facts, number: str | None) -> tuple[str, Source] | None:
    """The buyer's order number, which is never the document's own."""
    candidates = [c for hit in facts.hits("order_number") for c in _beside_or_below(facts, hit)]
    candidates = [c for c in candidates if number is None or letters(c.value) != letters(number)]
    for candidate in candidates:
        if re.match(r"(?i)p\.?o", candidate.value):
            candidate.score += 0.5
        if len(re.sub(r"\D", "", candidate.value)) < 3:
            candidate.score -= 1.0
    return choose(candidates, least=0.9)


def read_dates(facts: Facts, number: Source | None) -> dict[str, tuple[date, Source]]:
    """The issue date and the due date, when they are printed."""
    issued = [c for hit in facts.hits("issue_date") for c in _dates_of(facts, hit)]
    due = [c for hit in facts.hits("due_date") for c in _dates_of(facts, hit)]
    issued += _near_number(facts, number)
    elsewhere = [c for hit in facts.hits("not_date", "due_date") for c in _dates_of(facts, hit)]
    other = {(c.line.index, c.first) for c in elsewhere if c.line and c.score > 1.5}
    claimed = {(c.line.index, c.first) for c in issued if c.line and c.score >= 2.9}
    issued = [c for c in issued if c.line is None or (c.line.index, c.first) not in other - claimed]
    issued += _unlabelled(facts, other)
    found: dict[str, tuple[date, Source]] = {}
    if issue := choose(issued):
        found["issue_date"] = issue
    if late := choose([c for c in due if "issue_date" not in found or c.value >= found["issue_date"][0]], least=1.0):
        found["due_date"] = late
    return found


def _beside_or_below(facts: Facts, hit: Hit) -> Iterator[Candidate[str]]:
    """What could be an identifier right of a label and below it; the nearer one is likelier."""
    line = hit.line
    stop = facts.next_label(line, hit.last)
    beside = _identifier(line, hit.last, stop)
    if beside is not None:
        value, first, last = beside
        distance = (line.tokens[first].x0 - line.tokens[hit.last - 1].x1) / line.height
        marked = line.tokens[hit.last - 1].text.endswith((":", "#", ".")) or line.tokens[first - 1].text in (":", "#")
        score = hit.strength + (0.6 if marked else 0.3) - min(0.6, 0.02 * distance)
        yield Candidate(value, score, line, first, last, [f"right of “{hit.words}”"])
        if distance < 3:
            return
    elif hit.last < stop and line.cell_of(hit.first) is line.cell_of(min(hit.last, len(line.tokens) - 1)):
        return  # other words follow in the same cell: a sentence, not a label
    yield from _below(facts, hit)


def _below(facts: Facts, hit: Hit) -> Iterator[Candidate[str]]:
    line = hit.line
    x0, x1 = line.tokens[hit.first].x0, line.tokens[hit.last - 1].x1
    for step, (below, cell) in enumerate(facts.layout.below(line, x0, x1, within=3.2 * line.height)):
        labels = facts.by_line.get(below.index, ())
        taken = any(other.first < cell.last and other.last > cell.first for other in labels)
        first = cell.first
        while first < cell.last - 1 and below.tokens[first].x1 < x0 - 2:
            first += 1
        found = None if taken else _identifier(below, first, cell.last)
        if found is not None:
            value, start, last = found
            aligned = 0.2 if abs(below.tokens[start].x0 - x0) < line.height else 0.0
            yield Candidate(
                value, hit.strength - 0.1 - 0.3 * step + aligned, below, start, last, [f"below “{hit.words}”"]
            )
            return
        if taken or step >= 1:
            return


def _identifier(line: Line, first: int, stop: int) -> tuple[str, int, int] | None:
    """The identifier that begins at a token, after signs that only introduce it."""
    tokens = line.tokens
    while first < stop and _introduces(tokens[first].text):
        first += 1
    if first >= stop:
        return None
    last = first
    parts: list[str] = []
    while last < stop:
        text = tokens[last].text.strip(",;()[]").rstrip(".:").lstrip("#")
        if not text or not _NUMBER.fullmatch(text):
            break
        if parts and (tokens[last].x0 - tokens[last - 1].x1 > 0.6 * line.height or not _continues(parts[-1], text)):
            break
        parts.append(text)
        last += 1
        if tokens[last - 1].text.endswith((",", ";", ")")):
            break
    value = _joined(parts)
    if not any(c.isdigit() for c in value) or not 1 <= len(value) <= 40 or parse_date(value, packed=False) is not None:
        return None
    if _PHONE.fullmatch(value):
        return None
    if last < len(tokens) and parse_date(line.words(first, min(last + 2, len(tokens))), packed=False) is not None:
        return None
    return value, first, last


def _introduces(text: str) -> bool:
    """Signs and words between a label and its value."""
    return text.casefold().strip("():") in _SKIP or not text.strip("():") or _bracketed(text)


def _bracketed(text: str) -> bool:
    return len(text) == 5 and text[0] == "(" and text[1:4].isdigit()


def _continues(before: str, text: str) -> bool:
    """Whether two pieces with a small gap are one identifier: INV 2024 001, RE - 17."""
    if before in "-/–" or text in "-/–":
        return True
    short_code = before.isalpha() and before.isupper() and len(before) <= 4
    return (
        (short_code or (before.isdigit() and len(before) <= 6))
        and text[:1].isdigit()
        and parse_date(text, packed=False) is None
    )


def _joined(parts: list[str]) -> str:
    value = ""
    for part in parts:
        value += part if not value or part in "-/–" or value[-1] in "-/–" else " " + part
    return value.rstrip("-/–")


def _number_shape(value: str) -> float:
    """How much the value looks like a document's number."""
    compact = value.replace(" ", "")
    digits = sum(c.isdigit() for c in compact)
    score = 0.0
    if digits >= 3:
        score += 0.3
    if digits < 2:
        score -= 1.0 if compact[:1].isdigit() else 0.6
    if _VAT_LIKE.fullmatch(compact.upper()):
        score -= 1.5
    if re.fullmatch(r"\d{1,3}(?:[.,]\d{3})*[.,]\d{2}", compact):
        score -= 2.0
    if _POSTCODE.fullmatch(compact.upper()):
        score -= 0.5
    if compact.isdigit() and len(compact) > 13:
        score -= 0.7
    return score


def _after_title(facts: Facts) -> Iterator[Candidate[str]]:
    """A title, a few words, then `No.` and the number: `Rechnung des Versicherers Nr. 12`."""
    hits = {(hit.line.index, hit.first) for hit in facts.hits("number") if hit.strength == 2}
    for index, title in hits:
        line = facts.layout.lines[index]
        if title != line.cell_of(title).first:
            continue
        words = [h for h in facts.by_line[index] if h.first > title and h.last <= title + 8]
        for hit in words:
            if hit.field == "number" and hit.strength == 1 and not any(h.first < hit.first for h in words):
                found = _identifier(line, hit.last, facts.next_label(line, hit.last))
                if found:
                    yield Candidate(found[0], 3.0, line, found[1], found[2], [f"after “{line.words(title, hit.last)}”"])


def _drop_other_numbers(facts: Facts, candidates: list[Candidate[str]]) -> None:
    """Lower what another label names more clearly: a customer's, an order's or a tax number."""
    others: set[str] = set()
    for hit in facts.hits("not_number", "order_number", "vat_id", "their_vat_id", "account_number"):
        if hit.strength >= 2 and (found := _identifier(hit.line, hit.last, facts.next_label(hit.line, hit.last))):
            others.add(letters(found[0]))
    for candidate in candidates:
        if letters(candidate.value) in others and candidate.score < 3.2:
            candidate.score -= 1.0
            candidate.support.append("another label names the same number")


def _dates_of(facts: Facts, hit: Hit) -> Iterator[Candidate[date]]:
    """Dates right of a label, else below it."""
    line = hit.line
    found = facts.dates_on.get(line.index, ())
    stop = facts.next_label(line, hit.last)
    for position, one in enumerate(d for d in found if line.at(d.start) >= hit.last):
        first, last = line.at(one.start), line.at(one.end - 1) + 1
        between = first - hit.last
        if first >= stop or position > 0:
            break
        if between > (4 if hit.strength == 3 else 1) and line.cell_of(first) is line.cell_of(hit.last - 1):
            break
        strength = hit.strength + 0.4 - 0.15 * between
        if len(hit.words) <= 3:  # the, of, from: only directly before a date, and weakly
            strength = 1.4 if between == 0 else 0.0
        if hit.first != line.cell_of(hit.first).first and not hit.words.endswith(":"):
            strength -= 0.9  # in the middle of a sentence
        yield Candidate(one.value, strength, line, first, last, [f"right of “{hit.words}”"])
        return
    if hit.last < stop and stop < len(line.tokens) and line.cell_of(hit.first) is line.cell_of(hit.last):
        return
    if len(hit.words) <= 3:
        return
    packed = parse_date(line.tokens[hit.last].text) if hit.last < len(line.tokens) else None
    if packed:
        yield Candidate(packed, hit.strength, line, hit.last, hit.last + 1, [f"right of “{hit.words}”"])
        return
    cell = line.cell_of(hit.first)
    if cell.last - hit.last > 2:
        return
    x0, x1 = line.tokens[hit.first].x0, line.tokens[hit.last - 1].x1
    for step, (below, cell) in enumerate(facts.layout.below(line, x0, x1, within=3.2 * line.height)):
        for one in facts.dates_on.get(below.index, ()):
            first, last = below.at(one.start), below.at(one.end - 1) + 1
            if (
                cell.first <= first < cell.last
                and below.tokens[first].x0 < x1 + 20
                and below.tokens[last - 1].x1 > x0 - 5
            ):
                if any(
                    h.field.endswith("_date") and h.first < first
                    for h in facts.by_line.get(below.index, ())
                    if h.first >= cell.first
                ):
                    return
                yield Candidate(
                    one.value, hit.strength - 0.1 - 0.3 * step, below, first, last, [f"below “{hit.words}”"]
                )
                return
        if step >= 1:
            return


def _near_number(facts: Facts, number: Source | None) -> Iterator[Candidate[date]]:
    """A date on the number's own line, behind it: `Invoice 17 of 3 May 2024`."""
    if number is None or number.box is None or number.page is None:
        return
    for line in facts.layout.by_page[number.page]:
        if line.top - 1 <= number.box[1] and line.bottom + 1 >= number.box[3]:
            following = facts.layout.lines[line.index + 1 : line.index + 2]
            for one in facts.dates_on.get(line.index, ()):
                first, last = line.at(one.start), line.at(one.end - 1) + 1
                if line.tokens[first].x0 < number.box[2] - 1:
                    continue
                labelled = [
                    h for h in facts.by_line.get(line.index, ()) if h.field.endswith("_date") and h.first < first
                ]
                if labelled and labelled[-1].field != "issue_date":
                    continue
                yield Candidate(one.value, 2.6, line, first, last, ["on the line of the number"])
                return
            dangling = [
                h for h in facts.by_line.get(line.index, ()) if h.field == "issue_date" and h.last == len(line.tokens)
            ]
            for wrapped in following if dangling else ():
                for one in facts.dates_on.get(wrapped.index, ())[:1]:
                    if one.start == 0:
                        last = wrapped.at(one.end - 1) + 1
                        yield Candidate(one.value, 2.5, wrapped, 0, last, ["on the line after the number"])


def _unlabelled(facts: Facts, other: set[tuple[int, int]]) -> Iterator[Candidate[date]]:
    """Dates that stand alone in the upper part of the first page, weakly."""
    if not facts.layout.pages:
        return
    first_page = facts.layout.pages[0]
    for line in facts.layout.by_page[first_page.number]:
        if line.top > 0.6 * first_page.height:
            return
        for one in facts.dates_on.get(line.index, ()):
            first, last = line.at(one.start), line.at(one.end - 1) + 1
            cell = line.cell_of(first)
            alone = cell.first == first and cell.last <= last
            if (line.index, first) not in other:
                yield Candidate(
                    one.value, 0.8 if alone else 0.3, line, first, last, ["stands near the top of the first page"]
                )

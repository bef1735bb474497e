"""Who sent the document and to whom: names, VAT numbers, bank details; our own name is never the supplier's."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass

from rapidfuzz import fuzz

from ..model import Source
from .facts import Candidate, Facts, choose
from .labels import Hit
from .layout import Cell, Line, letters
from .names import CONTACT, LEGAL, POSTCODE, SEPARATED, STREET, is_label, legal_name, name_in, namelike

_HEADED = "under the supplier's heading"
_DOMAIN = re.compile(r"(?:@|www\.|https?://(?:www\.)?)([a-z0-9][a-z0-9-]*(?:\.[a-z0-9-]+)*\.[a-z]{2,})", re.IGNORECASE)
_BANKS = re.compile(
    r"(?i)\b(?:bank|banque|sparkasse|volksbank|barclays|lloyds|natwest|hsbc|santander|commerzbank|postbank|raiffeisen\w*|crédit|rabobank|nationwide|monzo|starling)\b|\w+bank\b"
)


@dataclass(slots=True)
class Party:
    """The supplier as read, with the parts of the page that belong to the buyer."""

    supplier: tuple[str, Source] | None
    buyer: str | None
    domains: tuple[str, ...]
    seller_lines: set[int]
    buyer_cells: set[tuple[int, int]]  # line, first token


def read_parties(facts: Facts, own_names: Sequence[str], *, goods: Set[int] = frozenset()) -> Party:
    """Find the supplier's name among everything that looks like one; `goods` are the lines of the goods table."""
    own = [letters(name) for name in own_names]
    buyers, sellers = _blocks(facts, "buyer", "ship_to"), _blocks(facts, "seller")
    buyers += _own_blocks(facts, own)
    buyer_cells = {(line.index, cell.first) for block in buyers for line, cell in block}
    buyer_names = {
        letters(name_in(line, cell)) for block in buyers for line, cell in block[:3] if namelike(name_in(line, cell))
    }
    domains = _domains(facts)
    cells = _plain_names(facts, buyer_cells, goods)
    candidates = [c for block in sellers for c in _of_block(facts, block, 3.2, _HEADED)]
    candidates += cells + _account_names(facts) + _sender_lines(facts)
    kept = []
    whole = [letters(line.text) for line in facts.layout.lines]
    for candidate in candidates:
        key = letters(candidate.value)
        if len(key) < 2 or _is_own(key, own):
            continue
        if key in buyer_names or any(len(key) > 5 and key in name for name in buyer_names):
            candidate.score -= 3.0
        said = _said(candidate, key, whole)
        candidate.score += min(0.9, 0.3 * (said - 1))
        if said > 1:
            candidate.support.append(f"said {said} times")
        if match := _in_domains(key, domains):
            candidate.score += 1.2
            candidate.support.append(f"matches {match}")
        kept.append(candidate)
    _full_names_first(kept)
    chosen = choose(kept, least=0.5)
    seller_lines = {line.index for block in sellers for line, _ in block}
    named = [c.value for block in _blocks(facts, "buyer") for c in _of_block(facts, block, 1.0, "")]
    printed = [name_in(line, cell) for block in _own_blocks(facts, own) for line, cell in block[:1]]
    buyer = next(iter(printed + named), None)
    return Party(chosen, buyer, tuple(domains), seller_lines, buyer_cells)


def _said(candidate: Candidate[str], key: str, whole: Sequence[str]) -> int:
    """How often the name is printed; a name over two lines as often as its first line."""
    if candidate.line is not None and candidate.text is None and candidate.last > candidate.first:
        own = letters(candidate.line.words(candidate.first, candidate.last))
        if own and key.startswith(own):
            key = own
    return sum(1 for text in whole if key in text) if len(key) >= 4 else 1


def _own_blocks(facts: Facts, own: Sequence[str]) -> list[list[tuple[Line, Cell]]]:
    """Where our own name is printed, with what stands below it."""
    blocks = []
    for line in facts.layout.lines if own else ():
        for cell in line.cells:
            if cell.last - cell.first <= 8 and _is_own(letters(line.words(cell.first, cell.last)), own):
                blocks.append([(line, cell), *_column(facts, line, cell)])
    return blocks


def _full_names_first(candidates: list[Candidate[str]]) -> None:
    """A trade name or logo that is part of a full legal name speaks for the full name."""
    full = [(letters(c.value), c) for c in candidates if LEGAL.search(c.value)]
    for candidate in candidates:
        key = letters(candidate.value)
        if LEGAL.search(candidate.value) or len(key) < 4 or _HEADED in candidate.support:
            continue
        for name, whole in full:
            if key in name and len(name) - len(key) <= 30 and whole.score > 0:
                whole.score = max(whole.score, candidate.score + 0.3)
                whole.support.append(f"contains “{candidate.value}”")
                candidate.score -= 1.0


def _is_own(key: str, own: Sequence[str]) -> bool:
    """Whether a name is one of ours, however it is printed."""
    return any(
        name and (name == key or (len(name) > 5 and (name in key or fuzz.ratio(name, key) >= 90))) for name in own
    )


def _blocks(facts: Facts, *fields: str) -> list[list[tuple[Line, Cell]]]:
    """The cells that belong to each heading of a party: right of it, and the column below it."""
    blocks = []
    for hit in facts.hits(*fields):
        line = hit.line
        cell = line.cell_of(hit.first)
        if hit.first != cell.first:
            continue
        block: list[tuple[Line, Cell]] = []
        colon = line.tokens[hit.last - 1].text.endswith((":", "-"))
        if hit.last < cell.last:
            if not colon and line.tokens[hit.last].text != ":" and len(letters(hit.words)) > 2:
                rest = cell.last - hit.last
                if rest > 1 or facts.next_label(line, hit.last) > hit.last:
                    continue  # a sentence that begins with the word
            skip = 1 if line.tokens[hit.last].text == ":" else 0
            if hit.last + skip < cell.last and colon | bool(skip):
                block.append((line, Cell(hit.last + skip, cell.last, line.tokens[hit.last + skip].x0, cell.x1)))
        elif not colon and len(letters(hit.words)) <= 4 and len(line.cells) > 2:
            continue
        block += _beside(facts, hit, cell) if not block else []
        block += _column(facts, line, cell)
        if block:
            blocks.append(block)
    return blocks


def _beside(facts: Facts, hit: Hit, cell: Cell) -> list[tuple[Line, Cell]]:
    """The next cell on the label's line, when no other label begins it."""
    line = hit.line
    following = next((c for c in line.cells if c.first >= cell.last), None)
    if following is None or facts.next_label(line, following.first) == following.first:
        return []
    if following.x0 - cell.x1 > 14 * line.height:
        return []
    return [(line, following)]


def _column(facts: Facts, line: Line, cell: Cell) -> list[tuple[Line, Cell]]:
    """The lines below a heading that start at its left edge, until a gap or another heading."""
    found: list[tuple[Line, Cell]] = []
    previous = line
    for other, below in facts.layout.below(line, cell.x0 - 2, max(cell.x1, cell.x0 + 60), within=11 * line.height):
        if other.top - previous.bottom > (3.0 if found and is_label(*found[-1]) else 1.9) * line.height:
            break
        if abs(below.x0 - cell.x0) > 2.5 * line.height:
            continue
        here = [h for h in facts.by_line.get(other.index, ()) if h.first == below.first]
        if any(
            h.field in ("buyer", "seller", "ship_to")
            and h.strength == 3
            and len(letters(h.words)) > 4
            and h.last == below.last
            for h in here
        ):
            break
        found.append((other, below))
        previous = other
        if len(found) >= 9:
            break
    return found


def _of_block(facts: Facts, block: list[tuple[Line, Cell]], score: float, why: str) -> Iterator[Candidate[str]]:
    """The name in an address block: what stands after `Name:`, else its first lines before the street."""
    named = next(
        (
            n
            for n, (line, cell) in enumerate(block)
            if line.lettered[cell.first] in ("name", "nom", "naam", "firma", "company") and n < 6
        ),
        None,
    )
    if named is not None:
        yield from _named(facts, block[named], score + 0.4, why)
        return
    names: list[tuple[Line, Cell]] = []
    for line, cell in block[:5]:
        text = name_in(line, cell)
        if is_label(line, cell):
            continue
        if (STREET.search(text) and not LEGAL.search(text)) or POSTCODE.search(text) or CONTACT.search(text):
            break
        if namelike(text):
            names.append((line, cell))
        elif names:
            break
    if names:
        line, cell = names[0]
        value, last = _with_continuation(names)
        yield Candidate(value, score + (0.3 if LEGAL.search(value) else 0.0), line, cell.first, last, [why])


def _named(facts: Facts, place: tuple[Line, Cell], score: float, why: str) -> Iterator[Candidate[str]]:
    """The cell right of `Name:`; with a line above it when the label stands in the middle of two."""
    line, cell = place
    following = next((c for c in line.cells if c.first >= cell.last), None)
    start = following.first if following else cell.first + 1
    end = following.last if following else cell.last
    if start < end and line.tokens[start].text == ":":
        start += 1
    if start >= end:
        return
    name = line.words(start, end)
    lines = facts.layout.by_page[line.page]
    above = lines[line.index - lines[0].index - 1] if line is not lines[0] else line
    alone = following is not None and len(above.cells) == 1 and above is not line
    if alone and abs(above.cells[0].x0 - line.tokens[start].x0) < 2 and line.top - above.bottom < 0.4 * line.height:
        name = f"{above.words(0, len(above.tokens))} {name}"
    yield Candidate(name, score, line, start, end, [why], text=name)


def _with_continuation(names: list[tuple[Line, Cell]]) -> tuple[str, int]:
    """A name over two lines: the first has no legal form, the second ends with one."""
    line, cell = names[0]
    first = name_in(line, cell)
    if len(names) > 1 and not LEGAL.search(first):
        second_line, second_cell = names[1]
        second = name_in(second_line, second_cell)
        close = second_line.top - line.bottom < 0.7 * line.height and abs(second_cell.x0 - cell.x0) < 2
        same_size = abs(second_line.height - line.height) < 0.08 * line.height
        shared = set(map(letters, first.split())) & set(map(letters, second.split()))
        if close and same_size and LEGAL.search(second) and len(first.split()) > 1 and not shared:
            return f"{first} {second}", cell.last
    return first, cell.last


def _plain_names(facts: Facts, buyer_cells: set[tuple[int, int]], goods: Set[int]) -> list[Candidate[str]]:
    """Cells that read like a company's name, anywhere; the more so at the top, in large letters, above a street."""
    found: list[Candidate[str]] = []
    usual = facts.layout.height
    for page in facts.layout.pages[:2]:
        lines = facts.layout.by_page[page.number]
        for number, line in enumerate(lines):
            for cell in line.cells if line.index not in goods else ():
                if (line.index, cell.first) in buyer_cells:
                    continue
                found += _plain_name(facts, lines, number, line, cell, page.height, usual)
    return found


def _plain_name(
    facts: Facts, lines: list[Line], number: int, line: Line, cell: Cell, tall: float, usual: float
) -> Iterator[Candidate[str]]:
    text = name_in(line, cell)
    if is_label(line, cell):
        return
    legal = legal_name(text)
    top = line.top < 0.3 * tall
    if legal is not None:
        score, why = 1.3 + (0.4 if top or line.top > 0.85 * tall else 0.0), ["has a legal form"]
        if _BANKS.search(legal):
            score -= 1.0
        value = legal
    elif (
        top
        and namelike(text)
        and not STREET.search(text)
        and not any(h.first == cell.first and h.last == cell.last for h in facts.by_line.get(line.index, ()))
    ):
        score, why, value = 0.3, ["stands at the top"], text
    else:
        return
    if top and line.height > 1.25 * usual:
        score += 0.7
        why.append("in large letters")
    if top and number == 0:
        score += 0.3
    below = next(
        ((other, c) for other, c in facts.layout.below(line, cell.x0, cell.x0 + 30, within=1.2 * line.height)), None
    )
    if below and value == text:
        under = name_in(*below)
        if STREET.search(under) or POSTCODE.search(under):
            score += 0.8 + (0.6 if _has_contact(facts, line, cell) else 0.0)
            why.append("above an address")
        if STREET.search(under) or POSTCODE.search(under) or CONTACT.search(under):
            pass
        elif legal is None and LEGAL.search(under):
            joined, _ = _with_continuation([(line, cell), below])
            if joined != text:
                yield Candidate(joined, score + 1.8, line, cell.first, cell.last, [*why, "goes on in the next line"])
    yield Candidate(value, score, line, cell.first, cell.last, why)


def _has_contact(facts: Facts, line: Line, cell: Cell) -> bool:
    """Whether telephone, tax or registration numbers follow below: a sender's block."""
    below = facts.layout.below(line, cell.x0, cell.x0 + 30, within=9 * line.height)
    return any(CONTACT.search(name_in(*place)) for place in below)


def _sender_lines(facts: Facts) -> list[Candidate[str]]:
    """The small line above the address window: name, street and town with signs between them."""
    found = []
    for line in facts.layout.lines:
        for cell in line.cells:
            text = line.words(cell.first, cell.last)
            parts = [p for p in SEPARATED.split(text) if p]
            if len(parts) < 2 or len(text) > 160:
                continue
            rest = " ".join(parts[1:])
            if (
                POSTCODE.search(rest)
                and (STREET.search(rest) or len(parts) > 2)
                and 2 <= len(parts[0]) <= 70
                and not POSTCODE.search(parts[0])
            ):
                size = len(parts[0].split())
                found.append(
                    Candidate(
                        legal_name(parts[0]) or parts[0].strip(" ,"),
                        2.4,
                        line,
                        cell.first,
                        min(cell.first + size, cell.last),
                        ["sender's line"],
                    )
                )
    return found


def _account_names(facts: Facts) -> list[Candidate[str]]:
    """Whose account is to be paid, weakly: it may be a person or a factor."""
    found = []
    for hit in facts.hits("account_name"):
        line = hit.line
        stop = min(facts.next_label(line, hit.last), len(line.tokens))
        first = hit.last
        while first < stop and line.tokens[first].text in (":", "-"):
            first += 1
        if first < stop:
            end = min(stop, line.cell_of(first).last)
            text = line.words(first, end).strip(" .,:")
            if namelike(text):
                found.append(
                    Candidate(text, 1.2 if LEGAL.search(text) else 0.6, line, first, end, [f"right of “{hit.words}”"])
                )
    return found


def _domains(facts: Facts) -> dict[str, int]:
    seen: dict[str, int] = defaultdict(int)
    for line in facts.layout.lines:
        if "@" in line.text or "www" in line.text or "http" in line.text:
            for match in _DOMAIN.finditer(line.text):
                seen[match[1].casefold()] += 1
    return dict(sorted(seen.items(), key=lambda item: -item[1]))


def _in_domains(key: str, domains: dict[str, int]) -> str | None:
    for domain in domains:
        for part in domain.split(".")[:-1]:
            stem = letters(part)
            if len(stem) >= 4 and (stem in key or (len(key) >= 4 and key in stem)):
                return domain
    return None

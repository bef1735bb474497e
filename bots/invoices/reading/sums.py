"""Every printed amount with what the words beside and above it say it is."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from .facts import Facts, Printed
from .labels import Hit
from .layout import Line

CENT = Decimal("0.01")
_FIELDS = ("net", "tax", "gross", "payable", "prepaid", "not_total")


_INCLUDING = frozenset(
    [
        "incl",
        "incl.",
        "inc",
        "inc.",
        "including",
        "inkl",
        "inkl.",
        "inklusive",
        "einschl.",
        "einschließlich",
        "inclusief",
        "comprise",
        "comprises",
        "includes",
        "included",
        "mit",
    ]
)


_EXCLUDING = frozenset(
    [
        "excl",
        "excl.",
        "ex",
        "ex.",
        "excluding",
        "exkl",
        "exkl.",
        "exklusive",
        "ohne",
        "zzgl",
        "hors",
        "exclusief",
        "exclusive",
        "before",
        "vor",
        "without",
    ]
)


@dataclass(slots=True)
class Sum:
    """One value that is printed as an amount, with what its places say about it."""

    value: Decimal  # without its sign
    scores: dict[str, float] = field(default_factory=dict)
    best: dict[str, Printed] = field(default_factory=dict)
    why: dict[str, str] = field(default_factory=dict)
    places: list[Printed] = field(default_factory=list)
    said: dict[str, float] = field(default_factory=dict)  # filled when all places are known

    def say(self, name: str, score: float, printed: Printed, why: str) -> None:
        """Note that one place speaks for a field."""
        if score > self.scores.get(name, -9.0):
            self.scores[name], self.best[name], self.why[name] = score, printed, why

    def score(self, name: str) -> float:
        """How strongly the value is said to be the field's."""
        return self.scores.get(name, 0.0)


def sums_of(facts: Facts, in_table: set[tuple[int, int]]) -> dict[Decimal, Sum]:
    """Every printed amount with the labels beside and above it."""
    sums: dict[Decimal, Sum] = {}
    main = _main_currency(facts)
    for printed in facts.amounts:
        money = printed.money
        if not (money.explicit or (money.places in (0, 3, 4) and _is_labelled(facts, printed))):
            continue
        if money.places > 2 and money.value != money.value.quantize(CENT):
            continue
        value = abs(money.value).quantize(CENT)
        one = sums.setdefault(value, Sum(value))
        one.places.append(printed)
        inside = (printed.line.index, printed.first) in in_table
        foreign = money.currency is not None and main is not None and money.currency != main
        for name, score, why in _labels_left(facts, printed):
            one.say(name, score - (1.5 if inside else 0.0) - (1.5 if foreign else 0.0), printed, why)
        if foreign:
            one.say("foreign", 1.0, printed, "")
    for hit in facts.labels:
        if hit.field in _FIELDS:
            for printed, score in _labels_above(facts, hit):
                known = sums.get(abs(printed.money.value).quantize(CENT))
                if known is not None and printed.money.places <= 2:
                    inside = (printed.line.index, printed.first) in in_table
                    known.say(hit.field, score - (1.5 if inside else 0.0), printed, f"below “{hit.words}”")
    return sums


def _is_labelled(facts: Facts, printed: Printed) -> bool:
    """Whether a whole number is an amount: a total's label stands directly before it."""
    hits = [
        h
        for h in facts.by_line.get(printed.line.index, ())
        if h.field in ("net", "tax", "gross", "payable") and h.last == printed.first
    ]
    return bool(hits)


def _main_currency(facts: Facts) -> str | None:
    seen: dict[str, int] = defaultdict(int)
    for printed in facts.amounts:
        if printed.money.currency and printed.money.explicit:
            seen[printed.money.currency] += 1
    return max(seen, key=lambda code: seen[code]) if seen else None


def _labels_left(facts: Facts, printed: Printed) -> Iterator[tuple[str, float, str]]:
    """The labels between the amount before (or the line's start) and this amount."""
    line = printed.line
    hits = [h for h in facts.by_line.get(line.index, ()) if h.last <= printed.first]
    if not hits:
        return
    row = facts.amounts_on[line.index]
    order = row.index(printed)
    before = [other for other in row[:order] if other.money.explicit]
    since = before[-1].last if before else 0
    own = [h for h in hits if h.first >= since]
    fading = 1.0
    if not own:
        own = [h for h in hits if h.first >= (before[-2].last if len(before) > 1 else 0)]
        fading = 0.75 if len(before) <= 2 else 0.5
    named = [h for h in own if h.field in _FIELDS]
    cell = line.cell_of(printed.first)
    nearest = line.cell_of(named[-1].first) if named else cell
    named.sort(key=lambda hit: (line.cell_of(hit.first) is not nearest, hit.first))
    for rank, hit in enumerate(named):
        words_between = sum(
            any(c.isalpha() for c in t.text) for t in line.tokens[hit.last : printed.first]
        )  # fmt: skip
        same_cell = line.cell_of(hit.first) is cell
        weight = fading * (1.0 if rank == 0 else 0.7 if line.cell_of(hit.first) is nearest else 0.4) - (
            0.12 * words_between if same_cell or words_between > 6 else 0.03 * words_between
        )
        name = turned(line, hit)
        if name != hit.field:
            yield name, hit.strength * max(weight, 0.1) * 0.8, f"right of “{hit.words}”"
            weight *= 0.7
        yield hit.field, hit.strength * max(weight, 0.1), f"right of “{hit.words}”"


def turned(line: Line, hit: Hit) -> str:
    """A tax word behind `including` or `excluding` speaks of the gross or the net amount."""
    if hit.field != "tax":
        return hit.field
    before = [t.casefold().strip("(") for t in (token.text for token in line.tokens[max(0, hit.first - 3) : hit.first])]
    if any(word in _INCLUDING for word in before):
        return "gross"
    if any(word in _EXCLUDING for word in before):
        return "net"
    return hit.field


def _labels_above(facts: Facts, hit: Hit) -> Iterator[tuple[Printed, float]]:
    """Amounts in the column under a label."""
    line = hit.line
    here = facts.amounts_on.get(line.index, ())
    cell = line.cell_of(hit.first)
    stop = facts.next_label(line, hit.last)
    edge = line.tokens[stop].x0 if stop < len(line.tokens) else 1e9
    if any(hit.last <= a.first and a.x0 < edge for a in here):
        return
    if cell.last - cell.first > 7:
        return  # a sentence
    x0, x1 = line.tokens[hit.first].x0, line.tokens[hit.last - 1].x1
    if not any(hit.first < h.first < cell.last or cell.first <= h.first < hit.first for h in facts.by_line[line.index]):
        x0, x1 = cell.x0, cell.x1
    passed = 0
    lines = facts.layout.by_page[line.page]
    start = line.index - lines[0].index + 1
    for other in lines[start : start + 14]:
        if other.top - line.bottom > 16 * facts.layout.height:
            return
        for printed in facts.amounts_on.get(other.index, ()):
            if printed.x0 < x1 + 4 and printed.x1 > x0 - 4:
                yield printed, hit.strength * 0.9 * 0.8**passed
                passed += 1
        if passed > 4:
            return


def said_of(one: Sum, name: str) -> float:
    """How much the print speaks for a field, what speaks against it counted."""
    if name not in one.said:
        one.said[name] = _weighed(one, name)
    return one.said[name]


def _weighed(one: Sum, name: str) -> float:
    score = one.score(name)
    if name == "gross":
        score = max(score, 0.85 * one.score("payable")) + (
            0.2 if one.score("payable") > 0 and one.score("gross") > 0 else 0.0
        )
    rival = max(
        (s for n, s in one.scores.items() if n not in (name, "foreign", "payable" if name == "gross" else name)),
        default=0.0,
    )
    if rival > score:
        score -= 0.4 * (rival - score) if name != "net" or one.score("gross") != rival else 0.0
    return score - 1.2 * one.score("foreign") + min(0.3, 0.1 * len(one.places))

"""Net, tax and gross: among all printed amounts, the three that are labelled so and add up."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

from ..model import Source, TaxLine
from .amounts import parse_amount
from .facts import Candidate, Facts, Printed
from .labels import Hit
from .layout import Line

_FIELDS = ("net", "tax", "gross", "payable", "prepaid", "not_total")
_USUAL_RATES = frozenset(
    Decimal(rate) for rate in ("0", "2.1", "5", "5.5", "6", "7", "8", "9", "10", "12", "13", "16", "17.5", "18", "19", "20", "21", "22", "23", "24", "25")
)  # fmt: skip
_INCLUDING = frozenset(
    "incl incl. inc inc. including inkl inkl. inklusive einschl. einschließlich inclusief comprise comprises includes included mit".split()
)
_EXCLUDING = frozenset(
    "excl excl. ex ex. excluding exkl exkl. exklusive ohne zzgl hors exclusief exclusive before vor without".split()
)
_CENT = Decimal("0.01")
_ZERO = Decimal(0)


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


@dataclass(slots=True)
class Totals:
    """The amounts that were chosen."""

    values: dict[str, Decimal]
    sources: dict[str, Source]
    taxes: tuple[TaxLine, ...]


def read_totals(facts: Facts, *, lines_sum: Decimal | None, in_table: set[tuple[int, int]], credit: bool) -> Totals:
    """Choose net, tax, gross, what was prepaid and what is left to pay.

    `lines_sum` is the sum of the lines' amounts when there are lines; `in_table` their places, which are no totals.
    """
    sums = _sums(facts, in_table)
    taxes = _tax_lines(facts, in_table)
    best = _best_triple(facts, sums, taxes, lines_sum)
    values: dict[str, Decimal] = {}
    sources: dict[str, Source] = {}
    if best is None:
        return Totals(values, sources, ())
    for name, value in zip(("net", "tax", "gross"), best.parts, strict=True):
        if value is None:
            continue
        values[name] = value
        sources[name] = _source(name, value, sums, best)
    _payable(sums, values, sources)
    _signs(values, sums, credit=credit)
    chosen = tuple(t for t in taxes if t.tax is not None) if _adds_up(taxes, best.parts[1]) else ()
    return Totals(values, sources, chosen)


def _sums(facts: Facts, in_table: set[tuple[int, int]]) -> dict[Decimal, Sum]:
    """Every printed amount with the labels beside and above it."""
    sums: dict[Decimal, Sum] = {}
    main = _main_currency(facts)
    for printed in facts.amounts:
        money = printed.money
        if not (money.explicit or money.places in (0, 3, 4) and _is_labelled(facts, printed)):
            continue
        if money.places > 2 and money.value != money.value.quantize(_CENT):
            continue
        value = abs(money.value).quantize(_CENT)
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
                known = sums.get(abs(printed.money.value).quantize(_CENT))
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
    for rank, hit in enumerate(named):
        words_between = sum(
            any(c.isalpha() for c in t.text) for t in line.tokens[hit.last : printed.first]
        )  # fmt: skip
        same_cell = line.cell_of(hit.first) is cell
        weight = fading * (1.0 if rank == 0 else 0.7) - (
            0.12 * words_between if same_cell or words_between > 6 else 0.03 * words_between
        )
        name = _turned(line, hit)
        if name != hit.field:
            yield name, hit.strength * max(weight, 0.1) * 0.8, f"right of “{hit.words}”"
            weight *= 0.7
        yield hit.field, hit.strength * max(weight, 0.1), f"right of “{hit.words}”"


def _turned(line: Line, hit: Hit) -> str:
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


@dataclass(slots=True)
class _Triple:
    parts: tuple[Decimal | None, Decimal | None, Decimal | None]
    score: float
    support: list[str]


class _TaxSums:
    """What the tax lines of each table add up to, as (base, tax); the base is None when no bases are printed."""

    taxed: bool  # whether any amount is called tax
    whole: set[tuple[Decimal | None, Decimal]]
    parts: set[tuple[Decimal | None, Decimal]]

    def __init__(self, taxed: bool, *groups: list[tuple[Decimal | None, Decimal]]) -> None:
        self.taxed = taxed
        self.whole, self.parts = set(), set()
        for rows in groups:
            if rows:
                bases = [base for base, _ in rows if base is not None]
                total = sum(bases, _ZERO) if len(bases) == len(rows) else None
                self.whole.add((total, sum((tax for _, tax in rows), _ZERO)))
            if len(rows) > 1:
                self.parts |= set(rows)

    def fit(self, net: Decimal, tax: Decimal) -> tuple[bool, bool]:
        """Whether the tax lines add up to this net amount and tax, and whether these are only one of several lines."""
        whole = any(total == tax and base in (None, net) for base, total in self.whole)
        return whole, not whole and (net, tax) in self.parts


def _tax_sums(taxes: Sequence[TaxLine]) -> list[tuple[Decimal | None, Decimal]]:
    return [(line.base, line.tax) for line in taxes if line.tax is not None]


def _labelled_tax_sums(facts: Facts) -> list[tuple[Decimal | None, Decimal]]:
    """One line per rate without its base: `VAT 20% 12.00`, `VAT 5% 1.00`."""
    found: dict[int, tuple[Decimal | None, Decimal]] = {}
    for hit in facts.hits("tax"):
        line = hit.line
        row = [a for a in facts.amounts_on.get(line.index, ()) if a.first >= hit.last and a.money.explicit]
        if (
            row
            and "%" in line.text
            and _turned(line, hit) == "tax"
            and hit.first == line.cell_of(hit.first).first
            or row
            and "zzgl" in line.lettered
        ):
            found[line.index] = (None, abs(row[-1].money.value))
    return list(found.values())


def _best_triple(
    facts: Facts, sums: dict[Decimal, Sum], taxes: Sequence[TaxLine], lines_sum: Decimal | None
) -> _Triple | None:
    """Try every gross amount with every net amount, the tax being their difference."""
    if not sums:
        return None
    gross_like = _strongest(sums, ("gross", "payable"), 10)
    net_like = _strongest(sums, ("net",), 12)
    if lines_sum is not None and abs(lines_sum) in sums and sums[abs(lines_sum)] not in net_like:
        net_like.append(sums[abs(lines_sum)])
    taxed = any(s.score("tax") > 0 and s.value > 0 for s in sums.values())
    tables = _TaxSums(taxed, _tax_sums(taxes), _labelled_tax_sums(facts))
    best: _Triple | None = None
    for gross in gross_like:
        for triple in _triples(facts, sums, gross, net_like, tables, lines_sum):
            if best is None or triple.score > best.score:
                best = triple
    labelled = _as_labelled(sums)
    return labelled if labelled and (best is None or labelled.score > best.score) else best


def _as_labelled(sums: dict[Decimal, Sum]) -> _Triple | None:
    """The amounts that are called net, tax and gross although they do not add up: a check shall see that."""
    best = [max(sums.values(), key=lambda s, name=name: _said(s, name)) for name in ("net", "tax", "gross")]  # type: ignore[misc]
    said = [_said(one, name) for one, name in zip(best, ("net", "tax", "gross"), strict=True)]
    if min(said) < 1.5:
        return None
    return _Triple((best[0].value, best[1].value, best[2].value), sum(said) - 2.0, ["net + tax is not gross"])


def _strongest(sums: dict[Decimal, Sum], names: tuple[str, ...], count: int) -> list[Sum]:
    def strength(one: Sum) -> tuple[float, Decimal]:
        return max(one.score(name) for name in names) - 0.5 * one.score("not_total"), one.value

    return sorted(sums.values(), key=strength, reverse=True)[:count]


def _triples(
    facts: Facts,
    sums: dict[Decimal, Sum],
    gross: Sum,
    nets: Sequence[Sum],
    tables: _TaxSums,
    lines_sum: Decimal | None,
) -> Iterator[_Triple]:
    said = _said(gross, "gross")
    for net in nets:
        tax = gross.value - net.value
        if tax < 0:
            continue
        score, support = said + _said(net, "net"), ["net + tax = gross"]
        if tax == 0:
            zero = sums.get(_ZERO.quantize(_CENT))
            stated = zero is not None and zero.score("tax") > 0
            score += 0.5 + (1.5 if stated else 0.0) + (0.2 if not tables.taxed else -0.8)
            if not net.score("net") > 0 and not stated:
                support = ["no tax is printed"]
            yield _finish(
                facts, net.value, _ZERO.quantize(_CENT) if stated else None, gross.value, score, support, lines_sum
            )
            continue
        known = sums.get(tax)
        whole, part = tables.fit(net.value, tax)
        if known is None and not whole and net.score("net") <= 1.5:
            continue
        plausible, exact = _plausible(net.value, tax, facts.rates)
        score += 1.8 * whole - 1.5 * part
        if whole:
            support.append("the tax lines add up to the tax")
        if known is None:
            if whole or exact and net.score("net") > 1.5:
                why = "computed: the sum of the tax lines" if whole else "computed: gross - net, at a printed rate"
                yield _finish(facts, net.value, tax, gross.value, score + (2.0 if whole else 0.8), [why], lines_sum)
            continue
        score += _said(known, "tax") + 2.0 + (0.8 if exact or whole else 0.3 if plausible else -3.0)
        yield _finish(facts, net.value, tax, gross.value, score, support, lines_sum)
    yield from _contained(facts, sums, gross, said, lines_sum)


def _contained(
    facts: Facts, sums: dict[Decimal, Sum], gross: Sum, said: float, lines_sum: Decimal | None
) -> Iterator[_Triple]:
    """Only the gross amount and the tax in it are printed: the net amount is computed."""
    alone = True
    for tax in sums.values():
        alone = alone and not tax.score("net") > 1
        if not (tax.score("tax") > 1 and tax.value > 0):
            continue
        alone = False
        net = gross.value - tax.value
        if net > 0 and net not in sums and _plausible(net, tax.value, facts.rates)[1]:
            why = ["computed: gross - tax, at a printed rate"]
            yield _finish(facts, net, tax.value, gross.value, said + _said(tax, "tax") + 1.2, why, lines_sum)
    if alone:
        yield _finish(facts, gross.value, None, gross.value, said + 0.4, ["no tax is printed"], lines_sum)
    else:
        yield _Triple((None, None, gross.value), said - 1.0, ["nothing adds up to it"])


def _finish(
    facts: Facts,
    net: Decimal,
    tax: Decimal | None,
    gross: Decimal,
    score: float,
    support: list[str],
    lines_sum: Decimal | None,
) -> _Triple:
    if lines_sum is not None and abs(lines_sum) in (net, gross):
        score += 1.0 if abs(lines_sum) == net else 0.6
        support = [*support, "the lines add up to it"]
    if gross == 0:
        score -= 1.0
    return _Triple((net, tax, gross), score, support)


def _said(one: Sum, name: str) -> float:
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


def _plausible(net: Decimal, tax: Decimal, printed: frozenset[Decimal]) -> tuple[bool, bool]:
    """Whether the tax could be (a mixture of) usual rates, and whether one printed rate gives it exactly."""
    if net <= 0:
        return False, False
    for rate in printed:
        if rate > 0 and abs((net * rate / 100).quantize(_CENT, ROUND_HALF_UP) - tax) <= Decimal("0.02"):
            return True, True
    ratio = tax / net * 100
    near = any(abs((net * rate / 100) - tax) <= Decimal("0.02") for rate in _USUAL_RATES)
    return near or ratio <= Decimal("25.5"), False


def _tax_lines(facts: Facts, in_table: set[tuple[int, int]]) -> tuple[TaxLine, ...]:
    """Rows of a tax table: a rate, an amount and the tax that the rate gives on it."""
    found: dict[tuple[Decimal, Decimal], TaxLine] = {}
    for index, row in facts.amounts_on.items():
        if any((index, a.first) in in_table for a in row):
            continue
        line = facts.layout.lines[index]
        values = [abs(a.money.value) for a in row if a.money.places in (0, 2)]
        rates = _rates_on(line, facts, values)
        match = next(
            ((rate, base, tax) for rate in rates for base in values for tax in values
             if base > 0 and tax != base and abs((base * rate / 100).quantize(_CENT, ROUND_HALF_UP) - tax) <= Decimal("0.01")),
            None,
        )  # fmt: skip
        if match:
            found.setdefault((match[0], match[1]), TaxLine(rate=match[0], base=match[1], tax=match[2]))
    return tuple(found.values())


def _rates_on(line: Line, facts: Facts, values: Sequence[Decimal]) -> list[Decimal]:
    """The percentages of a line; without any, the numbers that are usual rates."""
    printed = [rate for rate in facts.rates if "%" in line.text and any(_is_rate(t.text, rate) for t in line.tokens)]
    return sorted(printed, reverse=True) or [value for value in values if value in _USUAL_RATES and value > 0]


def _is_rate(text: str, rate: Decimal) -> bool:
    money = parse_amount(text.strip("()@%:;"), comma=None)
    return money is not None and money.value == rate


def _adds_up(taxes: Sequence[TaxLine], tax: Decimal | None) -> bool:
    return bool(taxes) and tax is not None and abs(sum((t.tax or _ZERO for t in taxes), _ZERO) - tax) <= Decimal("0.02")


def _source(name: str, value: Decimal, sums: dict[Decimal, Sum], triple: _Triple) -> Source:
    one = sums.get(value)
    if one is None:
        return Source(source="page", support=tuple(triple.support))
    at = name if name in one.best else "payable" if name == "gross" and "payable" in one.best else None
    printed = one.best[at] if at else one.places[-1]
    why = [one.why[at]] if at else []
    candidate = Candidate(value, 0.0, printed.line, printed.first, printed.last, [*why, *triple.support])
    rivals = [
        Candidate(
            other.value,
            other.score(name),
            other.best[name].line,
            other.best[name].first,
            other.best[name].last,
            [other.why[name]],
        )
        for other in sums.values()
        if other is not one and name in other.best and other.score(name) >= max(0.8 * one.score(name), 1.0)
    ]
    return candidate.source(sorted(rivals, key=lambda c: -c.score)[:5])


def _payable(sums: dict[Decimal, Sum], values: dict[str, Decimal], sources: dict[str, Source]) -> None:
    """What was prepaid and what is left, when the page says so; otherwise the gross amount is payable."""
    gross = values["gross"]
    prepaid = [s for s in sums.values() if s.score("prepaid") > 1 and s.value > 0]
    for one in sorted(prepaid, key=lambda s: -s.score("prepaid")):
        rest = gross - one.value
        if rest > 0 and rest in sums or rest == 0 and one.why["prepaid"].startswith("right"):
            values["prepaid"], values["payable"] = one.value, rest
            place = one.best["prepaid"]
            sources["prepaid"] = Candidate(
                one.value, 1.0, place.line, place.first, place.last, [one.why["prepaid"]]
            ).source()
            if rest in sums:
                place = sums[rest].best.get("payable", sums[rest].places[-1])
                sources["payable"] = Candidate(
                    rest, 1.0, place.line, place.first, place.last, ["gross - prepaid"]
                ).source()
            return
    due = [s for s in sums.values() if s.score("payable") > 2 and s.value > 0 and s.score("foreign") <= 0]
    best = max(due, key=lambda s: (s.score("payable"), s.value == gross), default=None)
    values["payable"] = (
        best.value if best is not None and sums[gross].score("payable") < best.score("payable") - 0.3 else gross
    )
    if values["payable"] == gross:
        sources["payable"] = sources["gross"]
    elif best is not None:
        place = best.best["payable"]
        sources["payable"] = Candidate(
            best.value, 1.0, place.line, place.first, place.last, [best.why["payable"]]
        ).source()


def _signs(values: dict[str, Decimal], sums: dict[Decimal, Sum], *, credit: bool) -> None:
    """Credit notes are negative however they are printed; other documents keep the sign of their gross amount."""
    gross = sums[values["gross"]]
    places = [gross.best[name] for name in ("gross", "payable") if name in gross.best] or gross.places
    negative = (
        credit or all(place.money.value < 0 and not place.money.bracketed for place in places) and gross.value > 0
    )
    if negative:
        for name, value in values.items():
            values[name] = -value

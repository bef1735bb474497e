"""Net, tax and gross: among all printed amounts, the three that are labelled so and add up."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from ..model import Source, TaxLine
from .facts import Candidate, Facts
from .sums import CENT, Sum, said_of, sums_of
from .taxes import ZERO, TaxSums, adds_up, labelled_tax_sums, plausible, tax_lines, tax_sums


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
    sums = sums_of(facts, in_table)
    taxes = tax_lines(facts, in_table)
    best = _best_triple(facts, sums, taxes, in_table, lines_sum)
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
    chosen = tuple(t for t in taxes if t.tax is not None) if adds_up(taxes, best.parts[1]) else ()
    return Totals(values, sources, chosen)


@dataclass(slots=True)
class _Triple:
    parts: tuple[Decimal | None, Decimal | None, Decimal | None]
    score: float
    support: list[str]


def _best_triple(
    facts: Facts,
    sums: dict[Decimal, Sum],
    taxes: Sequence[TaxLine],
    in_table: set[tuple[int, int]],
    lines_sum: Decimal | None,
) -> _Triple | None:
    """Try every gross amount with every net amount, the tax being their difference."""
    if not sums:
        return None
    gross_like = _strongest(sums, ("gross", "payable"), 10)
    net_like = _strongest(sums, ("net",), 12)
    if lines_sum is not None and abs(lines_sum) in sums and sums[abs(lines_sum)] not in net_like:
        net_like.append(sums[abs(lines_sum)])
    taxed = any(s.score("tax") > 0 and s.value > 0 for s in sums.values())
    tables = TaxSums(taxed, tax_sums(taxes), labelled_tax_sums(facts, in_table))
    best: _Triple | None = None
    for gross in gross_like:
        for triple in _triples(facts, sums, gross, net_like, tables, lines_sum):
            if best is None or triple.score > best.score:
                best = triple
    labelled = _as_labelled(sums)
    return labelled if labelled and (best is None or labelled.score > best.score) else best


def _as_labelled(sums: dict[Decimal, Sum]) -> _Triple | None:
    """The amounts that are called net, tax and gross although they do not add up: a check shall see that."""
    gross = max(sums.values(), key=lambda one: said_of(one, "gross"))
    net = max(sums.values(), key=lambda one: said_of(one, "net"))
    small = [one for one in sums.values() if one.value < net.value / 2]
    tax = max(small, key=lambda one: said_of(one, "tax"), default=None)
    if tax is None:
        return None
    said = [said_of(net, "net"), said_of(tax, "tax"), said_of(gross, "gross")]
    if min(said) < 1.5:
        return None
    return _Triple((net.value, tax.value, gross.value), sum(said) - 2.0, ["net + tax is not gross"])


def _strongest(sums: dict[Decimal, Sum], names: tuple[str, ...], count: int) -> list[Sum]:
    def strength(one: Sum) -> tuple[float, Decimal]:
        return max(one.score(name) for name in names) - 0.5 * one.score("not_total"), one.value

    return sorted(sums.values(), key=strength, reverse=True)[:count]


def _triples(
    facts: Facts,
    sums: dict[Decimal, Sum],
    gross: Sum,
    nets: Sequence[Sum],
    tables: TaxSums,
    lines_sum: Decimal | None,
) -> Iterator[_Triple]:
    said = said_of(gross, "gross")
    for net in nets:
        tax = gross.value - net.value
        if tax < 0:
            continue
        score, support = said + said_of(net, "net"), ["net + tax = gross"]
        if tax == 0:
            zero = sums.get(ZERO.quantize(CENT))
            stated = zero is not None and zero.score("tax") > 0
            score += 0.5 + (1.5 if stated else 0.0) + (0.2 if not tables.taxed else -0.8)
            if not net.score("net") > 0 and not stated:
                support = ["no tax is printed"]
            yield _finish(
                facts, net.value, ZERO.quantize(CENT) if stated else None, gross.value, score, support, lines_sum
            )
            continue
        known = sums.get(tax)
        whole, part = tables.fit(net.value, tax)
        if known is None and not whole and net.score("net") <= 1.5:
            continue
        likely, exact = plausible(net.value, tax, facts.rates)
        score += 1.8 * whole - 1.5 * part
        if whole:
            support.append("the tax lines add up to the tax")
        if known is None:
            if whole or (exact and net.score("net") > 1.5):
                why = "computed: the sum of the tax lines" if whole else "computed: gross - net, at a printed rate"
                yield _finish(facts, net.value, tax, gross.value, score + (2.0 if whole else 0.8), [why], lines_sum)
            continue
        score += said_of(known, "tax") + 2.0 + (0.8 if exact or whole else 0.3 if likely else -3.0)
        yield _finish(facts, net.value, tax, gross.value, score, support, lines_sum)
    for base, tax in tables.whole:
        rest = gross.value - tax
        if base == rest and rest not in sums and 0 < tax < rest:
            summed = ["computed: the sums of the tax table"]
            yield _finish(facts, rest, tax, gross.value, said + 3.8, summed, lines_sum)
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
        if net > 0 and net not in sums and plausible(net, tax.value, facts.rates)[1]:
            why = ["computed: gross - tax, at a printed rate"]
            yield _finish(facts, net, tax.value, gross.value, said + said_of(tax, "tax") + 1.2, why, lines_sum)
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
        if (rest > 0 and rest in sums) or (rest == 0 and one.why["prepaid"].startswith("right")):
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
    negative = credit or (
        all(place.money.value < 0 and not place.money.bracketed for place in places) and gross.value > 0
    )
    if negative:
        for name, value in values.items():
            values[name] = -value

"""The tax table: rows of a rate, an amount and the tax on it, and what they add up to."""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

from ..model import TaxLine
from .amounts import parse_amount
from .facts import Facts
from .layout import Line
from .sums import CENT, turned

ZERO = Decimal(0)
_WIDEST = 12  # amounts in a row of a tax table, at most
_USUAL_RATES = frozenset(
    Decimal(rate)
    for rate in (
        "0",
        "2.1",
        "5",
        "5.5",
        "6",
        "7",
        "8",
        "9",
        "10",
        "12",
        "13",
        "16",
        "17.5",
        "18",
        "19",
        "20",
        "21",
        "22",
        "23",
        "24",
        "25",
    )
)


class TaxSums:
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
                total = sum(bases, ZERO) if len(bases) == len(rows) else None
                self.whole.add((total, sum((tax for _, tax in rows), ZERO)))
            if len(rows) > 1:
                self.parts |= set(rows)

    def fit(self, net: Decimal, tax: Decimal) -> tuple[bool, bool]:
        """Whether the tax lines add up to this net amount and tax, and whether these are only one of several lines."""
        exact = (net, tax) in self.whole
        part = not exact and (net, tax) in self.parts
        return exact or (not part and (None, tax) in self.whole), part


def tax_sums(taxes: Sequence[TaxLine]) -> list[tuple[Decimal | None, Decimal]]:
    """Return base and tax of every row that has a tax amount."""
    return [(line.base, line.tax) for line in taxes if line.tax is not None]


def labelled_tax_sums(facts: Facts, in_table: set[tuple[int, int]]) -> list[tuple[Decimal | None, Decimal]]:
    """One line per rate without its base: `VAT 20% 12.00`, `VAT 5% 1.00`."""
    found: dict[int, tuple[Decimal | None, Decimal]] = {}
    for hit in facts.hits("tax"):
        line = hit.line
        row = [
            a
            for a in facts.amounts_on.get(line.index, ())
            if a.first >= hit.last and a.money.explicit and (line.index, a.first) not in in_table
        ]
        if (row and "%" in line.text and turned(line, hit) == "tax" and hit.first == line.cell_of(hit.first).first) or (
            row and "zzgl" in line.lettered
        ):
            found[line.index] = (None, abs(row[-1].money.value))
    return list(found.values())


def plausible(net: Decimal, tax: Decimal, printed: frozenset[Decimal]) -> tuple[bool, bool]:
    """Whether the tax could be (a mixture of) usual rates, and whether one printed rate gives it exactly."""
    if net <= 0:
        return False, False
    for rate in printed:
        if rate > 0 and abs((net * rate / 100).quantize(CENT, ROUND_HALF_UP) - tax) <= Decimal("0.02"):
            return True, True
    ratio = tax / net * 100
    near = any(abs((net * rate / 100) - tax) <= Decimal("0.02") for rate in _USUAL_RATES)
    return near or ratio <= Decimal("25.5"), False


def tax_lines(facts: Facts, in_table: set[tuple[int, int]]) -> tuple[TaxLine, ...]:
    """Rows of a tax table: a rate, an amount and the tax that the rate gives on it."""
    found: dict[tuple[Decimal, Decimal], TaxLine] = {}
    for index, row in facts.amounts_on.items():
        if len(row) > _WIDEST or any((index, a.first) in in_table for a in row):
            continue
        line = facts.layout.lines[index]
        values = [abs(a.money.value) for a in row if a.money.places in (0, 2)]
        rates = _rates_on(line, facts, values)
        match = next(
            (
                (rate, base, tax)
                for rate in rates
                for base in values
                if base > 0
                for tax in values
                if tax != base and abs((base * rate / 100).quantize(CENT, ROUND_HALF_UP) - tax) <= CENT
            ),
            None,
        )
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


def adds_up(taxes: Sequence[TaxLine], tax: Decimal | None) -> bool:
    """Tell whether the rows give the tax amount, two pence of rounding apart."""
    return bool(taxes) and tax is not None and abs(sum((t.tax or ZERO for t in taxes), ZERO) - tax) <= Decimal("0.02")

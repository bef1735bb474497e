"""Line items: the rows under a table's head, by where their values stand."""

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from ..model import Box
from ..model import Line as Item
from .amounts import parse_amount
from .columns import NUMERIC, Column, Head, find_heads
from .facts import Facts, Printed
from .layout import Line

_CENT = Decimal("0.01")
_TOTALS = ("net", "tax", "gross", "payable", "prepaid")
_WORD = re.compile(r"[^\W\d]{2,}")


@dataclass(slots=True)
class Value:
    """One number in a row, with the column it stands in."""

    role: str
    value: Decimal
    line: Line
    first: int
    last: int
    percent: bool = False
    money: bool = False  # printed with two decimals or a currency


@dataclass(slots=True)
class Row:
    """One item as it grows: its amount and what stands around it."""

    line: Line
    values: list[Value]
    texts: list[tuple[Line, int, int]] = field(default_factory=list)
    extra: bool = False  # a discount or charge, which may or may not count as a line

    def get(self, role: str) -> Value | None:
        """The row's value in a column."""
        return next((value for value in self.values if value.role == role), None)


@dataclass(slots=True)
class Items:
    """The line items of a document."""

    lines: tuple[Item, ...]
    places: set[tuple[int, int]]  # line index and first token of every amount inside the tables
    total: Decimal | None  # sum of the lines' amounts; None without lines
    goods: frozenset[int]  # the indexes of every line in the table, its head included


NO_ITEMS = Items((), set(), None, frozenset())


def read_items(facts: Facts) -> Items:
    """Read the items of the goods table; a table over several pages is one."""
    heads = find_heads(facts)
    places: set[tuple[int, int]] = set()
    tables: list[tuple[Head, list[Row]]] = []
    for number, head in enumerate(heads):
        until = heads[number + 1].first if number + 1 < len(heads) else len(facts.layout.lines)
        tables.append((head, _rows(facts, head, until, places)))
    main = max((head for head, _ in tables), key=lambda head: _weight(tables, head), default=None)
    rows = [row for head, found in tables if main is not None and head.signature == main.signature for row in found]
    for row in rows:
        places |= {(value.line.index, value.first) for value in row.values}
    rows = _counted(facts, rows)
    items = tuple(_item(row) for row in rows)
    total = sum((item.net for item in items if item.net is not None), Decimal(0)) if items else None
    goods = {line.index for row in rows for line, _, _ in row.texts} | {row.line.index for row in rows}
    goods |= {n for head, _ in tables for n in range(head.first, head.last + 1)}
    return Items(items, places, total, frozenset(goods))


def _weight(tables: list[tuple[Head, list[Row]]], main: Head) -> float:
    """How much a table (over all its pages) looks like the goods: by rows, more by rows that add up."""
    rows = [row for head, found in tables if head.signature == main.signature for row in found]
    return sum(1.0 + 2.0 * _agrees(row) for row in rows) + 0.1 * len(main.columns)


def _agrees(row: Row) -> bool:
    quantity, price, amount = row.get("quantity"), row.get("unit_price"), row.get("net") or row.get("gross")
    return bool(quantity and price and amount and abs(quantity.value * price.value - amount.value) <= _CENT)


def _rows(facts: Facts, head: Head, until: int, carried: set[tuple[int, int]]) -> list[Row]:
    """The rows between a head and the totals, the next head or the end; sums carried over are noted apart."""
    money = head.column("net") or head.column("gross")
    if money is None:
        return []
    rows: list[Row] = []
    pending: list[Line] = []
    page = facts.layout.lines[head.last].page
    tall = {p.number: p.height for p in facts.layout.pages}
    for line in facts.layout.lines[head.last + 1 : until]:
        if _ends(facts, head, line, bool(rows)):
            break
        if _carried(facts, line):
            carried |= {(line.index, amount.first) for amount in facts.amounts_on.get(line.index, ())}
            continue
        if line.page != page and not _row_like(facts, head, line):
            continue
        if line.page != page and line.top > 0.9 * tall.get(line.page, 1e9):
            continue
        values = _values(facts, head, line)
        amount = next((v for v in values if v.role == money.role), None)
        if amount is None or not _is_amount(amount, values):
            pending.append(line)
            continue
        if _sums_up(rows, values, amount, head):
            break
        row = Row(line, values, extra=_is_extra(facts, line))
        _share(facts, head, rows[-1] if rows else None, pending, row)
        pending = []
        rows.append(row)
    if rows and pending:
        _share(facts, head, rows[-1], pending, None)
    return rows


def _is_amount(amount: Value, values: list[Value]) -> bool:
    """Whether a number is printed as money; a whole number counts when quantity and price give it."""
    if amount.money:
        return True
    by_role = {value.role: value.value for value in values}
    return by_role.get("quantity", Decimal(0)) * by_role.get("unit_price", Decimal(0)) == amount.value != 0


def _carried(facts: Facts, line: Line) -> bool:
    """Whether the line only carries a sum from one page to the next."""
    hits = [hit for hit in facts.by_line.get(line.index, ()) if hit.field == "carried"]
    return any(
        hit.last == line.cell_of(hit.first).last or (hit.language == "en" and len(hit.words) > 5) for hit in hits
    )


def _sums_up(rows: list[Row], values: list[Value], amount: Value, head: Head) -> bool:
    """Whether a row is the sum of those before it: no quantity or price, and words beside the descriptions."""
    if not rows or any(value.role in ("quantity", "unit_price") for value in values) or amount.value != _sum(rows):
        return False
    column = head.column("description")
    beside = column is None or amount.line.tokens[0].x0 > column.x1 or amount.line.cells[0].x0 > column.x0 + 40
    return len(rows) > 1 or beside


def _ends(facts: Facts, head: Head, line: Line, begun: bool) -> bool:
    """Whether the table is over: a total's label followed by nothing but an amount, a rate or a bracket."""
    amounts = facts.amounts_on.get(line.index, ())
    for hit in facts.by_line.get(line.index, ()):
        if hit.field not in _TOTALS or hit.first != line.cell_of(hit.first).first:
            continue
        if not amounts or amounts[-1].first < hit.last or len(amounts) > 4:
            continue
        if hit.first >= line.cells[0].last and _has_all(facts, head, line):
            continue
        rest = [t for t in line.tokens[hit.last : amounts[-1].first] if _WORD.search(t.text)]
        labelled = [h for h in facts.by_line[line.index] if h.first >= hit.last and h.field in _TOTALS]
        if len(rest) <= 2 + len(labelled) and (begun or hit.strength == 3) and not _counted_row(facts, head, line):
            return True
    return False


def _has_all(facts: Facts, head: Head, line: Line) -> bool:
    """Whether quantity, price and amount all stand in the line."""
    roles = {value.role for value in _values(facts, head, line)}
    return roles >= {"quantity", "unit_price"} and bool(roles & {"net", "gross"})


def _counted_row(facts: Facts, head: Head, line: Line) -> bool:
    """Whether quantity, price and amount stand in the line and agree: then it is an item, whatever its words."""
    values = {v.role: v.value for v in _values(facts, head, line)}
    if not {"quantity", "unit_price"} <= set(values) or not {"net", "gross"} & set(values):
        return False
    return abs(values["quantity"] * values["unit_price"] - values.get("net", values.get("gross", Decimal(0)))) <= _CENT


def _row_like(facts: Facts, head: Head, line: Line) -> bool:
    """On a page without a head of its own, a row must have its amount and one more number in place."""
    roles = {v.role for v in _values(facts, head, line)}
    return bool(roles & {"net", "gross"}) and bool(roles & {"quantity", "unit_price"})


def _values(facts: Facts, head: Head, line: Line) -> list[Value]:
    """The numbers of a line, each in the numeric column it stands under."""
    if not line.digits:
        return []
    numeric = [c for c in head.columns if c.role in NUMERIC]
    texts = [c for c in head.columns if c.role not in NUMERIC and c.role != "unit"]
    found: dict[str, Value] = {}
    amounts = {a.first: a for a in facts.amounts_on.get(line.index, ())}
    for number in _numbers(facts, line, amounts):
        x0, x1 = line.tokens[number.first].x0, line.tokens[number.last - 1].x1
        column = _nearest(numeric, texts, x0, x1, line.height)
        if column is None or _in_words(line, number, column):
            continue
        number.role = column.role
        if number.percent and column.role not in ("vat", "discount"):
            number.role = "vat" if any(c.role == "vat" for c in numeric) else ""
        if number.role and number.role not in found:
            found[number.role] = number
    return list(found.values())


def _in_words(line: Line, number: Value, column: Column) -> bool:
    """Whether a number belongs to the words before it in its cell: a box of 50."""
    x0, x1 = line.tokens[number.first].x0, line.tokens[number.last - 1].x1
    before = line.tokens[line.cell_of(number.first).first : number.first]
    return not (column.x0 < x1 and column.x1 > x0) and any(_WORD.search(token.text) for token in before)


def _numbers(facts: Facts, line: Line, amounts: dict[int, Printed]) -> list[Value]:
    """Amounts and percentages of a line in print order."""
    found = [Value("", a.money.value, line, a.first, a.last, money=a.money.explicit) for a in amounts.values()]
    for position, token in enumerate(line.tokens):
        following = line.tokens[position + 1].text if position + 1 < len(line.tokens) else ""
        if any(c.isdigit() for c in token.text) and ("%" in token.text or following.startswith("%")):
            money = parse_amount(token.text.split("%")[0].strip("(@:"), comma=facts.comma)
            if money:
                last = position + 1 if "%" in token.text else position + 2
                found.append(Value("", money.value, line, position, last, percent=True))
    return sorted(found, key=lambda v: v.first)


def _nearest(numeric: Sequence[Column], texts: Sequence[Column], x0: float, x1: float, height: float) -> Column | None:
    """The numeric column over a number: by overlap, else by the nearest edge or middle."""
    over = [c for c in numeric if c.x0 < x1 and c.x1 > x0]
    if len(over) == 1:
        return over[0]

    def away(column: Column) -> float:
        return min(abs(column.x0 - x0), abs(column.x1 - x1), abs(column.x0 + column.x1 - x0 - x1) / 2)

    best = min(over or numeric, key=away, default=None)
    if best is None:
        return None
    if not over:
        inside_text = [c for c in texts if x0 < c.x1 and x1 > c.x0]
        if inside_text or away(best) > 5 * height:
            return None
        nearest_text = min((away(c) for c in texts), default=1e9)
        if nearest_text < away(best):
            return None
    return best


def _is_extra(facts: Facts, line: Line) -> bool:
    """Whether the row names a discount, carriage or a sum carried over."""
    return any(
        h.field in ("not_total", "prepaid", *_TOTALS) and h.first <= 1 for h in facts.by_line.get(line.index, ())
    )


def _share(facts: Facts, head: Head, before: Row | None, pending: list[Line], row: Row | None) -> None:
    """Give the lines between two amounts to the item they stand closer to; complete the row's missing values."""
    after: list[Line] = []
    if row is not None:
        after = pending if before is None else _split(before.line, pending, row.line)
        lines = [line for line in after if row.line.top - line.bottom < 0.9 * line.height or before is not None]
        if before is None:
            lines = [line for line in after if row.line.top - line.top < 1.6 * line.height]
        for line in lines:
            _take(facts, head, row, line)
        _take(facts, head, row, row.line)
    previous = before.line if before is not None else None
    for line in pending:
        if line in after or before is None or previous is None or line.page != previous.page:
            continue
        if line.top - previous.bottom > 0.9 * line.height:
            break
        _take(facts, head, before, line)
        previous = line


def _split(before: Line, pending: list[Line], row: Line) -> list[Line]:
    """The pending lines that belong to the later row: those below the widest gap, when one gap is wider."""
    close = [line for line in pending if line.page == row.page and row.top - line.top < 0.95 * row.height]
    chain = [before, *pending, row]
    gaps = [b.top - a.top if a.page == b.page else 1e6 for a, b in itertools.pairwise(chain)]
    if len(gaps) > 1 and max(gaps) > 1.25 * min(gaps) and max(gaps) > 0.5 * row.height:
        widest = max(range(len(gaps)), key=lambda n: gaps[n])
        below = pending[widest:]
        return below if len(below) <= 2 else close
    return close


def _take(facts: Facts, head: Head, row: Row, line: Line) -> None:
    """Add a line's description and any value the row has not got."""
    if line is not row.line:
        near = abs(line.top - row.line.top) < 1.7 * line.height
        for value in _values(facts, head, line) if near else ():
            if row.get(value.role) is None:
                row.values.append(value)
    column = head.column("description") or head.column("code")
    if column is None:
        return
    left, right = _room(head, column)
    taken = {n for v in row.values if v.line is line for n in range(v.first, v.last)}
    for cell in line.cells:
        span = [
            n
            for n in range(cell.first, cell.last)
            if n not in taken and line.tokens[n].x0 < right and line.tokens[n].x1 > left
        ]
        if span:
            row.texts.append((line, span[0], span[-1] + 1))


def _room(head: Head, column: Column) -> tuple[float, float]:
    """How far a text column reaches: to the columns left and right of it."""
    left = max((c.x1 for c in head.columns if c.x1 <= column.x0 and c is not column), default=0.0)
    right = min((c.x0 for c in head.columns if c.x0 >= column.x1 and c is not column), default=1e9)
    return min(column.x0 - 4, left + (column.x0 - left) * 0.7), right - 1


def _counted(facts: Facts, rows: list[Row]) -> list[Row]:
    """Keep discounts and charges among the items only when they are needed for the printed net amount."""
    plain = [row for row in rows if not row.extra]
    if len(plain) == len(rows) or not plain:
        return rows
    printed = {
        abs(a.money.value)
        for h in facts.hits("net", "gross")
        for a in facts.amounts_on.get(h.line.index, ())
        if a.first >= h.last
    }
    return rows if abs(_sum(rows)) in printed and abs(_sum(plain)) not in printed else plain


def _sum(rows: list[Row]) -> Decimal:
    return sum((value.value for row in rows if (value := row.get("net") or row.get("gross"))), Decimal(0))


def _item(row: Row) -> Item:
    amount = row.get("net") or row.get("gross")
    quantity, price, vat = row.get("quantity"), row.get("unit_price"), row.get("vat")
    texts = [line.words(first, last) for line, first, last in sorted(row.texts, key=lambda t: (t[0].index, t[1]))]
    return Item(
        description=" ".join(texts).strip(" ,:;"),
        quantity=quantity.value if quantity else None,
        unit=_unit(quantity),
        unit_price=price.value if price else None,
        vat_rate=vat.value if vat and (vat.percent or vat.value <= 30) else None,
        net=amount.value if amount else None,
        page=row.line.page,
        box=_box(row),
    )


def _unit(quantity: Value | None) -> str | None:
    """The word directly behind a quantity."""
    if quantity is None or quantity.last >= len(quantity.line.tokens):
        return None
    token, number = quantity.line.tokens[quantity.last], quantity.line.tokens[quantity.last - 1]
    close = token.x0 - number.x1 < 1.2 * quantity.line.height
    return token.text if close and token.text[:1].isalpha() and len(token.text) <= 10 else None


def _box(row: Row) -> Box:
    places = [(v.line, v.first, v.last) for v in row.values] + row.texts
    boxes = [line.box(first, last) for line, first, last in places if line.page == row.line.page]
    return min(b[0] for b in boxes), min(b[1] for b in boxes), max(b[2] for b in boxes), max(b[3] for b in boxes)

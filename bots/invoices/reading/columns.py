"""The head of a table of goods: which words head which column."""

from dataclasses import dataclass
from functools import lru_cache

from .facts import Facts
from .labels import column_heads
from .layout import Line, letters

NUMERIC = ("quantity", "unit_price", "discount", "vat", "vat_amount", "net", "gross")


@dataclass(slots=True)
class Column:
    """One column by its head."""

    role: str
    x0: float
    x1: float


@dataclass(slots=True)
class Head:
    """The head of a table: its columns from left to right and the lines it is printed on."""

    columns: list[Column]
    first: int  # line index
    last: int  # line index, the last line of the head

    def column(self, role: str) -> Column | None:
        """The first column of a role."""
        return next((column for column in self.columns if column.role == role), None)

    @property
    def signature(self) -> tuple[str, ...]:
        """The roles in order; two heads with one signature are one table over two pages."""
        return tuple(column.role for column in self.columns)


@lru_cache(maxsize=1)
def _known() -> tuple[dict[str, tuple[str, ...]], frozenset[str]]:
    found: dict[str, tuple[str, ...]] = {}
    for role, listed in column_heads().items():
        for phrase in listed:
            key = letters(phrase)
            if key and role not in found.get(key, ()):
                found[key] = (*found.get(key, ()), role)
    return found, frozenset(key[:size] for key in found for size in range(1, len(key) + 1))


def find_heads(facts: Facts) -> list[Head]:
    """Every table head in the document: at least two of quantity, price and amount, or one beside a description."""
    heads: list[Head] = []
    lines = facts.layout.lines
    used = -1
    for line in lines:
        if line.index <= used or len(line.tokens) > 40:
            continue
        columns = _columns(line)
        if len(columns) < 2 or not _table_like(columns):
            continue
        first, last, merged = _with_neighbours(facts, line, columns)
        if not _complete(merged):
            continue
        heads.append(Head(_settled(merged), max(first, used + 1), last))
        used = last
    return heads


def _columns(line: Line) -> list[tuple[tuple[str, ...], float, float]]:
    """The head words of a line; each may have more than one role until its neighbours are known."""
    known, starts = _known()
    found: list[tuple[tuple[str, ...], float, float]] = []
    for cell in line.cells:
        position = cell.first
        while position < cell.last:
            text, best, end = "", None, position
            while end < cell.last and end < position + 6:
                text += line.lettered[end]
                end += 1
                if text not in starts and text:
                    break
                if text in known:
                    best = known[text], end
            if best is None:
                position += 1
                continue
            roles, end = best
            found.append((roles, line.tokens[position].x0, line.tokens[end - 1].x1))
            position = end
    return found


def _table_like(columns: list[tuple[tuple[str, ...], float, float]]) -> bool:
    numeric = sum(1 for roles, _, _ in columns if any(r in NUMERIC for r in roles))
    return numeric >= 1 and len(columns) >= 2


def _complete(columns: list[tuple[tuple[str, ...], float, float]]) -> bool:
    roles = {role for options, _, _ in columns for role in options}
    money = bool(roles & {"net", "gross"})
    text = bool(roles & {"description", "code"})
    counted = bool(roles & {"quantity", "unit_price"})
    return len(columns) >= 3 and money and (text or counted) or len(columns) == 2 and money and "description" in roles


def _with_neighbours(
    facts: Facts, line: Line, columns: list[tuple[tuple[str, ...], float, float]]
) -> tuple[int, int, list[tuple[tuple[str, ...], float, float]]]:
    """A head may take several lines: add head words of the lines close by that stand over or under free places."""
    merged = list(columns)
    first = last = line.index
    lines = facts.layout.lines
    for step in (1, 2, 3):
        index = line.index + step
        if (
            index >= len(lines)
            or lines[index].page != line.page
            or lines[index].top - lines[last].bottom > 0.8 * line.height
        ):
            break
        other = lines[index]
        if facts.amounts_on.get(index) or any(t.isdigit() for t in other.lettered):
            break
        more = _columns(other)
        inside = all(any(cell.x0 < x1 + 25 and cell.x1 > x0 - 25 for _, x0, x1 in merged) for cell in other.cells)
        if not more and not inside:
            break
        merged += [c for c in more if not any(c[1] < x1 + 2 and c[2] > x0 - 2 for _, x0, x1 in merged)]
        last = index
    merged.sort(key=lambda c: c[1])
    return first, last, merged


def _settled(columns: list[tuple[tuple[str, ...], float, float]]) -> list[Column]:
    """Give each column one role: the last money column is the amount, `unit` before a price is the unit."""
    settled: list[Column] = []
    for number, (roles, x0, x1) in enumerate(columns):
        later = [role for options, _, _ in columns[number + 1 :] for role in options]
        taken = {column.role for column in settled}
        role = next((r for r in roles if r not in taken), roles[0])
        if "unit_price" in roles and "net" in roles:
            role = "unit_price" if "net" in later and "unit_price" not in taken else "net"
        elif "unit_price" in roles and "unit" in roles:
            role = "unit" if "unit_price" in later else "unit_price"
        elif (
            "position" in roles
            and "description" not in taken
            and "description" not in later
            and "position" not in ("#",)
        ):
            role = "description" if number > 0 or len(roles) > 1 else "position"
        elif "code" in roles and "description" in roles:
            role = "code" if "description" in later else "description"
        elif "code" in roles and "description" not in taken and "description" not in later:
            role = "description"
        settled.append(Column(role, x0, x1))
    return settled

"""The head of a table of goods: which words head which column."""

from dataclasses import dataclass
from functools import lru_cache

from .facts import Facts
from .labels import column_heads
from .layout import Line, letters

_Options = tuple[tuple[str, ...], float, float]  # the roles head words may have, and where they stand
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
        heads.append(Head(settled(merged), max(first, used + 1), last))
        used = last
    return heads


def _columns(line: Line) -> list[_Options]:
    """The head words of a line; each may have more than one role until its neighbours are known."""
    known, starts = _known()
    found: list[_Options] = []
    for cell in line.cells:
        position, before, covered = cell.first, len(found), 0
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
            covered += sum(map(len, line.lettered[position:end]))
            position = end
        if covered < 0.6 * sum(map(len, line.lettered[cell.first : cell.last])) or len(found) == before:
            found[before:] = [((), cell.x0, cell.x1)]
    return found


def roles_of(text: str) -> tuple[str, ...]:
    """The roles that a whole head may have; none when its words are not known."""
    return _known()[0].get(letters(text), ())


def _table_like(columns: list[_Options]) -> bool:
    numeric = sum(1 for roles, _, _ in columns if any(r in NUMERIC for r in roles))
    return numeric >= 1 and len(columns) >= 2 and 2 * sum(1 for roles, _, _ in columns if roles) >= len(columns)


def _complete(columns: list[_Options]) -> bool:
    roles = {role for options, _, _ in columns for role in options}
    money = bool(roles & {"net", "gross"})
    text = bool(roles & {"description", "code"})
    counted = roles >= {"quantity", "unit_price"}
    if columns and not columns[-1][0] and {"quantity", "unit_price"} <= roles:
        money = True
    return (len(columns) >= 3 and money and (text or counted)) or (
        len(columns) == 2 and money and "description" in roles
    )


def _with_neighbours(facts: Facts, line: Line, columns: list[_Options]) -> tuple[int, int, list[_Options]]:
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
        more = [column for column in _columns(other) if column[0]]
        inside = all(any(cell.x0 < x1 + 25 and cell.x1 > x0 - 25 for _, x0, x1 in merged) for cell in other.cells)
        if not more and not inside:
            break
        merged += [c for c in more if not any(c[1] < x1 + 2 and c[2] > x0 - 2 for _, x0, x1 in merged)]
        last = index
    merged.sort(key=lambda c: c[1])
    return first, last, merged


def settled(columns: list[_Options]) -> list[Column]:
    """Give each column one role, by what it may be and what stands beside it."""
    roles = [_money_role(columns, number) for number in range(len(columns))]
    texts = [n for n, (options, _, _) in enumerate(columns) if roles[n] is None and "description" in options]
    only = [n for n in texts if columns[n][0] == ("description",)]
    codes = [n for n, (options, _, _) in enumerate(columns) if roles[n] is None and "code" in options]
    free = [n for n, (options, _, _) in enumerate(columns) if roles[n] is None and not options]
    described = next((group[-1] for group in (only, texts, codes) if group), None)
    if described is None and free and free[0] <= 1:
        described = free[0]
    if described is None and roles and roles[0] in ("net", "unit_price") and roles.count(roles[0]) > 1:
        described = 0
    for number, (options, _, _) in enumerate(columns):
        if number == described:
            roles[number] = "description"
        elif roles[number] is None:
            rest = [option for option in options if option != "description"]
            roles[number] = rest[0] if rest else "code" if options else "other"
    if not {"net", "gross"} & set(roles) and roles[-1] == "other" and {"quantity", "unit_price"} & set(roles):
        roles[-1] = "net"
    return [Column(role or "other", x0, x1) for role, (_, x0, x1) in zip(roles, columns, strict=True)]


def _money_role(columns: list[_Options], number: int) -> str | None:
    """The role of a column of numbers; None for a column of text or one that is not known."""
    options = columns[number][0]
    later = [option for others, _, _ in columns[number + 1 :] for option in others]
    if "unit_price" in options and "net" in options:
        earlier = [option for others, _, _ in columns[:number] for option in others]
        return "unit_price" if "net" in later and "unit_price" not in earlier else "net"
    if "unit_price" in options and "unit" in options:
        return "unit" if "unit_price" in later else "unit_price"
    if "position" in options and number == 0:
        return None
    return next((option for option in options if option in NUMERIC), None)

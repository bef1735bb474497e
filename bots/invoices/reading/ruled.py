"""Line items from ruled tables, for pages whose words alone do not give lines that add up."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from understudy import Table

from ..model import Line as Item
from .amounts import Money, parse_amount
from .columns import Column, roles_of, settled

_Row = tuple[Any, ...]  # the cells of a table's row; None where cells are merged
_FEWEST = 3  # head words that make a row of cells a head


def ruled_items(tables: Sequence[Table], *, comma: bool | None) -> tuple[Item, ...]:
    """The rows of every ruled table with a head of goods; a table that goes on needs no second head."""
    items: list[Item] = []
    columns: list[Column] | None = None
    for table in tables:
        for row in table.rows:
            head = _head(row)
            if head is not None:
                columns = head
            elif columns is not None and len(columns) == len(row):
                item = _item(table.page, columns, row, comma)
                items += [item] if item else []
    return tuple(items)


def _head(row: _Row) -> list[Column] | None:
    """The columns a row of cells heads; None when it is no head."""
    texts = [" ".join(cell.text.split()) if cell else "" for cell in row]
    options = [roles_of(text) for text in texts]
    if sum(1 for option in options if option) < _FEWEST or any(c.isdigit() for text in texts for c in text):
        return None
    boxes = [cell.box if cell else (0.0, 0.0, 0.0, 0.0) for cell in row]
    found = settled([(option, box[0], box[2]) for option, box in zip(options, boxes, strict=True)])
    return found if {"net", "gross"} & {column.role for column in found} else None


def _item(page: int, columns: Sequence[Column], row: _Row, comma: bool | None) -> Item | None:
    """One row as an item; None without an amount or without words."""
    texts = {c.role: " ".join(cell.text.split()) for c, cell in zip(columns, row, strict=True) if cell}
    amount = _money(texts.get("net") or texts.get("gross"), comma)
    description = texts.get("description") or texts.get("code") or ""
    if amount is None or not description:
        return None
    quantity, price = _money(texts.get("quantity"), comma), _money(texts.get("unit_price"), comma)
    rate = _money((texts.get("vat") or "").rstrip("% "), comma)
    boxes = [cell.box for cell in row if cell]
    return Item(
        description=description,
        quantity=quantity.value if quantity else None,
        unit_price=price.value if price else None,
        vat_rate=rate.value if rate and rate.value <= 30 else None,
        net=amount.value,
        page=page,
        box=(min(b[0] for b in boxes), min(b[1] for b in boxes), max(b[2] for b in boxes), max(b[3] for b in boxes)),
    )


def _money(text: str | None, comma: bool | None) -> Money | None:
    """The amount in a cell, or the one before its unit: 3 hours."""
    if not text:
        return None
    return parse_amount(text, comma=comma) or parse_amount(text.split()[0], comma=comma)


def add_up(items: Sequence[Item], net: Decimal | None, gross: Decimal | None) -> bool:
    """Whether the items' amounts give the net or the gross amount, signs aside."""
    total = abs(sum((item.net for item in items if item.net is not None), Decimal(0)))
    return bool(items) and total in {abs(amount) for amount in (net, gross) if amount is not None}

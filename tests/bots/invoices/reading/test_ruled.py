"""Ruled tables: the second chance for lines that do not add up."""

from collections.abc import Callable
from decimal import Decimal as D

from bots.invoices.reading import read_pages
from core.model.documents import Cell
from understudy import DocumentText, Table

Paper = Callable[..., DocumentText]

TOTALS = "INVOICE\n\nNet total   100.00\nVAT 20%      20.00\nTotal       120.00"


def table(*rows: tuple[str, ...]) -> Table:
    """A ruled table of equal cells."""
    cells = tuple(
        tuple(
            Cell(text, (60.0 * column, 20.0 * row, 60.0 * column + 60, 20.0 * row + 20))
            for column, text in enumerate(texts)
        )
        for row, texts in enumerate(rows)
    )
    return Table(1, (0.0, 0.0, 300.0, 100.0), cells)


def test_ruled_rows_are_taken_when_they_add_up(paper: Paper) -> None:
    """Cells that hold two printed lines, and units behind quantities, are read by their column."""
    goods = table(
        ("Description", "Qty", "Unit\nprice", "VAT %", "Amount"), ("Desk\nlamp", "2 each", "50.00", "20%", "100.00")
    )
    [line] = read_pages(paper(TOTALS), [goods]).lines
    assert (line.description, line.quantity, line.unit_price, line.vat_rate, line.net) == (
        "Desk lamp",
        D(2),
        D(50),
        D(20),
        D(100),
    )
    assert line.page == 1


def test_ruled_rows_that_do_not_add_up_are_left(paper: Paper) -> None:
    """A table that gives another sum is not the goods."""
    goods = table(("Description", "Qty", "Price", "Amount"), ("Desk lamp", "2", "50.00", "99.00"))
    assert read_pages(paper(TOTALS), [goods]).lines == ()


def test_a_table_without_heads_is_left(paper: Paper) -> None:
    """Ruled boxes around addresses are no goods."""
    assert read_pages(paper(TOTALS), [table(("Bill to", "Ship to"), ("Us", "Them"))]).lines == ()

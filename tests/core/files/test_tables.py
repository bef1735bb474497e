"""Ruled tables: the grid from the lines, the words from our own layer."""

from collections.abc import Callable

import pytest

from core.errors import FileUnreadable
from core.model.documents import Document
from tests.core.files.pdfs import line, pdf

Make = Callable[..., Document]

ROWS = (("Item", "Qty", "Net"), ("Gloves, nitrile", "25", "100.00"), ("Dressing", "3", "12.50"))
ACROSS = (50, 250, 350, 450)
DOWN = (700, 680, 660, 640)


def ruled(left: float = 0, bottom: float = 0) -> bytes:
    """Draw a table of three rows and columns with all its lines."""
    drawn = b"0.5 w\n"
    for x in ACROSS:
        drawn += f"{x + left} {DOWN[0] + bottom} m {x + left} {DOWN[-1] + bottom} l S\n".encode()
    for y in DOWN:
        drawn += f"{ACROSS[0] + left} {y + bottom} m {ACROSS[-1] + left} {y + bottom} l S\n".encode()
    for row, y in zip(ROWS, DOWN, strict=False):
        for text, x in zip(row, ACROSS, strict=False):
            drawn += line(text, x + left + 4, y + bottom - 14)
    return drawn


def test_a_ruled_table_comes_back_row_by_row(document: Make) -> None:
    """Each cell has its words; boxes are where a person sees the lines."""
    (table,) = document(pdf(ruled() + line("Thank you", 50, 100))).tables(1)
    assert tuple(tuple(cell.text if cell else None for cell in row) for row in table.rows) == ROWS
    assert table.page == 1
    assert table.box == pytest.approx((50, 842 - 700, 450, 842 - 640), abs=1)
    assert table.rows[1][2] is not None
    assert table.rows[1][2].box == pytest.approx((350, 842 - 680, 450, 842 - 660), abs=1)


def test_boxes_of_cells_and_words_agree_on_a_cropped_page(document: Make) -> None:
    """Cells are measured from the visible corner, as words are."""
    made = document(pdf(ruled(40, 20), crop=(30, 40, 560, 800)))
    (table,) = made.tables(1)
    assert tuple(tuple(cell.text if cell else None for cell in row) for row in table.rows) == ROWS
    assert table.box == pytest.approx((60, 80, 460, 140), abs=1)


def test_a_table_on_a_rotated_page_is_where_it_is_shown(document: Make) -> None:
    """The lines turn with the page."""
    (table,) = document(pdf(ruled(), rotate=90)).tables(1)
    assert table.box == pytest.approx((640, 50, 700, 450), abs=1)
    assert [len(row) for row in table.rows] == [3, 3, 3]


def test_lines_within_forms_and_rectangles_count(document: Make) -> None:
    """A grid of thin filled rectangles, moved and scaled, is a ruled table like any other."""
    bars = b"".join(b"%d 0 1 40 re f\n" % x for x in (0, 50, 100)) + b"".join(
        b"0 %d 101 1 re f\n" % y for y in (0, 20, 40)
    )
    (table,) = document(pdf(b"q 2 0 0 2 50 600 cm\n" + bars + b"Q")).tables(1)
    assert [len(row) for row in table.rows] == [2, 2]
    assert table.box == pytest.approx((51, 842 - 681, 251, 842 - 601), abs=2)


def test_two_lines_in_a_cell_stay_two_lines(document: Make) -> None:
    """A description over two lines keeps its break."""
    drawn = b"50 700 200 40 re S 250 700 50 40 re S\n"
    drawn += line("Gloves,", 54, 725) + line("nitrile", 54, 710) + line("50", 90, 710)
    (table,) = document(pdf(drawn)).tables(1)
    assert table.rows[0][0] is not None
    assert table.rows[0][0].text == "Gloves,\nnitrile 50"


def test_only_the_pages_asked_for_are_searched(document: Make) -> None:
    """Pages come back in the order of the document; one that is not there has no tables."""
    made = document(pdf(ruled(), line("no table", 50, 700), ruled()))
    assert [table.page for table in made.tables(1, 2, 3)] == [1, 3]
    assert made.tables(2) == ()
    assert made.tables(3, 99)[0].page == 3
    assert made.tables() == ()


def test_a_bad_document_has_no_tables_but_a_reason(document: Make) -> None:
    """The same reasons as for text."""
    with pytest.raises(FileUnreadable) as caught:
        document(b"no pdf").tables(1)
    assert caught.value.code == "FILE_NOT_PDF"

"""Ruled tables: the grid by pdfplumber from the page's lines, the words in its cells by our own layer.

It costs some fifty times what words cost, so it runs only when a bot asks, and only for the pages it names.
"""

from io import BytesIO
from typing import Any

from core.errors import FileUnreadable
from core.files.limits import Limits
from core.files.pdfium import open_pdf
from core.files.words import flat_page
from core.model.documents import Word

_Box = tuple[float, float, float, float]


def plain_tables(data: bytes, pages: list[int], limits: Limits) -> list[dict[str, Any]]:
    """Return the ruled tables of the given pages as plain data: page, box, rows of `[text, box]` or None."""
    found: list[dict[str, Any]] = []
    words: dict[int, tuple[Word, ...]] = {}
    with open_pdf(data, limits) as pdf:
        for number in pages:
            if 1 <= number <= pdf.pages:
                with pdf.page(number) as page:
                    words[number] = flat_page(page, limits).page_text().words
    for number, box, rows in _grids(data, list(words)):
        found.append(
            {
                "page": number,
                "box": box,
                "rows": [[_filled(cell, words[number]) for cell in row] for row in rows],
            }
        )
    return found


def _grids(data: bytes, pages: list[int]) -> list[tuple[int, _Box, list[list[_Box | None]]]]:
    import pdfplumber
    from pdfplumber.utils.exceptions import PdfminerException

    found = []
    try:
        with pdfplumber.open(BytesIO(data), pages=pages) as plumber:
            for page in plumber.pages:
                left, top = page.cropbox[0] - page.mediabox[0], page.cropbox[1] - page.mediabox[1]
                for table in page.find_tables():
                    rows = [[_moved(cell, left, top) for cell in row.cells] for row in table.rows]
                    box = _moved(table.bbox, left, top)
                    if box:
                        found.append((page.page_number, box, rows))
                page.close()
    except PdfminerException as error:
        message = "The file is damaged: the lines on its pages cannot be read. Ask the sender for a fresh copy."
        raise FileUnreadable("FILE_DAMAGED", message, permanent=True) from error
    return found


def _moved(box: _Box | None, left: float, top: float) -> _Box | None:
    if box is None:
        return None
    return round(box[0] - left, 2), round(box[1] - top, 2), round(box[2] - left, 2), round(box[3] - top, 2)


def _filled(cell: _Box | None, words: tuple[Word, ...]) -> list[Any] | None:
    """Give a cell the words whose middle lies in it; lines are kept apart by a line break."""
    if cell is None:
        return None
    x0, top, x1, bottom = cell
    text, last = "", -1.0
    for word in words:
        across, down = (word.x0 + word.x1) / 2, (word.top + word.bottom) / 2
        if x0 <= across <= x1 and top <= down <= bottom:
            glue = "" if not text else "\n" if word.top >= last else " "
            text += glue + word.text
            last = down
    return [text, cell]

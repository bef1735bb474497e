"""Ruled tables: pdfplumber's grid, from the lines that PDFium gives; the words in its cells from our own layer.

pdfplumber's own way to the lines parses every page a second time, with pdfminer: some seventy milliseconds a page.
"""

from typing import Any

from core.files.limits import Limits
from core.files.pdfium import open_pdf
from core.files.rulings import Line, rulings
from core.files.words import flat_page
from core.model.documents import Word

_NEAR = 3.0  # points within which lines are one line, and line ends meet: pdfplumber's own measure
_SHORTEST = 3.0  # points; shorter lines are strokes of a letter or a dash

_Box = tuple[float, float, float, float]


def plain_tables(data: bytes, pages: list[int], limits: Limits) -> list[dict[str, Any]]:
    """Return the ruled tables of the given pages as plain data: page, box, rows of `[text, box]` or None."""
    found: list[dict[str, Any]] = []
    with open_pdf(data, limits) as pdf:
        for number in sorted(set(pages)):
            if not 1 <= number <= pdf.pages:
                continue
            with pdf.page(number) as page:
                grids = _grids(rulings(page, limits.objects))
                words = flat_page(page, limits).page_text().words if grids else ()
            for box, rows in grids:
                filled = [[_filled(cell, words) for cell in row] for row in rows]
                found.append({"page": number, "box": _rounded(box), "rows": filled})
    return found


def _grids(lines: list[Line]) -> list[tuple[_Box, list[list[_Box | None]]]]:
    """Return box and rows of each table that the lines make; a lone box is none."""
    edges = [_edge(line) for line in lines if max(line[2] - line[0], line[3] - line[1]) >= 1]
    if len(edges) < 4:
        return []
    from pdfplumber import table

    merged = table.merge_edges(edges, _NEAR, _NEAR, _NEAR, _NEAR)
    long = [edge for edge in merged if max(edge["x1"] - edge["x0"], edge["bottom"] - edge["top"]) >= _SHORTEST]
    cells = table.intersections_to_cells(table.edges_to_intersections(long, _NEAR, _NEAR))
    return [(_around(group), _rows(group)) for group in table.cells_to_tables(cells)]


def _around(cells: list[_Box]) -> _Box:
    x0s, tops, x1s, bottoms = zip(*cells, strict=True)
    return min(x0s), min(tops), max(x1s), max(bottoms)


def _rows(cells: list[_Box]) -> list[list[_Box | None]]:
    """Arrange cells by their top left corners; where none begins, a neighbour reaches over."""
    columns = sorted({cell[0] for cell in cells})
    rows: dict[float, dict[float, _Box]] = {}
    for cell in sorted(cells, key=lambda cell: cell[1]):
        rows.setdefault(cell[1], {})[cell[0]] = cell
    return [[row.get(left) for left in columns] for row in rows.values()]


def _edge(line: Line) -> dict[str, Any]:
    x0, top, x1, bottom = line
    return {
        "x0": x0,
        "x1": x1,
        "top": top,
        "bottom": bottom,
        "width": x1 - x0,
        "height": bottom - top,
        "orientation": "v" if bottom - top > x1 - x0 else "h",
    }


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
    return [text, _rounded(cell)]


def _rounded(box: _Box) -> _Box:
    x0, top, x1, bottom = box
    return round(x0, 2), round(top, 2), round(x1, 2), round(bottom, 2)

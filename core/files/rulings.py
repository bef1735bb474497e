"""The straight lines a page draws, upright or level: what ruled tables are made of.

PDFium has parsed the page already; pdfminer would do so again, for some ten times what this costs.
"""

import ctypes
from collections.abc import Callable, Iterator
from ctypes import c_float, c_int, c_void_p
from typing import Any

import pypdfium2_raw as raw  # type: ignore[import-untyped]

from core.errors import FileUnreadable
from core.files.pdfium import Page, plain_call

_object = plain_call(raw.FPDFPage_GetObject, c_void_p, c_void_p, c_int)
_kind = plain_call(raw.FPDFPageObj_GetType, c_int, c_void_p)
_matrix = plain_call(raw.FPDFPageObj_GetMatrix, c_int, c_void_p, c_void_p)
_form_count = plain_call(raw.FPDFFormObj_CountObjects, c_int, c_void_p)
_form_object = plain_call(raw.FPDFFormObj_GetObject, c_void_p, c_void_p, c_int)
_segment_count = plain_call(raw.FPDFPath_CountSegments, c_int, c_void_p)
_segment = plain_call(raw.FPDFPath_GetPathSegment, c_void_p, c_void_p, c_int)
_point = plain_call(raw.FPDFPathSegment_GetPoint, c_int, c_void_p, c_void_p, c_void_p)
_segment_kind = plain_call(raw.FPDFPathSegment_GetType, c_int, c_void_p)
_closes = plain_call(raw.FPDFPathSegment_GetClose, c_int, c_void_p)

_STRAIGHT = 0.5  # points a line may lean and still be upright or level
_DEEPEST = 5  # forms drawn within forms

Line = tuple[float, float, float, float]  # x0, top, x1, bottom in points from the page's top left corner
_Matrix = tuple[float, float, float, float, float, float]
_Move = Callable[[float, float], tuple[float, float]]


def rulings(page: Page, most: int) -> list[Line]:
    """Return the upright and level lines of an open page, sides of rectangles among them.

    Raises FileUnreadable when the page draws more than `most` objects or line ends, those within forms counted.
    """
    budget = _Budget(page.number, most)
    handles = (_object(page.handle, index) for index in range(page.objects()))
    move = page.to_shown
    found: list[Line] = []
    for line in _lines(handles, move, budget, 0):
        x0, top, x1, bottom = line
        if abs(x1 - x0) <= _STRAIGHT or abs(bottom - top) <= _STRAIGHT:
            found.append((min(x0, x1), min(top, bottom), max(x0, x1), max(top, bottom)))
    return found


class _Budget:
    """How many objects and line ends may still be looked at."""

    def __init__(self, page: int, most: int) -> None:
        self._page = page
        self._most = most
        self._left = most

    def spend(self) -> None:
        self._left -= 1
        if self._left < 0:
            message = (
                f"Page {self._page} draws more than {self._most:,} lines and objects; they are not read. "
                "Look at the file: it may be broken or made to do harm."
            )
            raise FileUnreadable("FILE_TOO_COSTLY", message, permanent=True)


def _lines(handles: Iterator[Any], move: _Move, budget: _Budget, depth: int) -> Iterator[Line]:
    for handle in handles:
        budget.spend()
        kind = _kind(handle)
        if kind == raw.FPDF_PAGEOBJ_PATH:
            yield from _path_lines(handle, _through(_matrix_of(handle), move), budget)
        elif kind == raw.FPDF_PAGEOBJ_FORM and depth < _DEEPEST:
            inner = (_form_object(handle, index) for index in range(_form_count(handle)))
            yield from _lines(inner, _through(_matrix_of(handle), move), budget, depth + 1)


def _path_lines(path: Any, move: _Move, budget: _Budget) -> Iterator[Line]:
    """Walk along a path; a curve ends one line and begins the next."""
    x, y = c_float(), c_float()
    x_place, y_place = ctypes.addressof(x), ctypes.addressof(y)
    start = here = (0.0, 0.0)
    for index in range(_segment_count(path)):
        budget.spend()
        segment = _segment(path, index)
        _point(segment, x_place, y_place)
        there = move(x.value, y.value)
        kind = _segment_kind(segment)
        if kind == raw.FPDF_SEGMENT_MOVETO:
            start = there
        elif kind == raw.FPDF_SEGMENT_LINETO:
            yield (*here, *there)
        here = there
        if _closes(segment):
            yield (*here, *start)
            here = start


def _matrix_of(handle: Any) -> _Matrix:
    values = (c_float * 6)()
    _matrix(handle, ctypes.addressof(values))
    a, b, c, d, e, f = values
    return a, b, c, d, e, f


def _through(matrix: _Matrix, move: _Move) -> _Move:
    a, b, c, d, e, f = matrix
    if matrix == (1, 0, 0, 1, 0, 0):
        return move
    return lambda x, y: move(a * x + c * y + e, b * x + d * y + f)

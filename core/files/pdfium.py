"""The few PDFium calls the reader needs, with plain signatures: a call per character must be cheap.

PDFium is not safe in threads. Outside tests and measurements it is loaded only in the reader's child process.
"""

import ctypes
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ctypes import c_char_p, c_float, c_int, c_size_t, c_uint, c_ulong, c_void_p
from itertools import repeat
from typing import Any

import pypdfium2_raw as raw  # type: ignore[import-untyped]

from core.errors import FileUnreadable
from core.files.limits import Limits

Edges = tuple[list[float], list[float], list[float], list[float]]  # x0, y0, x1, y1


def plain_call(function: Any, result: Any, *arguments: Any) -> Callable[..., Any]:
    """Return the C function with untyped handles: a third of the cost of the generated binding."""
    address = ctypes.cast(function, c_void_p).value
    prototype: Callable[..., Callable[..., Any]] = ctypes.PYFUNCTYPE(result, *arguments)
    return prototype(address)


_load = plain_call(raw.FPDF_LoadMemDocument64, c_void_p, c_char_p, c_size_t, c_char_p)
_last_error = plain_call(raw.FPDF_GetLastError, c_ulong)
_close = plain_call(raw.FPDF_CloseDocument, None, c_void_p)
_page_count = plain_call(raw.FPDF_GetPageCount, c_int, c_void_p)
_load_page = plain_call(raw.FPDF_LoadPage, c_void_p, c_void_p, c_int)
_close_page = plain_call(raw.FPDF_ClosePage, None, c_void_p)
_bounding_box = plain_call(raw.FPDF_GetPageBoundingBox, c_int, c_void_p, c_void_p)
_rotation = plain_call(raw.FPDFPage_GetRotation, c_int, c_void_p)
_count_objects = plain_call(raw.FPDFPage_CountObjects, c_int, c_void_p)
_load_text = plain_call(raw.FPDFText_LoadPage, c_void_p, c_void_p)
_close_text = plain_call(raw.FPDFText_ClosePage, None, c_void_p)
_count_chars = plain_call(raw.FPDFText_CountChars, c_int, c_void_p)
_get_text = plain_call(raw.FPDFText_GetText, c_int, c_void_p, c_int, c_int, c_void_p)
_get_unicode = plain_call(raw.FPDFText_GetUnicode, c_uint, c_void_p, c_int)
_loose_box = plain_call(raw.FPDFText_GetLooseCharBox, c_int, c_void_p, c_int, c_size_t)
_map_error = plain_call(raw.FPDFText_HasUnicodeMapError, c_int, c_void_p, c_int)
_attachment_count = plain_call(raw.FPDFDoc_GetAttachmentCount, c_int, c_void_p)
_attachment = plain_call(raw.FPDFDoc_GetAttachment, c_void_p, c_void_p, c_int)
_attachment_name = plain_call(raw.FPDFAttachment_GetName, c_ulong, c_void_p, c_void_p, c_ulong)
_attachment_file = plain_call(raw.FPDFAttachment_GetFile, c_int, c_void_p, c_void_p, c_ulong, c_void_p)

raw.FPDF_InitLibrary()

_SAMPLED = 64  # characters of a page asked whether the font says what they mean


def _damaged(what: str) -> FileUnreadable:
    message = f"The file is damaged: {what}. Ask the sender for a fresh copy."
    return FileUnreadable("FILE_DAMAGED", message, permanent=True)


def _too_much(page: int, what: str, found: int, most: int) -> FileUnreadable:
    message = (
        f"Page {page} holds {found:,} {what}; at most {most:,} are read. "
        "Look at the file: it may be broken or made to do harm."
    )
    return FileUnreadable("FILE_TOO_COSTLY", message, permanent=True)


class Page:
    """One open page; its boxes are turned upright, points from the page's bottom left corner, y upwards."""

    def __init__(self, handle: int, number: int) -> None:
        self.handle = handle
        self.number = number  # from 1
        box = (c_float * 4)()
        if not _bounding_box(handle, ctypes.addressof(box)):
            raise _damaged(f"page {number} has no size")
        left, top, right, bottom = box
        self._turn = _rotation(handle)
        edges = _upright(self._turn, [left], [bottom], [right], [top])
        self._left, self._bottom = edges[0][0], edges[1][0]
        self.width = edges[2][0] - self._left
        self.height = edges[3][0] - self._bottom

    def objects(self) -> int:
        """Return how many objects the page draws, forms counted as one."""
        return int(_count_objects(self.handle))

    def characters(self, most: int) -> tuple[str, Edges, float]:
        """Return the characters as drawn, their edges (x0, y0, x1, y1), and the share without a meaning.

        Raises FileUnreadable when there are more than `most`.
        """
        text_page = _load_text(self.handle)
        if not text_page:
            raise _damaged(f"the text of page {self.number} cannot be read")
        try:
            return self._characters(text_page, most)
        finally:
            _close_text(text_page)

    def _characters(self, text_page: int, most: int) -> tuple[str, Edges, float]:
        count = _count_chars(text_page)
        if count > most:
            raise _too_much(self.number, "characters", count, most)
        if count <= 0:
            return "", ([], [], [], []), 0.0
        boxes = (c_float * (4 * count))()
        start = ctypes.addressof(boxes)
        calls = map(_loose_box, repeat(text_page), range(count), range(start, start + 16 * count, 16))
        deque(calls, maxlen=0)
        flat: list[float] = memoryview(boxes).cast("B").cast("f").tolist()  # type: ignore[assignment]
        edges = _upright(self._turn, flat[0::4], flat[3::4], flat[2::4], flat[1::4])
        sample = range(0, count, max(1, count // _SAMPLED))
        unmapped = sum(map(bool, map(_map_error, repeat(text_page), sample))) / len(sample)
        return _text(text_page, count), edges, unmapped

    def to_shown(self, x: float, y: float) -> tuple[float, float]:
        """Return where a point of the page's own coordinates is shown, from the top left corner."""
        if self._turn == 1:
            x, y = y, -x
        elif self._turn == 2:
            x, y = -x, -y
        elif self._turn == 3:
            x, y = -y, x
        return x - self._left, self._bottom + self.height - y

    def origin(self) -> tuple[float, float]:
        """Return the x of the page's left edge and the y of its top edge, as `characters` counts them."""
        return self._left, self._bottom + self.height


def _text(text_page: int, count: int) -> str:
    """Return one character for each of PDFium's; its text call drops some and writes others as two."""
    buffer = ctypes.create_string_buffer(2 * count + 2)
    written = _get_text(text_page, 0, count, ctypes.addressof(buffer))
    text = buffer.raw[: 2 * (written - 1)].decode("utf-16-le", "replace")
    if len(text) == count:
        return text
    return "".join(map(_letter, map(_get_unicode, repeat(text_page), range(count))))


def _letter(code: int) -> str:
    return chr(code) if code < 0xD800 or 0xDFFF < code < 0x110000 else "\ufffd"


def _upright(turn: int, left: list[float], bottom: list[float], right: list[float], top: list[float]) -> Edges:
    """Turn edges so that a page shown rotated by `turn` quarters clockwise reads from left to right."""
    if turn == 1:
        return bottom, [-x for x in right], top, [-x for x in left]
    if turn == 2:
        return [-x for x in right], [-y for y in top], [-x for x in left], [-y for y in bottom]
    if turn == 3:
        return [-y for y in top], left, [-y for y in bottom], right
    return left, bottom, right, top


class Pdf:
    """One open PDF."""

    def __init__(self, handle: int, limits: Limits) -> None:
        self._handle = handle
        self._limits = limits
        self.pages = int(_page_count(handle))
        if self.pages > limits.pages:
            message = (
                f"The file has {self.pages:,} pages; at most {limits.pages:,} are read. "
                "Split it, or deal with it by hand."
            )
            raise FileUnreadable("FILE_TOO_LONG", message, permanent=True)
        if self.pages <= 0:
            raise _damaged("it has no pages")

    @contextmanager
    def page(self, number: int) -> Iterator[Page]:
        """Open a page (numbers from 1)."""
        handle = _load_page(self._handle, number - 1)
        if not handle:
            raise _damaged(f"page {number} cannot be read")
        try:
            page = Page(handle, number)
            if page.objects() > self._limits.objects:
                raise _too_much(number, "objects", page.objects(), self._limits.objects)
            yield page
        finally:
            _close_page(handle)

    def attachments(self) -> list[tuple[str, bytes]]:
        """Return the embedded files, name and content; the names are data."""
        count = _attachment_count(self._handle)
        if count > self._limits.attachments:
            message = f"The file holds {count:,} other files; at most {self._limits.attachments} are read."
            raise FileUnreadable("FILE_TOO_COSTLY", message, permanent=True)
        found: list[tuple[str, bytes]] = []
        room = self._limits.attachment_bytes
        for index in range(count):
            handle = _attachment(self._handle, index)
            if handle:
                name, data = _embedded(handle, room)
                room -= len(data)
                found.append((name, data))
        return found


def _embedded(handle: int, room: int) -> tuple[str, bytes]:
    size = _attachment_name(handle, None, 0)
    name = ctypes.create_string_buffer(max(2, size))
    _attachment_name(handle, ctypes.addressof(name), size)
    length = c_ulong(0)
    if not _attachment_file(handle, None, 0, ctypes.addressof(length)):
        return _name(name.raw), b""
    if length.value > room:
        message = f"The files inside this file are larger than {room:,} bytes together; they are not read."
        raise FileUnreadable("FILE_TOO_COSTLY", message, permanent=True)
    data = ctypes.create_string_buffer(max(1, length.value))
    _attachment_file(handle, ctypes.addressof(data), length.value, ctypes.addressof(length))
    return _name(name.raw), data.raw[: length.value]


def _name(written: bytes) -> str:
    return written.decode("utf-16-le", "replace").rstrip("\0")


@contextmanager
def open_pdf(data: bytes, limits: Limits) -> Iterator[Pdf]:
    """Open a PDF held in memory; raise FileUnreadable with the reason when it cannot be."""
    check_shape(data)
    handle = _load(data, len(data), None)
    if not handle:
        raise _refusal(int(_last_error()))
    try:
        yield Pdf(handle, limits)
    finally:
        _close(handle)


def check_shape(data: bytes) -> None:
    """Refuse what cannot be a whole PDF before PDFium tries to mend it and loses pages without a word."""
    if not data:
        message = "The file is empty (0 bytes). Ask the sender for it again."
        raise FileUnreadable("FILE_EMPTY", message, permanent=True)
    if b"%PDF-" not in data[:1024]:
        message = "The file is not a PDF, whatever its name says. Ask the sender for a PDF."
        raise FileUnreadable("FILE_NOT_PDF", message, permanent=True)
    if b"%%EOF" not in data[-4096:]:
        message = "The file is cut off: its end is missing. Ask the sender for it again."
        raise FileUnreadable("FILE_TRUNCATED", message, permanent=True)


def _refusal(error: int) -> FileUnreadable:
    if error == raw.FPDF_ERR_PASSWORD or error == raw.FPDF_ERR_SECURITY:
        message = "The file is locked with a password. Ask the sender for one without."
        return FileUnreadable("FILE_ENCRYPTED", message, permanent=True)
    return _damaged("it cannot be opened as a PDF")

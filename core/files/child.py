"""The reader process: takes a request on its standard input, opens the document, answers, forgets it.

It is started with an empty environment, so it knows no secret; it may not write files, and its memory and
computing time are limited. An error nobody foresaw ends the process, and that is an answer too. Imports stay
few: PDFium with the first document, lxml and pdfplumber only when asked for what needs them.
"""

import hashlib
import json
import math
import os
import resource
import signal
import sys
import time
import traceback
from types import TracebackType
from typing import Any

from core.errors import FileUnreadable
from core.files.frames import FrameBroken, read_frame, write_frame
from core.files.limits import Limits

_Reply = tuple[dict[str, Any], list[bytes]]


def main() -> None:
    """Serve requests until standard input ends; the limits come as JSON in the first argument."""
    limits = Limits(**json.loads(sys.argv[1]))
    out = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)  # whatever a library prints must not look like an answer
    sys.excepthook = lambda kind, error, trace: _last_words(out, kind, trace)
    _confine(limits)
    while True:
        try:
            request, _ = read_frame(lambda most: os.read(0, most))
        except FrameBroken:
            return
        _allow_seconds(limits.cpu_seconds)
        head, parts = _answer(request, limits)
        write_frame(out, head, parts)


def _confine(limits: Limits) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for whoever asked
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory_bytes, limits.memory_bytes))


def _allow_seconds(seconds: int) -> None:
    """Move the limit of computing time: what earlier documents used does not count against this one."""
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    soft = math.ceil(time.process_time()) + seconds
    resource.setrlimit(resource.RLIMIT_CPU, (soft if hard < 0 else min(soft, hard), hard))


def _answer(request: dict[str, Any], limits: Limits) -> _Reply:
    try:
        data = _read(request, limits)
        if request["do"] == "einvoice":
            return _einvoice(data, limits)
        if request["do"] == "tables":
            return _tables(data, request["pages"], limits)
        if request["do"] == "picture":
            return _picture(data, request, limits)
        return _text(data, limits)
    except FileUnreadable as refusal:
        return {"refused": [refusal.code, refusal.message, refusal.permanent]}, []
    except MemoryError:
        message = "Reading the file takes more memory than a document may use. It may be made to do harm."
        return {"refused": ["FILE_TOO_COSTLY", message, True]}, []


def _read(request: dict[str, Any], limits: Limits) -> bytes:
    """Return the bytes of the document, which must be the ones that were taken in."""
    try:
        with open(request["path"], "rb") as file:  # noqa: PTH123 - pathlib would be one more import
            data = file.read(limits.file_bytes + 1)
    except OSError as error:
        message = f"The kept copy of the file cannot be opened ({error.strerror}). Tell whoever runs this machine."
        raise FileUnreadable("FILE_MISSING", message, permanent=False) from error
    if len(data) > limits.file_bytes:
        message = f"The file is larger than {limits.file_bytes:,} bytes. Ask the sender for a smaller one."
        raise FileUnreadable("FILE_TOO_LARGE", message, permanent=True)
    if hashlib.sha256(data).hexdigest() != request["sha256"]:
        message = "The kept copy of the file is not what was taken in: its bytes changed. Take it in again."
        raise FileUnreadable("FILE_CHANGED", message, permanent=True)
    return data


def _text(data: bytes, limits: Limits) -> _Reply:
    from core.files.pdfium import open_pdf
    from core.files.words import flat_pages, garbled_share

    with open_pdf(data, limits) as pdf:
        pages = flat_pages(pdf, limits)
        attachments = pdf.attachments()
    head = {
        "pages": [[page.number, page.width, page.height, len(page.texts)] for page in pages],
        "texts": [text for page in pages for text in page.texts],
        "garbled": garbled_share(pages),
        "attachments": [[name, len(content)] for name, content in attachments],
    }
    return head, [page.boxes.tobytes() for page in pages] + [content for _, content in attachments]


def _einvoice(data: bytes, limits: Limits) -> _Reply:
    from core.files.einvoice import plain_einvoice

    return {"einvoice": plain_einvoice(data, limits)}, []


def _tables(data: bytes, pages: list[int], limits: Limits) -> _Reply:
    from core.files.tables import plain_tables

    return {"tables": plain_tables(data, pages, limits)}, []


def _picture(data: bytes, request: dict[str, Any], limits: Limits) -> _Reply:
    from core.files.pictures import page_picture

    boxes = [tuple(box) for box in request["boxes"]]
    return {}, [page_picture(data, request["page"], boxes, limits)]


def _last_words(out: int, kind: type[BaseException], trace: TracebackType | None) -> None:
    """Tell what ended the process: the kind of error and where, nothing of the document."""
    places = traceback.extract_tb(trace)
    where = f"{places[-1].filename}:{places[-1].lineno}" if places else "?"
    write_frame(out, {"ended": f"{kind.__name__} at {where}"})


if __name__ == "__main__":
    main()

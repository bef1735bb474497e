"""Documents opened in a limited child process: a bad one costs its own reading, never the run.

| code | meaning | again later? |
|---|---|---|
| FILE_EMPTY | zero bytes | no |
| FILE_NOT_PDF | not a PDF (nor, for an e-invoice, XML), whatever the name says | no |
| FILE_TRUNCATED | a PDF without its end: cut off in transfer | no |
| FILE_ENCRYPTED | a password is needed to open it | no |
| FILE_DAMAGED | it opens not at all, or a page of it does not | no |
| FILE_TOO_LARGE | more bytes than allowed | no |
| FILE_TOO_LONG | more pages than allowed | no |
| FILE_TOO_COSTLY | more characters, objects, embedded files, memory or computing time than allowed | no |
| FILE_CHANGED | the kept copy is not the bytes that were taken in | no |
| FILE_MISSING | the kept copy cannot be opened | yes |
| XML_FORBIDDEN | the e-invoice XML declares a document type (entities, outside files) | no |
| XML_DAMAGED | the e-invoice XML is not well-formed | no |
| READER_STOPPED | stopped from outside, or no answer in time though little was computed | yes |

A page without words is no error: the bot decides what a document without a text layer means.
"""

import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
from array import array
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from core.errors import FileUnreadable
from core.files.frames import FrameBroken, read_frame, write_frame
from core.files.limits import Limits
from core.model.documents import Attachment, Cell, Document, DocumentText, PageText, Table, Word
from core.model.einvoices import EInvoice

_T = TypeVar("_T")
Box = tuple[float, float, float, float]  # x0, top, x1, bottom in points

_ROOT = str(Path(__file__).resolve().parents[2])
_START = "import sys; sys.path.append(sys.argv.pop()); from core.files.child import main; main()"
_FROM_OUTSIDE = {signal.SIGKILL, signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGSTOP}


class _TimedOut(Exception):
    """The reader did not answer within its time on the clock."""


class Reader:
    """Reads documents in one long-lived child process, replaced when it dies or has served enough of them.

    Used by one thread, as a context manager; the child starts with the first document.
    """

    def __init__(self, limits: Limits = Limits()) -> None:  # noqa: B008 - frozen
        self._limits = limits
        self._child: subprocess.Popen[bytes] | None = None
        self._served = 0  # documents given to this child
        self._last = ""  # sha256 of the document before
        self._thread: int | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def pid(self) -> int | None:
        """The process id of the child, None when there is none at the moment."""
        return self._child.pid if self._child else None

    def text(self, document: Document) -> DocumentText:
        """Return words, boxes and embedded files; raise FileUnreadable with the reason."""
        return self._ask(document, {"do": "text"}, _document_text)

    def tables(self, document: Document, pages: tuple[int, ...]) -> tuple[Table, ...]:
        """Return the ruled tables of the given pages (numbers from 1); raise FileUnreadable."""
        return self._ask(document, {"do": "tables", "pages": list(pages)}, _tables)

    def einvoice(self, document: Document) -> EInvoice | None:
        """Return the e-invoice embedded in a PDF, or that an XML file is; None when there is none.

        Raises FileUnreadable: the reasons of `text`, XML_FORBIDDEN and XML_DAMAGED.
        """
        return self._ask(document, {"do": "einvoice"}, _einvoice)

    def picture(self, document: Document, page: int, *, boxes: Sequence[Box] = ()) -> bytes:
        """Return a page (from 1) as PNG with a frame round each box (points); raise FileUnreadable."""
        asked = {"do": "picture", "page": page, "boxes": [list(box) for box in boxes]}
        return self._ask(document, asked, lambda head, body: body)

    def close(self) -> None:
        """Stop the child, if there is one."""
        child, self._child = self._child, None
        if child is None:
            return
        child.kill()
        child.wait()
        for pipe in (child.stdin, child.stdout):
            if pipe:
                pipe.close()

    def _ask(self, document: Document, request: dict[str, Any], record: Callable[[Any, bytes], _T]) -> _T:
        self._check_thread()
        if document.size > self._limits.file_bytes:
            message = (
                f"The file has {document.size:,} bytes; at most {self._limits.file_bytes:,} are read. "
                "Ask the sender for a smaller one."
            )
            raise FileUnreadable("FILE_TOO_LARGE", message, permanent=True)
        child = self._ready(document.sha256)
        asked = {**request, "path": os.fspath(document.path.absolute()), "sha256": document.sha256}
        try:
            head, body = self._exchange(child, asked)
        except _TimedOut as error:
            self.close()
            raise self._timed_out() from error
        except (FrameBroken, BrokenPipeError) as error:
            raise self._died() from error
        if "refused" in head:
            code, message, permanent = head["refused"]
            raise FileUnreadable(str(code), str(message), permanent=bool(permanent))
        if "ended" in head:
            self.close()
            raise _fault(str(head["ended"]))
        try:
            return record(head, body)
        except (LookupError, TypeError, ValueError) as error:
            self.close()
            raise _fault("an answer that is none") from error

    def _check_thread(self) -> None:
        self._thread = self._thread or threading.get_ident()
        if self._thread != threading.get_ident():
            raise RuntimeError("a Reader belongs to the thread that used it first; make one for each thread")

    def _ready(self, sha256: str) -> subprocess.Popen[bytes]:
        """Return a living child that has not served its share of documents yet."""
        fresh = sha256 != self._last
        if self._child and (self._child.poll() is not None or (fresh and self._served >= self._limits.documents)):
            self.close()
        if self._child is None:
            self._child = self._start()
            self._served = 0
        self._served += fresh or self._served == 0
        self._last = sha256
        return self._child

    def _start(self) -> subprocess.Popen[bytes]:
        limits = json.dumps(asdict(self._limits))
        environment = {"LC_ALL": "C.UTF-8", "MALLOC_ARENA_MAX": "1"}
        if "LD_LIBRARY_PATH" in os.environ:
            environment["LD_LIBRARY_PATH"] = os.environ["LD_LIBRARY_PATH"]
        return subprocess.Popen(
            [sys.executable, "-I", "-B", "-c", _START, limits, _ROOT],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            cwd="/",
            bufsize=0,
        )

    def _exchange(self, child: subprocess.Popen[bytes], request: dict[str, Any]) -> tuple[Any, bytes]:
        if child.stdin is None or child.stdout is None:
            raise FrameBroken("no pipes")
        deadline = time.monotonic() + self._limits.wall_seconds
        answers = child.stdout.fileno()
        waiting = select.poll()
        waiting.register(answers, select.POLLIN)

        def read(most: int) -> bytes:
            if not waiting.poll(max(0.0, deadline - time.monotonic()) * 1000):
                raise _TimedOut
            return os.read(answers, min(most, 1 << 20))

        write_frame(child.stdin.fileno(), request)
        return read_frame(read)

    def _died(self) -> FileUnreadable:
        """Say what the child's death means for the document."""
        status = self._child.wait() if self._child else 0
        self.close()
        if -status == signal.SIGXCPU:
            message = (
                f"Reading the file takes more than {self._limits.cpu_seconds} seconds of computing. "
                "It may be made to do harm; look at it by hand."
            )
            return FileUnreadable("FILE_TOO_COSTLY", message, permanent=True)
        if -status in _FROM_OUTSIDE:
            message = "The reader was stopped from outside while it read the file. It is tried again."
            return FileUnreadable("READER_STOPPED", message, permanent=False)
        if status < 0:
            message = (
                "Reading the file takes more memory than a document may use, or hits a fault in it. "
                "It may be made to do harm; look at it by hand."
            )
            return FileUnreadable("FILE_TOO_COSTLY", message, permanent=True)
        return _fault(f"exit status {status}")

    def _timed_out(self) -> FileUnreadable:
        message = (
            f"The file was not read within {self._limits.wall_seconds:g} seconds. "
            "The machine may be overloaded. It is tried again."
        )
        return FileUnreadable("READER_STOPPED", message, permanent=False)


def _fault(ended: str) -> FileUnreadable:
    message = "The file is damaged: the reader stopped at a fault in it. Ask the sender for a fresh copy."
    error = FileUnreadable("FILE_DAMAGED", message, permanent=True)
    error.add_note(f"the reader ended with {ended}")
    return error


def _document_text(head: dict[str, Any], body: bytes) -> DocumentText:
    texts: Sequence[str] = head["texts"]
    boxes = array("d")
    room = len(texts) * 4 * boxes.itemsize
    boxes.frombytes(body[:room])
    edges = [iter(boxes)] * 4
    words = list(map(Word, texts, *edges))
    pages: list[PageText] = []
    start = 0
    for number, width, height, count in head["pages"]:
        pages.append(PageText(number, width, height, tuple(words[start : start + count])))
        start += count
    attachments: list[Attachment] = []
    for name, size in head["attachments"]:
        attachments.append(Attachment(name, body[room : room + size]))
        room += size
    return DocumentText(tuple(pages), tuple(attachments), head["garbled"])


def _tables(head: dict[str, Any], _: bytes) -> tuple[Table, ...]:
    return tuple(map(_table, head["tables"]))


def _einvoice(head: dict[str, Any], _: bytes) -> EInvoice | None:
    from core.files.einvoice import einvoice_from

    return einvoice_from(head["einvoice"]) if head["einvoice"] else None


def _table(plain: dict[str, Any]) -> Table:
    rows = tuple(tuple(None if cell is None else Cell(cell[0], _box(cell[1])) for cell in row) for row in plain["rows"])
    return Table(plain["page"], _box(plain["box"]), rows)


def _box(edges: Sequence[float]) -> tuple[float, float, float, float]:
    x0, top, x1, bottom = edges
    return x0, top, x1, bottom

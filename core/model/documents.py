"""A document as the toolkit hands it around: bytes named by their hash, opened only in a limited child."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from core.model.einvoices import EInvoice


@dataclass(frozen=True, slots=True)
class Word:
    """One printed word and its box; points (1/72 inch) from the page's top left corner."""

    text: str
    x0: float
    top: float
    x1: float
    bottom: float


@dataclass(frozen=True, slots=True)
class PageText:
    """The words of one page, in reading order: lines from top to bottom, words from left to right."""

    number: int  # from 1
    width: float  # points
    height: float  # points
    words: tuple[Word, ...]


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file embedded in a document; `name` is data, never used as a path."""

    name: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class DocumentText:
    """What a document says: its pages and the files embedded in it."""

    pages: tuple[PageText, ...]
    attachments: tuple[Attachment, ...] = ()
    garbled: float = 0.0  # share of characters without a meaning (private use, control, unmapped), 0 to 1


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a ruled table."""

    text: str
    box: tuple[float, float, float, float]  # x0, top, x1, bottom in points


@dataclass(frozen=True, slots=True)
class Table:
    """A ruled table on one page, row by row; a cell that is merged away is None."""

    page: int
    box: tuple[float, float, float, float]
    rows: tuple[tuple[Cell | None, ...], ...]


class DocumentOpener(Protocol):
    """Whoever reads documents for a bot; the runtime gives every document one."""

    def text(self, document: "Document") -> DocumentText:
        """Return the words, boxes and attachments; raise FileUnreadable with the reason."""

    def tables(self, document: "Document", pages: tuple[int, ...]) -> tuple[Table, ...]:
        """Return the ruled tables of the given pages (numbers from 1)."""

    def einvoice(self, document: "Document") -> EInvoice | None:
        """Return the e-invoice embedded in the document, or that the document is; None when there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A file that belongs to a work item; two documents are the same when their bytes are."""

    sha256: str
    name: str = field(compare=False)  # as it was delivered; shown to people, never used as a path
    size: int = field(compare=False)  # bytes
    path: Path = field(compare=False)  # where the bytes are; read-only
    opener: DocumentOpener | None = field(default=None, compare=False, repr=False)

    def text(self) -> DocumentText:
        """Read words, boxes and attachments in the limited reader process.

        Raises FileUnreadable when the file is encrypted, damaged, too large or not a PDF.
        """
        return self._opener().text(self)

    def tables(self, *pages: int) -> tuple[Table, ...]:
        """Read the ruled tables of the given pages (numbers from 1) in the limited reader process."""
        return self._opener().tables(self, pages)

    def einvoice(self) -> EInvoice | None:
        """Read the e-invoice (CII or UBL XML) in the limited reader process; None when there is none.

        Raises FileUnreadable as `text` does, and when the XML is damaged or declares a document type.
        """
        return self._opener().einvoice(self)

    def _opener(self) -> DocumentOpener:
        if self.opener is None:
            raise TypeError(f"document {self.name!r} was made without an opener; take it from item.file()")
        return self.opener

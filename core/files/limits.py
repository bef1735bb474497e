"""What reading one document may cost; beyond it the document goes to a person and the others go on."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The limits of a reader process; the defaults fit supplier invoices with a wide margin."""

    file_bytes: int = 50_000_000  # a file larger than this is not opened
    pages: int = 200  # pages of one document
    characters: int = 200_000  # characters of one page
    document_characters: int = 2_000_000  # characters of all pages together
    objects: int = 50_000  # drawn objects of one page
    attachments: int = 50  # files embedded in one document
    attachment_bytes: int = 20_000_000  # all files embedded in one document, unpacked
    memory_bytes: int = 480_000_000  # address space of the reader process
    cpu_seconds: int = 20  # computing time of one request
    wall_seconds: float = 60.0  # time of one request on the clock
    documents: int = 200  # requests before the process is replaced by a fresh one

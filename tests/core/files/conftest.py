"""One reader for the tests that only read: a process each would cost more than the reading."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.files import Reader, open_document
from core.model.documents import Document


@pytest.fixture(scope="session")
def reader() -> Iterator[Reader]:
    """A reader with the default limits."""
    with Reader() as shared:
        yield shared


@pytest.fixture
def document(tmp_path: Path, reader: Reader) -> Callable[..., Document]:
    """Make a document of bytes; `by` is the reader it opens with."""

    def make(data: bytes, name: str = "invoice.pdf", *, by: Reader = reader) -> Document:
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}-{name}"
        path.write_bytes(data)
        return open_document(path, by)

    return make

"""Paper to read from: a page is written as text, its columns are the characters' columns."""

from collections.abc import Callable

import pytest

from understudy import DocumentText, PageText, Word

PITCH, LEADING, SIZE = 5.0, 14.0, 10.0  # points a character, a line, a letter's height


def page_of(text: str, *, number: int = 1) -> PageText:
    """One page in typewriter's type: two spaces in the text are a wide gap on the page."""
    words = []
    for row, line in enumerate(text.strip("\n").splitlines()):
        column = 0
        for piece in line.split(" "):
            if piece:
                x0, top = 40 + column * PITCH, 40 + row * LEADING
                words.append(Word(piece, x0, top, x0 + len(piece) * PITCH, top + SIZE))
            column += len(piece) + 1
    return PageText(number, 595.0, 842.0, tuple(words))


@pytest.fixture
def paper() -> Callable[..., DocumentText]:
    """Write a document: one text for each page."""

    def write(*pages: str, garbled: float = 0.0) -> DocumentText:
        return DocumentText(
            tuple(page_of(text, number=number) for number, text in enumerate(pages, start=1)), garbled=garbled
        )

    return write

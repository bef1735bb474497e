"""Lines, cells and neighbours: what stands beside and below what, from the words' boxes."""

import re
import statistics
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from understudy import PageText, Word

_CELL = 1.05  # of the line's height: a wider gap separates cells
_GLUED = re.compile(r"^(?P<label>[^\W\d][\w.\-/&']*:|[Nn][°ºo]\.?:?(?=\d)|#)(?P<value>[^/:\s].*)$")
_DIGIT = re.compile(r"\d")
_ORDINALS = str.maketrans({"°": "o", "º": "o", "№": "no", "ß": "ss", "æ": "ae", "œ": "oe"})


@dataclass(slots=True, eq=False)
class Token:
    """A word, or one half of a word in which a label and its value are glued together."""

    text: str
    x0: float
    top: float
    x1: float
    bottom: float

    @property
    def height(self) -> float:
        """The height of the line the word was set on."""
        return self.bottom - self.top


@dataclass(slots=True, eq=False)
class Cell:
    """Tokens of a line that stand close together: `tokens[first:last]`."""

    first: int
    last: int
    x0: float
    x1: float


@dataclass(slots=True, eq=False)
class Line:
    """One printed line over the whole width of a page."""

    page: int  # from 1
    index: int  # in the document, from 0
    tokens: list[Token]
    top: float
    bottom: float
    cells: list[Cell] = field(default_factory=list)
    text: str = ""  # tokens joined by one space, cells by three
    starts: list[int] = field(default_factory=list)  # where each token begins in `text`
    lettered: list[str] = field(default_factory=list)  # letters and digits of each token, for labels
    digits: bool = False  # whether any token holds a digit

    @property
    def height(self) -> float:
        """The line's height in points."""
        return self.bottom - self.top

    def at(self, position: int) -> int:
        """The token that holds a character position of `text`."""
        return max(0, bisect_right(self.starts, position) - 1)

    def cell_of(self, token: int) -> Cell:
        """The cell a token stands in."""
        return next(cell for cell in self.cells if cell.first <= token < cell.last)

    def words(self, first: int, last: int) -> str:
        """The text of `tokens[first:last]`."""
        return " ".join(token.text for token in self.tokens[first:last])

    def box(self, first: int, last: int) -> tuple[float, float, float, float]:
        """The box around `tokens[first:last]`."""
        part = self.tokens[first:last]
        return (
            round(min(t.x0 for t in part), 1),
            round(min(t.top for t in part), 1),
            round(max(t.x1 for t in part), 1),
            round(max(t.bottom for t in part), 1),
        )


@dataclass(slots=True, eq=False)
class Layout:
    """All lines of a document, top to bottom, page after page."""

    lines: list[Line]
    pages: tuple[PageText, ...]
    by_page: dict[int, list[Line]]
    height: float  # the usual height of a line in points

    def below(self, line: Line, x0: float, x1: float, *, within: float, skip: int = 0) -> Iterable[tuple[Line, Cell]]:
        """Cells under a stretch of a line, nearest first, down to a distance in points."""
        lines = self.by_page[line.page]
        for other in lines[line.index - lines[0].index + 1 :]:
            if other.top - line.bottom > within:
                return
            if other.top < line.bottom - 0.4 * line.height:
                continue
            for cell in other.cells:
                if cell.x0 < x1 and cell.x1 > x0:
                    if skip:
                        skip -= 1
                    else:
                        yield other, cell


@lru_cache(maxsize=20_000)
def letters(text: str) -> str:
    """Letters and digits only, in small letters without accents; `#` and `&` stay, `N°` becomes `no`."""
    if text.isascii():
        return "".join(c for c in text.lower() if c.isalnum() or c in "#&")
    folded = unicodedata.normalize("NFKD", text.translate(_ORDINALS).casefold())
    return "".join(c for c in folded if c.isalnum() or c in "#&")


def lay_out(pages: Sequence[PageText]) -> Layout:
    """Group the words of each page into lines and cells."""
    lines: list[Line] = []
    by_page: dict[int, list[Line]] = {}
    for page in pages:
        found = by_page[page.number] = []
        for words in _rows(page.words):
            tokens = _tokens(words)
            line = Line(page.number, len(lines), tokens, min(t.top for t in tokens), max(t.bottom for t in tokens))
            _fill(line)
            lines.append(line)
            found.append(line)
    height = statistics.median([line.height for line in lines]) if lines else 10.0
    return Layout(lines, tuple(pages), by_page, height)


def _rows(words: Sequence[Word]) -> list[list[Word]]:
    rows: list[list[Word]] = []
    middle = height = 0.0
    for word in sorted(words, key=lambda w: w.top + w.bottom):
        center, tall = (word.top + word.bottom) / 2, word.bottom - word.top
        if rows and center - middle <= 0.45 * min(height, tall):
            rows[-1].append(word)
            continue
        rows.append([word])
        middle, height = center, tall
    for row in rows:
        row.sort(key=lambda w: w.x0)
    return rows


def _tokens(words: Iterable[Word]) -> list[Token]:
    tokens: list[Token] = []
    for word in words:
        text = word.text
        match = _GLUED.match(text) if ":" in text or "#" in text or "°" in text or "º" in text else None
        if match is None or text.startswith(("http", "www")):
            tokens.append(Token(text, word.x0, word.top, word.x1, word.bottom))
            continue
        cut = word.x0 + (word.x1 - word.x0) * len(match["label"]) / len(text)
        tokens.append(Token(match["label"], word.x0, word.top, cut, word.bottom))
        tokens.append(Token(match["value"], cut, word.top, word.x1, word.bottom))
    return tokens


def _fill(line: Line) -> None:
    """Split the line into cells and write its text."""
    tokens = line.tokens
    first, position, parts = 0, 0, []
    for number, token in enumerate(tokens):
        if number:
            previous = tokens[number - 1]
            wide = token.x0 - previous.x1 > _CELL * max(token.height, previous.height)
            if wide:
                line.cells.append(Cell(first, number, tokens[first].x0, previous.x1))
                first = number
            gap = "   " if wide else " "
            parts.append(gap)
            position += len(gap)
        line.starts.append(position)
        line.lettered.append(letters(token.text))
        parts.append(token.text)
        position += len(token.text)
    line.cells.append(Cell(first, len(tokens), tokens[first].x0, tokens[-1].x1))
    line.text = "".join(parts)
    line.digits = _DIGIT.search(line.text) is not None

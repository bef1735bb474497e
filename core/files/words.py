"""Words and their boxes from a PDF's text layer, in reading order.

PDFium gives characters with the box of their full advance; a word ends at a space, at a gap wider than a
quarter of the character's height, or where the baseline moves. Words set closely in small
type are not glued together, and it is some twenty times as fast as pdfplumber.
"""

import re
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from operator import itemgetter, sub
from pathlib import Path

from core.errors import FileUnreadable
from core.files.limits import Limits
from core.files.pdfium import Edges, Page, Pdf, open_pdf
from core.model.documents import Attachment, DocumentText, PageText, Word

_HYPHENS = {"\x02": "-", "\ufffe": "-", "\u00ad": "-"}  # PDFium's marks at a line's end; soft hyphen
_UNSEEN = frozenset("\u200b\u200c\u200d\u2060\ufeff\x00")  # no width: part of no word
_ODD = re.compile(f"[{''.join(_HYPHENS)}{''.join(_UNSEEN)}]")
_LEFT = itemgetter(1)
_NO_GAP = (0.0,)
_GAP = 0.25  # of the character's height
_OVERLAP = -0.6
_TOUCH = -0.1  # so little that a word still begins at its first character and ends at its last
_SHIFT = 0.5

_Flat = tuple[str, float, float, float, float]


@dataclass(frozen=True, slots=True)
class FlatPage:
    """A page's words as plain lists, as they travel between processes."""

    number: int
    width: float
    height: float
    texts: list[str]
    boxes: "array[float]"  # four for each word: x0, top, x1, bottom in points
    characters: int  # seen on the page, spaces left out
    garbled: int  # of these, how many have no meaning

    def page_text(self) -> PageText:
        """Return the page as the rest of the toolkit knows it."""
        edges = [iter(self.boxes)] * 4
        words = tuple(map(Word, self.texts, *edges))
        return PageText(self.number, self.width, self.height, words)


def page_texts(source: bytes | Path | str, *, limits: Limits | None = None) -> tuple[PageText, ...]:
    """Read the words of a PDF in this process; for measurements and tests, since documents are hostile."""
    with open_pdf(_bytes(source), limits or Limits()) as pdf:
        return tuple(page.page_text() for page in flat_pages(pdf, limits or Limits()))


def document_text(source: bytes | Path | str, *, limits: Limits | None = None) -> DocumentText:
    """Read words, embedded files and the share of garbled characters in this process; see `page_texts`."""
    with open_pdf(_bytes(source), limits or Limits()) as pdf:
        pages = flat_pages(pdf, limits or Limits())
        attachments = tuple(Attachment(name, content) for name, content in pdf.attachments())
    return DocumentText(tuple(page.page_text() for page in pages), attachments, garbled_share(pages))


def _bytes(source: bytes | Path | str) -> bytes:
    return source if isinstance(source, bytes) else Path(source).read_bytes()


def flat_pages(pdf: Pdf, limits: Limits) -> list[FlatPage]:
    """Return the words of every page."""
    found = []
    room = limits.document_characters
    for number in range(1, pdf.pages + 1):
        with pdf.page(number) as page:
            found.append(flat_page(page, limits))
        room -= found[-1].characters
        if room < 0:
            message = (
                f"The file holds more than {limits.document_characters:,} characters; they are not read. "
                "Look at the file: it may be broken or made to do harm."
            )
            raise FileUnreadable("FILE_TOO_COSTLY", message, permanent=True)
    return found


def flat_page(page: Page, limits: Limits) -> FlatPage:
    """Return the words of an open page."""
    text, edges, unmapped = page.characters(limits.characters)
    left, top = page.origin()
    words = _in_reading_order(_words(text, edges, left, top))
    texts = [word[0] for word in words]
    joined = "".join(texts)
    seen = len(joined)
    garbled = max(_meaningless(joined), round(unmapped * seen))
    return FlatPage(
        number=page.number,
        width=round(page.width, 2),
        height=round(page.height, 2),
        texts=texts,
        boxes=array("d", chain.from_iterable(word[1:] for word in words)),
        characters=seen,
        garbled=garbled,
    )


def garbled_share(pages: Sequence[FlatPage]) -> float:
    """Return the share of characters without a meaning, 0 to 1; 0 when there are none at all."""
    seen = sum(page.characters for page in pages)
    return round(sum(page.garbled for page in pages) / seen, 4) if seen else 0.0


def _words(text: str, edges: Edges, left: float, top: float) -> list[_Flat]:
    """Group characters into words; boxes come back with y downwards from the page's top left corner.

    Between two spaces there is nearly always one word on one baseline: that is seen without looking at each character.
    """
    words: list[_Flat] = []
    odd = _ODD.search(text) is not None
    x0s, y0s, x1s, y1s = edges
    gaps = list(map(sub, x0s[1:], x1s))
    end = 0
    for run in text.split():
        start = text.index(run, end)
        end = start + len(run)
        low, high = y0s[start], y1s[start]
        level = y0s[start:end].count(low) == y1s[start:end].count(high) == len(run)
        between = gaps[start : end - 1] or _NO_GAP
        em = high - low
        if level and max(between) <= _GAP * em and min(between) >= _TOUCH * em and not (odd and _ODD.search(run)):
            x0, x1 = round(x0s[start] - left, 2), round(x1s[end - 1] - left, 2)
            words.append((run, x0, round(top - high, 2), x1, round(top - low, 2)))
        else:
            words += _split(run, (x0s[start:end], y0s[start:end], x1s[start:end], y1s[start:end]), left, top)
    return words


def _split(text: str, edges: Edges, left: float, top: float) -> list[_Flat]:
    """Group characters without spaces between them, one by one."""
    words: list[_Flat] = []
    letters: list[str] = []
    x0 = y0 = x1 = y1 = right = base = 0.0

    def end() -> None:
        if letters:
            box = round(x0 - left, 2), round(top - y1, 2), round(x1 - left, 2), round(top - y0, 2)
            words.append(("".join(letters), *box))
            letters.clear()

    for letter, char_x0, char_y0, char_x1, char_y1 in zip(text, *edges, strict=True):
        if letter in _UNSEEN:
            continue
        em = char_y1 - char_y0
        if letters and em <= 0:  # a character without a box belongs to the one before
            letters.append(_HYPHENS.get(letter, letter))
            continue
        across, up = char_x0 - right, char_y0 - base
        if letters and _OVERLAP * em <= across <= _GAP * em and abs(up) <= _SHIFT * em:
            x0, y0, x1, y1 = min(x0, char_x0), min(y0, char_y0), max(x1, char_x1), max(y1, char_y1)
        else:
            end()
            x0, y0, x1, y1 = char_x0, char_y0, char_x1, char_y1
        letters.append(_HYPHENS.get(letter, letter))
        right, base = char_x1, char_y0
    end()
    return words


def _in_reading_order(words: list[_Flat]) -> list[_Flat]:
    """Sort words into lines from top to bottom, each from left to right; a word's middle decides its line."""
    ordered: list[_Flat] = []
    line: list[_Flat] = []
    middle = height = 0.0
    for word in sorted(words, key=lambda word: word[2] + word[4]):
        word_height = word[4] - word[2]
        word_middle = (word[2] + word[4]) / 2
        if line and word_middle - middle > 0.5 * min(height, word_height):
            ordered += sorted(line, key=_LEFT)
            line = []
        if not line:
            middle, height = word_middle, word_height
        line.append(word)
    return ordered + sorted(line, key=_LEFT)


def _meaningless(text: str) -> int:
    """Count characters that no reader could name: control, private use, unassigned marks, `(cid:7)`."""
    if text.isascii() and text.isprintable() and "(cid:" not in text:
        return 0
    cids = text.count("(cid:")
    return 6 * cids + sum(
        letter < " " or "\x7f" <= letter < "\xa0" or "\ue000" <= letter < "\uf900" or letter >= "\ufff0"
        for letter in text
    )

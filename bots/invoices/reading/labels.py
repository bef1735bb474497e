"""Finding the words that invoices print beside their values; the words themselves are data, in words/.

A phrase is matched by its letters only, so `Invoice No.`, `INVOICE NO` and `I n v o i c e  n o:` are one. Of phrases
that start at one word the longest wins: `date of delivery` is never a `date`.
"""

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from ..model import Kind
from .layout import Layout, Line, letters

LANGUAGES = ("en", "de", "fr", "nl")
_WORDS = Path(__file__).parent / "words"
_STRENGTHS = {"strong": 3, "usual": 2, "weak": 1}
_TITLE_WORDS = ("rechnung", "gutschrift", "invoice", "factuur", "facture", "creditnota")


@dataclass(frozen=True, slots=True)
class Hit:
    """A label found in a line: `line.tokens[first:last]`."""

    field: str
    strength: int
    language: str
    line: Line
    first: int
    last: int

    @property
    def words(self) -> str:
        """The label as printed."""
        return self.line.words(self.first, self.last).rstrip(" .:")


@dataclass(frozen=True, slots=True)
class Meaning:
    """One thing that a phrase can label."""

    field: str
    strength: int
    language: str


def _data(name: str) -> dict[str, Any]:
    return tomllib.loads((_WORDS / name).read_text(encoding="utf-8"))


@lru_cache(maxsize=1)
def titles() -> dict[str, Kind]:
    """The kind of document each title names, by the title's letters."""
    return {letters(phrase): kind for kind, listed in _data("headings.toml")["titles"].items() for phrase in listed}


@lru_cache(maxsize=1)
def column_heads() -> dict[str, list[str]]:
    """The words over each column of a table of goods."""
    heads: dict[str, list[str]] = _data("headings.toml")["columns"]
    return heads


@lru_cache(maxsize=1)
def phrases() -> tuple[dict[str, tuple[Meaning, ...]], frozenset[str]]:
    """Every phrase by its letters, and every beginning of one."""
    found: dict[str, dict[str, Meaning]] = {}
    for language in LANGUAGES:
        for name, groups in _data(f"{language}.toml").items():
            for strength, listed in groups.items():
                for phrase in listed:
                    meanings = found.setdefault(letters(phrase), {})
                    if name not in meanings or meanings[name].strength < _STRENGTHS[strength]:
                        meanings[name] = Meaning(name, _STRENGTHS[strength], language)
    starts = {key[:size] for key in found for size in range(1, len(key) + 1)}
    return {key: tuple(meanings.values()) for key, meanings in found.items()}, frozenset(starts)


def find_labels(layout: Layout) -> list[Hit]:
    """Every label in the document, in reading order; the longest phrase at a place is taken."""
    hits: list[Hit] = []
    for line in layout.lines:
        position = 0
        while position < len(line.tokens):
            found = _longest(line, position)
            if found is None:
                position += 1
                continue
            last, meanings = found
            hits += [Hit(m.field, m.strength, m.language, line, position, last) for m in meanings]
            position = last
    return hits


def _longest(line: Line, first: int) -> tuple[int, tuple[Meaning, ...]] | None:
    known, starts = phrases()
    best: tuple[int, tuple[Meaning, ...]] | None = None
    text = line.lettered[first]
    if not text or text[0].isdigit():
        return None
    if text not in starts:
        ending = next((word for word in _TITLE_WORDS if text.endswith(word)), None)
        if ending is None:
            return None
        text = ending
    position = first
    while text in starts:
        position += 1
        if text in known:
            best = position, known[text]
        if position == len(line.tokens) or line.tokens[position - 1].text.endswith(":"):
            break
        if _type_code(line.tokens[position].text):
            continue
        if line.tokens[position].x0 - line.tokens[position - 1].x1 > 3 * line.height:
            break
        text += line.lettered[position]
    return best


def _type_code(text: str) -> bool:
    """A document type in brackets, as e-invoice renderings print it between the title and the number: (380)."""
    return len(text) == 5 and text[0] == "(" and text[-1] == ")" and text[1:4].isdigit()

"""What kind of document this is, by its title."""

import re

from ..model import Kind
from .facts import Facts
from .labels import titles

_CREDIT_CODES = frozenset({"381", "261", "262", "296", "308", "396", "420", "458", "532"})  # UNTDID 1001
_CODE = re.compile(r"\((\d{3})\)")
_TITLED = ("rechnung", "gutschrift", "invoice", "facture", "note", "avoir", "korrektur")  # a type code follows
_SELF_BILLED = (
    "gutschriftverfahren",
    "gutschriftsverfahren",
    "selfbill",
    "selbstausgestellt",
    "autofacturation",
    "zelffactur",
)


def read_kind(facts: Facts) -> Kind | None:
    """`invoice`, `credit note` or `statement`; None when no title says so.

    Larger titles count more, then earlier ones; a slip to cut off (remittance advice) does not make a statement.
    """
    found: list[tuple[float, int, Kind | None]] = []
    usual = facts.layout.height
    for line in facts.layout.lines:
        if line.page > facts.layout.pages[0].number:
            break
        for cell in line.cells:
            found += [
                (score + 0.5 * (line.height > 1.3 * usual), -line.index, kind)
                for score, kind in _titles(line.lettered[cell.first : cell.last], line.text)
            ]
    if not found:
        return None
    found.sort(key=lambda title: title[:2], reverse=True)
    kind = found[0][2]
    if kind == "statement":
        earlier = [title for title in found if title[2] != "statement" and title[1] > found[0][1]]
        kind = earlier[0][2] if earlier else kind
    return "invoice" if kind == "credit note" and _self_billed(facts) else kind


def _self_billed(facts: Facts) -> bool:
    """Whether the buyer wrote the invoice himself: a German Gutschrift may be that and no credit note."""
    return any(any(sign in "".join(line.lettered) for sign in _SELF_BILLED) for line in facts.layout.lines)


def _titles(words: list[str], text: str) -> list[tuple[float, Kind | None]]:
    """A cell that is a title, or begins with one and goes on with a number or a sign."""
    code = _CODE.search(text)
    if code and any(word.endswith(_TITLED) for word in words[:3]):
        if code[1] in _CREDIT_CODES:
            return [(3.0, "credit note")]
        corrected = any(titles().get(word) == "credit note" for word in words[:3])
        return [(3.0, None if corrected else "invoice")]  # a corrected invoice: its sign tells
    whole = "".join(words)
    if whole in titles():
        return [(2.0, titles()[whole])]
    best: list[tuple[float, Kind | None]] = []
    joined = ""
    for position, word in enumerate(words[:4], start=1):
        joined += word
        kind = titles().get(joined) or next(
            (titles()[t] for t in ("gutschrift", "rechnung") if joined.endswith(t)), None
        )
        if kind and position < len(words) and _goes_on(words[position]):
            best = [(1.5, kind)]
    return best


def _goes_on(word: str) -> bool:
    return (
        not word
        or any(c.isdigit() for c in word)
        or word in ("no", "nr", "number", "nummer", "num", "#", "numero", "date", "ref", "n", "id")
    )

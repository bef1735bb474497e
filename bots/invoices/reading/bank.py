"""VAT numbers and bank details; check digits are a soft sign, since samples and misprints fail them."""

import itertools
import re
from collections.abc import Iterator

from stdnum import iban as iban_check
from stdnum.eu import vat as eu_vat
from stdnum.exceptions import ValidationError
from stdnum.gb import vat as gb_vat

from ..model import Source
from .facts import Candidate, Facts, choose
from .layout import Line
from .parties import Party

_VAT = re.compile(
    r"(?<![A-Z0-9])(?:"
    r"GB ?(?:\d{3} ?\d{4} ?\d{2}(?: ?\d{3})?|GD ?\d{3}|HA ?\d{3})"
    r"|DE ?\d{3} ?\d{3} ?\d{3}|FR ?[0-9A-Z]{2} ?\d{3} ?\d{3} ?\d{3}|FR ?\d{3} ?\d{3} ?\d{3} ?\d{2}"
    r"|NL ?\d{4} ?\.?\d{2} ?\.?\d{3} ?\.?B ?\d{2}|NL ?\d{3} ?\.?\d{3} ?\.?\d{3} ?\.?B ?\.?\d{2}"
    r"|ATU ?\d{8}|BE ?0?\d{3}[ .]?\d{3}[ .]?\d{3}|IE ?\d[0-9A-Z]\d{5} ?[A-Z]{1,2}"
    r"|IT ?\d{11}|ES ?[A-Z0-9]\d{7}[A-Z0-9]|LU ?\d{8}"
    r"|PL ?\d{10}|DK ?\d{8}|SE ?\d{12}|XI ?\d{9}|CHE[- ]?\d{3}\.?\d{3}\.?\d{3}"
    r")(?![A-Z0-9])"
)  # fmt: skip
_BEGUN = re.compile(r"\b(?:GB|DE|FR|NL|ATU|BE|IE)[ \d]{0,16}$")
_UK_BARE = re.compile(r"(?<!\d)\d{3} ?\d{4} ?\d{2}(?: ?\d{3})?(?!\d)")
_IBAN = re.compile(r"(?<![A-Z0-9])([A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?)(?![A-Z0-9])")
_LENGTHS = {
    "AT": 20,
    "BE": 16,
    "CH": 21,
    "CZ": 24,
    "DE": 22,
    "DK": 18,
    "ES": 24,
    "FI": 18,
    "FR": 27,
    "GB": 22,
    "IE": 22,
    "IT": 27,
    "LI": 21,
    "LU": 20,
    "NL": 18,
    "NO": 15,
    "PL": 28,
    "PT": 25,
    "SE": 24,
    "MT": 31,
    "CY": 28,
    "EE": 20,
    "LT": 20,
    "LV": 21,
    "SK": 24,
    "SI": 19,
    "HU": 28,
    "GR": 27,
}
_SORT_CODE = re.compile(r"(?<![\d-])(\d{2})[- –]?(\d{2})[- –]?(\d{2})(?![\d-])")
_ACCOUNT = re.compile(r"(?<!\d)(\d{4} ?\d{4}|\d{6,10})(?!\d)")


def read_vat_id(facts: Facts, party: Party, own: tuple[str, ...] = ()) -> tuple[str, Source] | None:
    """The supplier's VAT number: never ours, rarely one from the buyer's block."""
    ours = {_bare(number) for number in own}
    candidates = [c for c in _vat_ids(facts) if _bare(c.value) not in ours]
    theirs = {c.value for hit in facts.hits("their_vat_id") for c in _right_of(facts, hit.line, hit.last, _VAT)}
    for candidate in candidates:
        line = candidate.line
        if candidate.value in theirs:
            candidate.score -= 3.0
        if line is not None:
            cell = line.cell_of(candidate.first)
            if any(
                index == line.index and first <= candidate.first and first >= cell.first
                for index, first in party.buyer_cells
            ):
                candidate.score -= 1.5
            if line.index in party.seller_lines:
                candidate.score += 0.8
        candidate.score += 0.3 if vat_id_valid(candidate.value) else 0.0
    if party.supplier is not None:
        _nearer_first(candidates, party.supplier[1])
    return choose(candidates, least=-1.0)


def _nearer_first(candidates: list[Candidate[str]], supplier: Source) -> None:
    """Of several numbers the one in the supplier's own column is likelier."""
    if supplier.box is None:
        return
    for candidate in candidates:
        line = candidate.line
        if (
            line is not None
            and line.page == supplier.page
            and abs(line.tokens[line.cell_of(candidate.first).first].x0 - supplier.box[0]) < 15
        ):
            candidate.score += 0.4
            candidate.support.append("in the supplier's column")


def _vat_ids(facts: Facts) -> list[Candidate[str]]:
    found = []
    labelled = {}
    for hit in facts.hits("vat_id", "tax"):
        if hit.field == "vat_id" or len(hit.words) <= 4:
            labelled[hit.line.index, hit.last] = hit
    for line in facts.layout.lines:
        if not line.digits:
            continue
        text = line.text.upper()
        for match in _VAT.finditer(text):
            first, last = line.at(match.start()), line.at(match.end() - 1) + 1
            before = next(
                (h for (index, end), h in labelled.items() if index == line.index and 0 <= first - end <= 2), None
            )
            score = 1.5 if before is None else 2.0
            if before is None and " " in match[0] and match[0][:2] in ("DE", "BE"):
                score = 0.3  # DE 123 456 789 without a label may be anything
            value = re.sub(r"[^A-Z0-9]", "", match[0])
            why = [f"right of “{before.words}”"] if before else []
            found.append(Candidate(value, score - 0.002 * line.index, line, first, last, why))
    found += _wrapped(facts)
    for hit in facts.hits("vat_id"):
        for candidate in _right_of(facts, hit.line, hit.last, _UK_BARE):
            digits = candidate.value
            if len(digits) in (9, 12) and not any(
                c.line is hit.line and c.first <= candidate.first < c.last for c in found
            ):
                candidate.value = f"GB{digits}" if gb_vat.is_valid(digits) or facts.language == "en" else digits
                candidate.support = [f"right of “{hit.words}”"]
                found.append(candidate)
    return found


def _wrapped(facts: Facts) -> Iterator[Candidate[str]]:
    """Numbers that begin at the end of one line and go on in the next."""
    lines = facts.layout.lines
    for line, following in itertools.pairwise(lines):
        begun = _BEGUN.search(line.text)
        if begun is None or following.page != line.page:
            continue
        match = _VAT.match(f"{begun[0]} {following.text}".upper())
        if match and match.end() > len(begun[0]) + 1:
            value = re.sub(r"[^A-Z0-9]", "", match[0])
            yield Candidate(value, 1.5, line, line.at(begun.start()), len(line.tokens), ["goes on in the next line"])


def _right_of(facts: Facts, line: Line, position: int, pattern: re.Pattern[str]) -> Iterator[Candidate[str]]:
    """What a pattern finds right of a token on its line, else directly below."""
    if position < len(line.tokens):
        match = pattern.search(line.text.upper(), line.starts[position])
        if match and line.at(match.start()) - position <= 3:
            yield Candidate(
                re.sub(r"[^A-Z0-9]", "", match[0]), 1.8, line, line.at(match.start()), line.at(match.end() - 1) + 1
            )
            return
    if position > 0:
        x0, x1 = line.tokens[position - 1].x0 - 40, line.tokens[position - 1].x1
        for below, cell in facts.layout.below(line, x0, x1, within=1.5 * line.height):
            match = pattern.fullmatch(below.words(cell.first, cell.last).upper())
            if match:
                yield Candidate(re.sub(r"[^A-Z0-9]", "", match[0]), 1.6, below, cell.first, cell.last)
            return


def vat_id_valid(value: str) -> bool:
    """Whether the check digits hold."""
    try:
        if value.startswith(("GB", "XI")):
            return bool(gb_vat.is_valid(value[2:]))
        return bool(eu_vat.is_valid(value))
    except ValidationError:
        return False


def iban_valid(value: str) -> bool:
    """Whether the check digits hold."""
    return bool(iban_check.is_valid(value))


def read_iban(facts: Facts) -> tuple[str, Source] | None:
    """The account to pay to."""
    candidates = []
    labelled = {(hit.line.index, hit.last) for hit in facts.hits("iban")}
    for line in facts.layout.lines:
        if not line.digits:
            continue
        for match in _IBAN.finditer(line.text.upper()):
            value = _cut(match[1])
            if value is None:
                continue
            first = line.at(match.start())
            last = line.at(match.start() + _printed_length(match[1], len(value)) - 1) + 1
            score = (
                1.0
                + (0.5 if iban_valid(value) else 0.0)
                + (1.0 if any(i == line.index and 0 <= first - e <= 2 for i, e in labelled) else 0.0)
            )
            why = ["check digits hold"] if iban_valid(value) else ["check digits do not hold"]
            candidates.append(Candidate(value, score - 0.002 * line.index, line, first, last, why))
    return choose(candidates)


def _cut(text: str) -> str | None:
    compact = text.replace(" ", "")
    size = _LENGTHS.get(compact[:2])
    if size is None or len(compact) < size:
        return None
    value = compact[:size]
    if len(compact) > size and " " not in text:
        return None
    return value if sum(c.isdigit() for c in value) >= 10 else None


def _printed_length(text: str, count: int) -> int:
    """How many characters of the print hold the first `count` signs."""
    seen = 0
    for position, char in enumerate(text, start=1):
        seen += char != " "
        if seen == count:
            return position
    return len(text)


def read_sort_code(facts: Facts) -> tuple[str, Source] | None:
    """The sort code of a UK bank."""
    candidates = []
    for hit in facts.hits("sort_code"):
        for candidate in _right_of(facts, hit.line, hit.last, _SORT_CODE):
            digits = candidate.value
            candidate.value = f"{digits[:2]}-{digits[2:4]}-{digits[4:]}"
            candidate.support = [f"beside “{hit.words}”"]
            candidates.append(candidate)
    return choose(candidates)


def read_account_number(facts: Facts, sort_code: Source | None) -> tuple[str, Source] | None:
    """The bank account beside a sort code; without one only where the label says bank."""
    candidates = []
    for hit in facts.hits("account_number"):
        for candidate in _right_of(facts, hit.line, hit.last, _ACCOUNT):
            near = (
                sort_code is not None
                and candidate.line is not None
                and sort_code.box is not None
                and candidate.line.page == sort_code.page
            )
            distance = (
                abs(candidate.line.top - sort_code.box[1])
                if near and candidate.line and sort_code and sort_code.box
                else 1e9
            )
            if distance < 60:
                candidate.score += 1.5 - distance / 100
            elif not (hit.language != "en" or "bank" in hit.words.casefold()):
                continue
            if len(candidate.value) == 8:
                candidate.score += 0.5
            candidate.support = [f"beside “{hit.words}”"]
            candidates.append(candidate)
    return choose(candidates)


def _bare(number: str) -> str:
    return re.sub(r"[^A-Z0-9]", "", number.upper()).removeprefix("GB")

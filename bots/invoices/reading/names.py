"""What a company's name looks like, and what a street, a postcode and a contact line look like."""

import re

from .labels import titles
from .layout import Cell, Line, letters

LEGAL = re.compile(
    r"(?:\b(?:ltd|limited|llp|plc|inc|incorporated|corp|corporation|llc|lp|gmbh|mbh|ag|kg|kgaa|ohg|gbr|ug|se|e\.?\s?k|e\.?\s?v|eg|a\.g|bv|b\.v|nv|n\.v|vof|v\.o\.f|"
    r"sarl|s\.a\.r\.l|sas|s\.a\.s|sasu|eurl|sa|s\.a|sprl|srl|bvba|cic|c\.i\.c|cio|co|company|pty|pvt|aps|a/s|ab|oy|spa|s\.p\.a|trust|partnership|lbg|sci|snc|gie|scop)(?=[.,;)\s]|$)\.?)",
    re.IGNORECASE,
)  # fmt: skip


POSTCODE = re.compile(r"\b(?:[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}|(?:[A-Z]{1,2}[- ])?\d{5}(?:-\d{4})?|\d{4} ?[A-Z]{2})\b")


STREET = re.compile(
    r"(?i)(?:\b\d{1,4}[a-z]?(?:[-/]\d+)?,? +[^\W\d]"
    r"|[^\W\d.]+\.? +\d{1,4} ?[a-z]?$"
    r"|\b(?:street|road|lane|avenue|house|unit|floor|estate|park|court|way|drive|suite|p\.?o\.? box|close"
    r"|square|building|quay|mill|terrace|yard|works|business|rue|boulevard|chemin|place|str\.|postfach)\b"
    r"|(?:straße|strasse|str\.|weg|platz|allee|gasse|straat|laan|gracht|kade|plein)\b)"
)


_LEAD = re.compile(
    r"(?i:\b(?:trading name of|sold by|owned by|behalf of|registered name|payment to|transfer to|payable to"
    r"|name of|c/o)\b:?) "
    r"|\b(?:by|from|to|für|der|an|the|with|bei|von|par|de la|aan|van) "
)


SEPARATED = re.compile(r"\s*[●•·|∙‧■–]\s*|\s+[-*]\s+")


CONTACT = re.compile(
    r"(?i)\b(?:tel|phone|fax|telefon|email|e-mail|www|http|iban|bic|swift|vat|ust|btw|tva|siret|siren|gln|kvk|page|seite|pagina|date|datum|registered|hrb|no\.)\b|@"
)


_NOT_NAME = frozenset(
    [
        "logo",
        "copy",
        "original",
        "page",
        "total",
        "amount",
        "description",
        "quantity",
        "thank",
        "you",
        "dear",
        "sir",
        "madam",
        "sehr",
        "geehrte",
        "herren",
        "bank",
        "banque",
        "street",
        "tel",
        "fax",
        "email",
        "phone",
        "mobile",
        "payment",
        "terms",
        "duplicate",
        "confidential",
        "draft",
        "notes",
        "deutschland",
        "germany",
        "france",
        "nederland",
        "london",
        "england",
        "hong",
        "kong",
        "name",
    ]
)


_SALUTES = frozenset(
    [
        "herr",
        "herrn",
        "frau",
        "mr",
        "mrs",
        "ms",
        "miss",
        "dr",
        "monsieur",
        "madame",
        "m",
        "mme",
        "dhr",
        "mevr",
        "t.a.v",
        "attn",
    ]
)


def _is_legal(match: re.Match[str]) -> bool:
    """Short forms count in capitals only: SA is a company, Sa a Saturday."""
    form = match[0].strip(". ")
    return len(form) > 2 or form.isupper() or form == "Co"


def legal_name(text: str) -> str | None:
    """The company name in a text: from the last separator to its legal form."""
    if not 4 <= len(text) <= 300:
        return None
    best = None
    for part in SEPARATED.split(text):
        match = None
        for match in filter(_is_legal, LEGAL.finditer(part)):
            tail = part[match.end() :].strip()
            if not LEGAL.match(tail.lstrip("&. ")) and not tail.startswith("&"):
                break
        if match is None:
            continue
        name = part[: match.end()].strip(" ,:;")
        if name.endswith(".") and "." not in match[0][:-1] and re.match(r" [A-Z]", part[match.end() :]):
            name = name[:-1]  # the full stop of a sentence
        name = _LEAD.split(name)[-1].strip()
        name = re.split(r": |(?<=[a-z]{3})\. ", name)[-1]
        words = name.split()
        if 2 <= len(words) <= 8 and words[0][:1].isupper() | words[0][:1].isdigit() and not CONTACT.search(name):
            best = best or name
    return best


def is_label(line: Line, cell: Cell) -> bool:
    """Whether a cell is a label: a colon ends it, or begins the next cell."""
    following = line.tokens[cell.last].text if cell.last < len(line.tokens) else ""
    return line.tokens[cell.last - 1].text.endswith(":") or following.startswith(":")


def name_in(line: Line, cell: Cell) -> str:
    """Return the words of a cell as a name, without the marks around it."""
    return line.words(cell.first, cell.last).strip(" ,:;")


def namelike(text: str) -> bool:
    """Whether a text could be a name at all."""
    key = letters(text)
    if not 2 <= len(key) <= 60 or key in titles() or key in _NOT_NAME:
        return False
    words = text.split()
    if len(words) > 7 or words[0].casefold().strip(".") in _SALUTES or text.rstrip().endswith(":"):
        return False
    if CONTACT.search(text) or POSTCODE.search(text) or ":" in text:
        return False
    digits = sum(c.isdigit() for c in text)
    if digits > 4 or digits * 2 > len(key) or not words[0][:1].isalnum():
        return False
    return not all(letters(word) in _NOT_NAME or letters(word) in titles() for word in words)

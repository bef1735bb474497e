"""Taking out of a text what must not be in a log: registered secrets, passwords, and data that names a person.

Numbers are taken out only when their check digits are right, so that order numbers survive. Every pattern is bounded:
a hostile text costs time in proportion to its length.
"""

import json
import re
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

SHORTEST = 6  # a registered secret shorter than this would blot out ordinary words

_NHS = re.compile(r"(?<![0-9])([0-9]{3})([ -]?)([0-9]{3})\2([0-9]{4})(?![0-9])")
_IBAN_START = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{2}[0-9]{2}")
_EMAIL = re.compile(r"(?<![\w.+%-])[\w.+%-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}", re.ASCII)
_SORT = r"[0-9]{2}([ -])[0-9]{2}\1[0-9]{2}"
_BANK = (
    re.compile(rf"(?<![0-9]){_SORT}(?:[^0-9\n]{{1,40}})[0-9]{{8}}(?![0-9])"),
    re.compile(rf"(?<![0-9])[0-9]{{8}}(?:[^0-9\n]{{1,40}}){_SORT}(?![0-9])"),
    re.compile(
        r"sort[ _-]?code[^0-9\n]{0,10}[0-9]{6}(?:[^0-9\n]{1,40})[0-9]{8}(?![0-9])"
        r"|account[^0-9\n]{0,20}[0-9]{8}(?:[^0-9\n]{1,40})[0-9]{6}(?![0-9])",
        re.IGNORECASE,
    ),
)
_NAMED = re.compile(
    r"(?P<name>(?:password|passwd|passphrase|pwd|token|secret|api[_-]?key|authorization|set-cookie|cookie)"
    r"(?:\\?[\"'])?\s{0,4}[:=]\s{0,4})"
    r"(?P<scheme>(?:bearer|basic|digest|negotiate)\s{1,4})?"
    r"(?!\[redacted:)"
    r"(?P<value>\\?\"[^\"\n]{0,4000}\"|'[^'\n]{0,4000}'|[^\s,;&\"'<>(){}\[\]]{1,4000})",
    re.IGNORECASE,
)
_BEARER = re.compile(r"\bbearer\s{1,4}(?!\[redacted:)[A-Za-z0-9._~+/=-]{8,4000}", re.IGNORECASE)
_LENGTHS = dict(
    re.findall(
        "([A-Z]{2})([0-9]{2})",
        "AD24AE23AL28AT20AZ28BA20BE16BG22BH22BR29BY28CH21CR22CY28CZ24DE22DK18DO28EE20EG29ES24FI18FO18FR27"
        "GB22GE22GI23GL18GR27GT28HR21HU28IE22IL23IQ23IS26IT27JO30KW30KZ20LB28LC32LI21LT20LU20LV21LY25"
        "MC27MD24ME22MK19MR27MT31MU30NL18NO15PK24PL28PS29PT25QA29RO24RS22SA24SC31SE24SI19SK24SM27ST25SV28"
        "TL23TN24TR26UA29VA22VG24XK20",
    )
)


class Redactor:
    """Replaces what must not be shown by `[redacted:kind]`; secrets are registered as they are read."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._by_start: dict[str, tuple[str, ...]] = {}  # first SHORTEST characters -> secrets, longest first
        for secret in secrets:
            self.register(secret)

    def register(self, secret: str) -> None:
        """Have this value taken out from now on, also as JSON, URLs and Python literals would spell it.

        A value shorter than SHORTEST is left in, since it would take ordinary words out: refuse it where it is set.
        """
        if len(secret) < SHORTEST:
            return
        for spelling in _spellings(secret):
            start = spelling[:SHORTEST]
            known = {*self._by_start.get(start, ()), spelling}
            self._by_start[start] = tuple(sorted(known, key=len, reverse=True))

    def redact(self, text: str) -> str:
        """Return the text without secrets and without data that names a person or an account."""
        text = self._without_secrets(text)
        if "=" in text or ":" in text:
            text = _NAMED.sub(r"\g<name>[redacted:secret]", text)
        text = _BEARER.sub("[redacted:secret]", text)
        if "@" in text:
            text = _EMAIL.sub("[redacted:email]", text)
        return _without_numbers(text)

    def holds_secret(self, data: bytes) -> bool:
        """Tell whether bytes still hold a registered secret, in any spelling; for evidence before it is stored."""
        return any(spelling.encode(errors="replace") in data for known in self._by_start.values() for spelling in known)

    def scrub(self, data: bytes) -> bytes:
        """Return bytes with every registered secret replaced, for parts of evidence that are text."""
        spellings = sorted((s for known in self._by_start.values() for s in known), key=len, reverse=True)
        for spelling in spellings:
            data = data.replace(spelling.encode(errors="replace"), b"[redacted:secret]")
        return data

    def _without_secrets(self, text: str) -> str:
        """Walk over the text once, however many secrets there are, looking up the next characters."""
        starts = self._by_start
        if not starts:
            return text
        hits = [i for i in range(len(text) - SHORTEST + 1) if text[i : i + SHORTEST] in starts]
        parts: list[str] = []
        done = 0
        for hit in hits:
            if hit < done:
                continue
            found = next((s for s in starts[text[hit : hit + SHORTEST]] if text.startswith(s, hit)), None)
            if found is not None:
                parts += [text[done:hit], "[redacted:secret]"]
                done = hit + len(found)
        return "".join([*parts, text[done:]]) if parts else text


def _spellings(secret: str) -> set[str]:
    in_json = {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
    in_urls = {quote(secret, safe=safe, errors="replace") for safe in ("", "/")}
    return {secret, repr(secret)[1:-1], quote_plus(secret, errors="replace")} | in_json | in_urls


def _without_numbers(text: str) -> str:
    if not _has_digits(text):
        return text
    text = _without_ibans(text)
    for pattern in _BANK:
        text = pattern.sub("[redacted:bank-account]", text)
    return _NHS.sub(_nhs, text)


_has_digits = re.compile(r"[0-9]{2}").search


def _nhs(match: re.Match[str]) -> str:
    """Check digit of an NHS number: weights 10 to 2, modulo 11 (NHS Data Dictionary)."""
    digits = [int(character) for character in match.group() if character.isdigit()]
    check = (11 - sum(weight * digit for weight, digit in zip(range(10, 1, -1), digits, strict=False)) % 11) % 11
    return "[redacted:nhs-number]" if check == digits[9] else match.group()


def _without_ibans(text: str) -> str:
    parts: list[str] = []
    done = 0
    for match in _IBAN_START.finditer(text):
        end = _end_of_iban(text, match.start()) if match.start() >= done else None
        if end is not None:
            parts += [text[done : match.start()], "[redacted:iban]"]
            done = end
    return "".join([*parts, text[done:]]) if parts else text


def _end_of_iban(text: str, start: int) -> int | None:
    """An IBAN has its country's length and leaves 1 modulo 97 (ISO 13616); blanks may stand anywhere in it."""
    length = int(_LENGTHS.get(text[start : start + 2].upper(), "0"))
    plain = ""
    for place in range(start, min(len(text), start + 2 * length)):
        character = text[place]
        if character.isascii() and character.isalnum():
            plain += character
        elif character not in " -":
            return None
        if len(plain) == length:
            number = int("".join(str(int(one, 36)) for one in plain[4:] + plain[:4]))
            return place + 1 if number % 97 == 1 else None
    return None

"""VAT numbers, bank accounts and IBANs with valid check digits, drawn from a seeded source.

Readers and checks may use the check digits, so invented identifiers must carry right ones.
"""

from __future__ import annotations

from random import Random

_BANKS = ("NMBK", "TARN", "FOLD", "WEXB")  # invented bank codes, not in the register


def digits(source: Random, count: int) -> str:
    """Return `count` digits, the first never zero."""
    return str(source.randint(1, 9)) + "".join(str(source.randint(0, 9)) for _ in range(count - 1))


def vat_number(country: str, source: Random) -> str:
    """Return a VAT number of `country` (GB, DE, FR or NL) with its prefix and a valid check."""
    return country + {"GB": _gb, "DE": _de, "FR": _fr, "NL": _nl}[country](source)


def _gb(source: Random) -> str:
    """Nine digits; weights 8 to 2, modulus 97, in the newer form (55 added) half the time."""
    head = digits(source, 7)
    total = sum(weight * int(digit) for weight, digit in zip(range(8, 1, -1), head, strict=True))
    return f"{head}{97 - (total + source.choice((0, 55))) % 97:02d}"


def _de(source: Random) -> str:
    """Nine digits, ISO 7064 modulus 11,10."""
    head = digits(source, 8)
    product = 10
    for digit in head:
        total = (int(digit) + product) % 10 or 10
        product = 2 * total % 11
    return f"{head}{(11 - product) % 10}"


def _fr(source: Random) -> str:
    """Two check digits before a SIREN that passes Luhn."""
    siren = _luhn(digits(source, 8))
    return f"{(12 + 3 * (int(siren) % 97)) % 97:02d}{siren}"


def _luhn(head: str) -> str:
    doubled = sum(sum(divmod(2 * int(digit), 10)) for digit in head[::-2])
    plain = sum(int(digit) for digit in head[-2::-2])
    return f"{head}{-(doubled + plain) % 10}"


def _nl(source: Random) -> str:
    """Nine digits that pass the eleven test, then B01."""
    while True:
        head = digits(source, 8)
        check = sum(weight * int(digit) for weight, digit in zip(range(9, 1, -1), head, strict=True)) % 11
        if check < 10:
            return f"{head}{check}B01"


def sort_code(source: Random) -> str:
    """Return a sort code as 12-34-56."""
    code = digits(source, 6)
    return f"{code[:2]}-{code[2:4]}-{code[4:]}"


def iban(country: str, source: Random, *, sort: str = "", account: str = "") -> str:
    """Return an IBAN of `country` without spaces; a British one contains the sort code and account number."""
    body = {
        "GB": lambda: source.choice(_BANKS) + sort.replace("-", "") + account,
        "DE": lambda: digits(source, 18),
        "FR": lambda: _french_account(source),
        "NL": lambda: source.choice(_BANKS) + "0" + digits(source, 9),
    }[country]()
    return country + iban_check(country, body) + body


def iban_check(country: str, body: str) -> str:
    """Return the two check digits of an IBAN (ISO 7064 modulus 97,10)."""
    number = "".join(str(int(char, 36)) for char in f"{body}{country}00")
    return f"{98 - int(number) % 97:02d}"


def _french_account(source: Random) -> str:
    """Bank 5, branch 5, account 11, key 2."""
    bank, branch, account = digits(source, 5), digits(source, 5), digits(source, 11)
    key = 97 - (89 * int(bank) + 15 * int(branch) + 3 * int(account)) % 97
    return f"{bank}{branch}{account}{key:02d}"

"""The invented suppliers and what they sell, read from the data files.

Identifiers are derived from each supplier's name alone, so the supplier master is the same for every seed.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from itertools import product
from pathlib import Path
from random import Random

from simulators.documents import identifiers
from simulators.documents.records import Bank, Supplier

_DATA = Path(__file__).parent / "data"


@dataclass(frozen=True, kw_only=True)
class Article:
    """Something a supplier sells."""

    code: str
    description: str
    unit: str
    price: Decimal
    vat_rate: Decimal
    most: int  # largest usual quantity


@cache
def suppliers() -> tuple[Supplier, ...]:
    """Return the whole cast, in the order of the file; numbers in the ledger count only those it has."""
    entries = tomllib.loads((_DATA / "suppliers.toml").read_text(encoding="utf-8"))["supplier"]
    found = []
    number = 1000
    for entry in entries:
        role = entry.get("role", "known")
        if role != "unknown":
            number += 3
        found.append(_supplier(entry, number="" if role == "unknown" else f"S{number}", role=role))
    return tuple(found)


def _supplier(entry: dict[str, object], *, number: str, role: str) -> Supplier:
    fields = {key: value for key, value in entry.items() if key not in ("role", "country", "address")}
    name = str(entry["name"])
    country = str(entry.get("country", "GB"))
    source = Random(f"identifiers of {name}")
    return Supplier(
        **fields,  # type: ignore[arg-type]
        address=tuple(str(part) for part in entry["address"]),  # type: ignore[attr-defined]
        number=number,
        role=role,
        country=country,
        currency="GBP" if country == "GB" else "EUR",
        vat_id=identifiers.vat_number(country, source),
        company_number=identifiers.digits(source, 8),
        bank=bank_account(country, source),
    )


def bank_account(country: str, source: Random) -> Bank:
    """Return a new account of `country`."""
    if country != "GB":
        return Bank(sort_code="", account_number="", iban=identifiers.iban(country, source))
    sort, account = identifiers.sort_code(source), identifiers.digits(source, 8)
    return Bank(
        sort_code=sort,
        account_number=account,
        iban=identifiers.iban("GB", source, sort=sort, account=account),
    )


@cache
def articles(trade: str) -> tuple[Article, ...]:
    """Return what `trade` sells, every choice in braces spelled out."""
    rows = tomllib.loads((_DATA / "goods.toml").read_text(encoding="utf-8"))[trade]
    return tuple(article for row in rows for article in _spelled_out(*row))


def _spelled_out(code: str, description: str, unit: str, price: str, rate: str, most: int) -> list[Article]:
    parts = re.split(r"\{([^}]*)\}", description)
    choices = [part.split("|") if index % 2 else [part] for index, part in enumerate(parts)]
    found = []
    for index, words in enumerate(product(*choices)):
        scale = 1 + Decimal(index % 4) * Decimal("0.04")  # larger sizes cost a little more
        places = Decimal(price)
        found.append(
            Article(
                code=f"{code}{index + 1:02d}" if code and len(choices) > 1 else code,
                description="".join(words),
                unit=unit,
                price=(places * scale).quantize(places),
                vat_rate=Decimal(rate),
                most=most,
            )
        )
    return found

"""Suppliers, orders and receipts by the seed, in the shape of `--data`; every name is invented."""

import random
from datetime import date, timedelta
from typing import Any

FIRST = (
    "Ashgrove", "Brackenfield", "Calderwick", "Dunmere", "Eastholme", "Fennside", "Garroway", "Hollinbrook",
    "Ivelthorpe", "Kestrelmoor", "Larchbeck", "Millerdale", "Netherwold", "Oakenshaw", "Pinfold",
    "Quarndale", "Redmarsh", "Saltersby", "Thornlea", "Underwick", "Varleigh", "Westerham Vale",
    "Yarrowgate", "Zeal Cross",
)  # fmt: skip
TRADE = (
    "Office Supplies", "Medical", "Catering", "Electrical", "Facilities", "Print & Paper", "Workwear",
    "Laboratory Products", "Cleaning Services", "Furniture", "Couriers", "Software", "Signs",
    "Water Coolers",
)  # fmt: skip
GOODS = (
    ("A4 copier paper, 80 gsm, box of 5", "18.40"),
    ("Nitrile gloves, medium, box of 100", "6.35"),
    ("Toner cartridge, black", "64.90"),
    ("Desk chair, adjustable", "142.00"),
    ("LED panel 600 x 600", "31.75"),
    ("Floor cleaner, 5 litres", "9.20"),
    ("Lever arch file, A4", "2.15"),
    ("Sharps container, 7 litres", "4.48"),
    ("Polo shirt, navy, embroidered", "12.60"),
    ("Network cable, 5 m", "5.05"),
    ("Whiteboard, 120 x 90 cm", "58.00"),
    ("First-aid kit, 20 persons", "34.99"),
    ("Bottled water, 18.9 litres", "6.80"),
    ("Door sign, engraved", "27.50"),
    ("Label printer roll", "3.9525"),
    ("Monthly maintenance visit", "215.00"),
    ("Courier, next day, up to 5 kg", "7.95"),
    ("Hand towel, folded, case of 3000", "24.10"),
    ("Pipette tips, 200 ul, rack", "11.37"),
    ("USB headset", "29.00"),
)
ABROAD = {"DE": "GmbH", "FR": "SARL", "NL": "B.V."}


def sample(seed: int, *, suppliers: int = 40, orders: int = 110) -> dict[str, Any]:
    """Return invented master data; the same seed gives the same data."""
    chance = random.Random(seed)  # repeatable on purpose
    names = [f"{first} {trade}" for first in FIRST for trade in TRADE]
    chance.shuffle(names)
    firms = [_supplier(chance, 100001 + index * 7, names[index]) for index in range(suppliers)]
    return {
        "suppliers": firms,
        "orders": [_order(chance, 4500100 + index * 3, chance.choice(firms)) for index in range(orders)],
    }


def _supplier(chance: random.Random, number: int, name: str) -> dict[str, Any]:
    country = chance.choices(("GB", *ABROAD), weights=(17, 1, 1, 1))[0]
    domain = name.lower().replace(" & ", "-").replace(" ", "-")
    british = country == "GB"
    digits = f"{chance.randrange(10**6):06d}"
    return {
        "number": str(number),
        "name": f"{name} {'Ltd' if british else ABROAD[country]}",
        "vat_id": f"{country}999{digits}" + ("B01" if country == "NL" else ""),
        "sort_code": f"{chance.randrange(10, 99)}-{chance.randrange(100):02d}-{chance.randrange(100):02d}"
        if british
        else None,
        "account_number": f"{chance.randrange(10**8):08d}" if british else None,
        "iban": None if british else _iban(chance, country),
        "email_domain": f"{domain}.example",
        "currency": "GBP" if british else "EUR",
        "on_hold": chance.random() < 0.05,
    }


def _iban(chance: random.Random, country: str) -> str:
    length = {"DE": 18, "FR": 23, "NL": 10}[country]
    body = ("XXXX" if country == "NL" else "") + "".join(str(chance.randrange(10)) for _ in range(length))
    digits = "".join(str(int(c, 36)) for c in f"{body}{country}00")
    return f"{country}{98 - int(digits) % 97:02d}{body}"


def _order(chance: random.Random, number: int, supplier: dict[str, Any]) -> dict[str, Any]:
    placed = date(2026, 1, 5) + timedelta(days=chance.randrange(240))
    goods = chance.sample(GOODS, chance.choices((1, 2, 3, 4, 6), weights=(3, 4, 4, 2, 1))[0])
    lines = []
    for line, (description, unit_price) in enumerate(goods, start=1):
        quantity = chance.choice((1, 2, 4, 5, 10, 12, 20, 25, 40))
        lines.append({
            "line": line, "description": description, "quantity": str(quantity), "unit_price": unit_price,
            "vat_rate": "20" if supplier["currency"] == "GBP" else "0",
            "received": _received(chance, placed, quantity),
        })  # fmt: skip
    return {
        "number": f"PO-{number}", "supplier": supplier["number"], "currency": supplier["currency"],
        "date": placed.isoformat(), "lines": lines,
    }  # fmt: skip


def _received(chance: random.Random, placed: date, quantity: int) -> list[dict[str, str]]:
    kind = chance.random()
    if kind < 0.12:
        return []
    first = placed + timedelta(days=chance.randrange(2, 15))
    if kind < 0.3 and quantity > 1:
        part = quantity // 2
        parts = [{"date": first.isoformat(), "quantity": str(part)}]
        if kind < 0.2:
            rest = first + timedelta(days=chance.randrange(3, 12))
            parts.append({"date": rest.isoformat(), "quantity": str(quantity - part)})
        return parts
    return [{"date": first.isoformat(), "quantity": str(quantity)}]

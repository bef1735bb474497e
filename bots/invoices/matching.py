"""Which supplier sent it, and which order line each invoice line belongs to: pure."""

import re
import unicodedata
from decimal import Decimal

from pydantic import BaseModel, ConfigDict
from rapidfuzz import fuzz

from targets.ledger import Order, Supplier
from understudy import Missing

from .model import Invoice, Line

_NAME_ALIKE = 90  # of 100, from which two names are taken for one
_TEXT_ALIKE = 55  # of 100, from which two descriptions may be one article


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SupplierMatch(_Record):
    """The supplier taken, by its number in the ledger; None when none or more than one fits."""

    number: str | None = None
    support: tuple[str, ...] = ()  # what speaks for it
    rivals: tuple[str, ...] = ()  # other suppliers that fit, by number


class LineMatch(_Record):
    """One line of the invoice and the order line it belongs to."""

    line: int  # of the invoice, from 0
    order_line: int | None = None  # number of the order's line; None when none fits


class Article(_Record):
    """What a line of an order is for."""

    line: int  # its number on the order
    description: str
    quantity: Decimal  # ordered
    unit_price: Decimal  # net


def match_supplier(invoice: Invoice, candidates: tuple[Supplier, ...] | Missing) -> SupplierMatch:
    """Take the one candidate with the strongest support: VAT number or bank details, then name with e-mail domain."""
    if isinstance(candidates, Missing):
        return SupplierMatch()
    supported = [(supplier, _support(invoice, supplier)) for supplier in candidates]
    by_weight = sorted(
        ((sum(w for w, _ in signs), supplier, signs) for supplier, signs in supported if signs),
        key=lambda entry: entry[0],
        reverse=True,
    )
    enough = [entry for entry in by_weight if entry[0] >= 3]
    if not enough:
        return SupplierMatch(rivals=tuple(supplier.number for _, supplier, _ in by_weight))
    best, *others = enough
    rivals = tuple(supplier.number for weight, supplier, _ in others if weight == best[0])
    if rivals:
        return SupplierMatch(rivals=(best[1].number, *rivals))
    return SupplierMatch(number=best[1].number, support=tuple(text for _, text in best[2]))


def _support(invoice: Invoice, supplier: Supplier) -> list[tuple[int, str]]:
    """Return the signs that the supplier sent the invoice, each with its weight; 3 are enough."""
    signs = []
    if invoice.vat_id and supplier.vat_id and _bare(invoice.vat_id) == _bare(supplier.vat_id):
        signs.append((4, "the VAT number is the same"))
    if invoice.iban and supplier.iban and _bare(invoice.iban) == _bare(supplier.iban):
        signs.append((3, "the IBAN is the same"))
    account = invoice.sort_code and invoice.account_number and supplier.sort_code and supplier.account_number
    if account and _account(invoice.sort_code, invoice.account_number) == _account(
        supplier.sort_code, supplier.account_number
    ):
        signs.append((3, "sort code and account number are the same"))
    if invoice.supplier and fuzz.token_sort_ratio(_name(invoice.supplier), _name(supplier.name)) >= _NAME_ALIKE:
        signs.append((3, "the name is the same or nearly so"))
    domain = (supplier.email_domain or "").lower()
    if domain and any(seen == domain or seen.endswith("." + domain) for seen in map(str.lower, invoice.emails)):
        signs.append((2, "the e-mail domain is the same"))
    return signs


def articles(order: Order | Missing | None) -> tuple[Article, ...]:
    """Return what an order's lines are for, without what changes while goods and invoices come in."""
    if order is None or isinstance(order, Missing):
        return ()
    return tuple(
        Article(line=line.line, description=line.description, quantity=line.quantity, unit_price=line.unit_price)
        for line in order.lines
    )


def match_lines(lines: tuple[Line, ...], ordered: tuple[Article, ...]) -> tuple[LineMatch, ...]:
    """Give each invoice line the order line that fits best, each order line at most once."""
    scores = sorted(
        (
            (_likeness(line, wanted), -abs(position - place), position, wanted.line)
            for position, line in enumerate(lines)
            for place, wanted in enumerate(ordered)
        ),
        reverse=True,
    )
    taken: dict[int, int] = {}
    used: set[int] = set()
    for score, _, position, number in scores:
        if score >= _TEXT_ALIKE and position not in taken and number not in used:
            taken[position] = number
            used.add(number)
    return tuple(LineMatch(line=position, order_line=taken.get(position)) for position in range(len(lines)))


def _likeness(line: Line, wanted: Article) -> float:
    """Return 0 to 100 and a little more: the texts' likeness, with a bonus when price or quantity agree."""
    text = fuzz.token_set_ratio(line.description.casefold(), wanted.description.casefold())
    same_price = line.unit_price is not None and abs(line.unit_price) == wanted.unit_price
    same_quantity = line.quantity is not None and abs(line.quantity) == wanted.quantity
    return float(text) + (20 if same_price else 0) + (10 if same_quantity else 0)


def net_price(line: Line, *, includes_tax: bool, rate: Decimal | None) -> Decimal | None:
    """Return the line's price before tax, however it is printed; None when it cannot be told.

    `rate` is the VAT rate, in per cent, of a line that prints none.
    """
    price = line.unit_price
    if price is None and line.net is not None and line.quantity:
        price = line.net / line.quantity
    if price is None or not includes_tax:
        return price
    rate = rate if line.vat_rate is None else line.vat_rate
    return None if rate is None else price / (1 + rate / 100)


def normalised(number: str) -> str:
    """Write an invoice number so that two spellings of one are alike: letters and digits only, no leading noughts.

    Letters between digits that are read for digits count as those: O as 0, I and L as 1, S as 5.
    """
    text = unicodedata.normalize("NFKC", number).upper()
    return _without_noughts(_BETWEEN_DIGITS.sub(lambda run: run[0].translate(_AS_DIGITS), _without_noughts(text)))


def _without_noughts(text: str) -> str:
    parts: list[str] = re.findall(r"\d+|[^\W\d_]+", text)
    return "".join(part.lstrip("0") or "0" if part.isdecimal() else part for part in parts)


_BETWEEN_DIGITS = re.compile(r"(?<=\d)[OILS]+(?=\d)")
_AS_DIGITS = str.maketrans("OILS", "0115")


def _bare(text: str) -> str:
    return re.sub(r"[^A-Z0-9]", "", text.upper())


def _account(sort_code: str | None, account: str | None) -> str:
    return _bare(sort_code or "") + _bare(account or "").zfill(8)


def _name(text: str) -> str:
    return re.sub(r"\b(ltd|limited|plc|llp|gmbh|ag|kg|bv|nv|sarl|sas|co)\b\.?", "", text.casefold()).strip(" .,")

"""Reading an invoice: the embedded e-invoice first where there is one, and the page beside it."""

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from understudy import BusinessException, Document, DocumentText, FileUnreadable, Table

from ..model import Invoice, Source
from .adjusting import read_adjustments
from .amounts import currency_of
from .bank import iban_valid, read_account_number, read_iban, read_sort_code, read_vat_id, vat_id_valid
from .facts import Facts, Printed, gather
from .headers import read_dates, read_number, read_order_number
from .items import NO_ITEMS, Items, read_items
from .layout import letters
from .parties import read_parties
from .ruled import add_up, ruled_items
from .titles import read_kind
from .totals import Totals, read_totals
from .xml import combined

_GARBLED = 0.2  # share of characters without a meaning above which nothing on the page can be trusted
_STATED = frozenset({"supplier", "vat_id", "iban", "sort_code", "account_number", "currency"})  # kept of a statement
_MOST_PAGES = 10  # whose ruled tables are looked at
_CURRENCY_NAMES = {"pounds": "GBP", "sterling": "GBP", "euro": "EUR", "euros": "EUR", "dollars": "USD", "dollar": "USD"}


def read_invoice(
    document: Document, *, own_names: tuple[str, ...] = (), own_vat_ids: tuple[str, ...] = (), text_only: bool = False
) -> Invoice:
    """Read an invoice or credit note; a value that is not there is None.

    An embedded e-invoice is taken first and compared with the page: what the page says otherwise is kept as a rival.
    `own_names` and `own_vat_ids` are ours and never the supplier's. `text_only` ignores embedded XML.

    Raises BusinessException TEXT_MISSING or TEXT_UNREADABLE when there is nothing to read, FileUnreadable when the
    file cannot be opened.
    """
    text = document.text()
    einvoice = None if text_only else document.einvoice()
    if einvoice is None:
        _require_text(text)
        first = read_pages(text, own_names=own_names, own_vat_ids=own_vat_ids)
        tables = _ruled(document, first)
        return read_pages(text, tables, own_names=own_names, own_vat_ids=own_vat_ids) if tables else first
    page = read_pages(text, own_names=own_names, own_vat_ids=own_vat_ids) if _legible(text) else None
    return combined(einvoice, page, pages=len(text.pages))


def read_pages(
    text: DocumentText,
    tables: Sequence[Table] = (),
    *,
    own_names: tuple[str, ...] = (),
    own_vat_ids: tuple[str, ...] = (),
) -> Invoice:
    """Read an invoice from its words; the rows of ruled tables are taken where the words' lines do not add up."""
    facts = gather(text.pages)
    if not facts.layout.lines:
        return Invoice(pages=len(text.pages))
    kind = read_kind(facts)
    items = read_items(facts)
    totals = read_totals(facts, lines_sum=items.total, in_table=items.places, credit=kind == "credit note")
    fields: dict[str, Any] = dict(totals.values)
    sources = dict(totals.sources)
    number, seen = read_number(facts, credit=kind == "credit note")
    party = read_parties(facts, own_names, goods=items.goods)
    found: dict[str, tuple[Any, Source] | None] = {
        "number": number,
        "order_number": read_order_number(facts, number[0] if number else None),
        "supplier": party.supplier,
        "vat_id": read_vat_id(facts, party, own_vat_ids),
        "iban": read_iban(facts),
        "sort_code": read_sort_code(facts),
        "currency": _currency(facts, totals, items.goods),
    }
    found |= read_dates(facts, number[1] if number else None)
    found["account_number"] = read_account_number(facts, found["sort_code"][1] if found["sort_code"] else None)
    for name, value in found.items():
        if value is not None:
            fields[name], sources[name] = value
    if kind == "statement":
        fields, sources, items = _of_statement(fields), {n: s for n, s in sources.items() if n in _STATED}, NO_ITEMS
    gross = fields.get("gross")
    if tables and not add_up(items.lines, fields.get("net"), gross):
        items = _from_tables(facts, items, tables, fields)
    return Invoice(
        **fields,
        **_lines(items, fields, negative=gross is not None and gross < 0),
        adjustments=read_adjustments(facts, items.lines, fields.get("net")),
        kind=kind or ("credit note" if gross is not None and gross < 0 else "invoice"),
        taxes=totals.taxes if kind != "statement" else (),
        buyer=party.buyer,
        emails=party.domains,
        vat_id_valid=vat_id_valid(fields["vat_id"]) if "vat_id" in fields else None,
        iban_valid=iban_valid(fields["iban"]) if "iban" in fields else None,
        numbers_seen=tuple(seen),
        documents=_documents(seen),
        pages=len(text.pages),
        language=facts.language,
        sources=sources,
    )


def _ruled(document: Document, page: Invoice) -> tuple[Table, ...]:
    """The ruled tables of a document whose lines do not add up; they cost ten times the words, so only then."""
    if page.gross is None or page.adjustments is not None or add_up(page.lines, page.net, page.gross):
        return ()
    try:
        return document.tables(*range(1, min(page.pages, _MOST_PAGES) + 1))
    except FileUnreadable:  # too costly for its rulings; its words were read
        return ()


def _from_tables(facts: Facts, items: Items, tables: Sequence[Table], fields: dict[str, Any]) -> Items:
    """The items of the ruled tables when they add up; otherwise what the words gave."""
    ruled = ruled_items(tables, comma=facts.comma)
    if not add_up(ruled, fields.get("net"), fields.get("gross")):
        return items
    total = sum((item.net for item in ruled if item.net is not None), Decimal(0))
    return Items(ruled, items.places, total, items.goods)


def _require_text(text: DocumentText) -> None:
    if not any(page.words for page in text.pages):
        raise BusinessException(
            "TEXT_MISSING",
            f"The file's {len(text.pages)} page(s) hold no text, only a picture (a scan or a photograph). "
            "Ask the supplier for the original PDF, or key this invoice by hand.",
        )
    if not _legible(text):
        raise BusinessException(
            "TEXT_UNREADABLE",
            f"The text inside the file is garbled ({text.garbled:.0%} of its characters have no meaning), although it "
            "may look right on the screen. Ask the supplier for another copy, or key this invoice by hand.",
        )


def _of_statement(fields: dict[str, Any]) -> dict[str, Any]:
    """A statement lists other documents' numbers and amounts; only what tells who sent it is kept."""
    return {name: value for name, value in fields.items() if name in _STATED}


def _legible(text: DocumentText) -> bool:
    return text.garbled < _GARBLED and any(page.words for page in text.pages)


def _lines(items: Items, fields: dict[str, Any], *, negative: bool) -> dict[str, Any]:
    """The lines with the document's sign, and whether their amounts include tax."""
    lines = items.lines
    if negative and items.total is not None and items.total > 0:
        lines = tuple(
            line.model_copy(
                update={
                    "net": -line.net if line.net is not None else None,
                    "quantity": -line.quantity if line.quantity is not None else None,
                }
            )
            for line in lines
        )
    total = sum((line.net for line in lines if line.net is not None), Decimal(0))
    gross, net = fields.get("gross"), fields.get("net")
    return {"lines": lines, "prices_include_tax": bool(lines) and total == gross and net != gross}


def _currency(facts: Facts, totals: Totals, goods: frozenset[int]) -> tuple[str, Source] | None:
    """The totals' own currency, else what a label names, else the one most amounts carry."""
    gross = totals.sources.get("gross")
    for printed in facts.amounts:
        if gross and gross.box == printed.box and gross.page == printed.line.page and printed.money.currency:
            return printed.money.currency, _said(printed, "printed with the gross amount")
    if gross and gross.page and gross.box:
        for line in facts.layout.by_page[gross.page]:
            codes = [(n, code) for n, t in enumerate(line.tokens) if t.text.isupper() and (code := currency_of(t.text))]
            if codes and line.top <= gross.box[1] + 2 and line.bottom >= gross.box[3] - 2:
                place, code = codes[-1]
                box = line.box(place, place + 1)
                why = ("on the line of the gross amount",)
                return code, Source(source="page", page=gross.page, box=box, text=line.tokens[place].text, support=why)
    for hit in facts.hits("currency"):
        for position in range(hit.last, min(hit.last + 4, len(hit.line.tokens))):
            word = hit.line.tokens[position].text
            code = currency_of(word) or _CURRENCY_NAMES.get(letters(word))
            if code:
                box = hit.line.box(position, position + 1)
                return code, Source(
                    source="page", page=hit.line.page, box=box, text=word, support=(f"right of “{hit.words}”",)
                )
    seen = Counter(a.money.currency for a in facts.amounts if a.money.currency)
    if seen:
        code = seen.most_common(1)[0][0]
        first = next(a for a in facts.amounts if a.money.currency == code)
        return str(code), _said(first, "printed with most amounts")
    return _loose_currency(facts, goods)


def _loose_currency(facts: Facts, goods: frozenset[int]) -> tuple[str, Source] | None:
    """A currency that stands anywhere: in a column's head, in a sentence."""
    found: Counter[str] = Counter()
    places: dict[str, Source] = {}
    for line in facts.layout.lines:
        for position, token in enumerate(line.tokens if not (line.index in goods and line.digits) else ()):
            text = token.text
            bare = text.strip("()[]:;,.*")
            code = currency_of(bare) if bare.isupper() or not bare.isascii() or bare == "$" else None
            code = code or _CURRENCY_NAMES.get(letters(text))
            if code:
                found[code] += 1
                places.setdefault(
                    code,
                    Source(
                        source="page",
                        page=line.page,
                        box=line.box(position, position + 1),
                        text=text,
                        support=("named on the page",),
                    ),
                )
    return (best := found.most_common(1)[0][0], places[best]) if found else None


def _said(printed: Printed, why: str) -> Source:
    return Source(source="page", page=printed.line.page, box=printed.box, text=printed.text, support=(why,))


def _documents(numbers: dict[str, set[int]]) -> int:
    """How many invoices the file holds: numbers that are called so on pages of their own."""
    apart: list[set[int]] = []
    for pages in numbers.values():
        if not any(pages & other for other in apart):
            apart.append(pages)
    return max(1, len(apart))

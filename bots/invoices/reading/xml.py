"""An embedded e-invoice as an Invoice, with what the page says otherwise beside each value."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from understudy import EInvoice

from ..model import Invoice, Line, Rival, Source, TaxLine
from .bank import iban_valid, vat_id_valid
from .layout import letters

_FIELDS = (
    "supplier",
    "number",
    "issue_date",
    "due_date",
    "order_number",
    "net",
    "tax",
    "gross",
    "payable",
    "prepaid",
    "currency",
    "vat_id",
    "iban",
    "sort_code",
    "account_number",
)


def combined(einvoice: EInvoice, page: Invoice | None, *, pages: int) -> Invoice:
    """Take every value from the XML; add the page's where the XML is silent, and as a rival where it differs."""
    fields = _xml_fields(einvoice)
    sources: dict[str, Source] = {}
    for name in _FIELDS:
        printed = getattr(page, name) if page else None
        place = page.sources.get(name) if page else None
        if fields[name] is None:
            if printed is not None and place is not None and name not in ("net", "tax", "gross", "payable", "prepaid"):
                fields[name], sources[name] = printed, place
            continue
        sources[name] = _source(fields[name], printed, place, same=_SAME.get(name, _equal))
    return Invoice(
        **fields,
        kind="credit note" if einvoice.credit_note else "invoice",
        lines=_lines(einvoice),
        adjustments=_adjustments(einvoice),
        taxes=tuple(TaxLine(rate=t.rate, base=t.net, tax=t.tax) for t in einvoice.taxes),
        buyer=einvoice.buyer or (page.buyer if page else None),
        emails=page.emails if page else (),
        vat_id_valid=vat_id_valid(fields["vat_id"]) if fields["vat_id"] else None,
        iban_valid=iban_valid(fields["iban"]) if fields["iban"] else None,
        numbers_seen=tuple(dict.fromkeys(n for n in (fields["number"], *(page.numbers_seen if page else ())) if n)),
        documents=page.documents if page else 1,
        pages=pages,
        language=page.language if page else "en",
        read_from="xml",
        sources=sources,
    )


def _xml_fields(einvoice: EInvoice) -> dict[str, Any]:
    fields: dict[str, Any] = {name: getattr(einvoice, name) for name in _FIELDS}
    for name in ("supplier", "number", "order_number"):
        fields[name] = " ".join(fields[name].split()) if fields[name] else None
    if fields["prepaid"] == 0:
        fields["prepaid"] = None
    if fields["sort_code"] and len(fields["sort_code"]) == 6:
        code = fields["sort_code"]
        fields["sort_code"] = f"{code[:2]}-{code[2:4]}-{code[4:]}"
    if einvoice.credit_note and (einvoice.gross or 0) > 0:
        for name in ("net", "tax", "gross", "payable", "prepaid"):
            fields[name] = -fields[name] if fields[name] is not None else None
    return fields


def _adjustments(einvoice: EInvoice) -> Decimal | None:
    if not einvoice.allowances and not einvoice.charges:
        return None
    turn = -1 if einvoice.credit_note and (einvoice.gross or 0) > 0 else 1
    return turn * ((einvoice.charges or Decimal(0)) - (einvoice.allowances or Decimal(0)))


def _lines(einvoice: EInvoice) -> tuple[Line, ...]:
    turn = -1 if einvoice.credit_note and (einvoice.gross or 0) > 0 else 1
    return tuple(
        Line(
            description=" ".join(line.description.split()),
            quantity=turn * line.quantity if line.quantity is not None else None,
            unit=line.unit,
            unit_price=line.unit_price,
            vat_rate=line.vat_rate,
            net=turn * line.net if line.net is not None else None,
        )
        for line in einvoice.lines
    )


def _source(value: Any, printed: Any, place: Source | None, *, same: Callable[[Any, Any], bool]) -> Source:
    """The XML's value; the page's place when the page agrees, the page's value as a rival when it does not."""
    if place is None:
        return Source(source="xml", support=("embedded e-invoice",))
    if same(value, printed):
        return Source(
            source="xml",
            page=place.page,
            box=place.box,
            text=place.text,
            support=("embedded e-invoice", "the page says the same"),
        )
    agreeing = next((rival for rival in place.rivals if same(str(value), rival.value)), None)
    if agreeing is not None:
        return Source(
            source="xml",
            page=agreeing.page,
            box=agreeing.box,
            support=("embedded e-invoice", "also printed on the page"),
        )
    rival = Rival(value=str(printed), page=place.page, box=place.box, source="page", support=place.support)
    return Source(source="xml", support=("embedded e-invoice",), rivals=(rival,))


def _equal(one: Any, other: Any) -> bool:
    return bool(one == other)


def _alike(one: Any, other: Any) -> bool:
    return letters(str(one)) == letters(str(other))


_SAME = {"supplier": _alike, "number": _alike, "order_number": _alike, "vat_id": _alike, "iban": _alike}

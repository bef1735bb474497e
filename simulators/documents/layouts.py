"""The layouts: one per way of setting an invoice, with its language, its formats and what it prints.

A layout is a template of the same name; what the template leaves out is absent from the truth as well.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How one kind of invoice is set."""

    name: str
    language: str  # en, de, fr or nl
    ruled: bool  # the line items stand in a table with drawn lines
    dates: str  # a pattern of formats.py
    money: str  # £1 (mark before), GBP 1 (code before), 1 € (mark after) or plain
    negative: str = "-1"  # credit notes: -1, 1-, (1), 1 CR, or positive (printed without a sign)
    first_rows: int = 14  # line items that fit on the first page
    next_rows: int = 24  # and on each further page
    due: bool = True
    bank: str = "sort"  # sort (code and account), iban, both, or none
    vat_column: bool = True  # the VAT rate stands on each line
    vat_prefix: bool = True  # the VAT number is printed with its country
    titles: tuple[str, str] = ("Invoice", "Credit note")
    features: tuple[tuple[str, ...], ...] = field(default=((),))  # the clean documents it is good at, best first


_ALL = (
    Layout(
        name="ward",
        language="en",
        ruled=True,
        dates="dd/mm/yyyy",
        money="£1",
        first_rows=14,
        next_rows=13,
        titles=("INVOICE", "CREDIT NOTE"),
        features=((), ("credit",), ("multi-page",)),
    ),
    Layout(
        name="strip",
        language="en",
        ruled=False,
        dates="d month yyyy",
        money="£1",
        first_rows=10,
        vat_prefix=False,
        titles=("Invoice", "Credit note"),
        features=((), ("prepaid",)),
    ),
    Layout(
        name="dotmatrix",
        language="en",
        ruled=True,
        dates="dd/mm/yy",
        money="plain",
        negative="1-",
        first_rows=29,
        next_rows=33,
        titles=("SALES INVOICE", "SALES CREDIT"),
        features=(("multi-page",), (), ("credit",)),
    ),
    Layout(
        name="cloud",
        language="en",
        ruled=False,
        dates="d mon yyyy",
        money="£1",
        first_rows=8,
        bank="both",
        vat_column=False,
        features=((), ("foreign",)),
    ),
    Layout(
        name="kitchen",
        language="en",
        ruled=True,
        dates="dd/mm/yyyy",
        money="£1",
        negative="positive",
        first_rows=16,
        vat_prefix=False,
        titles=("VAT INVOICE", "VAT CREDIT NOTE"),
        features=(("multi-rate",), ("credit",), ("multi-rate", "multi-page")),
    ),
    Layout(
        name="bench",
        language="en",
        ruled=True,
        dates="dd-mon-yyyy",
        money="GBP 1",
        first_rows=14,
        bank="both",
        features=(("discount",), ("multi-page",), ()),
    ),
    Layout(
        name="letterpress",
        language="en",
        ruled=False,
        dates="dth month yyyy",
        money="£1",
        negative="(1)",
        first_rows=9,
        vat_column=False,
        features=(("credit",), ()),
    ),
    Layout(
        name="showroom",
        language="en",
        ruled=True,
        dates="dd/mm/yyyy",
        money="£1",
        first_rows=10,
        features=(("prepaid",), ("discount",), ()),
    ),
    Layout(
        name="trips",
        language="en",
        ruled=False,
        dates="dd/mm/yyyy",
        money="£1",
        first_rows=16,
        vat_column=False,
    ),
    Layout(
        name="meter",
        language="en",
        ruled=True,
        dates="d mon yyyy",
        money="£1",
        first_rows=9,
        bank="none",
        vat_prefix=True,
        titles=("Your electricity invoice", "Your electricity credit note"),
    ),
    Layout(
        name="rota",
        language="en",
        ruled=False,
        dates="yyyy-mm-dd",
        money="£1",
        first_rows=12,
        titles=("Invoice", "Credit"),
        features=((), ()),
    ),
    Layout(
        name="typed",
        language="en",
        ruled=False,
        dates="dd.mm.yy",
        money="£1",
        first_rows=9,
        due=False,
        vat_column=False,
    ),
    Layout(
        name="corporate",
        language="en",
        ruled=True,
        dates="dd-MON-yyyy",
        money="plain",
        negative="1 CR",
        first_rows=15,
        next_rows=22,
        bank="both",
        titles=("TAX INVOICE", "TAX CREDIT NOTE"),
        features=(("multi-page",), (), ("credit",)),
    ),
    Layout(
        name="ledgerline",
        language="en",
        ruled=False,
        dates="d mon yyyy",
        money="plain",
        first_rows=11,
        titles=("TAX INVOICE", "CREDIT NOTE"),
        features=(("foreign",), ()),
    ),
    Layout(
        name="din",
        language="de",
        ruled=True,
        dates="dd.mm.yyyy",
        money="1 €",
        first_rows=10,
        next_rows=22,
        bank="iban",
        titles=("Rechnung", "Rechnungskorrektur"),
        features=(("multi-rate",), ("credit",), ("prepaid",)),
    ),
    Layout(
        name="modern_de",
        language="de",
        ruled=False,
        dates="d. month yyyy",
        money="1 €",
        first_rows=8,
        bank="iban",
        titles=("Rechnung", "Gutschrift"),
        features=(("factur-x",), ("multi-rate",)),
    ),
    Layout(
        name="facture",
        language="fr",
        ruled=True,
        dates="dd/mm/yyyy",
        money="1 €",
        first_rows=12,
        bank="iban",
        titles=("FACTURE", "AVOIR"),
        features=((), ("factur-x", "multi-rate"), ("discount",)),
    ),
    Layout(
        name="factuur",
        language="nl",
        ruled=False,
        dates="dd-mm-yyyy",
        money="€ 1",
        first_rows=10,
        bank="iban",
        titles=("Factuur", "Creditnota"),
        features=((), ("reverse-charge",)),
    ),
)

LAYOUTS: dict[str, Layout] = {layout.name: layout for layout in _ALL}

"""Suppliers and orders from dated exports and from the ledger's screens."""

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bots.invoices.masters import Exports, LedgerScreens, masters_of, queries
from core.errors import FileUnreadable
from core.model.steps import Dated, Missing
from targets.ledger import Supplier, SupplierEntry
from tests.bots.invoices import cast

SUPPLIERS = """number,name,vat_id,sort_code,account_number,iban,email_domain,currency,on_hold
100001,Quill & Sons Ltd,GB999 1234 56,11-22-33,00112233,,quill.example,GBP,no
100002,Quillon Papier GmbH,DE999123456,,,DE02999999990000000001,,EUR,yes
"""
ORDERS = """number,supplier,supplier_name,date,currency,line,description,quantity,unit_price,vat_rate,received,invoiced
PO-1001,100001,Quill & Sons Ltd,2026-10-30,GBP,1,Gloves,10,12.50,20,10,0
PO-1002,100002,Quillon Papier GmbH,2026-10-31,EUR,1,Paper,5,4.00,19,0,0
PO-1001,100001,Quill & Sons Ltd,2026-10-30,GBP,2,Bins,3,25.00,20,3,0
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with an older and a newer export of each kind, and files that are none."""
    (tmp_path / "suppliers-2026-11-13.csv").write_text(SUPPLIERS.replace("Sons", "Daughters"), encoding="utf-8")
    (tmp_path / "suppliers-2026-11-18.csv").write_text("\ufeff" + SUPPLIERS, encoding="utf-8")
    (tmp_path / "orders-2026-11-18.csv").write_text(ORDERS, encoding="utf-8")
    (tmp_path / "orders-2026-99-99.csv").write_text("no export", encoding="utf-8")
    (tmp_path / "orders-latest.csv").write_text("no export", encoding="utf-8")
    return tmp_path


def exports(folder: Path) -> Exports:
    """Exports as the settings give them."""
    found = masters_of(cast.SETTINGS.model_copy(update={"exports": folder}), ledger=None)  # type: ignore[arg-type]
    assert isinstance(found, Exports)
    return found


def dated(found: object) -> Dated[Any]:
    """What was found, with its day."""
    assert isinstance(found, Dated)
    return found


def test_the_newest_export_counts(folder: Path) -> None:
    """Suppliers come from the export with the latest day, and carry it."""
    found = dated(exports(folder).candidates(tuple(queries(cast.invoice()))))
    assert [supplier.name for supplier in found.value] == ["Quill & Sons Ltd", "Quillon Papier GmbH"]
    assert found.value[0] == cast.supplier()
    assert found.value[1].on_hold
    assert (found.as_of, found.source) == (date(2026, 11, 18), "suppliers-2026-11-18.csv")


def test_a_fresh_export_is_used_and_a_stale_one_is_not(folder: Path) -> None:
    """Seven days are allowed; on the eighth the source is missing, and the reason says how old it is."""
    found = dated(exports(folder).supplier("100001"))
    fresh = cast.NOW.replace(day=25)
    assert found.at(fresh) == cast.supplier()
    stale = found.at(fresh + timedelta(days=1))
    assert isinstance(stale, Missing)
    assert "8 days old" in stale.reason
    assert "Ask for a new one." in stale.reason


def test_an_order_is_put_together_from_its_rows_wherever_they_stand(folder: Path) -> None:
    """Rows of one order need not follow each other."""
    found = dated(exports(folder).order("PO-1001")).value
    assert [(line.line, line.description, line.received) for line in found.lines] == [
        (1, "Gloves", Decimal(10)),
        (2, "Bins", Decimal(3)),
    ]


def test_what_is_not_in_the_export_is_not_known(folder: Path) -> None:
    """A number that no row has, or no number at all, is None, not missing."""
    assert dated(exports(folder).supplier("100003")).value is None
    assert dated(exports(folder).order("PO-9")).value is None
    assert dated(exports(folder).order(None)).value is None


def test_no_export_is_a_missing_source(tmp_path: Path) -> None:
    """Without an export every question is answered with the name of the file that is wanted."""
    masters = exports(tmp_path)
    for found in (
        masters.candidates(tuple(queries(cast.invoice()))),
        masters.supplier("100001"),
        masters.order("PO-1"),
    ):
        assert isinstance(found, Missing)
        assert "-YYYY-MM-DD.csv" in found.reason


@pytest.mark.parametrize(
    ("kind", "was", "now", "told"),
    [
        ("suppliers", ",EUR,yes", ",EUR,perhaps", ("Row 3", "on_hold")),
        ("suppliers", ",on_hold", ",held", ("Row 2", "on_hold")),
        ("orders", "Paper,5,", "Paper,five,", ("Row 3", "quantity")),
        ("orders", "2026-10-31", "31/10/2026", ("Row 3", "date")),
    ],
)
def test_a_broken_row_is_named(folder: Path, kind: str, was: str, now: str, told: tuple[str, str]) -> None:
    """A value that cannot be read names the file, the row and the column, and never the value."""
    path = folder / f"{kind}-2026-11-18.csv"
    path.write_text(path.read_text(encoding="utf-8-sig").replace(was, now), encoding="utf-8")
    with pytest.raises(FileUnreadable) as caught:
        exports(folder).candidates(tuple(queries(cast.invoice()))) if kind == "suppliers" else exports(folder).order(
            "PO-1002"
        )
    assert all(word in caught.value.message for word in (*told, path.name))
    assert caught.value.code == "EXPORT_UNREADABLE"
    assert "perhaps" not in caught.value.message


def test_an_export_in_another_encoding_is_refused(folder: Path) -> None:
    """Bytes that are no UTF-8 are said to be unreadable, never guessed at."""
    (folder / "suppliers-2026-11-19.csv").write_bytes(SUPPLIERS.replace("Quillon", "Müller").encode("latin-1"))
    with pytest.raises(FileUnreadable, match=r"suppliers-2026-11-19\.csv cannot be read"):
        exports(folder).candidates(tuple(queries(cast.invoice())))


# The ledger's screens


class Screens:
    """Stands for the ledger where only its searches matter; remembers what it was asked."""

    def __init__(self, *found: Supplier) -> None:
        self.found = {supplier.number: supplier for supplier in found}
        self.asked: list[str] = []

    def suppliers(self, query: str) -> tuple[SupplierEntry, ...]:
        """Search names and VAT numbers."""
        self.asked.append(query)
        fields = ("number", "name", "vat_id", "currency", "on_hold")
        return tuple(
            SupplierEntry(**{name: getattr(one, name) for name in fields})
            for one in self.found.values()
            if query.casefold() in one.name.casefold() or query == (one.vat_id or "").replace(" ", "")
        )

    def supplier(self, number: str) -> Supplier | None:
        """Open a supplier's page."""
        self.asked.append(number)
        return self.found.get(number)


def test_the_vat_number_is_asked_first_and_enough() -> None:
    """Once the VAT number finds somebody no name is searched."""
    screens = Screens(cast.supplier())
    masters = LedgerScreens(screens)  # type: ignore[arg-type]
    assert masters.candidates(tuple(queries(cast.invoice()))) == (cast.supplier(),)
    assert screens.asked == ["GB999123456", "100001"]


def test_words_of_the_name_are_asked_when_the_whole_finds_nobody() -> None:
    """The longest words of the name without its legal form are tried, until one finds somebody."""
    screens = Screens(cast.supplier(name="Quill and Sons"))
    found = LedgerScreens(screens).candidates(tuple(queries(cast.invoice(vat_id=None))))  # type: ignore[arg-type]
    assert [supplier.number for supplier in found] == ["100001"]
    assert screens.asked == ["Quill & Sons Ltd", "Quill", "100001"]


def test_a_supplier_page_is_opened_once_an_attempt() -> None:
    """What was seen of a supplier is not asked for again."""
    screens = Screens(cast.supplier())
    masters = LedgerScreens(screens)  # type: ignore[arg-type]
    masters.candidates(tuple(queries(cast.invoice())))
    assert masters.supplier("100001") == cast.supplier()
    assert screens.asked.count("100001") == 1


def test_nothing_is_asked_without_a_number() -> None:
    """No supplier and no order number: no search."""
    screens = Screens()
    masters = LedgerScreens(screens)  # type: ignore[arg-type]
    assert masters.supplier(None) is None
    assert masters.order(None) is None
    assert list(queries(cast.invoice(vat_id=None, supplier=None))) == []
    assert screens.asked == []

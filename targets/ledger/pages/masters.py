"""Suppliers and purchase orders."""

from urllib.parse import quote, urlencode

from understudy import BusinessException, PortalChanged

from ..model import GoodsReceipt, Order, OrderLine, Supplier, SupplierEntry
from ..screen import Shown
from .common import LedgerPage, must_be

_STATUS = {"On hold": True, "Active": False}
_MANY = 100  # rows of a supplier search, beyond which the ledger shows no more


class SuppliersPage(LedgerPage):
    """The supplier search."""

    def search(self, query: str) -> tuple[SupplierEntry, ...]:
        """Return the suppliers found by a part of the name, the VAT number or the supplier number."""
        query = " ".join(query.split())
        self.goto(f"/suppliers?{urlencode({'q': query})}")
        self._searched({"Name, VAT number or supplier number": query})
        said = self.text(self.status)
        if said == "No suppliers found":
            return ()
        rows = self.rows(self.table("Suppliers found"))
        if said != f"{len(rows)} found":
            raise PortalChanged(f"supplier search: {len(rows)} rows are listed below {said!r}")
        if len(rows) >= _MANY:
            raise BusinessException("TOO_MANY_SUPPLIERS", f"{query!r} fits {len(rows)} suppliers or more")
        return tuple(self._entry(Shown(row, screen="supplier search")) for row in rows)

    def _entry(self, row: Shown) -> SupplierEntry:
        return SupplierEntry(
            number=row.text("Supplier number"),
            name=row.text("Name"),
            vat_id=row.maybe("VAT number"),
            currency=row.currency("Currency"),
            on_hold=row.one_of("Status", _STATUS),
        )


class SupplierPage(LedgerPage):
    """One supplier."""

    LABELS = (
        "Supplier number", "Name", "VAT number", "E-mail domain", "Currency", "Status", "Sort code",
        "Account number", "IBAN",
    )  # fmt: skip

    def show(self, number: str) -> Supplier | None:
        """Return the supplier with this number, or None when there is none."""
        self.goto(f"/suppliers/{quote(number, safe='')}")
        if not self._exists(f"Supplier {number}", f"Supplier {number}"):
            return None
        shown = Shown(self.read_all(self.LABELS), screen=f"supplier {number}")
        must_be("supplier", number, shown.text("Supplier number"))
        return Supplier(
            number=number,
            name=shown.text("Name"),
            vat_id=shown.maybe("VAT number"),
            sort_code=shown.maybe("Sort code"),
            account_number=shown.maybe("Account number"),
            iban=shown.maybe("IBAN"),
            email_domain=shown.maybe("E-mail domain"),
            currency=shown.currency("Currency"),
            on_hold=shown.one_of("Status", _STATUS),
        )


class OrderPage(LedgerPage):
    """One purchase order with its lines and goods received."""

    LABELS = ("Order number", "Supplier number", "Supplier", "Order date", "Currency")

    def show(self, number: str) -> Order | None:
        """Return the order with this number, or None when there is none."""
        self.goto(f"/orders/{quote(number, safe='')}")
        if not self._exists(f"Order {number}", f"Purchase order {number}"):
            return None
        screen = f"order {number}"
        shown = Shown(self.read_all(self.LABELS), screen=screen)
        must_be("order", number, shown.text("Order number"))
        lines = self.rows(self.table("Order lines"))
        received = self.rows(self.table("Goods received"))
        if not lines:
            raise PortalChanged(f"{screen}: no lines are shown")
        return Order(
            number=number,
            supplier=shown.text("Supplier number"),
            supplier_name=shown.text("Supplier"),
            date=shown.day("Order date"),
            currency=shown.currency("Currency"),
            lines=tuple(self._line(Shown(row, screen=screen)) for row in lines),
            receipts=tuple(self._receipt(Shown(row, screen=f"{screen}, goods received")) for row in received),
        )

    def _line(self, row: Shown) -> OrderLine:
        return OrderLine(
            line=row.whole("Line"),
            description=row.text("Description"),
            quantity=row.number("Quantity ordered"),
            unit_price=row.number("Unit price"),
            vat_rate=row.percent("VAT rate"),
            received=row.number("Quantity received"),
            invoiced=row.number("Quantity invoiced"),
        )

    def _receipt(self, row: Shown) -> GoodsReceipt:
        return GoodsReceipt(
            number=row.text("Receipt"),
            line=row.whole("Line"),
            date=row.day("Date received"),
            quantity=row.number("Quantity"),
        )

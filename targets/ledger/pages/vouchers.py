"""The list of vouchers, and a saved one."""

import re
from collections.abc import Iterator
from datetime import date
from urllib.parse import quote, urlencode

from understudy import PortalChanged

from ..model import SavedVoucher, VoucherEntry, VoucherLine
from ..screen import Shown, typed_day
from .common import LedgerPage, must_be

_COUNT = re.compile(r"Showing ([\d,]+) to ([\d,]+) of ([\d,]+)")


class VouchersPage(LedgerPage):
    """The list of vouchers, searched."""

    def search(
        self,
        *,
        supplier: str = "",
        number: str = "",
        reference: str = "",
        entered_by: str = "",
        entered_from: date | None = None,
    ) -> Iterator[VoucherEntry]:
        """Yield the vouchers found, newest first, page after page; number and reference find parts, too."""
        asked = {
            "Supplier number": ("supplier", supplier),
            "Invoice number": ("invoice_number", number),
            "Our reference": ("reference", reference),
            "Entered by": ("entered_by", entered_by),
            "Entered from": ("entered_from", typed_day(entered_from)),
        }
        labels = {label: value for label, (_, value) in asked.items()}
        query = {name: value for name, value in asked.values() if value}
        page = 1
        while True:
            self.goto(f"/vouchers?{urlencode({**query, 'page': page})}")
            self._searched(labels)
            rows, more = self._listed()
            yield from rows
            if not more:
                return
            page += 1

    def _listed(self) -> tuple[list[VoucherEntry], bool]:
        said = self.text(self.status)
        if said == "No vouchers found":
            return [], False
        counted = _COUNT.fullmatch(said)
        rows = self.rows(self.table("Vouchers found"))
        if counted is None:
            raise PortalChanged(f"voucher list: {said!r} stands below it, where 'Showing 1 to 25 of 60' was expected")
        first, last, total = (int(number.replace(",", "")) for number in counted.groups())
        if last - first + 1 != len(rows):
            raise PortalChanged(f"voucher list: {len(rows)} rows are listed above {said!r}")
        return [self._entry(Shown(row, screen="voucher list")) for row in rows], last < total

    def _entry(self, row: Shown) -> VoucherEntry:
        return VoucherEntry(
            receipt=row.text("Voucher"),
            supplier=row.text("Supplier number"),
            number=row.text("Invoice number"),
            invoice_date=row.day("Invoice date"),
            reference=row.maybe("Our reference") or "",
            currency=row.currency("Currency"),
            gross=row.money("Gross"),
            entered_by=row.text("Entered by"),
        )


class VoucherPage(LedgerPage):
    """One saved voucher."""

    LABELS = (
        "Voucher number", "Supplier number", "Invoice number", "Invoice date", "Due date", "Order number",
        "Currency", "Net amount", "VAT amount", "Gross amount", "Our reference", "Entered by",
    )  # fmt: skip

    def open(self, receipt: str) -> SavedVoucher:
        """Return the voucher with this number."""
        self.goto(f"/vouchers/{quote(receipt, safe='')}")
        return self.shown(receipt)

    def shown(self, receipt: str) -> SavedVoucher:
        """Return what the open page shows; it must be this voucher's."""
        screen = f"voucher {receipt}"
        shown = Shown(self.read_all(self.LABELS), screen=screen)
        must_be("voucher", receipt, shown.text("Voucher number"))
        name, size = self._attachment(screen)
        return SavedVoucher(
            receipt=receipt,
            supplier=shown.text("Supplier number"),
            number=shown.text("Invoice number"),
            invoice_date=shown.day("Invoice date"),
            due_date=shown.maybe_day("Due date"),
            order=shown.maybe("Order number"),
            currency=shown.currency("Currency"),
            net=shown.money("Net amount"),
            vat=shown.money("VAT amount"),
            gross=shown.money("Gross amount"),
            reference=shown.maybe("Our reference") or "",
            lines=tuple(self._line(Shown(row, screen=screen)) for row in self.rows(self.table("Voucher lines"))),
            attachment=name,
            attachment_size=size,
            entered_by=shown.text("Entered by"),
        )

    def _line(self, row: Shown) -> VoucherLine:
        return VoucherLine(
            order_line=row.whole("Order line") if row.maybe("Order line") else None,
            description=row.text("Description"),
            quantity=row.number("Quantity"),
            unit_price=row.number("Unit price"),
            vat_rate=row.percent("VAT rate"),
            net=row.money("Net"),
        )

    def _attachment(self, screen: str) -> tuple[str | None, int | None]:
        table = self.table("Attachment")
        nothing = self.page.get_by_text("Nothing attached", exact=True).describe("'Nothing attached'")
        if self.either(table, nothing) is nothing:
            return None, None
        rows = self.rows(table)
        if len(rows) != 1:
            raise PortalChanged(f"{screen}: {len(rows)} attachments are shown; at most one was expected")
        row = Shown(rows[0], screen=screen)
        return row.text("File"), row.whole("Size in bytes")

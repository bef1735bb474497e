"""The form that vouchers are entered on."""

import re
from collections.abc import Mapping

from understudy import BusinessException, PortalChanged, changes

from ..comparing import attachment_name
from ..model import Voucher, VoucherLine
from ..screen import typed_day, typed_money, typed_number
from .common import LedgerPage

_NAMES = "form => [...form.elements].flatMap(e => [...(e.labels || [])].map(l => [l.textContent.trim(), e.name]))"
_SAVED = re.compile(r"Voucher (V-\d+)")


class VoucherForm(LedgerPage):
    """The form that vouchers are entered on."""

    # Label and the form's own name of each field: when a release parts the two, typing by label would be a guess.
    FIELDS: Mapping[str, str] = {
        "Supplier number": "supplier_number",
        "Invoice number": "invoice_number",
        "Invoice date": "invoice_date",
        "Due date": "due_date",
        "Order number": "order_number",
        "Currency": "currency",
        "Our reference": "our_reference",
        "Net amount": "net_amount",
        "VAT amount": "vat_amount",
        "Gross amount": "gross_amount",
        "Attachment": "attachment",
    }

    @changes
    def save(self, plan: Voucher) -> str:
        """Enter and save the voucher; return its number.

        Raises BusinessException when the form does not keep what was typed, or the ledger refuses the voucher.
        """
        self.goto("/vouchers/new")
        self._check_fields()
        typed = _typed(plan)
        for label, value in typed.items():
            if label == "Currency":
                self.choose(label, value)
            elif value:  # an empty field of a new form stays as it is; reading back shows that it is empty
                self.fill(label, value)
        for number, line in enumerate(plan.lines, start=1):
            if number > 1:
                self.click(self.button("Add line"))
            values = _typed_line(number, line)
            for label, value in values.items():
                if value:
                    self.fill(label, value)
            typed |= values
        if plan.attachment is not None:
            name = attachment_name(plan.attachment)
            self.attach("Attachment", plan.attachment.path, name=name)
            typed["Attachment"] = name
        saved = self.page.get_by_role("heading", name=_SAVED)
        either = saved.or_(self.alert).describe("the saved voucher, or why it was not saved")
        self.commit(self.button("Save"), expecting=typed, then=either)
        return self._outcome()

    def _check_fields(self) -> None:
        form = self.page.get_by_role("form", name="New voucher", exact=True).describe("form 'New voucher'")
        pairs: list[list[str]] = self._do(lambda ms: form.evaluate(_NAMES, timeout=ms), form)
        for label, name in self.FIELDS.items():
            found = [theirs for ours, theirs in pairs if ours == label]
            if found != [name]:
                raise PortalChanged(
                    f"new voucher: the label {label!r} belongs to {', '.join(map(repr, found)) or 'no field'}, "
                    f"where the field {name!r} was expected; nothing was typed"
                )

    def _outcome(self) -> str:
        if self.shows(self.alert):
            said = self.text(self.alert)
            if said.startswith("The voucher was not saved"):
                raise BusinessException("VOUCHER_REFUSED", "the ledger says: " + " ".join(said.split()))
            raise PortalChanged(f"after saving the ledger says: {said}")
        heading = self.text(self.page.get_by_role("heading", level=1).describe("the page's heading"))
        number = _SAVED.fullmatch(heading)
        if number is None:
            raise PortalChanged(f"after saving the heading is {heading!r}; a voucher number was expected")
        return number[1]


def _typed(plan: Voucher) -> dict[str, str]:
    return {
        "Supplier number": plan.supplier,
        "Invoice number": plan.number,
        "Invoice date": typed_day(plan.invoice_date),
        "Due date": typed_day(plan.due_date),
        "Order number": plan.order or "",
        "Currency": plan.currency,
        "Our reference": plan.reference,
        "Net amount": typed_money(plan.net),
        "VAT amount": typed_money(plan.vat),
        "Gross amount": typed_money(plan.gross),
    }


def _typed_line(number: int, line: VoucherLine) -> dict[str, str]:
    return {
        f"Line {number} order line": "" if line.order_line is None else str(line.order_line),
        f"Line {number} description": line.description,
        f"Line {number} quantity": typed_number(line.quantity),
        f"Line {number} unit price": typed_number(line.unit_price),
        f"Line {number} VAT rate": typed_number(line.vat_rate),
        f"Line {number} net": typed_money(line.net),
    }

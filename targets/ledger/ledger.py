"""The ledger as bots use it: look up suppliers and orders, find vouchers, post one."""

from collections.abc import Iterator
from datetime import date

from understudy import (
    Absent,
    Answer,
    BrowserTarget,
    BusinessException,
    CannotTell,
    Found,
    Listed,
    PortalChanged,
    changes,
)

from .comparing import differing, differing_entry
from .model import Order, Supplier, SupplierEntry, Voucher, VoucherEntry, VoucherReceipt
from .pages import (
    LedgerPage,
    LoginPage,
    OrderPage,
    SupplierPage,
    SuppliersPage,
    VoucherForm,
    VoucherPage,
    VouchersPage,
)

_MOST = 100  # vouchers looked through for one; more means the search says nothing


class Ledger(BrowserTarget):
    """The finance system, through its own screens. Secrets by role: `user`, `password`."""

    name = "ledger"
    commits_by_page = True

    def signed_in(self) -> bool:
        """Tell whether the open tab still carries a login."""
        return self.on(LoginPage).inside()

    def login(self) -> None:
        """Sign in once; raise LoginFailed when the ledger refuses."""
        self.on(LoginPage).sign_in(self.secret("user").reveal(), self.secret("password").reveal())

    def logout(self) -> None:
        """Sign out."""
        self.on(LoginPage).sign_out()

    def suppliers(self, query: str) -> tuple[SupplierEntry, ...]:
        """Return the suppliers found by a part of the name, the VAT number or the supplier number.

        Raises BusinessException when the query fits a hundred or more.
        """
        return self.on(SuppliersPage).search(query)

    def find_supplier(self, query: str) -> Supplier | None:
        """Return the one supplier that the search finds, with bank details; None when it finds none or several."""
        entries = self.suppliers(query)
        return self.supplier(entries[0].number) if len(entries) == 1 else None

    def supplier(self, number: str) -> Supplier | None:
        """Return the supplier with this number; None when there is none."""
        return self.on(SupplierPage).show(number)

    def find_order(self, number: str) -> Order | None:
        """Return the purchase order with this number, with lines and goods received; None when there is none."""
        return self.on(OrderPage).show(number)

    def find_vouchers(self, *, supplier: str = "", number: str = "", reference: str = "") -> tuple[VoucherEntry, ...]:
        """Return the vouchers listed for a supplier whose invoice number and reference hold these texts.

        Raises BusinessException when more than a hundred are listed: a search so wide answers nothing.
        """
        found: dict[str, VoucherEntry] = {}
        for entry in self.on(VouchersPage).search(supplier=supplier, number=number, reference=reference):
            found[entry.receipt] = entry
            if len(found) > _MOST:
                raise BusinessException(
                    "TOO_MANY_VOUCHERS", f"more than {_MOST} vouchers fit the search; search for more letters"
                )
        return tuple(found.values())

    def vouchers_since(self, supplier: str, since: date | None) -> Iterator[VoucherEntry]:
        """Yield a supplier's vouchers entered on that day or later (all when no day is given), newest first."""
        yield from self.on(VouchersPage).search(supplier=supplier, entered_from=since)

    def find_voucher(self, plan: Voucher) -> Answer[VoucherReceipt]:
        """Tell whether the planned voucher is in the ledger.

        Looked for by supplier and invoice number, and by our reference. Found only when one voucher fits and every
        value of it, on its own page, is the planned one; otherwise the differences are named.
        """
        try:
            hits = {
                entry.receipt: entry
                for entry in self.find_vouchers(supplier=plan.supplier, number=plan.number)
                if _folded(entry.number) == _folded(plan.number)
            }
            hits |= {entry.receipt: entry for entry in self.find_vouchers(reference=plan.reference)}
        except BusinessException as error:
            return CannotTell(error.message)
        if not hits:
            return Absent()
        if len(hits) > 1:
            return CannotTell(f"{len(hits)} vouchers could be it: {', '.join(sorted(hits))}")
        (entry,) = hits.values()
        differences = differing_entry(plan, entry)
        if not differences:
            differences = differing(plan, self.on(VoucherPage).open(entry.receipt))
        if differences:
            return CannotTell(f"{entry.receipt} could be it, but {'; '.join(differences)}")
        return Found(VoucherReceipt(number=entry.receipt))

    @changes
    def post(self, plan: Voucher) -> VoucherReceipt:
        """Enter the voucher and return its number, once the saved voucher shows what was planned.

        Raises BusinessException, with nothing sent, when the form does not keep what was typed; PortalChanged when
        the ledger saved something else.
        """
        number = self.on(VoucherForm).save(plan)
        differences = differing(plan, self.on(VoucherPage).shown(number))
        if differences:
            raise PortalChanged(
                f"{number} was saved otherwise than typed: {'; '.join(differences)}", code="SAVED_DIFFERENTLY"
            )
        return VoucherReceipt(number=number)

    def listed(self, since: date) -> Iterator[Listed]:
        """Yield what the ledger lists as entered by our user on that day or later, newest first."""
        page = self.on(VouchersPage)
        page.goto("/vouchers")
        user = self.on(LedgerPage).signed_in_user()
        seen: set[str] = set()
        for entry in page.search(entered_by=user, entered_from=since):
            if entry.receipt not in seen:  # a voucher entered meanwhile moves the rest to the next page
                seen.add(entry.receipt)
                yield Listed(
                    receipt=entry.receipt,
                    key=entry.reference or None,
                    amount=entry.gross,
                    currency=entry.currency,
                )


def _folded(number: str) -> str:
    return "".join(letter for letter in number.casefold() if letter.isalnum())

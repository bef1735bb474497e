"""The ledger's pages: the only place that knows its addresses, labels and tables."""

from .common import LedgerPage, LoginPage
from .form import VoucherForm
from .masters import OrderPage, SupplierPage, SuppliersPage
from .vouchers import VoucherPage, VouchersPage

__all__ = [
    "LedgerPage",
    "LoginPage",
    "OrderPage",
    "SupplierPage",
    "SuppliersPage",
    "VoucherForm",
    "VoucherPage",
    "VouchersPage",
]
